package brevo

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// Categories of contact attributes.
const (
	CategoryNormal        = "normal"
	CategoryTransactional = "transactional"
	CategoryCategory      = "category"
	CategoryCalculated    = "calculated"
	CategoryGlobal        = "global"
)

// Types of contact attributes. A type cannot be changed later.
const (
	TypeText           = "text"
	TypeDate           = "date" // YYYY-MM-DD, no time of day
	TypeFloat          = "float"
	TypeBoolean        = "boolean"
	TypeMultipleChoice = "multiple-choice" // normal only
	TypeUser           = "user"            // normal only
	TypeID             = "id"              // transactional only
	TypeCategory       = "category"        // category only
)

// maxOptionLength is Brevo's bound on the text of one option, in characters.
const maxOptionLength = 200

// Attribute is a contact attribute as the account defines it.
type Attribute struct {
	Name        string
	Category    string
	Type        string // empty for calculated and global ones
	Enumeration []EnumerationItem
}

// UnmarshalJSON takes what it can read of an attribute: an odd one must not keep an account from the others.
func (a *Attribute) UnmarshalJSON(data []byte) error {
	var b struct {
		Name        word        `json:"name"`
		Category    word        `json:"category"`
		Type        word        `json:"type"`
		Enumeration enumeration `json:"enumeration"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	*a = Attribute{Name: string(b.Name), Category: string(b.Category), Type: string(b.Type), Enumeration: b.Enumeration}
	return nil
}

// enumeration is a list of values. What is no list has none, and what is no value is left out.
type enumeration []EnumerationItem

func (e *enumeration) UnmarshalJSON(data []byte) error {
	*e = nil
	for _, raw := range items(data) {
		var item EnumerationItem
		if json.Unmarshal(raw, &item) == nil && item != (EnumerationItem{}) {
			*e = append(*e, item)
		}
	}
	return nil
}

// EnumerationItem is one value of a category attribute. Since 2026-05-01 Value is 0 for every value that is no number:
// read ValueStr then. ValueStr is never sent.
type EnumerationItem struct {
	Value    int64  `json:"value"`
	Label    string `json:"label"`
	ValueStr string `json:"valueStr,omitempty"`
}

// UnmarshalJSON takes each member as a number or as a string. A value that is no number is the ValueStr where Brevo gives none.
func (e *EnumerationItem) UnmarshalJSON(data []byte) error {
	var b struct {
		Value    word `json:"value"`
		Label    word `json:"label"`
		ValueStr word `json:"valueStr"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	number, err := strconv.ParseInt(string(b.Value), 10, 64)
	if err != nil {
		number, b.ValueStr = 0, cmp.Or(b.ValueStr, b.Value)
	}
	*e = EnumerationItem{Value: number, Label: string(b.Label), ValueStr: string(b.ValueStr)}
	return nil
}

// AttributeSpec is what CreateAttribute makes: Type with normal and transactional ones, Enumeration with the
// category "category", MultiCategoryOptions with the type multiple-choice.
type AttributeSpec struct {
	Type                 string            `json:"type,omitempty"`
	Enumeration          []EnumerationItem `json:"enumeration,omitempty"`
	MultiCategoryOptions []string          `json:"multiCategoryOptions,omitempty"`
}

// ListAttributes reads all contact attributes: https://developers.brevo.com/reference/get-attributes.
func (c *Client) ListAttributes(ctx context.Context) ([]Attribute, error) {
	out := rows[Attribute]{key: "attributes"}
	_, err := c.do(ctx, call{method: http.MethodGet, route: "/contacts/attributes", bucket: BucketContacts}, &out)
	return out.items, err
}

// CreateAttribute defines a contact attribute: https://developers.brevo.com/reference/create-attribute. Calling it for a
// name that exists is a 400.
func (c *Client) CreateAttribute(ctx context.Context, category, name string, spec AttributeSpec) error {
	cat, err := segment(category)
	if err != nil {
		return fmt.Errorf("create attribute: %w", err)
	}
	escaped, err := segment(name)
	if err != nil {
		return fmt.Errorf("create attribute: %w", err)
	}
	for _, o := range spec.MultiCategoryOptions {
		if n := len([]rune(o)); n > maxOptionLength {
			return fmt.Errorf("create attribute %s: an option has %d characters, at most %d are allowed", name, n, maxOptionLength)
		}
	}
	body := spec
	body.Enumeration = make([]EnumerationItem, 0, len(spec.Enumeration))
	for _, item := range spec.Enumeration {
		if n := len([]rune(item.Label)); n > maxOptionLength {
			return fmt.Errorf("create attribute %s: an option has %d characters, at most %d are allowed", name, n, maxOptionLength)
		}
		body.Enumeration = append(body.Enumeration, EnumerationItem{Value: item.Value, Label: item.Label})
	}
	_, err = c.do(ctx, call{
		method: http.MethodPost, route: "/contacts/attributes/{category}/{name}", path: "/contacts/attributes/" + cat + "/" + escaped,
		body: body, bucket: BucketContacts,
	}, nil)
	return err
}

// DeleteAttribute deletes a contact attribute with the values that contacts have of it: https://developers.brevo.com/reference/delete-attribute.
// IsNotFound tells that there is none of that name in the category.
func (c *Client) DeleteAttribute(ctx context.Context, category, name string) error {
	cat, err := segment(category)
	if err != nil {
		return fmt.Errorf("delete attribute: %w", err)
	}
	escaped, err := segment(name)
	if err != nil {
		return fmt.Errorf("delete attribute: %w", err)
	}
	_, err = c.do(ctx, call{
		method: http.MethodDelete, route: "/contacts/attributes/{category}/{name}", path: "/contacts/attributes/" + cat + "/" + escaped,
		bucket: BucketContacts,
	}, nil)
	return err
}
