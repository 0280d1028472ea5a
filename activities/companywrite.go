package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// errCompanyGone: somebody deleted the company in Brevo.
var errCompanyGone = errors.New("the company is not in Brevo any more")

// create books intents and makes the companies: a few one by one, many by import. It reports whether another step must
// follow: an import has to end before the ids are known, and only then can contacts be linked.
func (s *companySync) create(ctx context.Context, changes []companyChange) (waiting bool, err error) {
	if len(changes) > fewCompanies {
		for chunk := range slices.Chunk(changes, companyImportRows) {
			if err := s.importNew(ctx, chunk); err != nil {
				return false, err
			}
		}
		return true, nil
	}
	for i := range changes {
		if err := s.createOne(ctx, &changes[i]); err != nil {
			return false, err
		}
	}
	return len(changes) > 0, nil
}

// createOne leaves the company's mark: its contacts are linked by the next step.
func (s *companySync) createOne(ctx context.Context, c *companyChange) error {
	// Whoever looks for it after answerGrace can rely on this call's being over.
	call, cancel := context.WithTimeout(ctx, rest.DefaultTimeout)
	defer cancel()
	made, _, err := s.book(ctx, []companyChange{*c}, s.intent)
	if err != nil || len(made) == 0 {
		return err
	}
	c = &made[0]
	id, err := s.brevo.CreateCompany(call, brevo.CreateCompany{
		Name: cell(c.want, companyName), Attributes: map[string]any{s.key: c.want[s.key]},
	})
	switch {
	case err == nil:
		sent := c.row
		sent.State, sent.BrevoID = companySent, id
		s.arrived(&sent)
		if _, _, err := s.book(ctx, made, func(*companyChange) store.Company { return sent }); err != nil {
			return err
		}
		return s.store.ClearRejects(ctx, store.KindOrganization, []int64{sent.OrganizationID})
	case Classify(err) == Reject:
		return s.reject(ctx, c, err)
	case !mayHaveArrived(err):
		return s.forget(ctx, made, err)
	}
	return err
}

func (s *companySync) intent(c *companyChange) store.Company {
	return store.Company{OrganizationID: c.company.OrganizationID, State: companyIntent, Attributes: c.want, IntentAt: s.now()}
}

// mayHaveArrived reports whether the vendor may have carried out a call that failed. One that failed for want of an access token
// never left.
func mayHaveArrived(err error) bool {
	var call *rest.Error
	return errors.As(err, &call) && !tokenRoute(call) && call.MayHaveArrived()
}

// change brings existing companies up to date: attributes, and links as deltas, for Brevo would replace a whole list.
func (s *companySync) change(ctx context.Context, changes []companyChange) (waiting bool, err error) {
	if len(changes) > fewCompanies {
		return true, s.changeMany(ctx, changes)
	}
	for i := range changes {
		if err := s.changeOne(ctx, &changes[i]); err != nil {
			return false, err
		}
	}
	return false, nil
}

func (s *companySync) changeOne(ctx context.Context, c *companyChange) error {
	booked, _, err := s.book(ctx, []companyChange{*c}, func(c *companyChange) store.Company { return c.during(s.now()) })
	if err != nil || len(booked) == 0 {
		return err
	}
	c = &booked[0]
	err = s.update(ctx, c)
	if err == nil {
		err = s.relink(ctx, c)
	}
	switch {
	case errors.Is(err, errCompanyGone):
		return s.gone(ctx, c)
	case err != nil && (Classify(err) == Reject || Classify(err) == Missing):
		return s.reject(ctx, c, err)
	case err != nil:
		return err
	}
	now := c.after()
	s.arrived(&now)
	if _, lost, err := s.book(ctx, booked, func(*companyChange) store.Company { return now }); err != nil || len(lost) > 0 {
		return errors.Join(err, s.doubt(ctx, lost))
	}
	if err := s.store.ClearRejects(ctx, store.KindOrganization, []int64{now.OrganizationID}); err != nil {
		return err
	}
	return s.store.ClearDirty(ctx, store.KindOrganization, []store.Dirty{c.mark()})
}

func (s *companySync) update(ctx context.Context, c *companyChange) error {
	if mapping.Equal(c.want, c.company.Attributes) || len(c.want) == 0 {
		return nil
	}
	err := s.brevo.UpdateCompany(ctx, c.company.BrevoID, c.want)
	if brevo.IsNotFound(err) {
		_, gone := s.there(ctx, c)
		return errors.Join(gone, err)
	}
	return err
}

// there reads the company as it is now; the error is errCompanyGone when Brevo does not have it.
func (s *companySync) there(ctx context.Context, c *companyChange) (brevo.Company, error) {
	got, err := s.brevo.GetCompany(ctx, c.company.BrevoID)
	if brevo.IsNotFound(err) {
		return got, errCompanyGone
	}
	return got, err
}

