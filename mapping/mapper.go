package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// rulesVersion is part of every hash. Raise it when a rule in this package changes what an unchanged customer becomes, or
// when the phone library brings new metadata, so that everybody is mapped again.
const rulesVersion = 2

// Attribute is a Brevo contact attribute that the mapping writes. EMAIL is none: it is Contact.Email.
type Attribute struct {
	Name        string   // in capitals
	Type        string   // text, float, boolean or date
	Sources     []string // where its value comes from, as configured
	Streams     []Stream // all must have reached their end once before it may be written
	FillIfEmpty bool     // written only where Brevo has nothing, or still has what we delivered
	Named       bool     // field_mapping names it, or overwrite a protected one: it may be written though it existed before us
	Support     bool     // derived from tickets or ratings: cleared when the person is no contact any more
	Identifier  bool     // SMS, WHATSAPP, LANDLINE_NUMBER: no two contacts may share a value
	TicketField int64    `json:",omitempty"` // id of the ticket field behind it; 0: another source
}

// ListRule is a configured list that people join and leave.
type ListRule struct {
	Key     string   // all_customers, active_tickets, satisfied_customers
	Streams []Stream // all must have reached their end once before the condition can be decided
}

// Mapper maps customers of one account. It is immutable and safe for concurrent use. Compile makes it.
type Mapper struct {
	bindings  []binding // sorted by target, without those whose resource is off
	lists     []ListRule
	overwrite []string // in capitals, sorted
	threshold float64
	region    string
	roles     []string
	exclude   exclusion
	notices   []string
	kept      []string // targets of rules that are left out
	hash      string
}

// binding carries one source to one target.
type binding struct {
	source   string // as configured or registered
	identity string // what the value is, whatever it is called: part of the hash
	target   string
	logical  string // FIRSTNAME or LASTNAME while the default names are in force; Rename starts from it
	typ      string
	streams  []Stream
	needs    streamSet
	value    func(*Customer) any // nil for the phone
	options  map[string]string   // of a label
	named    bool
	untyped  bool   // the definitions of its kind are unknown: in scope only where there is a value, so that nothing is cleared
	absent   string // why the account cannot fill it; only while compiling
	field    fieldRef
}

// fieldRef names the custom field behind a binding; its kind is empty when there is none.
type fieldRef struct {
	kind string
	key  string
	id   int64
}

// streamSet is a set of streams, one bit each in the order of allStreams.
type streamSet uint8

var allStreams = [...]Stream{Users, Tickets, Organizations, SatisfactionRatings}

func setOf(streams []Stream) streamSet {
	return setWhere(func(s Stream) bool { return slices.Contains(streams, s) })
}

func setWhere(in func(Stream) bool) streamSet {
	var set streamSet
	for i, stream := range allStreams {
		if in(stream) {
			set |= 1 << i
		}
	}
	return set
}

func (s streamSet) covers(needs streamSet) bool { return needs&^s == 0 }

// isPhone reports whether the value must be a phone number: the phone wherever it goes, anything that goes to a number.
func (b binding) isPhone() bool { return b.source == sourcePhone || isNumber(b.target) }

func isNumber(target string) bool { return target == SMS || target == WhatsApp || target == Landline }

// Attributes lists what the mapping writes, sorted by name.
func (m *Mapper) Attributes() []Attribute {
	attributes := make([]Attribute, len(m.bindings))
	for i, b := range m.bindings {
		attributes[i] = Attribute{
			Name: b.target, Type: b.typ, Sources: []string{b.source}, Streams: slices.Clone(b.streams),
			FillIfEmpty: protected(b) && !m.overwrites(b), Named: b.named || protected(b) && m.overwrites(b), Identifier: isNumber(b.target),
			Support: slices.Contains(b.streams, Tickets) || slices.Contains(b.streams, SatisfactionRatings), TicketField: ticketField(b.field),
		}
	}
	return attributes
}

func ticketField(f fieldRef) int64 {
	if f.kind == KindTicket {
		return f.id
	}
	return 0
}

// overwrites reports whether the configuration gives up the protection of a name or phone.
func (m *Mapper) overwrites(b binding) bool {
	return slices.Contains(m.overwrite, b.target) || b.logical != "" && slices.Contains(m.overwrite, b.logical)
}

