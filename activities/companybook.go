package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"zendesk-brevo/internal/store"
)

// forget takes intents back that Brevo certainly has not carried out, and hands the cause on.
func (s *companySync) forget(ctx context.Context, changes []companyChange, cause error) error {
	if _, _, err := s.book(context.WithoutCancel(ctx), changes, func(c *companyChange) store.Company { return c.company }); err != nil {
		return err
	}
	return cause
}

// book stores what becomes of companies and gives the changes to go on with. Those lost are another attempt's, which has changed the
// company since this one read it.
func (s *companySync) book(ctx context.Context, changes []companyChange, next func(*companyChange) store.Company) (kept, lost []companyChange, _ error) {
	was, rows := make([]store.Company, len(changes)), make([]store.Company, len(changes))
	for i := range changes {
		was[i], rows[i] = changes[i].row, next(&changes[i])
	}
	gone, err := s.store.SaveCompanies(ctx, was, rows, s.now())
	if err != nil {
		return nil, nil, fmt.Errorf("store companies: %w", err)
	}
	for i := range changes {
		if gone[changes[i].company.OrganizationID] {
			s.passed = true
			lost = append(lost, changes[i])
			continue
		}
		changes[i].row = rows[i]
		kept = append(kept, changes[i])
	}
	return kept, lost, nil
}

// doubt books that two attempts changed companies at once: nobody knows whose values and links came last, so they are sent once more.
func (s *companySync) doubt(ctx context.Context, changes []companyChange) error {
	touched := make(map[int64][]int64, len(changes))
	ids := make([]int64, len(changes))
	for i := range changes {
		ids[i] = changes[i].company.OrganizationID
		touched[ids[i]] = changes[i].touched()
	}
	for left := ids; len(left) > 0; {
		found, err := s.store.Companies(ctx, left)
		if err != nil {
			return fmt.Errorf("read companies: %w", err)
		}
		var was, now []store.Company
		for id, c := range found {
			if c.State != companySent {
				continue
			}
			was = append(was, c)
			c.Attributes, c.Contacts, c.Unsure = nil, without(c.Contacts, touched[id]), union(c.Unsure, touched[id])
			now = append(now, c)
		}
		lost, err := s.store.SaveCompanies(ctx, was, now, s.now())
		if err != nil {
			return fmt.Errorf("store companies: %w", err)
		}
		left = slices.Collect(maps.Keys(lost))
	}
	return s.store.MarkDirty(ctx, store.KindOrganization, ids, s.now())
}
