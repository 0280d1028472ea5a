package mapping

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Reasons for which a user does not become a contact; they are stable and counted.
const (
	Inactive  = "inactive"
	Suspended = "suspended"
	NoEmail   = "no_email"
	OtherRole = "role"
	Excluded  = "excluded"
)

// InvalidEmail is the reason of Reject.
const InvalidEmail = "invalid_email"

// exclusion is Exclude in lower case.
type exclusion struct {
	Emails, Domains, Tags, Patterns []string
}

// Skip says why a user does not become a contact, or "" when the user does. An address that cannot be valid is not
// skipped: the person should be a contact and is not, which somebody can mend. That is what Reject is for.
func (m *Mapper) Skip(u User) string {
	email := strings.ToLower(strings.TrimSpace(u.Email))
	switch {
	case !u.Active:
		return Inactive
	case u.Suspended:
		return Suspended
	case email == "":
		return NoEmail
	case !slices.Contains(m.roles, u.Role):
		return OtherRole
	case m.exclude.covers(email, u.Tags):
		return Excluded
	}
	return ""
}

// Reject says why a user whom Skip lets pass cannot be sent to Brevo all the same: invalid_email, or "" when the user can.
// Only what no mail server could ever accept is rejected here; Brevo judges the rest.
func (m *Mapper) Reject(u User) string {
	if !possibleEmail(strings.ToLower(strings.TrimSpace(u.Email))) {
		return InvalidEmail
	}
	return ""
}

// SkipRule names the setting behind Skip's reason, with the value that decided: "role agent is not in sync.roles [end-user]".
// It is empty where no setting decides. It holds what the configuration says, and of the person at most the role.
func (m *Mapper) SkipRule(u User) string {
	switch m.Skip(u) {
	case OtherRole:
		return fmt.Sprintf("role %s is not in sync.roles [%s]", u.Role, strings.Join(m.roles, ", "))
	case Excluded:
		setting, value := m.exclude.match(strings.ToLower(strings.TrimSpace(u.Email)), u.Tags)
		if setting == "emails" {
			return "the address is in sync.exclude.emails"
		}
		return fmt.Sprintf("%q is in sync.exclude.%s", value, setting)
	}
	return ""
}

func (x exclusion) covers(email string, tags []string) bool {
	setting, _ := x.match(email, tags)
	return setting != ""
}

// match gives the setting that excludes somebody, and which of its values does; empty when none does.
func (x exclusion) match(email string, tags []string) (setting, value string) {
	_, domain, _ := strings.Cut(email, "@")
	if slices.Contains(x.Emails, email) {
		return "emails", email
	}
	if slices.Contains(x.Domains, domain) {
		return "domains", domain
	}
	if i := slices.IndexFunc(x.Patterns, func(p string) bool { return strings.HasPrefix(email, p) }); i >= 0 {
		return "patterns", x.Patterns[i]
	}
	for _, tag := range tags {
		if tag = strings.ToLower(strings.TrimSpace(tag)); slices.Contains(x.Tags, tag) {
			return "tags", tag
		}
	}
	return "", ""
}

// possibleEmail checks the shape that every deliverable address has (RFC 5321, 4.5.3.1: 64 octets before the @, 254 in
// all): one @ outside quotes, no white space or control characters, a dotted domain of non-empty labels.
func possibleEmail(email string) bool {
	at := strings.LastIndexByte(email, '@')
	if at < 1 || at > 64 || len(email) > 254 {
		return false
	}
	if strings.ContainsFunc(email, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return false
	}
	local, domain := email[:at], email[at+1:]
	if !strings.HasPrefix(local, `"`) && strings.ContainsAny(local, `@,;:<>()[]\"`) {
		return false
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return false
	}
	return !slices.ContainsFunc(labels, func(label string) bool {
		return label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.ContainsAny(label, `,;:<>()[]\"_/`)
	})
}

// lowered is words in lower case, trimmed, sorted and without doubles or empty ones: an order that does not matter must not
// change the hash.
func lowered(words []string) []string {
	out := make([]string, 0, len(words))
	for _, word := range words {
		if word = strings.ToLower(strings.TrimSpace(word)); word != "" {
			out = append(out, word)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
