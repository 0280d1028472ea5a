package activities

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
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
	companyPage  = 100
	// companyImportRows keeps one import's CSV at a few megabytes.
	companyImportRows = 50_000
)

// States of a store.Company. The empty state is that of an organization without a company.
const (
	companyIntent  = "intent"
	companySent    = "sent"
	companyGone    = "gone"
	companyRefused = "refused"
)

// CompaniesState says how far the companies are.
type CompaniesState struct {
	Sent int64 `json:"sent"`
	// Rejected counts, once Done, the companies that Brevo refused in this run, by reason.
	Rejected map[string]int64 `json:"rejected,omitempty"`
	// Done is false while Brevo works on an import that must end before the next step.
	Done   bool   `json:"done"`
	Notice string `json:"notice,omitempty"`
}

// SyncCompanies brings organizations into Brevo as companies, as far as it can get without waiting. A company that is to
// be made is booked as an intent first, and an open intent is looked for in Brevo before anything is made again:
// Brevo makes two companies of two requests.
func (b *Brevo) SyncCompanies(ctx context.Context, step PushStep) (CompaniesState, error) {
	return do(ctx, b.connections, step.Account, func(ctx context.Context, c *connection) (CompaniesState, error) {
		s := &companySync{connection: c, step: step}
		done, err := s.run(ctx)
		if notice := companiesOff(err); notice != "" {
			rejected, err := s.rejected(ctx)
			return CompaniesState{Sent: s.sent, Rejected: rejected, Done: true, Notice: notice}, err
		}
		if err != nil && (s.sent == 0 || ctx.Err() != nil) {
			return CompaniesState{}, err
		}
		// What was made counts, so it is reported also when something is in the way now: the next step meets the trouble,
		// if it lasts, as its own.
		out := CompaniesState{Sent: s.sent, Done: done && err == nil}
		if !out.Done {
			return out, nil
		}
		out.Notice = s.notice()
		out.Rejected, err = s.rejected(ctx)
		return out, err
	})
}

// rejected counts the companies that were refused in this run and stand so, whichever attempt met them.
func (s *companySync) rejected(ctx context.Context) (map[string]int64, error) {
	found, err := s.store.RejectsOfRun(ctx, store.KindOrganization, reasonRefused, s.step.RunID)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return map[string]int64{reasonRefused: int64(len(found))}, nil
}

type companySync struct {
	*connection
	step  PushStep
	begun time.Time     // when this run began: what was counted since then is not counted again
	key   string        // the company attribute that holds the organization's id
	tries map[int64]int // imports that failed in this run, by organization
	sent  int64
	// passed: another attempt has changed a company since this one read it, so that what it needs is to be seen anew.
	passed bool
	// refusals counts those since Brevo last accepted something.
	refusals int

	// What stays undone in this run, for the notice.
	held, stuck, failing int64
	notices              []string
}

// run takes the next steps, and reports whether nothing is left that this run could do.
func (s *companySync) run(ctx context.Context) (done bool, _ error) {
	complete, err := s.store.CompleteStreams(ctx)
	if err != nil {
		return false, fmt.Errorf("read complete streams: %w", err)
	}
	if !s.cfg.Sync.Organizations || !complete[mapping.Organizations] {
		return true, nil
	}
	if err := s.prepare(ctx); err != nil {
		return false, err
	}
	if waiting, err := s.settle(ctx); err != nil || waiting {
		return false, err
	}
	work, err := s.work(ctx)
	if err != nil || work.empty() {
		return err == nil, err
	}
	known := s.key
	if ok, err := s.ensureKey(ctx, len(work.create) > 0); err != nil || !ok {
		return !ok && err == nil, err
	}
	if s.key != known {
		if work, err = s.work(ctx); err != nil {
			return false, err
		}
	}
	if waiting, err := s.create(ctx, work.create); err != nil || waiting {
		return false, err
	}
	waiting, err := s.change(ctx, work.change)
	return !waiting && !s.passed, err
}

// prepare reads what the store knows of this run and of the key attribute.
func (s *companySync) prepare(ctx context.Context) (err error) {
	s.begun = s.now()
	last, err := s.store.LastRun(ctx)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("read run: %w", err)
	}
	if err == nil && last.ID == s.step.RunID {
		s.begun = last.StartedAt
	}
	if s.key, err = s.storedKey(ctx); err != nil {
		return err
	}
	return s.readTries(ctx)
}

// arrived books that a company is in Brevo as it should be, and counts it unless this run has done so before.
func (s *companySync) arrived(c *store.Company) {
	if c.SentAt.Before(s.begun) {
		s.sent++
	}
	c.SentAt = s.now()
}

// notice says what this run leaves undone, and that nothing needs to be done about it.
func (s *companySync) notice() string {
	say := func(n int64, one, many string) {
		switch {
		case n == 1:
			s.notices = append(s.notices, "1 company "+one)
		case n > 1:
			s.notices = append(s.notices, fmt.Sprintf("%d companies %s", n, many))
		}
	}
	say(s.held, "that Brevo's import should have made is not listed yet; nothing is made twice; the next sync looks again",
		"that Brevo's import should have made are not listed yet; nothing is made twice; the next sync looks again")
	say(s.stuck, "waits for an import that Brevo has not ended for an hour; the next sync looks again",
		"wait for an import that Brevo has not ended for an hour; the next sync looks again")
	say(s.failing, "waits because Brevo's import of it failed; the next sync tries again",
		"wait because Brevo's imports of them failed; the next sync tries again")
	return strings.Join(s.notices, "; ")
}

// companiesOff says why an account cannot have companies, or nothing when err has another reason. A refusal of the
// routes of companies is about the plan or the role and about nothing else: contacts go on.
func companiesOff(err error) string {
	var call *rest.Error
	if errors.Is(err, errAllRefused) {
		return "Brevo refuses one company after the other (400): the rest stays out; see `starter rejects list`"
	}
	if !errors.As(err, &call) || call.Vendor != "brevo" || (!strings.HasPrefix(call.Route, "/companies") && !strings.HasPrefix(call.Route, "/crm/attributes")) {
		return ""
	}
	switch {
	case call.Reason == rest.ReasonHTML:
		return "" // a page of something before the API
	case call.Status == http.StatusPaymentRequired, call.Code == brevo.CodeNoCredits:
		return fmt.Sprintf("Brevo asks for more credit or a larger plan for companies (%d): organizations stay out", call.Status)
	case call.Status == http.StatusForbidden, call.Code == brevo.CodePermissionDenied:
		return fmt.Sprintf("Brevo's plan has no companies (%d): organizations stay out", call.Status)
	case call.Status == http.StatusNotFound:
		return "Brevo does not offer companies to this account (404): organizations stay out"
	}
	return ""
}
