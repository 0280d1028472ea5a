package activities

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// companyWork is what the dirty organizations need.
type companyWork struct {
	create []companyChange
	change []companyChange
}

func (w *companyWork) empty() bool { return len(w.create)+len(w.change) == 0 }

// companyChange is one organization whose company is out of date.
type companyChange struct {
	company store.Company // as it was last sent
	want    map[string]any
	link    []int64
	unlink  []int64
	dirty   int64
}

// after is the company as it stands once the change has arrived.
func (c *companyChange) after() store.Company {
	out := c.company
	out.Attributes = c.want
	out.Contacts = append(slices.Clone(c.company.Contacts), c.link...)
	slices.Sort(out.Contacts)
	out.Contacts = without(out.Contacts, c.unlink)
	return out
}

// work compares every dirty organization with what was sent, and clears the marks of those that are up to date.
func (s *companySync) work(ctx context.Context) (*companyWork, error) {
	work := &companyWork{}
	for after := int64(0); ; {
		ids, err := s.store.DirtyIDs(ctx, store.KindOrganization, "*", after, planBatch)
		if err != nil {
			return nil, fmt.Errorf("read dirty organizations: %w", err)
		}
		if len(ids) == 0 {
			return work, nil
		}
		if err := s.compare(ctx, ids, work); err != nil {
			return nil, err
		}
		after = ids[len(ids)-1]
	}
}

func (s *companySync) compare(ctx context.Context, ids []int64, work *companyWork) error {
	versions, err := s.store.DirtyVersions(ctx, store.KindOrganization, ids)
	if err != nil {
		return fmt.Errorf("read marks: %w", err)
	}
	organizations, err := s.store.Organizations(ctx, ids)
	if err != nil {
		return fmt.Errorf("read organizations: %w", err)
	}
	companies, err := s.store.Companies(ctx, ids)
	if err != nil {
		return fmt.Errorf("read companies: %w", err)
	}
	members, err := s.store.OrganizationMembers(ctx, ids)
	if err != nil {
		return fmt.Errorf("read members: %w", err)
	}
	var done []store.Dirty
	for _, id := range ids {
		change := companyChange{company: companies[id], dirty: versions[id]}
		change.company.OrganizationID = id
		organization, known := organizations[id]
		exists, live := change.company.State == companySent, known && !organization.Deleted
		switch {
		case live && !exists && (!s.cfg.Pilot.Active() || len(members[id]) > 0):
			change.want = wantedCompany(&organization)
			work.create = append(work.create, change)
		case exists:
			change.want = change.company.Attributes
			var wanted []int64
			if live {
				change.want, wanted = wantedCompany(&organization), members[id]
			}
			change.link, change.unlink = without(wanted, change.company.Contacts), without(change.company.Contacts, wanted)
			if len(change.link)+len(change.unlink) > 0 || !mapping.Equal(change.want, change.company.Attributes) {
				work.change = append(work.change, change)
				continue
			}
			done = append(done, store.Dirty{ID: id, Version: change.dirty})
		default:
			done = append(done, store.Dirty{ID: id, Version: change.dirty})
		}
	}
	return s.store.ClearDirty(ctx, store.KindOrganization, done)
}

func wantedCompany(o *store.OrganizationRow) map[string]any {
	return map[string]any{"name": o.Name, companyKey: strconv.FormatInt(o.ID, 10)}
}

// without gives the ids of all that are not among those; those are in ascending order.
func without(all, those []int64) []int64 {
	var out []int64
	for _, id := range all {
		if _, found := slices.BinarySearch(those, id); !found {
			out = append(out, id)
		}
	}
	return out
}

// create books intents and makes the companies: a few one by one, many by import. It reports whether an import must end
// before their ids are known.
func (s *companySync) create(ctx context.Context, work *companyWork) (waiting bool, err error) {
	if len(work.create) == 0 {
		return false, nil
	}
	intents := make([]store.Company, len(work.create))
	for i := range work.create {
		intents[i] = store.Company{OrganizationID: work.create[i].company.OrganizationID, State: companyIntent, Attributes: work.create[i].want, IntentAt: s.now()}
	}
	if err := s.store.SaveCompanies(ctx, intents, s.now()); err != nil {
		return false, fmt.Errorf("store intents: %w", err)
	}
	if len(intents) > fewCompanies {
		rows := make([]companyRow, len(intents))
		for i := range intents {
			rows[i] = companyRow{attributes: intents[i].Attributes}
		}
		return true, s.importCompanies(ctx, intents, rows, brevo.CompanyMapping{})
	}
	for i := range intents {
		id, err := s.brevo.CreateCompany(ctx, brevo.CreateCompany{
			Name: intents[i].Attributes["name"].(string), Attributes: map[string]any{companyKey: intents[i].Attributes[companyKey]},
		})
		if err != nil {
			return false, err
		}
		intents[i].State, intents[i].BrevoID, intents[i].SentAt = companySent, id, s.now()
		if err := s.store.SaveCompanies(ctx, intents[i:i+1], s.now()); err != nil {
			return false, fmt.Errorf("store company: %w", err)
		}
		s.sent++
	}
	// Linking their contacts is the next look's work: the marks still stand.
	return true, nil
}

