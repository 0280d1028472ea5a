package mapping

import "strings"

// unknownSource is what Compile and CheckSource say of a source that is not in the registry.
const unknownSource = "is no source"

// CheckSource judges the name of a source without an account, so that a mistyped one is found where the configuration is read:
// message is empty when the registry has it or it may name a custom field, and fix gives the nearest name otherwise. Neither
// repeats the name.
func CheckSource(name string) (message, fix string) {
	name = strings.TrimSpace(name)
	if _, _, ok := customField(name); ok {
		return "", ""
	}
	sources := Sources()
	names := make([]string, len(sources))
	for i, source := range sources {
		if source.Name == name {
			return "", ""
		}
		names[i] = source.Name
	}
	if meant := nearestSource(name, names); meant != "" {
		return unknownSource, "did you mean " + meant + "?"
	}
	return unknownSource, "`starter mapping sources` lists them all"
}

// customField takes the name of a custom field apart: the kind, and the key, id or title, with .label when it has that.
func customField(name string) (kind, rest string, ok bool) {
	for prefix, kind := range map[string]string{
		prefixUserField: KindUser, prefixOrganizationFld: KindOrganization, prefixTicketField: KindTicket,
	} {
		if rest, found := strings.CutPrefix(name, prefix); found {
			rest = strings.TrimSpace(rest)
			return kind, rest, rest != ""
		}
	}
	return "", "", false
}
