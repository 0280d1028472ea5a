package brevosim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// CompanyAttribute is the definition of a company attribute. InternalName, not Label, is its key in a company.
type CompanyAttribute struct {
	ID           string
	InternalName string
	Label        string
	Type         string // text, user, number, single-select, date, boolean, multi-choice
	Required     bool
	Options      []string

	readOnly bool
}

var builtInCompanyAttributes = []CompanyAttribute{
	{InternalName: "name", Label: "Company name", Type: "text", Required: true},
	{InternalName: "domain", Label: "Company domain", Type: "text"},
	{InternalName: "owner", Label: "Owner", Type: "user"},
	{InternalName: "industry", Label: "Industry", Type: "text"},
	{InternalName: "phone_number", Label: "Phone number", Type: "text"},
	{InternalName: "number_of_employees", Label: "Number of employees", Type: "number"},
	{InternalName: "number_of_contacts", Label: "Number of contacts", Type: "number", readOnly: true},
	{InternalName: "revenue", Label: "Revenue", Type: "number"},
	{InternalName: "created_at", Label: "Created at", Type: "date", readOnly: true},
	{InternalName: "last_updated_at", Label: "Last updated at", Type: "date", readOnly: true},
}

var companyAttributeTypes = []string{"text", "user", "number", "single-select", "date", "boolean", "multi-choice"}

// notInternal is everything that an internal name does not hold.
var notInternal = regexp.MustCompile(`[^a-z0-9]+`)

func internalName(label string) string {
	return strings.Trim(notInternal.ReplaceAllString(strings.ToLower(label), "_"), "_")
}

func (b *companyBook) attribute(name string) *CompanyAttribute {
	for _, a := range b.attributes {
		if a.InternalName == name {
			return a
		}
	}
	return nil
}

func (a *CompanyAttribute) accept(value any) (any, bool) {
	switch v := value.(type) {
	case string:
		switch a.Type {
		case "text", "user":
			return v, true
		case "single-select":
			return v, slices.Contains(a.Options, v)
		case "date":
			_, day := time.Parse(time.DateOnly, v)
			_, moment := time.Parse(time.RFC3339, v)
			return v, day == nil || moment == nil
		}
	case bool:
		return v, a.Type == "boolean"
	case json.Number:
		f, err := v.Float64()
		return f, err == nil && a.Type == "number"
	case []any:
		return v, a.Type == "multi-choice"
	}
	return nil, false
}

func (s *Server) companyAttributeRoutes() {
	s.handle("GET /crm/attributes/companies", s.listCompanyAttributes)
	s.handle("POST /crm/attributes", s.createCompanyAttribute)
	s.handle("PATCH /crm/attributes/{id}", s.updateCompanyAttribute)
	s.handle("DELETE /crm/attributes/{id}", s.deleteCompanyAttribute)
}

// listCompanyAttributes does not show the id that creating one returned; the vendor does not either.
func (s *Server) listCompanyAttributes(*query) reply {
	items := []map[string]any{}
	for _, a := range s.companies.attributes {
		options := []map[string]any{}
		for _, o := range a.Options {
			options = append(options, map[string]any{"key": o, "value": o})
		}
		items = append(items, map[string]any{
			"internalName": a.InternalName, "label": a.Label, "attributeTypeName": a.Type, "isRequired": a.Required,
			"attributeOptions": options,
		})
	}
	return reply{http.StatusOK, items}
}

func (s *Server) createCompanyAttribute(q *query) reply {
	var body struct {
		ObjectType    string   `json:"objectType"`
		Label         string   `json:"label"`
		AttributeType string   `json:"attributeType"`
		OptionsLabels []string `json:"optionsLabels"`
	}
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	length := utf8.RuneCountInString(body.Label)
	switch {
	case body.ObjectType != "companies":
		return invalid("objectType must be companies; deals are not simulated")
	case length < 1 || length > 50 || internalName(body.Label) == "":
		return invalid("label must have 1 to 50 characters")
	case !slices.Contains(companyAttributeTypes, body.AttributeType):
		return invalid("attributeType is invalid")
	case s.labelTaken(body.Label):
		return invalid("label is already used or reserved")
	}
	a := &CompanyAttribute{
		ID:           fmt.Sprintf("65a77a1b%016x", len(s.companies.attributes)+1),
		InternalName: s.opts.CompanyAttributePrefix + internalName(body.Label), Label: body.Label, Type: body.AttributeType, Options: body.OptionsLabels,
	}
	s.companies.attributes = append(s.companies.attributes, a)
	return reply{http.StatusOK, map[string]any{"id": a.ID}}
}

func (s *Server) labelTaken(label string) bool {
	return slices.ContainsFunc(s.companies.attributes, func(a *CompanyAttribute) bool {
		return strings.EqualFold(a.Label, label) || a.InternalName == internalName(label)
	})
}

func (s *Server) customAttribute(id string) *CompanyAttribute {
	for _, a := range s.companies.attributes {
		if a.ID == id && id != "" {
			return a
		}
	}
	return nil
}

// updateCompanyAttribute changes the label; the internal name stays what it was.
func (s *Server) updateCompanyAttribute(q *query) reply {
	a := s.customAttribute(q.PathValue("id"))
	if a == nil {
		return notFound("Attribute does not exist")
	}
	var body struct {
		Label         string `json:"label"`
		OptionsLabels []struct {
			Key   string `json:"key"`
			Value string `json:"value"`
		} `json:"optionsLabels"`
	}
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	if body.Label != "" && body.Label != a.Label {
		if s.labelTaken(body.Label) {
			return invalid("label is already used or reserved")
		}
		a.Label = body.Label
	}
	if body.OptionsLabels != nil {
		a.Options = nil
		for _, o := range body.OptionsLabels {
			a.Options = append(a.Options, o.Value)
		}
	}
	return noContent
}

func (s *Server) deleteCompanyAttribute(q *query) reply {
	a := s.customAttribute(q.PathValue("id"))
	if a == nil {
		return notFound("Attribute does not exist")
	}
	s.companies.attributes = slices.DeleteFunc(s.companies.attributes, func(other *CompanyAttribute) bool { return other == a })
	for _, c := range s.companies.byID {
		delete(c.attributes, a.InternalName)
	}
	return noContent
}
