package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// foreseeMember notes whether a contact would come to its organization's company or leave it. A contact that would be made has
// no id yet, and stands as its user's, negative.
func (f *foreseer) foreseeMember(r *ruling) {
	before, after := int64(0), int64(0)
	if d := &r.claimed.Delivery; d.State == store.DeliverySent {
		before = d.BrevoID
	}
	user := r.claimed.Customer.User
	if d := &r.decision.after; d.State == store.DeliverySent {
		if after = d.BrevoID; after == 0 {
			after = idOf(r.situation.found)
		}
		if after == 0 {
			after = -user.ID
		}
	}
	if r.decision.reason != reasonPilot && f.policy.pilot != nil && after != 0 {
		f.piloted[after] = true
	}
	if before == after || user.OrganizationID == 0 {
		return
	}
	f.organizations[user.OrganizationID] = true
	if before != 0 {
		f.leaving[before] = true
	}
	if after != 0 {
		if f.joining[user.OrganizationID] == nil {
			f.joining[user.OrganizationID] = map[int64]bool{}
		}
		f.joining[user.OrganizationID][after] = true
	}
}

// companies counts what SyncCompanies would do once the contacts are written.
func (f *foreseer) companies(ctx context.Context) error {
	if !f.cfg.Sync.Organizations || !f.ready(mapping.Organizations) {
		return nil
	}
	s := &companySync{connection: f.connection}
	var err error
	if s.key, err = s.storedKey(ctx); err != nil {
		return err
	}
	work := &companyWork{}
	for after := int64(0); ; {
		ids, err := f.ids(ctx, store.KindOrganization, after)
		if err != nil {
			return fmt.Errorf("read dirty organizations: %w", err)
		}
		if len(ids) == 0 {
			break
		}
		if err := f.compare(ctx, s, ids, work); err != nil {
			return err
		}
		for _, id := range ids {
			delete(f.organizations, id)
		}
		after = ids[len(ids)-1]
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(f.organizations)), planBatch) {
		if err := f.compare(ctx, s, ids, work); err != nil {
			return err
		}
	}
	return f.countCompanies(ctx, s, work)
}

// compare is companySync's, with the members there would be.
func (f *foreseer) compare(ctx context.Context, s *companySync, ids []int64, work *companyWork) error {
	firms, err := f.firms(ctx, ids)
	if err != nil {
		return err
	}
	for i := range firms {
		stay := slices.DeleteFunc(firms[i].members, func(contact int64) bool { return f.leaving[contact] })
		firms[i].members = union(stay, slices.Collect(maps.Keys(f.joining[ids[i]])))
	}
	ours, err := s.ours(ctx, firms)
	if err != nil {
		return err
	}
	keep := ours
	if f.policy.pilot != nil {
		keep = func(ids []int64) []int64 {
			piloted := slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return !f.piloted[id] })
			return union(ours(ids), piloted)
		}
	}
	for i := range firms {
		change := companyChange{company: firms[i].company}
		if !s.leave(&change.company) {
			s.plan(&change, &firms[i], keep, work)
		}
	}
	return nil
}

func (f *foreseer) countCompanies(ctx context.Context, s *companySync, work *companyWork) error {
	if work.empty() {
		return nil
	}
	there, err := f.keyThere(ctx, s, len(work.create) > 0)
	if err != nil || !there {
		return err
	}
	out := &f.out.Companies
	out.Created, out.Changed = int64(len(work.create)), int64(len(work.change))
	for i := range work.change {
		out.Link += int64(len(work.change[i].link))
		out.Unlink += int64(len(work.change[i].unlink))
	}
	for i := range work.create {
		out.Link += int64(len(work.create[i].members))
	}
	return nil
}

// keyThere looks whether the company attribute that holds the organization's id can be used or made; see ensureKey.
func (f *foreseer) keyThere(ctx context.Context, s *companySync, creating bool) (bool, error) {
	if !creating {
		return true, nil
	}
	ok := true
	there, err := f.brevo.ListCompanyAttributes(ctx)
	switch at := keyAmong(there); {
	case err != nil:
		ok, err = s.keyless(err, "cannot be listed")
	case at < 0:
		f.out.NewAttributes = append(f.out.NewAttributes, companyKey+" (text, of companies)")
	case !holdsKey(there[at].Type):
		ok, err = s.keyless(nil, "has the type "+there[at].Type)
	}
	if notice := companiesOff(err); notice != "" {
		s.notices, ok, err = append(s.notices, notice), false, nil
	}
	f.out.Notices = append(f.out.Notices, s.notices...)
	return ok, err
}
