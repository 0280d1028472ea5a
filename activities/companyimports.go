package activities

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"strconv"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
)

// importNew makes companies by one import. They are booked before, as carried by an import that nobody knows yet: should
// the answer get lost, they are looked for before anything is made again. An import that Brevo refuses is halved until
// the bad row stands alone.
func (s *companySync) importNew(ctx context.Context, changes []companyChange) error {
	call, cancel := context.WithTimeout(ctx, rest.DefaultTimeout)
	defer cancel()
	changes, _, err := s.book(ctx, changes, func(c *companyChange) store.Company {
		intent := s.intent(c)
		intent.ProcessID = processUnknown
		return intent
	})
	if err != nil || len(changes) == 0 {
		return err
	}
	rows := make([]companyRow, len(changes))
	for i := range changes {
		rows[i] = companyRow{attributes: changes[i].want}
	}
	process, err := s.upload(call, rows, brevo.CompanyMapping{})
	if err != nil {
		if !mayHaveArrived(err) {
			err = s.forget(ctx, changes, err)
		}
		return s.halve(ctx, changes, err, s.importNew)
	}
	_, _, err = s.book(ctx, changes, func(c *companyChange) store.Company {
		carried := c.row
		carried.ProcessID = process
		return carried
	})
	return err
}

// halve imports again, in halves, what Brevo refused as a whole, and rejects what stands alone.
func (s *companySync) halve(ctx context.Context, changes []companyChange, cause error, again func(context.Context, []companyChange) error) error {
	if Classify(cause) != Reject {
		return cause
	}
	if err := s.refused(); err != nil {
		return err
	}
	if len(changes) == 1 {
		return s.reject(ctx, &changes[0], cause)
	}
	if err := again(ctx, changes[:len(changes)/2]); err != nil {
		return err
	}
	return again(ctx, changes[len(changes)/2:])
}

// changeMany changes by import. A company travels in one import at a time, so that the one process that its row names
// decides about it: whatever is to be unlinked goes first, and its links follow once that import has ended.
func (s *companySync) changeMany(ctx context.Context, changes []companyChange) error {
	var links, unlinks []companyChange
	for _, c := range changes {
		if len(c.unlink) > 0 {
			c.link, c.unlink = nil, c.unlink[:min(len(c.unlink), companyImportRows)]
			unlinks = append(unlinks, c)
			continue
		}
		c.link = c.link[:min(len(c.link), companyImportRows)]
		links = append(links, c)
	}
	for _, of := range []struct {
		changes []companyChange
		mapping brevo.CompanyMapping
	}{
		{unlinks, brevo.CompanyMapping{UnlinkEntities: true, UpdateExistingRecords: true}},
		{links, brevo.CompanyMapping{LinkEntities: true, UpdateExistingRecords: true}},
	} {
		send := func(ctx context.Context, chunk []companyChange) error { return s.importChanges(ctx, chunk, of.mapping) }
		for _, chunk := range chunked(of.changes) {
			if err := send(ctx, chunk); err != nil {
				return err
			}
		}
	}
	return nil
}

// chunked parts changes into imports of at most companyImportRows rows, each company whole.
func chunked(changes []companyChange) (out [][]companyChange) {
	from, rows := 0, 0
	for i := range changes {
		n := max(1, len(changes[i].touched()))
		if rows+n > companyImportRows && rows > 0 {
			out = append(out, changes[from:i])
			from, rows = i, 0
		}
		rows += n
	}
	if from < len(changes) {
		out = append(out, changes[from:])
	}
	return out
}

// importChanges changes companies by one import, one row a link: whether several contacts fit into one cell is not
// documented. They count as changed until their process fails; their marks stay until it has ended.
func (s *companySync) importChanges(ctx context.Context, changes []companyChange, m brevo.CompanyMapping) error {
	call, cancel := context.WithTimeout(ctx, rest.DefaultTimeout)
	defer cancel()
	changes, _, err := s.book(ctx, changes, func(c *companyChange) store.Company { return c.during(s.now()) })
	if err != nil || len(changes) == 0 {
		return err
	}
	var rows []companyRow
	for i := range changes {
		c := &changes[i]
		contacts := c.touched()
		if len(contacts) == 0 {
			contacts = []int64{0}
		}
		for _, contact := range contacts {
			rows = append(rows, companyRow{id: c.company.BrevoID, attributes: c.want, contact: contact})
		}
	}
	process, err := s.upload(call, rows, m)
	if err != nil {
		return s.halve(ctx, changes, err, func(ctx context.Context, half []companyChange) error { return s.importChanges(ctx, half, m) })
	}
	_, lost, err := s.book(ctx, changes, func(c *companyChange) store.Company {
		carried := c.after()
		carried.Unsure, carried.ProcessID, carried.IntentAt = c.row.Unsure, process, s.now()
		return carried
	})
	return errors.Join(err, s.doubt(ctx, lost))
}

// companyRow is one line of a company import.
type companyRow struct {
	id         string // Brevo's; empty: make one
	attributes map[string]any
	contact    int64 // Brevo's contact id; 0: none
}

// upload gives Brevo rows as one import and returns its process.
func (s *companySync) upload(ctx context.Context, rows []companyRow, m brevo.CompanyMapping) (process int64, err error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	header := []string{companyName, s.key}
	if m.UpdateExistingRecords {
		header = append([]string{"company_id"}, append(header, "associated_contact")...)
	}
	lines := [][]string{header}
	for _, row := range rows {
		line := []string{cell(row.attributes, companyName), cell(row.attributes, s.key)}
		if m.UpdateExistingRecords {
			contact := ""
			if row.contact != 0 {
				contact = strconv.FormatInt(row.contact, 10)
			}
			line = append([]string{row.id}, append(line, contact)...)
		}
		lines = append(lines, line)
	}
	if err := w.WriteAll(lines); err != nil {
		return 0, fmt.Errorf("write companies: %w", err)
	}
	process, err = s.brevo.ImportCompanies(ctx, b.Bytes(), m)
	if err == nil {
		s.refusals = 0
	}
	return process, err
}

// cell is an attribute as text; a blank leaves what Brevo holds.
func cell(attributes map[string]any, name string) string {
	text, _ := attributes[name].(string)
	return text
}
