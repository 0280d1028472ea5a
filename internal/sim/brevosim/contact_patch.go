package brevosim

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// contactBody is what POST and PUT on contacts take.
type contactBody struct {
	Email            *string        `json:"email"`
	ExtID            *string        `json:"ext_id"`
	Attributes       map[string]any `json:"attributes"`
	ListIDs          []int64        `json:"listIds"`
	UnlinkListIDs    []int64        `json:"unlinkListIds"`
	EmailBlacklisted *bool          `json:"emailBlacklisted"`
	SMSBlacklisted   *bool          `json:"smsBlacklisted"`
	UpdateEnabled    bool           `json:"updateEnabled"`
	ForceMerge       bool           `json:"forceMerge"`
	GetID            bool           `json:"getId"`
}

// patch is a checked change of one contact.
type patch struct {
	keys             map[key]string // normal form; empty clears
	values           map[string]any // accepted attribute values; nil clears
	lists, unlink    []int64
	emailBlacklisted *bool
	smsBlacklisted   *bool
}

// patchOf checks a body. Attributes that do not exist, that are not in capitals or whose value has another type leave no
// trace; a malformed address or phone number is an error.
func (s *Server) patchOf(b *contactBody) (*patch, *reply) {
	p := &patch{
		keys: map[key]string{}, values: map[string]any{}, lists: b.ListIDs, unlink: b.UnlinkListIDs,
		emailBlacklisted: b.EmailBlacklisted, smsBlacklisted: b.SMSBlacklisted,
	}
	for k := range keyKinds {
		text, given := identifierIn(b, k)
		if !given {
			continue
		}
		if bad := s.setKey(p, k, text); bad != nil {
			return nil, bad
		}
	}
	for name, value := range b.Attributes {
		if identityAttributes[name] || name == "EMAIL" {
			continue
		}
		if s.opts.MissingReferences && s.attributes.byName[name] == nil {
			return nil, failure(http.StatusNotFound, "document_not_found", "Attribute not found")
		}
		s.setValue(p, name, value, (*Attribute).accept)
	}
	for _, id := range append(append([]int64(nil), b.ListIDs...), b.UnlinkListIDs...) {
		if s.lists.byID[id] == nil && s.opts.MissingReferences {
			return nil, failure(http.StatusNotFound, "document_not_found", "List ID does not exist")
		}
		if s.lists.byID[id] == nil {
			return nil, failure(http.StatusBadRequest, "invalid_parameter", "List ID does not exist")
		}
	}
	return p, nil
}

// identifierIn finds an identifier of kind k in a body. The top-level fields win over the attributes of the same name.
func identifierIn(b *contactBody, k key) (string, bool) {
	switch {
	case k == keyEmail && b.Email != nil:
		return *b.Email, true
	case k == keyExt && b.ExtID != nil:
		return *b.ExtID, true
	}
	switch v := b.Attributes[keyAttributes[k]].(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

func (s *Server) setKey(p *patch, k key, text string) *reply {
	if text == "" && k != keyEmail {
		p.keys[k] = ""
		return nil
	}
	value, ok := normalKey(k, text)
	if k > keyExt && s.badPhones[value] {
		ok = false
	}
	switch {
	case ok:
		p.keys[k] = value
		return nil
	case k == keyEmail:
		return failure(http.StatusBadRequest, "invalid_parameter", "Invalid email address")
	default:
		return failure(http.StatusBadRequest, "invalid_parameter", "Invalid phone number")
	}
}

func (s *Server) setValue(p *patch, name string, value any, accept func(*Attribute, any) (any, bool)) {
	a := s.attributes.byName[name]
	if a == nil {
		return
	}
	if value == "" {
		p.values[name] = nil
		return
	}
	if stored, ok := accept(a, value); ok {
		p.values[name] = stored
	}
}

// collisions are the other contacts that own identifiers of the patch.
func (s *Server) collisions(p *patch, self *contact) (kinds []key, owners []*contact) {
	for k := range keyKinds {
		if c := s.contacts.find(k, p.keys[k]); c != nil && c != self {
			kinds, owners = append(kinds, k), append(owners, c)
		}
	}
	return kinds, owners
}

// duplicateReply reports identifiers that belong to somebody else. Production clients have met both codes for the very
// same duplicate, so they alternate.
func (s *Server) duplicateReply(verb string, kinds []key) reply {
	code := [2]string{"duplicate_parameter", "invalid_parameter"}[s.duplicate%2]
	s.duplicate++
	var names []string
	for _, k := range kinds {
		names = append(names, keyNames[k])
	}
	a := failure(http.StatusBadRequest, code, "Unable to "+verb+" contact, "+strings.Join(names, ", ")+
		map[bool]string{true: " are", false: " is"}[len(names) > 1]+" already associated with another Contact")
	a.body.(map[string]any)["metadata"] = map[string]any{"duplicate_identifiers": names}
	return *a
}

// losesLastHandle reports whether the patch would clear the phone of a contact without an address, which the vendor
// refuses.
func (p *patch) losesLastHandle(c *contact) bool {
	value, given := p.keys[keySMS]
	return given && value == "" && p.keys[keyEmail] == "" && (c == nil || c.keys[keyEmail] == "")
}

// apply changes c. Changing the address of a blocklisted contact resubscribes the person, unless the same change
// blocklists the contact again (https://developers.brevo.com/reference/update-contact).
func (s *Server) apply(c *contact, p *patch, now time.Time) {
	for k, value := range p.keys {
		if k == keyEmail && c.keys[k] != "" && c.keys[k] != value {
			c.emailBlacklisted = false
		}
		s.contacts.setKey(c, k, value)
	}
	for name, value := range p.values {
		if value == nil {
			delete(c.attributes, name)
		} else {
			c.attributes[name] = value
		}
	}
	if p.emailBlacklisted != nil {
		c.emailBlacklisted = *p.emailBlacklisted
	}
	if p.smsBlacklisted != nil {
		c.smsBlacklisted = *p.smsBlacklisted
	}
	for _, id := range p.unlink {
		c.leave(id)
	}
	for _, id := range p.lists {
		c.join(id)
	}
	c.modifiedAt = now
}

// merge folds all contacts into the one that was modified last and deletes the others. The vendor says that much; that
// the survivor keeps its own consent, even where a deleted one had opted out, is our harder reading.
func (s *Server) merge(all []*contact) *contact {
	survivor := all[0]
	for _, c := range all[1:] {
		if c.modifiedAt.After(survivor.modifiedAt) {
			survivor = c
		}
	}
	for _, c := range all {
		if c == survivor || s.contacts.byID[c.id] == nil {
			continue
		}
		keys := c.keys
		s.contacts.delete(c)
		for k, value := range keys {
			if survivor.keys[k] == "" {
				s.contacts.setKey(survivor, key(k), value)
			}
		}
		for name, value := range c.attributes {
			if _, has := survivor.attributes[name]; !has {
				survivor.attributes[name] = value
			}
		}
		for id := range c.lists {
			survivor.lists[id] = true
		}
	}
	return survivor
}
