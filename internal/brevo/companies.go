package brevo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"time"

	"zendesk-brevo/internal/rest"
)

// Company is a company of Brevo's CRM. Attributes are keyed by internal name; "name" is among them.
type Company struct {
	ID               string         `json:"id"` // 24 hexadecimal digits
	Attributes       map[string]any `json:"attributes"`
	LinkedContactIDs []int64        `json:"linkedContactsIds"`
}

// UnmarshalJSON takes attributes given as a list as empty, and ids written as strings; a company has one.
func (c *Company) UnmarshalJSON(data []byte) error {
	var b struct {
		ID               identity   `json:"id"`
		Attributes       attributes `json:"attributes"`
		LinkedContactIDs numbers    `json:"linkedContactsIds"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	if b.ID == "" {
		return lacks("id")
	}
	*c = Company{ID: string(b.ID), Attributes: b.Attributes, LinkedContactIDs: b.LinkedContactIDs}
	return nil
}

// Name is the company's attribute of that name.
func (c Company) Name() string {
	name, _ := c.Attributes["name"].(string)
	return name
}

// CreateCompany is a company to be made. CountryCode is needed with the attribute phone_number.
type CreateCompany struct {
	Name             string         `json:"name"`
	Attributes       map[string]any `json:"attributes,omitempty"`
	CountryCode      int64          `json:"countryCode,omitempty"`
	LinkedContactIDs []int64        `json:"linkedContactsIds,omitempty"`
}

// CreateCompany makes a company and returns its id. There is no upsert: a repeated call makes a second one.
// https://developers.brevo.com/reference/create-company
func (c *Client) CreateCompany(ctx context.Context, in CreateCompany) (string, error) {
	if in.Name == "" {
		return "", errors.New("create company: needs a name")
	}
	out := only[identity]{key: "id"}
	_, err := c.do(ctx, call{method: http.MethodPost, route: "/companies", body: in, bucket: BucketOther}, &out)
	return string(out.value), err
}

// CompanyQuery selects companies; zero fields are not sent. Brevo documents neither the default nor the largest Limit.
type CompanyQuery struct {
	Name            string // equal to the attribute name
	LinkedContactID int64
	ModifiedSince   time.Time
	CreatedSince    time.Time
	Page            int // "index of the first document of the page" in the reference; counted from 1 elsewhere
	Limit           int
	Sort            string // "asc" or "desc"; by creation unless SortBy is given
	SortBy          string
}

// ListCompanies reads one page: https://developers.brevo.com/reference/get-companies. The filter parameter is literally
// filters[attributes.name]; a bare "filters" is ignored by Brevo, which then lists everything.
func (c *Client) ListCompanies(ctx context.Context, q CompanyQuery) ([]Company, error) {
	v := page(q.Limit, 0, q.Sort)
	if q.Name != "" {
		v.Set("filters[attributes.name]", q.Name)
	}
	if q.LinkedContactID != 0 {
		v.Set("linkedContactsIds", strconv.FormatInt(q.LinkedContactID, 10))
	}
	setTime(v, "modifiedSince", q.ModifiedSince)
	setTime(v, "createdSince", q.CreatedSince)
	if q.Page > 0 {
		v.Set("page", strconv.Itoa(q.Page))
	}
	if q.SortBy != "" {
		v.Set("sortBy", q.SortBy)
	}
	out := rows[Company]{key: "items", uncounted: true}
	_, err := c.do(ctx, call{method: http.MethodGet, route: "/companies", query: v, bucket: BucketOther}, &out)
	return out.items, err
}

func setTime(v url.Values, name string, t time.Time) {
	if !t.IsZero() {
		v.Set(name, timestamp(t))
	}
}

func companyCall(method, route, prefix, id string) (call, error) {
	escaped, err := segment(id)
	if err != nil {
		return call{}, fmt.Errorf("company id: %w", err)
	}
	return call{method: method, route: route, path: prefix + escaped, bucket: BucketOther}, nil
}

// GetCompany reads one company: https://developers.brevo.com/reference/get-company.
func (c *Client) GetCompany(ctx context.Context, id string) (Company, error) {
	var out Company
	r, err := companyCall(http.MethodGet, "/companies/{id}", "/companies/", id)
	if err != nil {
		return out, err
	}
	_, err = c.do(ctx, r, &out)
	return out, err
}

// UpdateCompany changes attributes ("name" among them). Links are not part of it: Brevo would replace the whole list.
// https://developers.brevo.com/reference/update-company
func (c *Client) UpdateCompany(ctx context.Context, id string, attributes map[string]any) error {
	r, err := companyCall(http.MethodPatch, "/companies/{id}", "/companies/", id)
	if err != nil {
		return err
	}
	if len(attributes) == 0 {
		return errors.New("update company: needs at least one attribute")
	}
	r.body = struct {
		Attributes map[string]any `json:"attributes"`
	}{attributes}
	_, err = c.do(ctx, r, nil)
	return err
}

// LinkUnlink links and unlinks contacts by Brevo id and leaves all other links alone.
// https://developers.brevo.com/reference/link-unlink-company
func (c *Client) LinkUnlink(ctx context.Context, id string, link, unlink []int64) error {
	r, err := companyCall(http.MethodPatch, "/companies/link-unlink/{id}", "/companies/link-unlink/", id)
	if err != nil {
		return err
	}
	if len(link)+len(unlink) == 0 {
		return errors.New("link-unlink: needs at least one contact id")
	}
	r.body = struct {
		Link   []int64 `json:"linkContactIds,omitempty"`
		Unlink []int64 `json:"unlinkContactIds,omitempty"`
	}{link, unlink}
	_, err = c.do(ctx, r, nil)
	return err
}

// CompanyMapping steers ImportCompanies. That a blank erases a stored attribute is not offered.
type CompanyMapping struct {
	LinkEntities   bool `json:"link_entities"` // follow the columns associated_contact and associated_deal
	UnlinkEntities bool `json:"unlink_entities"`
	// UpdateExistingRecords updates the rows that have a company_id of Brevo's; without it every row makes a company.
	UpdateExistingRecords bool `json:"update_existing_records"`
}

// ImportCompanies uploads a CSV whose header row holds internal names, company_id, associated_contact and
// associated_deal, and returns the process to follow. https://developers.brevo.com/reference/import-companies
func (c *Client) ImportCompanies(ctx context.Context, csv []byte, m CompanyMapping) (processID int64, err error) {
	if len(csv) == 0 {
		return 0, errors.New("import companies: the file is empty")
	}
	mapping, err := encodeJSON(m)
	if err != nil {
		return 0, fmt.Errorf("import companies: %w", err)
	}
	form, err := companyForm(csv, mapping)
	if err != nil {
		return 0, fmt.Errorf("import companies: %w", err)
	}
	out := only[wholeNumber]{key: "processId"}
	_, err = c.do(ctx, call{
		method: http.MethodPost, route: "/companies/import", bucket: BucketOther,
		body: form,
	}, &out)
	return int64(out.value), err
}

// companyForm writes the parts file and mapping. An object in a form is application/json by the specification of
// OpenAPI, to which Brevo's document keeps: https://spec.openapis.org/oas/v3.0.3#special-considerations-for-multipart-content
func companyForm(csv, mapping []byte) (*rest.Upload, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	file, err := w.CreateFormFile("file", "companies.csv")
	if err != nil {
		return nil, err
	}
	if _, err := file.Write(csv); err != nil {
		return nil, err
	}
	field, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="mapping"`}, "Content-Type": {"application/json"},
	})
	if err != nil {
		return nil, err
	}
	if _, err := field.Write(mapping); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return &rest.Upload{ContentType: w.FormDataContentType(), Data: b.Bytes()}, nil
}

