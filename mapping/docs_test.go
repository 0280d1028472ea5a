package mapping_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"zendesk-brevo/mapping"
)

// TestDocumentation keeps docs/mapping.md in step with the registry of sources.
func TestDocumentation(t *testing.T) {
	var table strings.Builder
	table.WriteString("| source | type | default target | needs | what it is |\n|---|---|---|---|---|\n")
	for _, s := range mapping.Sources() {
		streams := make([]string, len(s.Streams))
		for i, stream := range s.Streams {
			streams[i] = string(stream)
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s | %s |\n", s.Name, s.Type, strings.Join(s.DefaultTargets, ", "), strings.Join(streams, ", "), s.Description)
	}
	text := fmt.Sprintf(documentation, table.String(), mapping.MaxText, strings.Join(mapping.DefaultPatterns, "`, `"))
	golden(t, filepath.Join("..", "docs", "mapping.md"), text)
}

const documentation = `# From a Zendesk user to a Brevo contact

<!-- Generated from the registry of sources: go test ./mapping -run Documentation -update -->

` + "`field_mapping`" + ` in connectors.yaml carries sources to Brevo contact attributes. A source that it does not name goes to its default
target, when it has one. A source that it names goes to the targets given there and no longer to its default.

    field_mapping:
      name: FULLNAME                      # one target: the whole name instead of FIRSTNAME and LASTNAME
      phone: [SMS, WHATSAPP]              # several targets
      tags: null                          # switched off
      last_channel: LAST_CHANNEL          # a source without a default
      user_fields.customer_type: CUSTOMER_TYPE
      user_fields.customer_type.label: CUSTOMER_TYPE_NAME
      ticket_fields.Order number: ORDER_NUMBER
      user_fields.*: auto                 # every other active user field, to an attribute named after its key

## Sources

A value is written only when everything in "needs" has been read to its end once, and stays untouched while one of these resources is
switched off under ` + "`sync`" + `.

%s
## Rules

- **Targets** are written in any case and must be capital letters, digits and underscores, beginning with a letter, at most 50 characters.
  Two sources cannot share a target. EMAIL, EXT_ID, ADDED_TIME and MODIFIED_TIME are Brevo's own.
- **Names** are cut at the first run of white space. ` + "`name`" + ` takes one target (the whole name) or two (the first word, the rest); a name of one
  word has no rest. In accounts whose attributes have other names (PRENOM and NOM, VORNAME and NACHNAME ...) the default goes there.
- **Phones** are written in E.164; a number with an extension is left out, because without it a text would go to the switchboard. A target SMS, WHATSAPP or LANDLINE_NUMBER makes any source a phone number.
- **Types** of custom fields: a checkbox is a boolean, integer and decimal are numbers, a date is a day, everything else is text.
  A drop-down or multi-select gives its tags, with ` + "`.label`" + ` its labels (the tag where a label is unknown). A category attribute of Brevo gets its options only:
  any other value is left out, because Brevo would drop it in silence.
- **Days** are YYYY-MM-DD in UTC. **Lists** are joined by commas.
- **Text** is trimmed; line breaks become spaces, other control characters go; it ends after %d characters, lists between two items.
- **Absent is not empty**: what has no value in Zendesk is not sent, and cleared in Brevo only where this connector wrote it before.
- **A field that Zendesk does not have**, or has no longer, is left out: its attribute is neither written nor cleared, a notice names the
  nearest field, and everything else goes on. While Zendesk shows no fields of a kind at all, those named by key or id are taken as text,
  and written only where there is a value.
- **auto** puts USER_ before a name that is taken, is Brevo's own, is used for people's names or phone numbers, or does not begin with a letter.

## Who becomes a contact

Users who are active, not suspended, have an e-mail and a role of ` + "`sync.roles`" + ` (default end-user), and are not excluded by address, domain, tag or
the beginning of their address (default ` + "`%s`" + `). The others are skipped and counted by reason: inactive, suspended, no_email, role, excluded.
An address that no mail server could accept is a reject (invalid_email): that person should be a contact, and somebody can mend it.

## Lists

- all_customers: everyone who becomes a contact
- active_tickets: OPEN_TICKETS above 0
- satisfied_customers: CSAT_SCORE, as shown with its one decimal, at or above ` + "`thresholds.satisfied`" + ` (80)
`
