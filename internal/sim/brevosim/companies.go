package brevosim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// company is a company of the CRM. It has no external id and nothing about it is unique but its own id.
type company struct {
	id         string
	attributes map[string]any // by internal name
	contacts   map[int64]bool
	deals      []string
	createdAt  time.Time
	modifiedAt time.Time
	listedAt   time.Time // when GET /companies begins to show it
}

type companyBook struct {
	byID       map[string]*company
	order      []string
	next       int
	attributes []*CompanyAttribute
}

func newCompanyBook() companyBook {
	b := companyBook{byID: map[string]*company{}, next: 1}
	for _, a := range builtInCompanyAttributes {
		b.attributes = append(b.attributes, &a)
	}
	return b
}

func (b *companyBook) create(name string, now time.Time) *company {
	c := &company{
		id: fmt.Sprintf("65f0c0de%016x", b.next), attributes: map[string]any{"name": name}, contacts: map[int64]bool{},
		createdAt: now, modifiedAt: now,
	}
	b.next++
	b.byID[c.id] = c
	b.order = append(b.order, c.id)
	return c
}

// set stores the attributes that exist and whose values have the right type; the rest is dropped without a word.
func (b *companyBook) set(c *company, attributes map[string]any) {
	for name, value := range attributes {
		a := b.attribute(name)
		if a == nil || a.readOnly {
			continue
		}
		if value == "" || value == nil {
			delete(c.attributes, name)
			continue
		}
		if stored, ok := a.accept(value); ok {
			c.attributes[name] = stored
		}
	}
}

func (s *Server) companyRoutes() {
	s.handle("GET /companies", s.listCompanies)
	s.handle("POST /companies", s.createCompany)
	s.handle("POST /companies/import", s.importCompanies)
	s.handle("GET /companies/{id}", s.withCompany(func(_ *query, c *company) reply { return reply{http.StatusOK, s.companyItem(c)} }))
	s.handle("PATCH /companies/{id}", s.withCompany(s.updateCompany))
	s.handle("DELETE /companies/{id}", s.withCompany(s.deleteCompany))
	s.handle("PATCH /companies/link-unlink/{id}", s.withCompany(s.linkCompany))
	s.companyAttributeRoutes()
}

func (s *Server) withCompany(h func(*query, *company) reply) handler {
	return func(q *query) reply {
		c := s.companies.byID[q.PathValue("id")]
		if c == nil {
			return notFound("Company does not exist")
		}
		return h(q, c)
	}
}

func (s *Server) companyItem(c *company) map[string]any {
	attributes := map[string]any{
		"created_at": s.stamp(c.createdAt), "last_updated_at": s.stamp(c.modifiedAt), "number_of_contacts": len(c.contacts),
	}
	for name, value := range c.attributes {
		attributes[name] = value
	}
	deals := c.deals
	if deals == nil {
		deals = []string{}
	}
	return map[string]any{"id": c.id, "attributes": attributes, "linkedContactsIds": sortedIDs(c.contacts), "linkedDealsIds": deals}
}

type companyBody struct {
	Name              string           `json:"name"`
	Attributes        map[string]any   `json:"attributes"`
	CountryCode       *json.RawMessage `json:"countryCode"`
	LinkedContactsIDs *[]int64         `json:"linkedContactsIds"`
	LinkedDealsIDs    *[]string        `json:"linkedDealsIds"`
}

func (b *companyBody) lacksCountry() bool {
	phone, _ := b.Attributes["phone_number"].(string)
	return phone != "" && b.CountryCode == nil
}

func (s *Server) createCompany(q *query) reply {
	var body companyBody
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	if strings.TrimSpace(body.Name) == "" {
		return missing("name is missing")
	}
	if s.badCompanies[body.Name] {
		return invalid("Company name is invalid")
	}
	if body.lacksCountry() {
		return missing("countryCode is needed with phone_number")
	}
	c := s.companies.create(body.Name, q.now)
	s.changeCompany(c, &body)
	return reply{http.StatusOK, map[string]any{"id": c.id}}
}

func (s *Server) updateCompany(q *query, c *company) reply {
	var body companyBody
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	if body.lacksCountry() {
		return missing("countryCode is needed with phone_number")
	}
	if name, _ := body.Attributes["name"].(string); s.badCompanies[name] {
		return invalid("Company name is invalid")
	}
	s.changeCompany(c, &body)
	c.modifiedAt = q.now
	return reply{http.StatusOK, s.companyItem(c)}
}

