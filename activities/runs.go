package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// The types of a sync: from the start of every stream, from where it stands, or a part of it once more.
const (
	Full        = "full"
	Incremental = "incremental"
	Replay      = "replay" // a stretch of time, or single records, once more; the streams' own cursors stay
)

// How a run ended.
const (
	RunCompleted = "completed"
	RunFailed    = "failed"
	RunCanceled  = "canceled"
)

// BeginRunInput opens a run.
type BeginRunInput struct {
	Account   string    `json:"account"`
	RunID     string    `json:"run_id"`
	Type      string    `json:"type"`
	Resources []string  `json:"resources,omitempty"`
	Since     time.Time `json:"since,omitzero"`
	StartedAt time.Time `json:"started_at"`
	// Records: the run reads single records and no stream.
	Records bool `json:"records,omitempty"`
}

// RunStarted says which streams the run reads.
type RunStarted struct {
	Streams []string `json:"streams"`
}

// BeginRun books a run, once however often it is called: a full one sends its streams back to their start.
func (a *Account) BeginRun(ctx context.Context, in BeginRunInput) (RunStarted, error) {
	return do(ctx, a.connections, in.Account, func(ctx context.Context, c *connection) (RunStarted, error) {
		streams, err := Streams(c.cfg, in.Resources)
		if err != nil {
			return RunStarted{}, configurationError(err)
		}
		if in.Records {
			streams = nil
		}
		if in.Type == Preview {
			return RunStarted{Streams: streams}, c.store.BeginPreview(ctx, in.RunID, streams, in.StartedAt)
		}
		cursors := slices.Clone(streams)
		if in.Type == Replay {
			for i := range cursors {
				cursors[i] = store.Replayed + cursors[i]
			}
		}
		since := in.Since
		if in.Type == Incremental {
			if since, err = c.store.Since(ctx); err != nil {
				return RunStarted{}, fmt.Errorf("read the since bound: %w", err)
			}
		}
		_, err = c.store.BeginRun(ctx, store.Run{
			ID: in.RunID, Type: in.Type, Streams: cursors, Since: since, StartedAt: in.StartedAt,
		})
		if err != nil {
			return RunStarted{}, fmt.Errorf("begin run: %w", err)
		}
		return RunStarted{Streams: streams}, nil
	})
}

// Streams are the streams that the configuration switches on, limited to resources unless that is empty.
func Streams(cfg *config.Connector, resources []string) ([]string, error) {
	known := []struct {
		stream mapping.Stream
		on     bool
	}{
		{mapping.Users, cfg.Sync.Users},
		{mapping.Tickets, cfg.Sync.Tickets},
		{mapping.Organizations, cfg.Sync.Organizations},
		{mapping.SatisfactionRatings, cfg.Sync.SatisfactionRatings},
	}
	var names, out []string
	for _, k := range known {
		names = append(names, string(k.stream))
		wanted := len(resources) == 0 || slices.Contains(resources, string(k.stream))
		switch {
		case wanted && k.on:
			out = append(out, string(k.stream))
		case wanted && len(resources) > 0:
			return nil, fmt.Errorf("resource %s is switched off: set sync.%s: true in connectors.yaml", k.stream, k.stream)
		}
	}
	for _, r := range resources {
		if !slices.Contains(names, r) {
			return nil, fmt.Errorf("unknown resource %q: choose from %v", r, names)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("nothing to sync: every resource under sync: is switched off in connectors.yaml")
	}
	return out, nil
}

// EndRunInput closes a run with what it did.
type EndRunInput struct {
	Account   string           `json:"account"`
	RunID     string           `json:"run_id"`
	Status    string           `json:"status"`
	Rows      map[string]int64 `json:"rows,omitempty"`
	Pages     map[string]int64 `json:"pages,omitempty"`
	Sent      int64            `json:"sent"`
	Left      int64            `json:"left,omitempty"`
	Held      int64            `json:"held,omitempty"` // contacts in Brevo that a pilot keeps as they are
	Skipped   map[string]int64 `json:"skipped,omitempty"`
	Rejected  map[string]int64 `json:"rejected,omitempty"`
	Companies int64            `json:"companies"`
	// CompaniesRejected counts the companies that Brevo refused, by reason.
	CompaniesRejected map[string]int64  `json:"companies_rejected,omitempty"`
	Notices           []string          `json:"notices,omitempty"`
	StreamsSkipped    map[string]string `json:"streams_skipped,omitempty"`
}

// RunEnded is what the books say at the end of a run.
type RunEnded struct {
	// Unchanged counts the contacts in Brevo that the run had no reason to send.
	Unchanged int64 `json:"unchanged"`
}

// EndRun books how a run ended. It also runs while the account is paused: a canceled run must still be closed.
func (a *Account) EndRun(ctx context.Context, in EndRunInput) (RunEnded, error) {
	c, err := a.connections.get(in.Account)
	if err != nil {
		return RunEnded{}, configurationError(err)
	}
	counts, err := c.store.DeliveryCounts(ctx)
	if err != nil {
		return RunEnded{}, fmt.Errorf("count deliveries: %w", err)
	}
	unchanged := in.Left - in.Sent - in.Held
	for _, n := range counts[store.DeliverySent] {
		unchanged += n
	}
	unchanged = max(unchanged, 0)
	err = c.store.EndRun(ctx, in.RunID, in.Status, store.RunStats{
		Rows: in.Rows, Pages: in.Pages, Sent: in.Sent, Unchanged: unchanged, Skipped: in.Skipped, Rejected: in.Rejected,
		Companies: in.Companies, CompaniesRejected: in.CompaniesRejected, Notices: in.Notices, Left: in.StreamsSkipped, Pilot: c.cfg.Pilot.Active(),
	}, c.now())
	if errors.Is(err, store.ErrNotFound) {
		// The run failed before it was booked, and what was never begun needs no end.
		err = nil
	}
	return RunEnded{Unchanged: unchanged}, err
}

// PauseNoAccess pauses an account none of whose streams may be read: that is a role or scope, not a plan.
func (a *Account) PauseNoAccess(ctx context.Context, account string) error {
	_, err := do(ctx, a.connections, account, func(ctx context.Context, c *connection) (struct{}, error) {
		return struct{}{}, c.store.SetPause(ctx, store.Pause{
			Kind: PauseCredentials, At: c.now(),
			Message: "Zendesk refuses every stream to the connected user: connect an active administrator; then run `starter resume`",
		})
	})
	return err
}

// Stopped says that a person stopped the account's work, and how.
type Stopped struct {
	By string `json:"by,omitempty"` // PauseOperator, PauseDisconnected; empty: nobody did
}

// AskStopped tells a tick whether a person stopped the account. Other pauses it leaves to the steps of a sync, which goes on
// the moment they end.
func (a *Account) AskStopped(ctx context.Context, account string) (Stopped, error) {
	c, err := a.connections.get(account)
	if err != nil {
		return Stopped{}, configurationError(err)
	}
	p, standing, err := c.store.Paused(ctx)
	if err != nil {
		return Stopped{}, c.outcome(ctx, fmt.Errorf("read pause: %w", err))
	}
	if standing && (p.Kind == PauseOperator || p.Kind == PauseDisconnected) {
		return Stopped{By: p.Kind}, nil
	}
	return Stopped{}, nil
}