// change brings existing companies up to date: attributes, and links as deltas, for Brevo would replace a whole list.
func (s *companySync) change(ctx context.Context, work *companyWork) (waiting bool, err error) {
	if len(work.change) == 0 {
		return false, nil
	}
	if len(work.change) <= fewCompanies {
		for i := range work.change {
			if err := s.changeOne(ctx, &work.change[i]); err != nil {
				return false, err
			}
		}
		return false, nil
	}
	return true, s.changeMany(ctx, work.change)
}

func (s *companySync) changeOne(ctx context.Context, c *companyChange) error {
	if !mapping.Equal(c.want, c.company.Attributes) {
		_, err := s.brevo.UpdateCompany(ctx, c.company.BrevoID, c.want)
		if brevo.IsNotFound(err) {
			return s.companyGone(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	if len(c.link)+len(c.unlink) > 0 {
		err := s.brevo.LinkUnlink(ctx, c.company.BrevoID, c.link, c.unlink)
		if brevo.IsNotFound(err) {
			return s.companyGone(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	return s.changed(ctx, []companyChange{*c}, 0)
}

// companyGone accepts that somebody deleted the company in Brevo: like a deleted contact it is not made again.
func (s *companySync) companyGone(ctx context.Context, c *companyChange) error {
	gone := c.company
	gone.State = "gone"
	if err := s.store.SaveCompanies(ctx, []store.Company{gone}, s.now()); err != nil {
		return fmt.Errorf("store company: %w", err)
	}
	return s.store.ClearDirty(ctx, store.KindOrganization, []store.Dirty{{ID: gone.OrganizationID, Version: c.dirty}})
}

// changeMany changes by import, one row a link: whether several contacts fit into one cell is not documented. What is
// unlinked goes first, by an import of its own.
func (s *companySync) changeMany(ctx context.Context, changes []companyChange) error {
	var links, unlinks []companyRow
	for i := range changes {
		c := &changes[i]
		for _, id := range c.unlink {
			unlinks = append(unlinks, companyRow{id: c.company.BrevoID, attributes: c.want, contact: id})
		}
		for _, id := range c.link {
			links = append(links, companyRow{id: c.company.BrevoID, attributes: c.want, contact: id})
		}
		if len(c.link) == 0 {
			links = append(links, companyRow{id: c.company.BrevoID, attributes: c.want})
		}
	}
	if _, err := s.upload(ctx, unlinks, brevo.CompanyMapping{UnlinkEntities: true, UpdateExistingRecords: true}); err != nil {
		return err
	}
	process, err := s.upload(ctx, links, brevo.CompanyMapping{LinkEntities: true, UpdateExistingRecords: true})
	if err != nil {
		return err
	}
	return s.changed(ctx, changes, process)
}

// changed books changes and clears their marks. With a process id they count as sent until that process fails.
func (s *companySync) changed(ctx context.Context, changes []companyChange, process int64) error {
	rows := make([]store.Company, len(changes))
	marks := make([]store.Dirty, len(changes))
	for i := range changes {
		rows[i] = changes[i].after()
		rows[i].ProcessID, rows[i].SentAt = process, s.now()
		if changes[i].company.Contacts != nil || !mapping.Equal(changes[i].want, changes[i].company.Attributes) {
			s.sent++ // the first links of a company that was just made are part of making it
		}
		marks[i] = store.Dirty{ID: rows[i].OrganizationID, Version: changes[i].dirty}
	}
	if err := s.store.SaveCompanies(ctx, rows, s.now()); err != nil {
		return fmt.Errorf("store companies: %w", err)
	}
	return s.store.ClearDirty(ctx, store.KindOrganization, marks)
}

// companyRow is one line of a company import.
type companyRow struct {
	id         string // Brevo's; empty: make one
	attributes map[string]any
	contact    int64 // Brevo's contact id; 0: none
}

func (s *companySync) importCompanies(ctx context.Context, intents []store.Company, rows []companyRow, m brevo.CompanyMapping) error {
	process, err := s.upload(ctx, rows, m)
	if err != nil {
		return err
	}
	for i := range intents {
		intents[i].ProcessID = process
	}
	return s.store.SaveCompanies(ctx, intents, s.now())
}

// upload imports rows and gives the last process, the one to wait for: Brevo works through an account's imports in order.
func (s *companySync) upload(ctx context.Context, rows []companyRow, m brevo.CompanyMapping) (process int64, err error) {
	for chunk := range slices.Chunk(rows, companyImportRows) {
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		header := []string{"name", companyKey}
		if m.UpdateExistingRecords {
			header = append([]string{"company_id"}, append(header, "associated_contact")...)
		}
		if err := w.Write(header); err != nil {
			return 0, fmt.Errorf("write companies: %w", err)
		}
		for _, row := range chunk {
			line := []string{row.attributes["name"].(string), row.attributes[companyKey].(string)}
			if m.UpdateExistingRecords {
				contact := ""
				if row.contact != 0 {
					contact = strconv.FormatInt(row.contact, 10)
				}
				line = append([]string{row.id}, append(line, contact)...)
			}
			if err := w.Write(line); err != nil {
				return 0, fmt.Errorf("write companies: %w", err)
			}
		}
		w.Flush()
		if process, err = s.brevo.ImportCompanies(ctx, b.Bytes(), m); err != nil {
			return 0, err
		}
	}
	return process, nil
}
