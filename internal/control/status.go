package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
)

// Status is how a connector stands. The first five names are the product's promise; all are stable.
type Status struct {
	Connected           bool       `json:"connected"` // the latest call to each vendor succeeded, and neither credentials nor a disconnect pause the account
	LastSync            *time.Time `json:"lastSync"`  // end of the last complete run
	UsersSynced         int64      `json:"usersSynced"`
	TicketsSynced       int64      `json:"ticketsSynced"`
	OrganizationsSynced int64      `json:"organizationsSynced"`

	Connector   string     `json:"connector"`
	Account     string     `json:"account"`
	ConnectedAt *time.Time `json:"connectedAt"` // the latest call to either vendor
	Vendors     []Vendor   `json:"vendors"`
	Contacts    Contacts   `json:"contacts"`
	Companies   int64      `json:"companies"`
	// CompaniesRejected counts, by reason, the organizations of which Brevo refused the company or its latest change.
	CompaniesRejected map[string]int64 `json:"companiesRejected"`

	Waiting Waiting    `json:"waiting"`
	Paused  *Pause     `json:"paused"`
	NextRun *time.Time `json:"nextRun"`
	Running *Running   `json:"running"`
	LastRun *LastRun   `json:"lastRun"`
	Budgets []Bucket   `json:"budgets"`
	Unknown []string   `json:"unknown"` // what could not be learned, and why

	Webhooks *Deliveries `json:"webhooks"` // nil while none is installed and nothing came

	Pilot *Pilot `json:"pilot"` // nil: there is none

	InDoubt int64 `json:"inDoubt"` // actions of which nobody can tell whether they were carried out
}

// Vendor is how the latest call to one vendor ended.
type Vendor struct {
	Name    string     `json:"name"`
	OK      bool       `json:"ok"`
	At      *time.Time `json:"at"`
	Message string     `json:"message,omitempty"`
}

// Contacts counts people as they stand now; Unchanged is of the last complete run.
type Contacts struct {
	Sent      int64            `json:"sent"`
	Unchanged int64            `json:"unchanged"`
	Skipped   map[string]int64 `json:"skipped"`
	Rejected  map[string]int64 `json:"rejected"`
	Left      int64            `json:"left"` // were sent, are no contacts any more
	Gone      int64            `json:"gone"` // were sent, then deleted in Brevo
	// Undecided are in the mirror, and nothing was decided about them: they wait for a push, or a pilot holds them back.
	Undecided int64 `json:"undecided"`
}

// Pilot is what limits every write to a few people.
type Pilot struct {
	Addresses int   `json:"addresses"`
	Held      int64 `json:"held"` // people whom it keeps as they are
}

// Waiting counts changes that Brevo has not been told yet.
type Waiting struct {
	Contacts  int64 `json:"contacts"`
	Companies int64 `json:"companies"`
}

// Pause is what keeps an account from being worked on.
type Pause struct {
	Kind    string     `json:"kind"`
	Message string     `json:"message"`
	At      *time.Time `json:"at"`
}

// Running is the sync that runs now.
type Running struct {
	Type      string     `json:"type"`
	Phase     string     `json:"phase"`
	StartedAt *time.Time `json:"startedAt"`
	RunID     string     `json:"runId"`
}

// LastRun is the newest run.
type LastRun struct {
	Type      string           `json:"type"`
	Status    string           `json:"status"` // running, completed, failed, canceled
	StartedAt *time.Time       `json:"startedAt"`
	EndedAt   *time.Time       `json:"endedAt"`
	Rows      map[string]int64 `json:"rows"`
	Sent      int64            `json:"sent"`
	Unchanged int64            `json:"unchanged"`
	Skipped   map[string]int64 `json:"skipped"`
	Rejected  map[string]int64 `json:"rejected"`
	Companies int64            `json:"companies"`
	Notices   []string         `json:"notices"`

	CompaniesRejected map[string]int64 `json:"companiesRejected"`
}

// Bucket is a rate limit of a vendor as last heard of.
type Bucket struct {
	Name          string     `json:"name"`
	Limit         int        `json:"limit"`
	Remaining     int        `json:"remaining"`
	ResetsAt      *time.Time `json:"resetsAt"`
	WaitedSeconds float64    `json:"waitedSeconds"`
}

// Collect reads the store, then asks Temporal for what only that knows. account is nil while there is no store yet. An error is
// the store's; what Temporal does not tell becomes a line of Unknown.
func Collect(ctx context.Context, cfg *config.Connector, account *store.Account, engine func(context.Context) (*Engine, error)) (*Status, error) {
	s := &Status{
		Connector: cfg.Name, Account: cfg.Account(),
		Vendors: []Vendor{}, Budgets: []Bucket{}, Unknown: []string{},
		Contacts: Contacts{Skipped: map[string]int64{}, Rejected: map[string]int64{}}, CompaniesRejected: map[string]int64{},
	}
	if cfg.Pilot.Active() {
		s.Pilot = &Pilot{Addresses: len(cfg.Pilot.Emails)}
	}
	if account != nil {
		if err := s.readUndecided(ctx, account, cfg.Pilot.Emails); err != nil {
			return nil, err
		}
		for _, read := range []func(context.Context, *store.Account) error{
			s.readCounts, s.readContacts, s.readRuns, s.readVendors, s.readPause, s.readBudgets, s.readWebhooks, s.readDoubts,
		} {
			if err := read(ctx, account); err != nil {
				return nil, err
			}
		}
	}
	s.askTemporal(ctx, engine)
	return s, nil
}

