package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zendesk-brevo/internal/config"
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
	row     store.Company // as it stands in the store, as far as this attempt knows
	want    map[string]any
	link    []int64
	unlink  []int64
	members []int64 // of a company that is to be made: whom the next step links
	dirty   int64
}

func (c *companyChange) mark() store.Dirty {
	return store.Dirty{ID: c.company.OrganizationID, Version: c.dirty}
}

// touched are the contacts that the change links or unlinks.
func (c *companyChange) touched() []int64 { return union(c.link, c.unlink) }

// after is the company as it stands once the change has arrived.
func (c *companyChange) after() store.Company {
	out := c.company
	out.Attributes = c.want
	out.Contacts = without(union(c.company.Contacts, c.link), c.unlink)
	out.Unsure = without(c.company.Unsure, c.touched())
	return out
}

// during is the company while nobody knows whether the change has arrived: what it links or unlinks may stand or not. Brevo is asked
// at that time.
func (c *companyChange) during(at time.Time) store.Company {
	out := c.company
	out.Contacts = without(c.company.Contacts, c.touched())
	out.Unsure = union(c.company.Unsure, c.touched())
	out.IntentAt = at // no other attempt's row is the same
	return out
}

// work compares every dirty organization with what was sent, and clears the marks of those that are up to date.
func (s *companySync) work(ctx context.Context) (*companyWork, error) {
	s.held, s.stuck, s.failing = 0, 0, 0
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
	firms, err := s.firms(ctx, ids)
	if err != nil {
		return err
	}
	ours, err := s.ours(ctx, firms)
	if err != nil {
		return err
	}
	var done []store.Dirty
	var settled []int64
	for i := range firms {
		change := companyChange{company: firms[i].company, row: firms[i].company, dirty: versions[ids[i]]}
		if s.leave(&change.company) || s.plan(&change, &firms[i], ours, work) {
			continue
		}
		done = append(done, change.mark())
		if firms[i].organization == nil || change.company.State == companySent {
			settled = append(settled, ids[i]) // what was refused is not wanted any more
		}
	}
	if err := s.store.ClearRejects(ctx, store.KindOrganization, settled); err != nil {
		return err
	}
	return s.store.ClearDirty(ctx, store.KindOrganization, done)
}

// firm is an organization and what there is of it in Brevo.
type firm struct {
	organization *store.OrganizationRow // nil: not read, or deleted
	company      store.Company          // as it was last sent
	members      []int64                // contacts, ascending
}

// firms reads organizations, in the order of their ids.
func (c *connection) firms(ctx context.Context, ids []int64) ([]firm, error) {
	organizations, err := c.store.Organizations(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read organizations: %w", err)
	}
	companies, err := c.store.Companies(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read companies: %w", err)
	}
	members, err := c.store.OrganizationMembers(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read members: %w", err)
	}
	out := make([]firm, len(ids))
	for i, id := range ids {
		out[i] = firm{company: companies[id], members: members[id]}
		out[i].company.OrganizationID = id
		if o, known := organizations[id]; known && !o.Deleted {
			out[i].organization = &o
		}
	}
	return out, nil
}

// leave reports whether nothing can be done about a company in this run. Its mark stays, and the next run looks again.
func (s *companySync) leave(c *store.Company) bool {
	switch {
	case c.ProcessID != 0 && c.State == companySent:
		s.stuck++
	case c.State == companyIntent:
		s.held++
	case s.tries[c.OrganizationID] >= importTries:
		s.failing++
	default:
		return false
	}
	return true
}

// plan adds what a company needs to the work; false when it is up to date. Once its organization was deleted, what we linked
// is unlinked, and the company stays.
func (s *companySync) plan(c *companyChange, f *firm, ours func([]int64) []int64, work *companyWork) bool {
	organization, members := f.organization, ours(f.members)
	linked := ours(union(c.company.Contacts, c.company.Unsure))
	concerned := !s.cfg.Pilot.Active() || len(members) > 0
	if c.company.State != companySent {
		if organization == nil || !concerned || (c.company.State == companyGone && s.cfg.OnBrevoDeleted != config.OnBrevoDeletedRecreate) {
			return false
		}
		c.want = s.wanted(organization)
		if c.company.State == companyRefused && mapping.Equal(c.want, c.company.Attributes) {
			return false
		}
		c.members = members
		work.create = append(work.create, *c)
		return true
	}
	c.want = c.company.Attributes
	switch {
	case organization == nil:
		members = nil
	case concerned:
		c.want = s.wanted(organization)
	}
	c.link, c.unlink = without(members, c.company.Contacts), without(linked, members)
	if len(c.link)+len(c.unlink) == 0 && mapping.Equal(c.want, c.company.Attributes) {
		return false
	}
	work.change = append(work.change, *c)
	return true
}

// ours gives the function that keeps, of contacts, those that may be linked and unlinked: everybody, or the people of a
// pilot.
func (s *companySync) ours(ctx context.Context, firms []firm) (func([]int64) []int64, error) {
	if !s.cfg.Pilot.Active() {
		return func(ids []int64) []int64 { return ids }, nil
	}
	var all []int64
	for i := range firms {
		all = slices.Concat(all, firms[i].company.Contacts, firms[i].company.Unsure, firms[i].members)
	}
	deliveries, err := s.store.DeliveriesByBrevoID(ctx, union(all, nil))
	if err != nil {
		return nil, fmt.Errorf("read pilot: %w", err)
	}
	return func(ids []int64) []int64 {
		return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool {
			d, known := deliveries[id]
			return !known || !slices.Contains(s.cfg.Pilot.Emails, d.Email)
		})
	}, nil
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

// union gives the ids of both, ascending, each once.
func union(a, b []int64) []int64 {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}
