package activities

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

const (
	// fewCompanies are still written call by call; more go by import, because Brevo allows a hundred of these calls an
	// hour. https://developers.brevo.com/docs/api-limits
	fewCompanies = 10
	// companyKey is the company attribute that holds the Zendesk organization's id: Brevo knows no external id.
	companyKey      = "zendesk_id"
	companyCategory = "company"
	companyPage     = 100
	// companyImportRows keeps one import's CSV at a few megabytes.
	companyImportRows = 50_000
)

// CompaniesState says how far the companies are.
type CompaniesState struct {
	Sent int64 `json:"sent"`
	// Done is false while Brevo works on an import that must end before the next step.
	Done   bool   `json:"done"`
	Notice string `json:"notice,omitempty"`
}

// SyncCompanies brings organizations into Brevo as companies, as far as it can get without waiting. A company that is to
// be made is booked as an intent first, and an open intent is looked for in Brevo before anything is made again:
// Brevo makes two companies of two requests.
func (b *Brevo) SyncCompanies(ctx context.Context, step PushStep) (CompaniesState, error) {
	return do(ctx, b.connections, step.Account, func(ctx context.Context, c *connection) (CompaniesState, error) {
		s := &companySync{connection: c}
		out, err := s.run(ctx)
		var call *rest.Error
		if errors.As(err, &call) && call.Status == http.StatusForbidden {
			return CompaniesState{Done: true, Notice: "Brevo's plan has no companies (403): organizations stay out"}, nil
		}
		return out, err
	})
}

type companySync struct {
	*connection
	sent int64
}

func (s *companySync) run(ctx context.Context) (CompaniesState, error) {
	complete, err := s.store.CompleteStreams(ctx)
	if err != nil {
		return CompaniesState{}, fmt.Errorf("read complete streams: %w", err)
	}
	if !s.cfg.Sync.Organizations || !complete[mapping.Organizations] {
		return CompaniesState{Done: true}, nil
	}
	if waiting, err := s.settle(ctx); err != nil || waiting {
		return CompaniesState{}, err
	}
	work, err := s.work(ctx)
	if err != nil || work.empty() {
		return CompaniesState{Done: err == nil}, err
	}
	if err := s.ensureKey(ctx); err != nil {
		return CompaniesState{}, err
	}
	if waiting, err := s.create(ctx, work); err != nil || waiting {
		return CompaniesState{Sent: s.sent}, err
	}
	waiting, err := s.change(ctx, work)
	return CompaniesState{Sent: s.sent, Done: !waiting}, err
}

// settle looks after the imports under way: what they made is found by its key, and what they did not make is an intent
// no more. It reports whether one is still running.
func (s *companySync) settle(ctx context.Context) (waiting bool, err error) {
	intents, err := s.store.CompaniesByState(ctx, companyIntent)
	if err != nil {
		return false, fmt.Errorf("read intents: %w", err)
	}
	running, err := s.store.CompaniesInProcess(ctx)
	if err != nil || len(intents)+len(running) == 0 {
		return false, err
	}
	page, err := s.brevo.ListProcesses(ctx, brevo.MaxProcessPage, 0, "desc")
	if err != nil {
		return false, err
	}
	status := map[int64]brevo.ProcessStatus{}
	for _, p := range page.Processes {
		status[p.ID] = p.Status
	}
	for i := range intents {
		// An intent without a process may belong to any import that is still going on.
		if intents[i].ProcessID == 0 && slices.ContainsFunc(page.Processes, func(p brevo.Process) bool { return !p.Status.IsDone() }) {
			return true, nil
		}
	}
	for i := range running {
		// A process that is no longer among the newest fifty ended long ago.
		if st, known := status[running[i].ProcessID]; known && !st.IsDone() {
			return true, nil
		}
	}
	for i := range running {
		failed := status[running[i].ProcessID].IsFailed()
		running[i].ProcessID = 0
		if failed && running[i].State == companySent {
			// What the failed import carried counts as never sent.
			running[i].Attributes, running[i].Contacts = nil, nil
			if err := s.store.MarkDirty(ctx, store.KindOrganization, []int64{running[i].OrganizationID}, s.now()); err != nil {
				return false, err
			}
		}
	}
	if err := s.store.SaveCompanies(ctx, running, s.now()); err != nil {
		return false, fmt.Errorf("store companies: %w", err)
	}
	return false, s.reconcile(ctx, intents)
}

// States of a store.Company.
const (
	companyIntent = "intent"
	companySent   = "sent"
)

// reconcile finds the companies that earlier attempts made. An intent that is not found was never carried out.
func (s *companySync) reconcile(ctx context.Context, intents []store.Company) error {
	if len(intents) == 0 {
		return nil
	}
	earliest := intents[0].IntentAt
	open := map[string]*store.Company{}
	for i := range intents {
		intents[i].ProcessID = 0
		open[strconv.FormatInt(intents[i].OrganizationID, 10)] = &intents[i]
		if intents[i].IntentAt.Before(earliest) {
			earliest = intents[i].IntentAt
		}
	}
	err := s.eachCompany(ctx, earliest.Add(-scanOverlap), func(made brevo.Company) {
		key, _ := made.Attributes[companyKey].(string)
		if c := open[key]; c != nil && c.BrevoID == "" {
			c.State, c.BrevoID, c.SentAt = companySent, made.ID, s.now()
			s.sent++
		}
	})
	if err != nil {
		return err
	}
	return s.store.SaveCompanies(ctx, intents, s.now())
}

// eachCompany reads the companies made since a time. Neither the largest page nor what counts as a page is documented, so
// it reads on until a page brings nothing new.
func (s *companySync) eachCompany(ctx context.Context, since time.Time, each func(brevo.Company)) error {
	seen := map[string]bool{}
	for page := 1; ; page++ {
		got, err := s.brevo.ListCompanies(ctx, brevo.CompanyQuery{CreatedSince: since, Page: page, Limit: companyPage, Sort: "asc"})
		if err != nil {
			return err
		}
		fresh := 0
		for _, company := range got {
			if !seen[company.ID] {
				seen[company.ID] = true
				fresh++
				each(company)
			}
		}
		if fresh == 0 {
			return nil
		}
	}
}

// ensureKey makes the company attribute that holds the organization's id, and checks under which name Brevo keeps it.
func (s *companySync) ensureKey(ctx context.Context) error {
	stored, err := s.store.Attributes(ctx)
	if err != nil {
		return fmt.Errorf("read attributes: %w", err)
	}
	if slices.ContainsFunc(stored, func(a store.Attribute) bool { return a.Category == companyCategory && a.Name == companyKey }) {
		return nil
	}
	for attempt := 0; ; attempt++ {
		there, err := s.brevo.ListCompanyAttributes(ctx)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(there, func(a brevo.CompanyAttribute) bool { return a.InternalName == companyKey }) {
			return s.store.SaveAttributes(ctx, []store.Attribute{{Name: companyKey, Category: companyCategory, Type: brevo.CompanyText, Ours: true}})
		}
		if attempt > 0 {
			return configurationError(fmt.Errorf("brevo keeps the company attribute %q under another name: create one whose internal name is %s", companyKey, companyKey))
		}
		if _, err := s.brevo.CreateCompanyAttribute(ctx, companyKey, brevo.CompanyText); err != nil {
			return err
		}
	}
}
