package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/store"
)

// status is how a connector stands. The first five names are the product's promise; all are stable.
type status struct {
	Connected           bool       `json:"connected"` // the latest call to each vendor succeeded
	LastSync            *time.Time `json:"lastSync"`  // end of the last complete run
	UsersSynced         int64      `json:"usersSynced"`
	TicketsSynced       int64      `json:"ticketsSynced"`
	OrganizationsSynced int64      `json:"organizationsSynced"`

	Connector   string     `json:"connector"`
	Account     string     `json:"account"`
	ConnectedAt *time.Time `json:"connectedAt"` // the latest call to either vendor
	Vendors     []vendor   `json:"vendors"`
	Contacts    contacts   `json:"contacts"`
	Companies   int64      `json:"companies"`
	Waiting     waiting    `json:"waiting"`
	Paused      *pause     `json:"paused"`
	NextRun     *time.Time `json:"nextRun"`
	Running     *running   `json:"running"`
	LastRun     *lastRun   `json:"lastRun"`
	Budgets     []bucket   `json:"budgets"`
	Unknown     []string   `json:"unknown"` // what could not be learned, and why

	Webhooks *deliveries `json:"webhooks"` // nil while none is installed and nothing came

	InDoubt int64 `json:"inDoubt"` // actions of which nobody can tell whether they were carried out
}

type vendor struct {
	Name    string     `json:"name"`
	OK      bool       `json:"ok"`
	At      *time.Time `json:"at"`
	Message string     `json:"message,omitempty"`
}

// contacts counts people as they stand now; Unchanged is of the last complete run.
type contacts struct {
	Sent      int64            `json:"sent"`
	Unchanged int64            `json:"unchanged"`
	Skipped   map[string]int64 `json:"skipped"`
	Rejected  map[string]int64 `json:"rejected"`
	Left      int64            `json:"left"` // were sent, are no contacts any more
	Gone      int64            `json:"gone"` // were sent, then deleted in Brevo
}

// waiting counts changes that Brevo has not been told yet.
type waiting struct {
	Contacts  int64 `json:"contacts"`
	Companies int64 `json:"companies"`
}

type pause struct {
	Kind    string     `json:"kind"`
	Message string     `json:"message"`
	At      *time.Time `json:"at"`
}

type running struct {
	Type      string     `json:"type"`
	Phase     string     `json:"phase"`
	StartedAt *time.Time `json:"startedAt"`
	RunID     string     `json:"runId"`
}

type lastRun struct {
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
}

type bucket struct {
	Name          string     `json:"name"`
	Limit         int        `json:"limit"`
	Remaining     int        `json:"remaining"`
	ResetsAt      *time.Time `json:"resetsAt"`
	WaitedSeconds float64    `json:"waitedSeconds"`
}

func (a *app) statusCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status" + connectorArg,
		Short: "Show how a connector stands",
		Long: "Show how a connector stands. usersSynced, ticketsSynced and organizationsSynced count what is mirrored now; lastSync is\n" +
			"the end of the last complete sync; connected tells how the latest calls to Zendesk and Brevo ended. Contacts are\n" +
			"counted as they stand now, but unchanged is of the last complete sync. It also works while Temporal is down.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.status(cmd.Context(), args, asJSON) },
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.withConnector(cmd)
}

func (a *app) status(ctx context.Context, args []string, asJSON bool) error {
	if err := a.load(args); err != nil {
		return err
	}
	s, err := a.collect(ctx)
	if err != nil {
		return err
	}
	for _, unknown := range s.Unknown {
		a.warnf("starter: %s", unknown)
	}
	if asJSON {
		return a.printJSON(s)
	}
	a.printf("%s", s.text(a.now(), a.palette()))
	return nil
}

// collect reads the store, then asks Temporal for what only that knows.
func (a *app) collect(ctx context.Context) (*status, error) {
	s := &status{
		Connector: a.cfg.Name, Account: a.cfg.Account(),
		Vendors: []vendor{}, Budgets: []bucket{}, Unknown: []string{},
		Contacts: contacts{Skipped: map[string]int64{}, Rejected: map[string]int64{}},
	}
	account, err := a.accountIfAny(ctx)
	if err != nil {
		return nil, err
	}
	if account != nil {
		for _, read := range []func(context.Context, *store.Account) error{
			s.readCounts, s.readContacts, s.readRuns, s.readVendors, s.readPause, s.readBudgets, s.readWebhooks, s.readDoubts,
		} {
			if err := read(ctx, account); err != nil {
				return nil, a.storeFailure(err)
			}
		}
	}
	a.askTemporal(ctx, s)
	return s, nil
}