// protected is what a marketer may have typed: first and last name, by whatever name the account has for them, and SMS.
func protected(b binding) bool {
	isName := b.source == sourceName || b.source == "first_name" || b.source == "last_name"
	switch b.target {
	case FirstName, LastName, SMS:
		return true
	}
	return isName && holdsName(b.target)
}

// Lists gives the configured lists whose resources are on, sorted by key.
func (m *Mapper) Lists() []ListRule {
	lists := slices.Clone(m.lists)
	for i := range lists {
		lists[i].Streams = slices.Clone(lists[i].Streams)
	}
	return lists
}

// Fields tells which custom fields the mirror must store: keys of user and organization fields, ids of ticket fields, each
// sorted.
func (m *Mapper) Fields() (user, organization []string, ticket []int64) {
	for _, b := range m.bindings {
		switch b.field.kind {
		case KindUser:
			user = append(user, b.field.key)
		case KindOrganization:
			organization = append(organization, b.field.key)
		case KindTicket:
			ticket = append(ticket, b.field.id)
		}
	}
	slices.Sort(user)
	slices.Sort(organization)
	slices.Sort(ticket)
	return slices.Compact(user), slices.Compact(organization), slices.Compact(ticket)
}

// Notices says, a sentence each in the order of the file, what of field_mapping and overwrite the account's field definitions
// do not bear out, and what becomes of it. Field titles and keys are the account's own words; no person is named.
func (m *Mapper) Notices() []string { return slices.Clone(m.notices) }

// Hash changes exactly when the same customer could get another contact, or the same contact could be written otherwise.
func (m *Mapper) Hash() string { return m.hash }

// Rename gives FIRSTNAME and LASTNAME the names the account has for them (see NamesIn). It leaves alone what field_mapping
// names, and a name that another source writes already, or would if the account had its field. The receiver does not change.
func (m *Mapper) Rename(names map[string]string) *Mapper {
	renamed := *m
	renamed.bindings = slices.Clone(m.bindings)
	taken := make(map[string]bool, len(m.bindings))
	for _, target := range m.kept {
		taken[target] = true
	}
	for _, b := range m.bindings {
		if b.logical == "" {
			taken[b.target] = true
		}
	}
	for i := range renamed.bindings {
		b := &renamed.bindings[i]
		if b.logical == "" {
			continue
		}
		b.target = b.logical
		if name := strings.ToUpper(strings.TrimSpace(names[b.logical])); name != "" && !taken[name] {
			b.target = name
			taken[name] = true
		}
	}
	return renamed.finish()
}

// finish sorts the bindings and computes the hash.
func (m *Mapper) finish() *Mapper {
	slices.SortFunc(m.bindings, func(a, b binding) int { return strings.Compare(a.target, b.target) })
	m.hash = m.digest()
	return m
}

func (m *Mapper) digest() string {
	type bound struct {
		Target, Value, Type string
		Streams             []Stream
		Fill, Named         bool
		Untyped             bool              `json:",omitempty"`
		Options             map[string]string `json:",omitempty"`
	}
	facts := struct {
		Version   int
		Bindings  []bound
		Lists     []ListRule
		Threshold float64 `json:",omitempty"`
		Region    string  `json:",omitempty"`
		Roles     []string
		Exclude   exclusion
	}{Version: rulesVersion, Lists: m.lists, Roles: m.roles, Exclude: m.exclude}
	for _, b := range m.bindings {
		facts.Bindings = append(facts.Bindings, bound{b.target, b.identity, b.typ, b.streams, protected(b) && !m.overwrites(b), b.named, b.untyped, b.options})
		if b.isPhone() {
			facts.Region = m.region
		}
	}
	if slices.ContainsFunc(m.lists, func(l ListRule) bool { return l.Key == SatisfiedCustomers }) {
		facts.Threshold = m.threshold
	}
	text, err := json.Marshal(facts)
	if err != nil {
		panic(fmt.Sprintf("mapping: hash of a checked mapping: %v", err)) // strings, booleans and one finite number
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}
