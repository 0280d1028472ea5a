package brevosim

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

// attributeNames is the alphabet that every documented name fits; the vendor asks for capitals and states no more.
var attributeNames = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,49}$`)

// maxOptionText is the vendor's limit for the text of one option.
const maxOptionText = 200

var typesByCategory = map[string][]string{
	"normal":        {"text", "date", "float", "boolean", "multiple-choice", "user"},
	"transactional": {"text", "date", "float", "boolean", "id"},
	"category":      {"category"},
}

func (s *Server) attributeRoutes() {
	s.handle("GET /contacts/attributes", s.listAttributes)
	s.handle("POST /contacts/attributes/{category}/{name}", s.createAttribute)
	s.handle("PUT /contacts/attributes/{category}/{name}", s.updateAttribute)
	s.handle("DELETE /contacts/attributes/{category}/{name}", s.deleteAttribute)
}

func (s *Server) listAttributes(*query) reply {
	list := make([]map[string]any, 0, len(s.attributes.order))
	for _, name := range s.attributes.order {
		a := s.attributes.byName[name]
		item := map[string]any{"name": a.Name, "category": a.Category}
		if a.Type != "" {
			item["type"] = a.Type
		}
		if a.Calculated != "" {
			item["calculatedValue"] = a.Calculated
		}
		if a.Category == "category" {
			item["enumeration"] = enumeration(a.Options)
		}
		if a.Choices != nil {
			item["multiCategoryOptions"] = a.Choices
		}
		list = append(list, item)
	}
	return reply{http.StatusOK, map[string]any{"attributes": list}}
}

// enumeration shows a value that is no number as 0, as the vendor does since May 2026; valueStr has the real one.
func enumeration(options []Option) []map[string]any {
	list := make([]map[string]any, 0, len(options))
	for _, o := range options {
		n, err := strconv.ParseInt(o.Value, 10, 64)
		if err != nil {
			n = 0
		}
		list = append(list, map[string]any{"value": n, "label": o.Label, "valueStr": o.Value})
	}
	return list
}

type attributeBody struct {
	Type                 string          `json:"type"`
	Value                string          `json:"value"`
	Enumeration          []optionBody    `json:"enumeration"`
	MultiCategoryOptions []string        `json:"multiCategoryOptions"`
	IsRecurring          json.RawMessage `json:"isRecurring"`
}

type optionBody struct {
	Value json.Number `json:"value"`
	Label string      `json:"label"`
}

func (b *attributeBody) options() []Option {
	var out []Option
	for _, o := range b.Enumeration {
		out = append(out, Option{Value: o.Value.String(), Label: o.Label})
	}
	return out
}

func (b *attributeBody) tooLong() bool {
	return slices.ContainsFunc(b.MultiCategoryOptions, func(o string) bool { return len(o) > maxOptionText }) ||
		slices.ContainsFunc(b.Enumeration, func(o optionBody) bool { return len(o.Label) > maxOptionText })
}

func (s *Server) createAttribute(q *query) reply {
	name, category := q.PathValue("name"), q.PathValue("category")
	var body attributeBody
	if len(q.body) > 0 {
		if bad := q.decode(&body); bad != nil {
			return *bad
		}
	}
	switch {
	case !attributeNames.MatchString(name):
		return invalid("Attribute name should be in capital letters")
	case s.attributes.byName[name] != nil || name == "EMAIL":
		return *failure(http.StatusBadRequest, "duplicate_parameter", "Attribute name must be unique")
	case body.tooLong():
		return invalid("Options can not exceed 200 characters")
	}
	a := Attribute{Name: name, Category: category}
	switch category {
	case "calculated", "global":
		if body.Value == "" {
			return missing("value is missing")
		}
		a.Calculated = body.Value
	case "category":
		a.Type, a.Options = "text", body.options()
	case "normal", "transactional":
		if body.Type == "" {
			body.Type = "text"
		}
		a.Type, a.Choices = body.Type, body.MultiCategoryOptions
	default:
		return invalid("Attribute category is invalid")
	}
	if types := typesByCategory[category]; types != nil && body.Type != "" && !slices.Contains(types, body.Type) {
		return invalid("Attribute type is invalid for this category")
	}
	s.attributes.add(a)
	return reply{status: http.StatusCreated}
}

// updateAttribute replaces the values of a category attribute and adds options to a multiple-choice one. For categories
// the vendor does not say which it does; replacing is what loses data if a client is careless. The type never changes.
func (s *Server) updateAttribute(q *query) reply {
	a := s.attributes.byName[q.PathValue("name")]
	if a == nil || a.Category != q.PathValue("category") {
		return notFound("Attribute not found")
	}
	var body attributeBody
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	if body.tooLong() {
		return invalid("Options can not exceed 200 characters")
	}
	switch {
	case a.Category == "category":
		a.Options = body.options()
	case a.Type == "multiple-choice":
		for _, choice := range body.MultiCategoryOptions {
			if !slices.Contains(a.Choices, choice) {
				a.Choices = append(a.Choices, choice)
			}
		}
	case body.Value != "" && a.Calculated != "":
		a.Calculated = body.Value
	default:
		return invalid("Nothing to update")
	}
	return noContent
}

// deleteAttribute takes the attribute's values with it.
func (s *Server) deleteAttribute(q *query) reply {
	name := q.PathValue("name")
	a := s.attributes.byName[name]
	if a == nil || a.Category != q.PathValue("category") || identityAttributes[name] {
		return notFound("Attribute not found")
	}
	s.attributes.remove(name)
	for _, c := range s.contacts.byID {
		delete(c.attributes, name)
	}
	return noContent
}