// relink links and unlinks. A refusal may be about one of the contacts: then the others are linked, and the missing one is left out.
// https://developers.brevo.com/reference/link-and-unlink-company-with-contact-and-deal
func (s *companySync) relink(ctx context.Context, c *companyChange) error {
	if len(c.link)+len(c.unlink) == 0 {
		return nil
	}
	err := s.brevo.LinkUnlink(ctx, c.company.BrevoID, c.link, c.unlink)
	if !mayConcernOne(err) {
		return err
	}
	now, err := s.there(ctx, c)
	if err != nil {
		return err
	}
	linked, err := s.linkPresent(ctx, &now, c.link, true)
	if err != nil {
		return err
	}
	if _, err := s.linkPresent(ctx, &now, c.unlink, false); err != nil {
		return err
	}
	c.company.Unsure = without(c.company.Unsure, c.link) // whoever is missing is not linked either
	c.link = linked
	return nil
}

// mayConcernOne reports a refusal that may be about one of the things that a call names. The reference lists 400 for the route of links;
// other routes answer 404 so.
func mayConcernOne(err error) bool {
	outcome := Classify(err)
	return outcome == Missing && brevo.IsNotFound(err) || outcome == Reject && brevo.IsBadRequest(err)
}

// linkPresent links, or unlinks, those contacts that are in Brevo, and returns them. What is refused about one that is there is an
// error, unless the company has it as wanted.
func (s *companySync) linkPresent(ctx context.Context, company *brevo.Company, ids []int64, linked bool) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	link, unlink := ids, []int64(nil)
	if !linked {
		link, unlink = nil, ids
	}
	err := s.brevo.LinkUnlink(ctx, company.ID, link, unlink)
	if !mayConcernOne(err) {
		return ids, err
	}
	if len(ids) == 1 {
		_, missing := s.brevo.GetContact(ctx, brevo.ByID(ids[0]))
		switch {
		case brevo.IsNotFound(missing):
			return nil, nil
		case missing != nil:
			return nil, missing
		case slices.Contains(company.LinkedContactIDs, ids[0]) == linked:
			return ids, nil
		}
		return nil, err
	}
	first, err := s.linkPresent(ctx, company, ids[:len(ids)/2], linked)
	if err != nil {
		return nil, err
	}
	second, err := s.linkPresent(ctx, company, ids[len(ids)/2:], linked)
	return slices.Concat(first, second), err
}

// gone accepts that somebody deleted the company in Brevo: unless the configuration says otherwise it is, like a deleted
// contact, not made again.
func (s *companySync) gone(ctx context.Context, c *companyChange) error {
	gone := store.Company{OrganizationID: c.company.OrganizationID, State: companyGone, BrevoID: c.company.BrevoID, SentAt: c.company.SentAt}
	if _, lost, err := s.book(ctx, []companyChange{*c}, func(*companyChange) store.Company { return gone }); err != nil || len(lost) > 0 {
		return err
	}
	if s.cfg.OnBrevoDeleted == config.OnBrevoDeletedRecreate {
		return nil // its mark stays: the next run makes it again
	}
	return s.store.ClearDirty(ctx, store.KindOrganization, []store.Dirty{c.mark()})
}

// refusalsInRow is how many refusals without one acceptance between them are taken for separate bad records. Finding one
// among fifty thousand takes seventeen.
const refusalsInRow = 40

var errAllRefused = errors.New("one company after the other was refused")

// refused counts a refusal of Brevo's; the error is errAllRefused once nothing seems to be accepted at all.
func (s *companySync) refused() error {
	if s.refusals++; s.refusals > refusalsInRow {
		return errAllRefused
	}
	return nil
}

// reject gives one company up and says why; the run goes on. It is tried again when its organization changes.
func (s *companySync) reject(ctx context.Context, c *companyChange, cause error) error {
	id := c.company.OrganizationID
	reject := store.Reject{
		Kind: store.KindOrganization, ID: id, Reason: reasonRefused, Detail: detailOf(cause), RunID: s.step.RunID, At: s.now(),
	}
	if err := s.store.AddRejects(ctx, []store.Reject{reject}); err != nil {
		return fmt.Errorf("store reject: %w", err)
	}
	if c.company.State != companySent {
		refused := store.Company{OrganizationID: id, State: companyRefused, Attributes: c.want}
		if _, lost, err := s.book(ctx, []companyChange{*c}, func(*companyChange) store.Company { return refused }); err != nil || len(lost) > 0 {
			return err
		}
	}
	return s.store.ClearDirty(ctx, store.KindOrganization, []store.Dirty{c.mark()})
}
