package brevo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// MaxContactPage is the largest Limit of ListContacts.
const MaxContactPage = 1000

// Blocklist is an opt-out to be written. Its zero value writes nothing and Block opts out; a value that lifts a
// blocklisting does not exist, because Brevo reads a stray false as "subscribe again".
type Blocklist bool

// Block opts the contact out. Fields of type Blocklist take omitempty, so that false never leaves.
const Block Blocklist = true

// Contact is a contact as Brevo stores it.
type Contact struct {
	ID               int64
	Email            string // empty for contacts known by phone or ext_id alone
	EmailBlacklisted bool
	SMSBlacklisted   bool
	ListIDs          []int64
	ListUnsubscribed []int64 // lists the person left by themselves
	Attributes       map[string]any
	CreatedAt        time.Time // with the account's offset
	ModifiedAt       time.Time
}

// UnmarshalJSON reads the answer of GET /contacts and GET /contacts/{identifier}. Only an id that is none, or is missing, is an
// error: attributes given as a list are empty, times in an unknown form are zero, and a blocklisting in an unknown form is one.
func (c *Contact) UnmarshalJSON(data []byte) error {
	var b struct {
		ID               wholeNumber `json:"id"`
		Email            string      `json:"email"`
		EmailBlacklisted optOut      `json:"emailBlacklisted"`
		SMSBlacklisted   optOut      `json:"smsBlacklisted"`
		ListIDs          numbers     `json:"listIds"`
		ListUnsubscribed numbers     `json:"listUnsubscribed"`
		Attributes       attributes  `json:"attributes"`
		CreatedAt        stamp       `json:"createdAt"`
		ModifiedAt       stamp       `json:"modifiedAt"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	if b.ID == 0 {
		return lacks("id")
	}
	*c = Contact{
		ID: int64(b.ID), Email: b.Email, EmailBlacklisted: bool(b.EmailBlacklisted), SMSBlacklisted: bool(b.SMSBlacklisted),
		ListIDs: b.ListIDs, ListUnsubscribed: b.ListUnsubscribed, Attributes: b.Attributes,
		CreatedAt: time.Time(b.CreatedAt), ModifiedAt: time.Time(b.ModifiedAt),
	}
	return nil
}

// IdentifierType says how an Identifier names a contact.
type IdentifierType string

// The identifier types of this client; Brevo also knows ext_id, phone_id, whatsapp_id and landline_number_id.
const (
	TypeContactID IdentifierType = "contact_id"
	TypeEmailID   IdentifierType = "email_id"
)

// Identifier names one contact. Its type always travels with it: Brevo would read an ext_id of digits as a contact id.
type Identifier struct {
	Type  IdentifierType
	Value string
}

// ByID names a contact by Brevo's own id.
func ByID(id int64) Identifier { return Identifier{TypeContactID, strconv.FormatInt(id, 10)} }

// ByEmail names a contact by its address.
func ByEmail(address string) Identifier { return Identifier{TypeEmailID, address} }

func (i Identifier) call(method string) (call, error) {
	escaped, err := segment(i.Value)
	if err != nil {
		return call{}, fmt.Errorf("contact identifier: %w", err)
	}
	return call{
		method: method, route: "/contacts/{identifier}", path: "/contacts/" + escaped,
		query: url.Values{"identifierType": {string(i.Type)}}, bucket: BucketContacts,
	}, nil
}

// GetContact reads one contact; IsNotFound tells that it does not exist.
// https://developers.brevo.com/reference/get-contact-info
func (c *Client) GetContact(ctx context.Context, who Identifier) (Contact, error) {
	var out Contact
	r, err := who.call(http.MethodGet)
	if err != nil {
		return out, err
	}
	_, err = c.do(ctx, r, &out)
	return out, err
}

// ContactQuery selects contacts. The zero value asks for the newest 50.
type ContactQuery struct {
	Limit         int // at most MaxContactPage
	Offset        int
	ModifiedSince time.Time
	Sort          string  // "asc" or "desc" by creation; Brevo's default is desc
	ListIDs       []int64 // members of any of these
	IDs           []int64 // at most 20
}

// ContactPage is one page. It may be shorter than the Limit asked for without being the last: go on at Next until End.
type ContactPage struct {
	Contacts []Contact
	// Count is the number of contacts that match in all; 0 also when Brevo did not say.
	Count int64
	// Next is the Offset of the page after this one.
	Next int
	// End says that nothing comes after: Next reaches Count or, where Brevo gave none, the page is empty.
	End bool
}

// maxContactIDs is Brevo's bound on the parameter ids.
const maxContactIDs = 20

// ListContacts reads one page: https://developers.brevo.com/reference/get-contacts.
func (c *Client) ListContacts(ctx context.Context, q ContactQuery) (ContactPage, error) {
	if q.Limit < 0 || q.Limit > MaxContactPage || q.Offset < 0 {
		return ContactPage{}, fmt.Errorf("list contacts: limit must be at most %d and offset not negative, found %d and %d", MaxContactPage, q.Limit, q.Offset)
	}
	if len(q.IDs) > maxContactIDs {
		return ContactPage{}, fmt.Errorf("list contacts: at most %d ids in one call, found %d", maxContactIDs, len(q.IDs))
	}
	v := page(q.Limit, q.Offset, q.Sort)
	if !q.ModifiedSince.IsZero() {
		v.Set("modifiedSince", timestamp(q.ModifiedSince))
	}
	for _, id := range q.ListIDs {
		v.Add("listIds", strconv.FormatInt(id, 10))
	}
	for _, id := range q.IDs {
		v.Add("ids", strconv.FormatInt(id, 10))
	}
	got := rows[Contact]{key: "contacts", offset: q.Offset}
	_, err := c.do(ctx, call{method: http.MethodGet, route: "/contacts", query: v, bucket: BucketContacts}, &got)
	if err != nil {
		return ContactPage{}, err
	}
	next := q.Offset + len(got.items)
	return ContactPage{Contacts: got.items, Count: got.count, Next: next, End: isEnd(len(got.items), next, got.count)}, nil
}

// isEnd reports whether a page of the given number of rows is the last one; next is the offset behind it, and count, if
// not 0, the number of rows in all. That a page is short says nothing: a server may give fewer rows than were asked for.
func isEnd(rows, next int, count int64) bool {
	return rows == 0 || count > 0 && int64(next) >= count
}

func page(limit, offset int, sort string) url.Values {
	v := url.Values{}
	if limit > 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	if offset > 0 {
		v.Set("offset", strconv.Itoa(offset))
	}
	if sort != "" {
		v.Set("sort", sort)
	}
	return v
}

// CreateContact is a contact to be made, or with UpdateEnabled to be made or changed. Attributes must exist in the
// account with the right type: Brevo drops the others in silence. An empty string clears an attribute. An EMAIL among
// the attributes is left out when it equals Email and refused when it does not.
type CreateContact struct {
	Email            string         `json:"email,omitempty"`
	ExtID            string         `json:"ext_id,omitempty"`
	Attributes       map[string]any `json:"attributes,omitempty"`
	ListIDs          []int64        `json:"listIds,omitempty"`
	EmailBlacklisted Blocklist      `json:"emailBlacklisted,omitempty"`
	SMSBlacklisted   Blocklist      `json:"smsBlacklisted,omitempty"`
	UpdateEnabled    bool           `json:"updateEnabled"`
}

// CreateContact makes a contact and returns its id, or 0 when UpdateEnabled changed one that existed: Brevo does not
// tell which. A known identifier without UpdateEnabled, or a phone or ext_id of somebody else, is IsDuplicate; contacts
// are never merged. https://developers.brevo.com/reference/create-contact
func (c *Client) CreateContact(ctx context.Context, in CreateContact) (int64, error) {
	var err error
	if in.Attributes, err = oneAddress(in.Email, in.Attributes); err != nil {
		return 0, fmt.Errorf("create contact: %w", err)
	}
	if in.Email == "" && in.ExtID == "" && len(in.Attributes) == 0 {
		return 0, errors.New("create contact: needs an email, an ext_id or the attribute SMS")
	}
	out := only[wholeNumber]{key: "id"}
	_, err = c.do(ctx, call{method: http.MethodPost, route: "/contacts", body: in, bucket: BucketContacts}, &out)
	return int64(out.value), err
}

// oneAddress keeps an address from travelling twice: EMAIL among the attributes has broken upserts.
func oneAddress(address string, attributes map[string]any) (map[string]any, error) {
	if address == "" {
		return attributes, nil
	}
	for name, value := range attributes {
		if !strings.EqualFold(name, "EMAIL") {
			continue
		}
		if text, ok := value.(string); !ok || !strings.EqualFold(text, address) {
			return nil, errors.New("attribute EMAIL differs from the contact's email")
		}
		kept := make(map[string]any, len(attributes)-1)
		for n, v := range attributes {
			if !strings.EqualFold(n, "EMAIL") {
				kept[n] = v
			}
		}
		return kept, nil
	}
	return attributes, nil
}

// UpdateContact changes a contact. EMAIL among the attributes changes its address: that lifts a blocklisting unless
// EmailBlacklisted goes with it. An empty string clears an attribute.
type UpdateContact struct {
	Attributes       map[string]any `json:"attributes,omitempty"`
	ExtID            string         `json:"ext_id,omitempty"`
	ListIDs          []int64        `json:"listIds,omitempty"`       // adds
	UnlinkListIDs    []int64        `json:"unlinkListIds,omitempty"` // removes
	EmailBlacklisted Blocklist      `json:"emailBlacklisted,omitempty"`
	SMSBlacklisted   Blocklist      `json:"smsBlacklisted,omitempty"`
}

// UpdateContact changes one existing contact; IsNotFound tells that it was deleted in Brevo, or that something which the update
// names does not exist; IsDuplicate that another contact holds the new address or phone. https://developers.brevo.com/reference/update-contact
func (c *Client) UpdateContact(ctx context.Context, who Identifier, in UpdateContact) error {
	r, err := who.call(http.MethodPut)
	if err != nil {
		return err
	}
	r.body = in
	_, err = c.do(ctx, r, nil)
	return err
}

// DeleteContact deletes a contact with all that Brevo knows of it, its opt-outs included: a later upsert makes a contact that
// is subscribed. IsNotFound tells that there was none; the account's own contact is refused with 405.
// https://developers.brevo.com/reference/delete-contact
func (c *Client) DeleteContact(ctx context.Context, who Identifier) error {
	r, err := who.call(http.MethodDelete)
	if err != nil {
		return err
	}
	_, err = c.do(ctx, r, nil)
	return err
}
