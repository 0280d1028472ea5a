package mapping

import (
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

func (x exclusion) covers(email string, tags []string) bool {
	_, domain, _ := strings.Cut(email, "@")
	if slices.Contains(x.Emails, email) || slices.Contains(x.Domains, domain) {
		return true
	}
	if slices.ContainsFunc(x.Patterns, func(p string) bool { return strings.HasPrefix(email, p) }) {
		return true
	}
	return slices.ContainsFunc(tags, func(tag string) bool {
		return slices.Contains(x.Tags, strings.ToLower(strings.TrimSpace(tag)))
	})
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
