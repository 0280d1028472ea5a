package mapping

import (
	"fmt"
	"strings"
)

// DefaultSatisfied is the CSAT_SCORE from which a person counts as satisfied when no threshold is configured.
const DefaultSatisfied = 80

// RoleEndUser is the role that becomes a contact when no roles are configured.
const RoleEndUser = "end-user"

// The keys of the lists a connector may configure.
const (
	AllCustomers       = "all_customers"
	ActiveTickets      = "active_tickets"
	SatisfiedCustomers = "satisfied_customers"
)

// DefaultPatterns are the beginnings of addresses that no person reads, excluded unless other patterns are configured.
var DefaultPatterns = []string{"mailer-daemon@", "postmaster@", "noreply@", "no-reply@"}

// Config is what a connector configures about mapping. The zero value is the default mapping.
type Config struct {
	FieldMapping       []FieldRule     // in the order of the file; each replaces the defaults of its source
	Overwrite          []string        // targets written even where a person edited them
	SatisfiedThreshold float64         // 0 to 100; 0 means DefaultSatisfied
	DefaultRegion      string          // ISO 3166 alpha-2 for national phone numbers; empty: they are left out
	Roles              []string        // end-user, agent, admin; empty means end-user
	Exclude            Exclude         // people who never become contacts
	Lists              []string        // keys of the configured lists
	Resources          map[Stream]bool // a resource that is missing here is on
}

// FieldRule is one line of field_mapping. Exactly one of three things: targets, nothing (the source is switched off), or
// Auto, which only user_fields.* takes.
type FieldRule struct {
	Source  string
	Targets []string // Brevo attribute names in any case; empty switches the source off
	Auto    bool     // user_fields.*: every active user field, to an attribute named after its key
}

// Exclude names people who never become contacts; everything is compared without case.
type Exclude struct {
	Emails   []string // whole addresses
	Domains  []string // what follows the @, exactly
	Tags     []string // user tags
	Patterns []string // beginnings of an address; nil means DefaultPatterns, an empty list none
}

// The kinds of a Definition: whose field it is.
const (
	KindTicket       = "ticket"
	KindUser         = "user"
	KindOrganization = "organization"
)

// Definition is a Zendesk custom field as the account defines it.
// https://developer.zendesk.com/api-reference/ticketing/users/user_fields/
type Definition struct {
	Kind    string // ticket, user or organization
	ID      int64
	Key     string // user and organization fields; ticket fields have none
	Type    string // text, textarea, checkbox, date, integer, decimal, regexp, dropdown, tagger, multiselect, lookup ...
	Title   string
	Active  bool
	Options map[string]string // label by tag, of drop-down and multi-select fields
}

// Problem is one thing that is wrong with a Config.
type Problem struct {
	Path    []string // keys from the connector down: field_mapping, user_fields.tier
	Message string   // what is wrong, without the path
	Nearest string   // the nearest valid word; empty when nothing is near
}

func (p Problem) String() string {
	text := strings.Join(p.Path, ": ") + ": " + p.Message
	if p.Nearest != "" {
		text += fmt.Sprintf("; did you mean %q?", p.Nearest)
	}
	return text
}

// Problems is everything that is wrong with a Config: the error of Compile.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps *Problems) add(nearest string, path []string, format string, args ...any) {
	*ps = append(*ps, Problem{Path: path, Message: fmt.Sprintf(format, args...), Nearest: nearest})
}
