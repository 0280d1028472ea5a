package activities

import (
	"fmt"
	"strings"

	"zendesk-brevo/mapping"
)

// leftOutWords are the reasons of the mapping's notes in words.
var leftOutWords = map[string]string{
	mapping.NoDefaultRegion:      "phone left out: a national number, set default_region",
	mapping.InvalidPhone:         "phone left out: no valid number",
	mapping.PhoneExtension:       "phone left out: it has an extension, so without it a text would reach the switchboard",
	mapping.SharedPhone:          "phone left out: shared_phone_number is set in Zendesk",
	mapping.PhoneHeldByOlderUser: "phone left out: an older user has the same number",
	mapping.UnexpectedValue:      "left out: the value does not fit the field's type",
	mapping.TextCut:              fmt.Sprintf("cut to %d characters", mapping.MaxText),
}

// mendable are those that somebody can do something about, in the order in which a run tells of them.
var mendable = []string{mapping.NoDefaultRegion, mapping.InvalidPhone, mapping.PhoneExtension, mapping.UnexpectedValue, mapping.TextCut}

// leftOut counts contacts by what was left out of them.
type leftOut map[string]int64

// count counts a contact that is to be in Brevo; anybody else's values go nowhere anyway.
func (l leftOut) count(notes []mapping.Note) {
	seen := map[string]bool{}
	for _, n := range notes {
		if !seen[n.Reason] {
			seen[n.Reason] = true
			l[n.Reason]++
		}
	}
}

// notice tells of the counts; empty where there is nothing to do.
func (l leftOut) notice() string {
	var parts []string
	for _, reason := range mendable {
		if n := l[reason]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s (contacts: %d)", leftOutWords[reason], n))
		}
	}
	return strings.Join(parts, "; ")
}