func (s *Status) readCounts(ctx context.Context, account *store.Account) (err error) {
	if s.UsersSynced, s.TicketsSynced, s.OrganizationsSynced, err = account.Counts(ctx); err != nil {
		return err
	}
	if s.Companies, err = account.CountCompanies(ctx); err != nil {
		return err
	}
	if s.CompaniesRejected, err = account.CountRejects(ctx, store.KindOrganization); err != nil {
		return err
	}
	if s.Waiting.Contacts, err = account.CountDirty(ctx, store.KindUser); err != nil {
		return err
	}
	s.Waiting.Companies, err = account.CountDirty(ctx, store.KindOrganization)
	return err
}

func (s *Status) readUndecided(ctx context.Context, account *store.Account, pilot []string) error {
	undecided, held, err := account.Undecided(ctx, pilot)
	if s.Contacts.Undecided = undecided; s.Pilot != nil {
		s.Pilot.Held = held
	}
	return err
}

func (s *Status) readDoubts(ctx context.Context, account *store.Account) error {
	counts, err := account.CountActions(ctx)
	s.InDoubt = total(counts[store.ActionInDoubt])
	return err
}

func (s *Status) readContacts(ctx context.Context, account *store.Account) error {
	counts, err := account.DeliveryCounts(ctx)
	if err != nil {
		return err
	}
	s.Contacts.Sent = total(counts[store.DeliverySent])
	s.Contacts.Left = total(counts[store.DeliveryLeft])
	s.Contacts.Gone = total(counts[store.DeliveryGone])
	s.Contacts.Skipped = Counted(counts[store.DeliverySkipped])
	s.Contacts.Rejected = Counted(counts[store.DeliveryRejected])
	return nil
}

func (s *Status) readRuns(ctx context.Context, account *store.Account) error {
	complete, err := account.LastRun(ctx, activities.RunCompleted)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	s.LastSync, s.Contacts.Unchanged = UTC(complete.EndedAt), complete.Stats.Unchanged
	last, err := account.LastRun(ctx)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	s.LastRun = &LastRun{
		Type: last.Type, Status: last.Status, StartedAt: UTC(last.StartedAt), EndedAt: UTC(last.EndedAt),
		Rows: Counted(last.Stats.Rows), Sent: last.Stats.Sent, Unchanged: last.Stats.Unchanged,
		Skipped: Counted(last.Stats.Skipped), Rejected: Counted(last.Stats.Rejected),
		Companies: last.Stats.Companies, Notices: OrEmpty(last.Stats.Notices), CompaniesRejected: Counted(last.Stats.CompaniesRejected),
	}
	return nil
}

// vendorNames are those whose latest calls make a connector connected.
var vendorNames = []string{"zendesk", "brevo"}

func (s *Status) readVendors(ctx context.Context, account *store.Account) error {
	all, err := account.ContactedAll(ctx)
	if err != nil {
		return err
	}
	by := map[string]store.Contacted{}
	for _, c := range all {
		by[c.Vendor] = c
	}
	s.Connected = true
	for _, name := range vendorNames {
		c, asked := by[name]
		s.Connected = s.Connected && asked && c.OK
		if !asked {
			continue
		}
		s.Vendors = append(s.Vendors, Vendor{name, c.OK, UTC(c.At), c.Message})
		if at := UTC(c.At); s.ConnectedAt == nil || at.After(*s.ConnectedAt) {
			s.ConnectedAt = at
		}
	}
	return nil
}

func (s *Status) readPause(ctx context.Context, account *store.Account) error {
	p, standing, err := account.Paused(ctx)
	if err == nil && standing {
		s.Paused = &Pause{p.Kind, p.Message, UTC(p.At)}
		// A refused renewal is no call to the API, and disconnecting ends with calls that succeed.
		s.Connected = s.Connected && p.Kind != activities.PauseCredentials && p.Kind != activities.PauseDisconnected
	}
	return err
}

func (s *Status) readBudgets(ctx context.Context, account *store.Account) error {
	all, err := account.Budgets(ctx)
	for _, b := range all {
		s.Budgets = append(s.Budgets, Bucket{b.Bucket, b.Window.Limit, b.Window.Remaining, UTC(b.Window.ResetsAt), b.WaitedTotal.Seconds()})
	}
	return err
}

// askTemporal fills in the running sync and the next one; what it cannot learn becomes a line of Unknown.
func (s *Status) askTemporal(ctx context.Context, engine func(context.Context) (*Engine, error)) {
	unknown := func(what string, err error) {
		s.Unknown = append(s.Unknown, fmt.Sprintf("%s not known: %s", what, OneLine(err.Error())))
	}
	e, err := engine(ctx)
	if err != nil {
		unknown("the running sync and the next run are", err)
		return
	}
	if run, found, err := e.Running(ctx, s.Account); err != nil {
		unknown("the running sync is", err)
	} else if found {
		s.Running = &Running{Type: run.Kind, StartedAt: UTC(run.StartedAt), RunID: run.RunID}
		if p, err := e.Progress(ctx, run.ID, run.RunID); err == nil {
			s.Running.Type, s.Running.Phase = p.Subject, p.Phase
		} else {
			unknown("the phase of the running sync is", errors.New("no worker answers; start one with `bin/worker`"))
		}
	}
	next, err := e.NextRun(ctx, s.Account)
	if err != nil {
		unknown("the next run is", err)
	}
	s.NextRun = UTC(next)
}

func total(counts map[string]int64) int64 {
	var n int64
	for _, of := range counts {
		n += of
	}
	return n
}

// UTC is a time as every output shows it, or nil for the zero time.
func UTC(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

// Counted and OrEmpty keep JSON stable: {} and [] rather than null.
func Counted(counts map[string]int64) map[string]int64 {
	if counts == nil {
		return map[string]int64{}
	}
	return counts
}

// OrEmpty is texts, or an empty list for none.
func OrEmpty(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}