func (s *status) readCounts(ctx context.Context, account *store.Account) (err error) {
	if s.UsersSynced, s.TicketsSynced, s.OrganizationsSynced, err = account.Counts(ctx); err != nil {
		return err
	}
	if s.Companies, err = account.CountCompanies(ctx); err != nil {
		return err
	}
	if s.Waiting.Contacts, err = account.CountDirty(ctx, store.KindUser); err != nil {
		return err
	}
	s.Waiting.Companies, err = account.CountDirty(ctx, store.KindOrganization)
	return err
}

func (s *status) readDoubts(ctx context.Context, account *store.Account) error {
	counts, err := account.CountActions(ctx)
	s.InDoubt = total(counts[store.ActionInDoubt])
	return err
}

func (s *status) readContacts(ctx context.Context, account *store.Account) error {
	counts, err := account.DeliveryCounts(ctx)
	if err != nil {
		return err
	}
	s.Contacts.Sent = total(counts[store.DeliverySent])
	s.Contacts.Left = total(counts[store.DeliveryLeft])
	s.Contacts.Gone = total(counts[store.DeliveryGone])
	s.Contacts.Skipped = counted(counts[store.DeliverySkipped])
	s.Contacts.Rejected = counted(counts[store.DeliveryRejected])
	return nil
}

func (s *status) readRuns(ctx context.Context, account *store.Account) error {
	complete, err := account.LastRun(ctx, activities.RunCompleted)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	s.LastSync, s.Contacts.Unchanged = utc(complete.EndedAt), complete.Stats.Unchanged
	last, err := account.LastRun(ctx)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return err
	}
	s.LastRun = &lastRun{
		Type: last.Type, Status: last.Status, StartedAt: utc(last.StartedAt), EndedAt: utc(last.EndedAt),
		Rows: counted(last.Stats.Rows), Sent: last.Stats.Sent, Unchanged: last.Stats.Unchanged,
		Skipped: counted(last.Stats.Skipped), Rejected: counted(last.Stats.Rejected),
		Companies: last.Stats.Companies, Notices: orEmpty(last.Stats.Notices),
	}
	return nil
}

// vendorNames are those whose latest calls make a connector connected.
var vendorNames = []string{"zendesk", "brevo"}

func (s *status) readVendors(ctx context.Context, account *store.Account) error {
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
		s.Vendors = append(s.Vendors, vendor{name, c.OK, utc(c.At), c.Message})
		if at := utc(c.At); s.ConnectedAt == nil || at.After(*s.ConnectedAt) {
			s.ConnectedAt = at
		}
	}
	return nil
}

func (s *status) readPause(ctx context.Context, account *store.Account) error {
	p, standing, err := account.Paused(ctx)
	if err == nil && standing {
		s.Paused = &pause{p.Kind, p.Message, utc(p.At)}
	}
	return err
}

func (s *status) readBudgets(ctx context.Context, account *store.Account) error {
	all, err := account.Budgets(ctx)
	for _, b := range all {
		s.Budgets = append(s.Budgets, bucket{b.Bucket, b.Window.Limit, b.Window.Remaining, utc(b.Window.ResetsAt), b.WaitedTotal.Seconds()})
	}
	return err
}

// askTemporal fills in the running sync and the next one; what it cannot learn becomes a line of Unknown.
func (a *app) askTemporal(ctx context.Context, s *status) {
	unknown := func(what string, err error) {
		s.Unknown = append(s.Unknown, fmt.Sprintf("%s not known: %s", what, oneLine(err.Error())))
	}
	e, err := a.engine(ctx)
	if err != nil {
		unknown("the running sync and the next run are", err)
		return
	}
	if run, found, err := e.running(ctx, s.Account); err != nil {
		unknown("the running sync is", err)
	} else if found {
		s.Running = &running{Type: run.kind, StartedAt: utc(run.startedAt), RunID: run.runID}
		if p, err := e.progress(ctx, run.id, run.runID); err == nil {
			s.Running.Type, s.Running.Phase = p.Subject, p.Phase
		} else {
			unknown("the phase of the running sync is", errors.New("no worker answers; start one with `bin/worker`"))
		}
	}
	next, err := e.nextRun(ctx, s.Account)
	if err != nil {
		unknown("the next run is", err)
	}
	s.NextRun = utc(next)
}
