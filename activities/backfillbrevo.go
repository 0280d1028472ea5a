package activities

import (
	"context"
	"fmt"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

func (b *backfill) brevoContacts(ctx context.Context) (int64, error) {
	got, err := b.brevo.ListContacts(ctx, brevo.ContactQuery{Limit: 1})
	return max(got.Count, int64(len(got.Contacts))), err
}

func (b *backfill) brevoAsks(what string, n Figure, why string) {
	if n.AtMost != nil && *n.AtMost == 0 {
		return
	}
	side := &b.out.Brevo
	side.Requests = append(side.Requests, Requests{What: what, Figure: n, Why: why})
	side.Total = side.Total.plus(n)
}

// brevoRequests follows a push from its first look at the contacts to the companies.
func (b *backfill) brevoRequests(ctx context.Context) error {
	contacts, present := b.out.Brevo.Contacts, b.out.Brevo.Present
	b.brevoAsks("attributes", exactly(b.attributeRequests), "")
	b.brevoAsks("lists", exactly(b.listRequests), "")
	b.brevoAsks("look", exactly(pagesOf(present)), "")

	imports, alone := b.contactImports(contacts.Planned)
	b.brevoAsks("imports", imports, fmt.Sprintf("one for each combination of lists that people join, new and known people apart, and for every %d of them", importRows))
	switch {
	case contacts.Planned == 0:
	case imports.Planned == 0:
		// Who is a contact already is looked at first.
		b.brevoAsks("writes", atLeast(0, alone+min(alone, present)), "without a list that everybody joins people are written one by one")
	default:
		b.brevoAsks("writes", atLeast(0, 0), "people who are on no list, left our lists, have another contact's phone, or are refused by an import are written one by one")
		b.brevoAsks("import_looks", atLeast(0, 1), looksWhy)
		b.brevoAsks("second_look", between(0, pagesOf(contacts.Planned), pagesOf(*contacts.AtMost+present)), "as many as contacts turn out to be written")
	}
	return b.companyRequests(ctx)
}

var looksWhy = fmt.Sprintf("one for each look until Brevo has ended its imports, at growing intervals: %d in %v", looksWithin(processWithin), processWithin)

// looksWithin are the looks at imports for which there is time.
func looksWithin(d time.Duration) (looks int64) {
	for gap := FirstPoll; d >= gap; gap = NextPoll(gap) {
		d -= gap
		looks++
	}
	return looks
}

// contactImports are the imports that a number of contacts travels in, or how many contacts are written one by one instead:
// Brevo imports into lists only.
func (b *backfill) contactImports(contacts int64) (imports Figure, alone int64) {
	if contacts == 0 {
		return exactly(0), 0
	}
	combinations := int64(1)
	if !b.cfg.Lists.ActiveTickets.IsZero() && b.open {
		combinations *= 2
	}
	if !b.cfg.Lists.SatisfiedCustomers.IsZero() && b.rated {
		combinations *= 2
	}
	if b.cfg.Lists.AllCustomers.IsZero() {
		combinations--
		if combinations == 0 {
			return exactly(0), contacts
		}
	}
	if b.out.Brevo.Present > 0 {
		combinations *= 2 // new people travel apart from those who are contacts already
	}
	return atLeast(0, importsOf(contacts, combinations)), 0
}

// companyRequests follows the companies: their key, the imports that make them, looking for what was made, the imports that
// link them to contacts.
func (b *backfill) companyRequests(ctx context.Context) error {
	n, counted := b.counted[mapping.Organizations]
	b.out.Brevo.Companies = exactly(0)
	if !b.cfg.Sync.Organizations || !counted || n.Value == 0 {
		return nil
	}
	companies := n.Value
	there, err := b.brevo.ListCompanyAttributes(ctx)
	if off := companiesOff(err); off != "" {
		b.out.Notices = append(b.out.Notices, off)
		b.brevoAsks("company_attributes", exactly(1), "")
		return nil
	}
	if err != nil {
		return err
	}
	limited := func(f Figure) Figure { return f }
	if b.cfg.Pilot.Active() {
		// Whether an organization has one of these people shows only when they are read.
		companies = min(companies, int64(len(b.cfg.Pilot.Emails)))
		limited = func(f Figure) Figure {
			f.AtLeast = 0
			return f
		}
	}
	b.out.Brevo.Companies = limited(exactly(companies))
	key := int64(3) // look, make, look again
	if at := keyAmong(there); at >= 0 {
		if key = 1; !holdsKey(there[at].Type) {
			b.pre.dry.found.Clashes = append(b.pre.dry.found.Clashes, TypeClash{
				Attribute: companyKey + " (company)", Type: there[at].Type, Wanted: brevo.CompanyText, By: []string{"companies"},
			})
			b.out.Brevo.Companies, companies = exactly(0), 0
		}
	}
	b.brevoAsks("company_attributes", limited(exactly(key)), "")
	if companies <= fewCompanies {
		b.brevoAsks("companies", limited(exactly(companies)), "")
		b.brevoAsks("company_links", between(0, companies, companies), "one for each company that has contacts")
		return nil
	}
	links := importsOfLinks(b.out.Brevo.Contacts.Planned)
	b.brevoAsks("companies", limited(exactly(parts(companies, companyImportRows))), "")
	b.brevoAsks("company_lookups", limited(companyLookups(companies)), "what Brevo takes a page's number for shows on the way")
	b.brevoAsks("company_links", between(0, links, links+fewCompanies), "by import when more than 10 companies have contacts")
	b.brevoAsks("company_looks", limited(atLeast(1, 1+links)), looksWhy)
	return nil
}

// importsOfLinks are the company imports that carry one row for each contact.
func importsOfLinks(contacts int64) int64 { return parts(contacts, companyImportRows) }

// limits says what both vendors' limits cost, once all that asks for their headers has been asked.
func (b *backfill) limits(ctx context.Context) error {
	known, err := b.store.Budgets(ctx)
	if err != nil {
		return err
	}
	b.zendeskLimits(known)
	b.brevoLimits(known)
	return nil
}

func (b *backfill) brevoLimits(known []store.Budget) {
	side := &b.out.Brevo
	by := map[string]int64{}
	var contacts int64
	for _, r := range side.Requests {
		by[r.What] = r.Planned
		switch r.What {
		case "attributes", "lists", "look", "imports", "writes", "second_look":
			contacts += r.Planned
		}
	}
	if limit := limitOf(known, brevo.BucketContacts).Window.Limit; limit > 0 {
		a := allowanceOf(limit, 1, time.Second)
		side.limit(brevo.BucketContacts, limit, a, a.waits(contacts))
	}
	if other := limitOf(known, brevo.BucketOther); other.Window.Limit > 0 {
		a := allowanceOf(other.Window.Limit, 1, time.Hour)
		// The hour that the plan's own request began goes on while Zendesk is read.
		if reset := other.Window.ResetsAt.Sub(b.now()) - time.Duration(b.out.Zendesk.Seconds)*time.Second; reset > 0 {
			a.left, a.reset = int64(other.Window.Remaining), reset
		}
		first := by["import_looks"] + by["company_attributes"] + by["companies"] + min(by["company_looks"], 1)
		looks, pages, waits := a.spend(first, by["company_lookups"], by["company_links"]+max(by["company_looks"]-1, 0))
		side.again("company_looks", looks)
		side.again("company_lookups", pages)
		side.limit(brevo.BucketOther, other.Window.Limit, a, waits)
	}
	// Both cost time one after the other, and so does waiting for imports.
	side.Seconds = 0
	for _, l := range side.Limits {
		side.Seconds += l.Seconds
	}
	side.Seconds += whole(gaps(by["import_looks"]) + gaps(by["company_looks"]))
}

// again adds requests that are sent twice, because the first time ended in the middle.
func (s *Side) again(what string, n int64) {
	for i := range s.Requests {
		if s.Requests[i].What == what {
			s.Requests[i].Figure = s.Requests[i].plus(between(0, n, n))
			s.Total = s.Total.plus(between(0, n, n))
		}
	}
}

// gaps is the waiting before so many looks.
func gaps(looks int64) (d time.Duration) {
	for gap := FirstPoll; looks > 0; gap = NextPoll(gap) {
		d += gap
		looks--
	}
	return d
}
