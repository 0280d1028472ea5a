package brevosim

import (
	"maps"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// contact is a person in the account. Phones are kept as the vendor shows them: digits with the country code, no plus.
type contact struct {
	id               int64
	keys             [keyKinds]string // by key kind; empty when the contact has none
	attributes       map[string]any
	lists            map[int64]bool
	unsubscribed     map[int64]bool
	emailBlacklisted bool
	smsBlacklisted   bool
	createdAt        time.Time
	modifiedAt       time.Time
}

// key is a kind of identifier that belongs to at most one contact.
type key int

const (
	keyEmail key = iota
	keyExt
	keySMS
	keyWhatsApp
	keyLandline
	keyKinds
)

// keyNames are the names by which a duplicate is reported, keyAttributes the attributes that hold the identifiers.
var (
	keyNames      = [keyKinds]string{"email", "ext_id", "SMS", "WHATSAPP", "LANDLINE_NUMBER"}
	keyAttributes = [keyKinds]string{"EMAIL", "EXT_ID", "SMS", "WHATSAPP", "LANDLINE_NUMBER"}
	identifierIDs = map[string]key{
		"email_id": keyEmail, "ext_id": keyExt, "phone_id": keySMS, "whatsapp_id": keyWhatsApp, "landline_number_id": keyLandline,
	}
)

// contactBook indexes contacts by id and by each kind of identifier. Ids rise in order of creation.
type contactBook struct {
	byID  map[int64]*contact
	order []int64
	owner [keyKinds]map[string]int64
	next  int64
}

func newContactBook() contactBook {
	b := contactBook{byID: map[int64]*contact{}, next: 1}
	for k := range b.owner {
		b.owner[k] = map[string]int64{}
	}
	return b
}

func (b *contactBook) create(now time.Time) *contact {
	c := &contact{
		id: b.next, attributes: map[string]any{}, lists: map[int64]bool{}, unsubscribed: map[int64]bool{},
		createdAt: now, modifiedAt: now,
	}
	b.next++
	b.byID[c.id] = c
	b.order = append(b.order, c.id)
	return c
}

func (b *contactBook) delete(c *contact) {
	for k := range keyKinds {
		b.setKey(c, k, "")
	}
	delete(b.byID, c.id)
	if i, ok := slices.BinarySearch(b.order, c.id); ok {
		b.order = slices.Delete(b.order, i, i+1)
	}
}

// find returns the owner of an identifier in normal form, or nil.
func (b *contactBook) find(k key, value string) *contact {
	if value == "" {
		return nil
	}
	return b.byID[b.owner[k][value]]
}

// setKey gives c the identifier, or takes it away when value is empty. The caller has made sure that it is free.
func (b *contactBook) setKey(c *contact, k key, value string) {
	if old := c.keys[k]; old != "" && b.owner[k][old] == c.id {
		delete(b.owner[k], old)
	}
	c.keys[k] = value
	if value != "" {
		b.owner[k][value] = c.id
	}
}

// resolve finds the contact of a path parameter. Without identifierType the vendor understands an e-mail address or a
// contact id only, so that an external id of digits alone is read as a contact id.
func (b *contactBook) resolve(identifier, identifierType string) (*contact, bool) {
	if identifierType == "" {
		identifierType = "contact_id"
		if strings.Contains(identifier, "@") {
			identifierType = "email_id"
		}
	}
	if identifierType == "contact_id" {
		id, err := strconv.ParseInt(identifier, 10, 64)
		return b.byID[id], err == nil
	}
	k, ok := identifierIDs[identifierType]
	if !ok {
		return nil, false
	}
	value, ok := normalKey(k, identifier)
	return b.find(k, value), ok
}

// normalKey brings an identifier into the form in which it is compared and stored.
func normalKey(k key, value string) (string, bool) {
	switch k {
	case keyEmail:
		return normalEmail(value)
	case keyExt:
		return value, value != ""
	default:
		return normalPhone(value)
	}
}

func normalEmail(value string) (string, bool) {
	value = strings.ToLower(strings.TrimSpace(value))
	addr, err := mail.ParseAddress(value)
	if err != nil || addr.Address != value {
		return "", false
	}
	_, domain, _ := strings.Cut(value, "@")
	return value, strings.Contains(domain, ".") && !strings.HasSuffix(domain, ".")
}

// normalPhone accepts the three documented forms, 91xxxxxxxxxx, +91xxxxxxxxxx and 0091xxxxxxxxxx, of a number that is
// possible in its country, and returns its digits.
func normalPhone(value string) (string, bool) {
	digits := strings.TrimPrefix(strings.TrimPrefix(value, "+"), "00")
	if len(digits) < 7 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	n, err := phonenumbers.Parse("+"+digits, "")
	return digits, err == nil && phonenumbers.IsPossibleNumber(n)
}

// join puts c on a list. Whoever had left that list is subscribed to it again: the harm that a careless client does.
func (c *contact) join(list int64) (changed bool) {
	changed = !c.lists[list]
	c.lists[list] = true
	delete(c.unsubscribed, list)
	return changed
}

func (c *contact) leave(list int64) (changed bool) {
	changed = c.lists[list]
	delete(c.lists, list)
	return changed
}

// shown are the attributes as replies hold them, identifiers other than the address included.
func (c *contact) shown() map[string]any {
	out := maps.Clone(c.attributes)
	for k := keyExt; k < keyKinds; k++ {
		if c.keys[k] != "" {
			out[keyAttributes[k]] = c.keys[k]
		}
	}
	return out
}

func sortedIDs(set map[int64]bool) []int64 {
	out := slices.Collect(maps.Keys(set))
	slices.Sort(out)
	if out == nil {
		out = []int64{}
	}
	return out
}
