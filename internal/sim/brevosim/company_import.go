package brevosim

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// companyMapping is the mapping field of POST /companies/import.
type companyMapping struct {
	LinkEntities          bool `json:"link_entities"`
	UnlinkEntities        bool `json:"unlink_entities"`
	UpdateExistingRecords bool `json:"update_existing_records"`
	UnsetEmptyAttributes  bool `json:"unset_empty_attributes"`
}

func importFailure(message string) reply {
	return reply{http.StatusBadRequest, map[string]any{"message": message}}
}

// importCompanies takes a CSV whose header holds company_id, associated_contact, associated_deal and internal names of
// attributes. The name that such a process has in GET /processes is not documented; the published schema leaves it none
// but that of a contact import.
func (s *Server) importCompanies(q *query) reply {
	q.Body = io.NopCloser(bytes.NewReader(q.body))
	file, _, err := q.FormFile("file")
	if err != nil {
		return importFailure("file is required")
	}
	defer func() { _ = file.Close() }()
	var mapping companyMapping
	if text := q.FormValue("mapping"); text != "" {
		if err := json.Unmarshal([]byte(text), &mapping); err != nil {
			return importFailure("mapping is not valid JSON")
		}
	}
	rows, err := companyRows(file)
	if err != nil {
		return importFailure(err.Error())
	}
	if slices.ContainsFunc(rows, func(row map[string]string) bool { return s.badCompanies[row["name"]] }) {
		return importFailure("file holds an invalid name")
	}
	p := s.processes.start("IMPORTUSER", q.now, s.clock.Shorten(s.opts.ImportDelay), func(p *Process) {
		for _, row := range rows {
			s.importCompany(p, mapping, row)
		}
	})
	p.Rows, p.ofCompanies = len(rows), true
	return reply{http.StatusOK, map[string]any{"processId": p.ID}}
}

func companyRows(file io.Reader) ([]map[string]string, error) {
	lines, err := csv.NewReader(file).ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, errors.New("file is not a valid CSV")
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[strings.TrimSpace(name)] = line[i]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// importCompany updates only by Brevo's own company_id and only with update_existing_records; every other row makes a
// new company, whatever its name. A new one without a name, or an unknown company_id, is dropped unlisted.
func (s *Server) importCompany(p *Process, m companyMapping, row map[string]string) {
	var c *company
	if m.UpdateExistingRecords && row["company_id"] != "" {
		if c = s.companies.byID[row["company_id"]]; c == nil {
			p.Unlisted++
			return
		}
	} else {
		if strings.TrimSpace(row["name"]) == "" {
			p.Unlisted++
			return
		}
		c = s.companies.create(row["name"], p.EndedAt)
		c.listedAt = p.EndedAt.Add(s.clock.Shorten(s.opts.CompanyListLag))
	}
	for name, text := range row {
		s.importCompanyCell(c, m, name, text)
	}
	contacts := s.associated(row["associated_contact"])
	switch {
	case m.LinkEntities:
		s.link(c, contacts)
	case m.UnlinkEntities:
		for _, id := range contacts {
			delete(c.contacts, id)
		}
	}
	c.modifiedAt = p.EndedAt
}

func (s *Server) importCompanyCell(c *company, m companyMapping, name, text string) {
	a := s.companies.attribute(name)
	if a == nil || a.readOnly {
		return
	}
	if text == "" {
		if m.UnsetEmptyAttributes && name != "name" {
			delete(c.attributes, name)
		}
		return
	}
	var value any = text
	switch a.Type {
	case "number":
		value = json.Number(text)
	case "boolean":
		b, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil {
			return
		}
		value = b
	case "date":
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return
		}
	}
	s.companies.set(c, map[string]any{name: value})
}

// associated finds the contacts of an associated_contact cell: contact ids or addresses, several of them parted by
// commas. That a cell may hold several is not documented; one works either way.
func (s *Server) associated(cell string) []int64 {
	var out []int64
	for _, text := range strings.Split(cell, ",") {
		if c, ok := s.contacts.resolve(strings.TrimSpace(text), ""); ok && c != nil {
			out = append(out, c.id)
		}
	}
	return out
}