// CompanyAttribute is an attribute of companies. InternalName, not Label, is the key in Company.Attributes.
type CompanyAttribute struct {
	InternalName string
	Label        string
	Type         string
}

// UnmarshalJSON takes what it can read of an attribute: an odd one must not keep an account from the others.
func (a *CompanyAttribute) UnmarshalJSON(data []byte) error {
	var b struct {
		InternalName word `json:"internalName"`
		Label        word `json:"label"`
		Type         word `json:"attributeTypeName"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	*a = CompanyAttribute{InternalName: string(b.InternalName), Label: string(b.Label), Type: string(b.Type)}
	return nil
}

// ListCompanyAttributes reads the attributes of companies, but for those without an internal name, which nobody could use:
// https://developers.brevo.com/reference/get-company-attributes.
func (c *Client) ListCompanyAttributes(ctx context.Context) ([]CompanyAttribute, error) {
	var out []CompanyAttribute
	_, err := c.do(ctx, call{method: http.MethodGet, route: "/crm/attributes/companies", bucket: BucketOther}, &out)
	return slices.DeleteFunc(out, func(a CompanyAttribute) bool { return a.InternalName == "" }), err
}

// Types of company attributes that this client makes.
const (
	CompanyText    = "text"
	CompanyNumber  = "number"
	CompanyDate    = "date"
	CompanyBoolean = "boolean"
)

const maxCompanyLabel = 50

// CreateCompanyAttribute defines a company attribute by its label (1 to 50 characters, unique) and returns its id; its
// internal name must be read back with ListCompanyAttributes. https://developers.brevo.com/reference/create-crm-attribute
func (c *Client) CreateCompanyAttribute(ctx context.Context, label, typ string) (string, error) {
	if n := len([]rune(label)); n < 1 || n > maxCompanyLabel {
		return "", fmt.Errorf("create company attribute: a label has 1 to %d characters, found %d", maxCompanyLabel, n)
	}
	out := only[identity]{key: "id"}
	_, err := c.do(ctx, call{
		method: http.MethodPost, route: "/crm/attributes", bucket: BucketOther,
		body: struct {
			Label string `json:"label"`
			Type  string `json:"attributeType"`
			For   string `json:"objectType"`
		}{label, typ, "companies"},
	}, &out)
	return string(out.value), err
}
