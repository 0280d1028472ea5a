package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// OpenImportsInput asks for imports of every contact that is planned for one.
type OpenImportsInput struct {
	PushStep
	Round int `json:"round"`
}

// Opened counts the imports that now wait to be sent, and their rows.
type Opened struct {
	StepResult
	Imports int64 `json:"imports"`
	Rows    int64 `json:"rows"`
	// Stale: nothing was opened, because the last look at Brevo's contacts is too old to decide from.
	Stale bool `json:"stale,omitempty"`
}

// OpenImports groups the contacts planned for import by the lists they join, the new apart from the known, and stores the groups, cut at the size that
// Brevo advises, with the claims on their contacts. It calls nobody. Imports that an earlier attempt left
// unfinished come first.
func (b *Brevo) OpenImports(ctx context.Context, in OpenImportsInput) (Opened, error) {
	return do(ctx, b.connections, in.Account, func(ctx context.Context, c *connection) (Opened, error) {
		if left, err := c.unfinished(ctx); err != nil || left.Imports > 0 {
			return left, err
		}
		if stale, err := c.lookedLongAgo(ctx); err != nil || stale {
			return Opened{Stale: stale}, err
		}
		w, err := c.writer(ctx, in.PushStep, in.RunID+"/import")
		if err != nil {
			return Opened{}, err
		}
		defer w.release(ctx)
		o := &opener{writer: w, groups: map[string]*group{}, prefix: fmt.Sprintf("%s/%d.%d", in.RunID, in.Round, activity.GetInfo(ctx).Attempt)}
		for after := int64(0); ; {
			rulings, next, err := w.claim(ctx, PlanImport, after, planBatch)
			if err != nil {
				return Opened{}, err
			}
			if err := o.add(ctx, rulings); err != nil {
				return Opened{}, err
			}
			if next == 0 {
				break
			}
			after = next
		}
		for _, key := range slices.Sorted(maps.Keys(o.groups)) {
			if err := o.flush(ctx, o.groups[key]); err != nil {
				return Opened{}, err
			}
		}
		o.opened.StepResult = w.result
		return o.opened, nil
	})
}

func (c *connection) unfinished(ctx context.Context) (Opened, error) {
	imports, err := c.store.Imports(ctx, store.ImportOpen, store.ImportRunning)
	if err != nil {
		return Opened{}, fmt.Errorf("read imports: %w", err)
	}
	out := Opened{Imports: int64(len(imports))}
	for _, i := range imports {
		out.Rows += int64(i.Rows)
	}
	return out, nil
}

// opener collects import rows by group until one is full.
type opener struct {
	*writer
	prefix string
	groups map[string]*group
	opened Opened
}

type group struct {
	lists     []int64
	blocklist bool
	rows      []store.ImportRow
	bytes     int
}

func (o *opener) add(ctx context.Context, rulings []ruling) error {
	var settled []store.Result
	var replanned []store.Planned
	var rejects []store.Reject
	for i := range rulings {
		r := &rulings[i]
		if !r.toWrite() && !r.decision.wait && !r.decision.erase {
			o.result.settle(r)
			settled = append(settled, store.Result{Delivery: r.decision.after, Dirty: r.claimed.Dirty})
			if r.rejectedAnew() {
				rejects = append(rejects, rejectOf(r, o.step.RunID, r.decision.reason, "", o.now()))
			}
			continue
		}
		if planOf(true, r) != PlanImport {
			// The clearing step is over, so one PUT does all that the contact needs.
			replanned = append(replanned, store.Planned{ID: r.claimed.Delivery.UserID, Version: r.claimed.Dirty, Plan: PlanWrite})
			continue
		}
		if err := o.collect(ctx, r); err != nil {
			return err
		}
	}
	if err := o.store.AddRejects(ctx, rejects); err != nil {
		return fmt.Errorf("store rejects: %w", err)
	}
	if err := o.store.Record(ctx, o.owner, settled, o.now()); err != nil {
		return fmt.Errorf("record decisions: %w", err)
	}
	return o.store.SetPlans(ctx, store.KindUser, replanned)
}

func (o *opener) collect(ctx context.Context, r *ruling) error {
	lists := importLists(r)
	key := fmt.Sprint(lists, r.decision.blocklist, r.decision.create)
	g := o.groups[key]
	if g == nil {
		g = &group{lists: lists, blocklist: r.decision.blocklist}
		o.groups[key] = g
	}
	row := store.ImportRow{Delivery: r.decision.after, Send: r.decision.set, Dirty: r.claimed.Dirty, DecidedAt: o.now().UTC(), Create: r.decision.create}
	if row.BrevoID == 0 {
		row.BrevoID = idOf(r.situation.found)
	}
	size, err := brevo.EncodedSize(brevo.ImportRow{Email: row.Email, Attributes: row.Send})
	if err != nil {
		return fmt.Errorf("encode contact of user %d: %w", row.UserID, err)
	}
	if g.bytes+size > brevo.AdvisedImportBytes-importEnvelope || len(g.rows) == importRows {
		if err := o.flush(ctx, g); err != nil {
			return err
		}
	}
	g.rows = append(g.rows, row)
	g.bytes += size
	return nil
}

const (
	// importEnvelope is room for what an import's body holds beside its rows.
	importEnvelope = 4096
	// importRows bounds what the groups keep in memory; Brevo names no bound of its own.
	importRows = 10_000
)

func (o *opener) flush(ctx context.Context, g *group) error {
	if len(g.rows) == 0 {
		return nil
	}
	o.opened.Imports++
	o.opened.Rows += int64(len(g.rows))
	imp := store.Import{
		ID: fmt.Sprintf("%s/%d", o.prefix, o.opened.Imports), RunID: o.step.RunID, State: store.ImportOpen,
		Lists: g.lists, Blocklist: g.blocklist, Rows: len(g.rows), CreatedAt: o.now(),
	}
	if err := o.store.OpenImport(ctx, o.owner, imp, g.rows, o.now()); err != nil {
		return fmt.Errorf("store import: %w", err)
	}
	g.rows, g.bytes = nil, 0
	return nil
}

// FirstPoll is how long a run waits before it first asks how Brevo's imports stand.
const FirstPoll = time.Second

// NextPoll is the wait that follows one of gap, up to two minutes: one poll serves all imports, and Brevo allows a hundred of
// them an hour. https://developers.brevo.com/docs/api-limits
func NextPoll(gap time.Duration) time.Duration { return min(gap*3/2+time.Second, 2*time.Minute) }

// ImportsState counts the imports that wait to be sent and those that Brevo is working on.
type ImportsState struct {
	StepResult
	Open    int64 `json:"open"`
	Running int64 `json:"running"`
	// Stale: imports that had waited too long were given up; what they held must be decided anew.
	Stale bool `json:"stale,omitempty"`
	// Notice is what a person should know of the imports that were settled.
	Notice string `json:"notice,omitempty"`
}
