package brevosim

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// importBody is what POST /contacts/import takes.
type importBody struct {
	JSONBody json.RawMessage `json:"jsonBody"`
	FileBody string          `json:"fileBody"`
	FileURL  string          `json:"fileUrl"`
	ListIDs  []int64         `json:"listIds"`
	NewList  *struct {
		ListName string `json:"listName"`
		FolderID int64  `json:"folderId"`
	} `json:"newList"`
	UpdateExistingContacts  *bool   `json:"updateExistingContacts"`
	EmptyContactsAttributes bool    `json:"emptyContactsAttributes"`
	EmailBlacklist          bool    `json:"emailBlacklist"`
	SMSBlacklist            bool    `json:"smsBlacklist"`
	DisableNotification     bool    `json:"disableNotification"`
	NotifyURL               string  `json:"notifyUrl"`
	ConsentGroupIDs         []int64 `json:"consentGroupIds"`
}

func (b *importBody) updates() bool {
	return b.UpdateExistingContacts == nil || *b.UpdateExistingContacts
}

// importRow is one person of an import. Cells of a CSV are text whatever the attribute's type.
type importRow struct {
	email      string
	attributes map[string]any
	cells      bool
}

func (s *Server) importContacts(q *query) reply {
	s.writes.Imports++
	var body importBody
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	if bad := s.checkImport(&body); bad != nil {
		return *bad
	}
	rows, err := parseRows(&body)
	if err != nil {
		return invalid(err.Error())
	}
	if s.opts.MaxImportRows > 0 && len(rows) > s.opts.MaxImportRows {
		return *failure(http.StatusBadRequest, "out_of_range", "Too many rows in one import")
	}
	if body.NewList != nil {
		body.ListIDs = append(body.ListIDs, s.lists.create(body.NewList.ListName, body.NewList.FolderID).ID)
	}
	s.writes.ImportRows += len(rows)
	p := s.processes.start("IMPORTUSER", q.now, s.clock.Shorten(s.opts.ImportDelay), func(p *Process) {
		for _, row := range rows {
			s.importContact(p, &body, row)
		}
	})
	p.Rows, p.NotifyURL, p.OwnerMailed, p.columns = len(rows), body.NotifyURL, !body.DisableNotification, columnsOf(rows)
	return reply{http.StatusAccepted, map[string]any{"processId": p.ID}}
}

func (s *Server) checkImport(b *importBody) *reply {
	sources := 0
	for _, given := range []bool{len(b.JSONBody) > 0, b.FileBody != "", b.FileURL != ""} {
		if given {
			sources++
		}
	}
	var bad reply
	switch {
	case sources == 0:
		bad = missing("fileUrl, fileBody or jsonBody is mandatory")
	case sources > 1:
		bad = invalid("Only one of fileUrl, fileBody and jsonBody can be passed")
	case b.FileURL != "":
		s.misuse("fileUrl is not simulated")
		bad = invalid("fileUrl could not be read")
	case len(b.JSONBody) > s.opts.MaxImportBytes, len(b.FileBody) > s.opts.MaxImportBytes:
		bad = *failure(http.StatusBadRequest, "out_of_range", "Maximum allowed body size is 10MB")
	case len(b.ListIDs) == 0 && b.NewList == nil:
		bad = missing("listIds or newList is mandatory")
	case b.NewList != nil && (b.NewList.ListName == "" || !s.lists.hasFolder(b.NewList.FolderID)):
		bad = invalid("newList needs a listName and the id of a folder")
	case slices.ContainsFunc(b.ListIDs, func(id int64) bool { return s.lists.byID[id] == nil }):
		bad = invalid("List ID does not exist")
	case b.ConsentGroupIDs != nil:
		bad = *failure(http.StatusForbidden, "permission_denied", "Consent groups are not part of your plan")
	default:
		return nil
	}
	return &bad
}

func parseRows(b *importBody) ([]importRow, error) {
	if b.FileBody != "" {
		return parseCSV(b.FileBody)
	}
	var items []struct {
		Email      string         `json:"email"`
		Attributes map[string]any `json:"attributes"`
	}
	dec := json.NewDecoder(strings.NewReader(string(b.JSONBody)))
	dec.UseNumber()
	if err := dec.Decode(&items); err != nil {
		return nil, fmt.Errorf("jsonBody is invalid")
	}
	rows := make([]importRow, 0, len(items))
	for _, item := range items {
		rows = append(rows, importRow{email: item.Email, attributes: item.Attributes})
	}
	return rows, nil
}

// parseCSV reads a file whose first line names the columns, EMAIL among them.
func parseCSV(text string) ([]importRow, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma = ';'
	lines, err := r.ReadAll()
	if err != nil || len(lines) == 0 {
		return nil, fmt.Errorf("fileBody is invalid")
	}
	rows := make([]importRow, 0, len(lines)-1)
	for _, line := range lines[1:] {
		row := importRow{attributes: map[string]any{}, cells: true}
		for i, name := range lines[0] {
			if strings.EqualFold(name, "EMAIL") {
				row.email = line[i]
				continue
			}
			row.attributes[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// columnsOf are the columns of the files of refused rows: the address and every attribute that some row has.
func columnsOf(rows []importRow) []string {
	names := map[string]bool{}
	for _, row := range rows {
		for name := range row.attributes {
			names[name] = true
		}
	}
	return append([]string{"EMAIL"}, slices.Sorted(maps.Keys(names))...)
}

func (r importRow) line(columns []string) string {
	cells := []string{r.email}
	for _, name := range columns[1:] {
		text := ""
		if v := r.attributes[name]; v != nil {
			text = fmt.Sprint(v)
		}
		cells = append(cells, text)
	}
	return csvLine(cells)
}