// changeCompany replaces the linked contacts when the body names any: those that it leaves out are unlinked.
func (s *Server) changeCompany(c *company, b *companyBody) {
	s.companies.set(c, b.Attributes)
	if b.Name != "" {
		c.attributes["name"] = b.Name
	}
	if b.LinkedContactsIDs != nil {
		c.contacts = map[int64]bool{}
		s.link(c, *b.LinkedContactsIDs)
	}
	if b.LinkedDealsIDs != nil {
		c.deals = *b.LinkedDealsIDs
	}
}

// link ties contacts to a company. What the vendor does with a contact id that does not exist is not documented; here it
// is passed over.
func (s *Server) link(c *company, contacts []int64) {
	for _, id := range contacts {
		if s.contacts.byID[id] != nil {
			c.contacts[id] = true
		}
	}
}

func (s *Server) deleteCompany(_ *query, c *company) reply {
	delete(s.companies.byID, c.id)
	s.companies.order = slices.DeleteFunc(s.companies.order, func(id string) bool { return id == c.id })
	return noContent
}

func (s *Server) linkCompany(q *query, c *company) reply {
	var body struct {
		LinkContactIDs   []int64  `json:"linkContactIds"`
		UnlinkContactIDs []int64  `json:"unlinkContactIds"`
		LinkDealsIDs     []string `json:"linkDealsIds"`
		UnlinkDealsIDs   []string `json:"unlinkDealsIds"`
	}
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	if s.opts.StrictLinks && slices.ContainsFunc(slices.Concat(body.LinkContactIDs, body.UnlinkContactIDs), func(id int64) bool { return s.contacts.byID[id] == nil }) {
		if s.opts.MissingReferences {
			return notFound("Contact does not exist")
		}
		return invalid("Contact does not exist")
	}
	s.link(c, body.LinkContactIDs)
	for _, id := range body.UnlinkContactIDs {
		delete(c.contacts, id)
	}
	c.deals = append(c.deals, body.LinkDealsIDs...)
	c.deals = slices.DeleteFunc(c.deals, func(id string) bool { return slices.Contains(body.UnlinkDealsIDs, id) })
	c.modifiedAt = q.now
	return noContent
}

// listCompanies filters by filters[attributes.name] and the other documented parameters. The old parameter filters= is
// dropped without a word, and everything comes back. What page means is an option; the default of 50 is not documented.
func (s *Server) listCompanies(q *query) reply {
	values := q.URL.Query()
	page, ok1 := number(values, "page", s.opts.CompanyPaging.first())
	limit, ok2 := number(values, "limit", min(50, s.opts.CompanyPageMax))
	linked, ok3 := ids(values, "linkedContactsIds")
	if !ok1 || !ok2 || !ok3 || page < s.opts.CompanyPaging.first() || limit < 1 || (s.opts.RefuseLargePages && limit > s.opts.CompanyPageMax) {
		return invalid("page, limit or linkedContactsIds is invalid")
	}
	modified, bad := since(values, "modifiedSince")
	if bad != nil {
		return *bad
	}
	created, bad := since(values, "createdSince")
	if bad != nil {
		return *bad
	}
	if values.Has("filters") {
		s.misuse("GET /companies with the parameter filters, which the vendor ignores")
	}
	limit = min(limit, s.opts.CompanyPageMax)
	name, byName := values.Get("filters[attributes.name]"), values.Has("filters[attributes.name]")
	items := []map[string]any{}
	for _, id := range s.companies.order {
		c := s.companies.byID[id]
		if q.now.Before(c.listedAt) || before(c.modifiedAt, modified) || before(c.createdAt, created) || (byName && c.attributes["name"] != name) ||
			!c.linkedTo(linked) {
			continue
		}
		items = append(items, s.companyItem(c))
	}
	if values.Get("sort") != "asc" {
		slices.Reverse(items)
	}
	return reply{http.StatusOK, map[string]any{"items": slice(items, limit, s.opts.CompanyPaging.offset(page, limit))}}
}

func (p CompanyPaging) first() int {
	if p == PageFromOne {
		return 1
	}
	return 0
}

func (p CompanyPaging) offset(page, limit int) int {
	if p == PageByRow {
		return page
	}
	return (page - p.first()) * limit
}

func (c *company) linkedTo(contacts []int64) bool {
	return contacts == nil || slices.ContainsFunc(contacts, func(id int64) bool { return c.contacts[id] })
}
