package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
)

// FewContacts is how many changed contacts are still written one by one; more go by import.
const FewContacts = 200

// The plans: which step a dirty contact waits for. A plan is only a hint; each step decides afresh.
const (
	PlanLeave  = "leave"  // lists to leave, before an import
	PlanClear  = "clear"  // values to clear or an address to change: one PUT, before anybody is given a value
	PlanImport = "import" // by bulk import
	PlanWrite  = "write"  // one POST or PUT
	PlanWait   = "wait"   // nothing yet: the user may have been merged into another
)

const (
	planBatch = 500
	// claimLease outlives any single vendor call; a worker that died frees its contacts this soon.
	claimLease = 5 * time.Minute
	// guardShare of at least guardFloor contacts is what a run may clear, unlist or reject without asking.
	guardShare = 0.20
	guardFloor = 100
)

// Work counts what waits to be pushed.
type Work struct {
	Contacts  int64 `json:"contacts"`
	Companies int64 `json:"companies"`
	// Look asks for a look at Brevo's contacts even before a few writes: only who is a contact already may be written.
	Look bool `json:"look,omitempty"`
}

// CountWork counts the dirty marks of an account.
func (a *Account) CountWork(ctx context.Context, account string) (Work, error) {
	return do(ctx, a.connections, account, func(ctx context.Context, c *connection) (Work, error) {
		contacts, err := c.store.CountDirty(ctx, store.KindUser)
		if err != nil {
			return Work{}, fmt.Errorf("count dirty users: %w", err)
		}
		waiting, err := c.waiting(ctx)
		if err != nil {
			return Work{}, err
		}
		companies, err := c.store.CountDirty(ctx, store.KindOrganization)
		if err != nil {
			return Work{}, fmt.Errorf("count dirty organizations: %w", err)
		}
		return Work{Contacts: contacts - waiting, Companies: companies, Look: c.cfg.NewContacts == config.NewContactsSkip}, nil
	})
}

// waiting counts the marks with which nothing is to be done yet: a run that finds no others has no work.
func (c *connection) waiting(ctx context.Context) (n int64, _ error) {
	ids, err := c.store.DirtyIDs(ctx, store.KindUser, PlanWait, 0, planBatch)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	j, err := c.judge(ctx)
	if err != nil {
		return 0, err
	}
	for len(ids) > 0 {
		known, err := c.store.Peek(ctx, ids)
		if err != nil {
			return 0, fmt.Errorf("read waiting users: %w", err)
		}
		rulings, err := j.rule(ctx, known)
		if err != nil {
			return 0, err
		}
		for i := range rulings {
			if rulings[i].decision.wait {
				n++
			}
		}
		if ids, err = c.store.DirtyIDs(ctx, store.KindUser, PlanWait, ids[len(ids)-1], planBatch); err != nil {
			return 0, fmt.Errorf("read dirty users: %w", err)
		}
	}
	return n, nil
}

// PlanInput asks for a decision about every dirty contact.
type PlanInput struct {
	Account string `json:"account"`
	RunID   string `json:"run_id"`
	Bulk    bool   `json:"bulk"` // many: what can travel by import does
}

// Plan counts what each step has to do.
type Plan struct {
	StepResult
	Leave  int64 `json:"leave"`
	Clear  int64 `json:"clear"`
	Import int64 `json:"import"`
	Write  int64 `json:"write"`
	// Stale: nothing was planned, because the last look at Brevo's contacts is too old to decide from.
	Stale bool `json:"stale,omitempty"`
	// LeftOut says what was left out of contacts, and of how many; empty: nothing that somebody could mend.
	LeftOut string `json:"left_out,omitempty"`
}

// PlanContacts decides what every dirty contact needs, settles those that need no write, and plans the others. It calls
// nobody. More clears, removals and rejects than the mass-change guard allows pause the account.
func (a *Account) PlanContacts(ctx context.Context, in PlanInput) (Plan, error) {
	return do(ctx, a.connections, in.Account, func(ctx context.Context, c *connection) (Plan, error) {
		if stale, err := c.lookedLongAgo(ctx); in.Bulk && (err != nil || stale) {
			return Plan{Stale: stale}, err
		}
		j, err := c.judge(ctx)
		if err != nil {
			return Plan{}, err
		}
		delivered, err := c.delivered(ctx)
		if err != nil {
			return Plan{}, err
		}
		p := &planner{judge: j, in: in, owner: attempt(ctx, in.RunID+"/plan"), leftOut: leftOut{}}
		defer func() { _ = c.store.Release(context.WithoutCancel(ctx), p.owner) }()
		for after := int64(0); ; {
			ids, err := c.store.DirtyIDs(ctx, store.KindUser, "*", after, planBatch)
			if err != nil {
				return Plan{}, fmt.Errorf("read dirty users: %w", err)
			}
			if len(ids) == 0 {
				break
			}
			if err := p.batch(ctx, ids); err != nil {
				return Plan{}, err
			}
			after = ids[len(ids)-1]
		}
		if err := p.guard(ctx, delivered); err != nil {
			return Plan{}, err
		}
		p.guarded = true
		for ids := range slices.Chunk(p.rejected, planBatch) {
			if err := p.batch(ctx, ids); err != nil {
				return Plan{}, err
			}
		}
		p.plan.LeftOut = p.leftOut.notice()
		return p.plan, nil
	})
}

// delivered counts the contacts that stand in Brevo.
func (c *connection) delivered(ctx context.Context) (int64, error) {
	counts, err := c.store.DeliveryCounts(ctx)
	if err != nil {
		return 0, fmt.Errorf("count deliveries: %w", err)
	}
	return total(counts[store.DeliverySent]), nil
}

type planner struct {
	*judge
	in    PlanInput
	owner string
	plan  Plan
	harms int64
	// rejected are the newly rejected: they are booked once the guard has let them pass, or else a run that is repeated
	// after a pause would find them rejected already, and nothing to ask about.
	rejected []int64
	guarded  bool
	leftOut  leftOut
}

func (p *planner) batch(ctx context.Context, ids []int64) error {
	claimed, err := p.store.Claim(ctx, ids, p.owner, claimLease, p.now())
	if err != nil {
		return fmt.Errorf("claim contacts: %w", err)
	}
	rulings, err := p.rule(ctx, claimed)
	if err != nil {
		return err
	}
	var (
		settled []store.Result
		planned []store.Planned
		rejects []store.Reject
		erased  []store.Dirty
	)
	for i := range rulings {
		r := &rulings[i]
		fresh := r.decision.state == store.DeliveryRejected && r.claimed.Delivery.State != store.DeliveryRejected
		if fresh || r.decision.takesAway() {
			p.harms++
		}
		if fresh && !p.guarded {
			p.rejected = append(p.rejected, r.claimed.Delivery.UserID)
			continue
		}
		if r.decision.state == store.DeliverySent {
			p.leftOut.count(r.situation.want.Notes)
		}
		if r.decision.wait || r.toWrite() {
			plan := p.planOf(r)
			p.count(plan)
			planned = append(planned, store.Planned{ID: r.claimed.Delivery.UserID, Version: r.claimed.Dirty, Plan: plan})
			continue
		}
		p.plan.settle(r)
		if r.decision.erase {
			erased = append(erased, store.Dirty{ID: r.claimed.Delivery.UserID, Version: r.claimed.Dirty})
			continue
		}
		settled = append(settled, store.Result{Delivery: r.decision.after, Dirty: r.claimed.Dirty})
		if r.rejectedAnew() {
			rejects = append(rejects, rejectOf(r, p.in.RunID, r.decision.reason, "", p.now()))
		}
	}
	if err := p.store.AddRejects(ctx, rejects); err != nil {
		return fmt.Errorf("store rejects: %w", err)
	}
	if err := p.store.Record(ctx, p.owner, settled, p.now()); err != nil {
		return fmt.Errorf("record decisions: %w", err)
	}
	if err := p.store.Erase(ctx, p.owner, erased, p.now()); err != nil {
		return err
	}
	if err := p.store.SetPlans(ctx, store.KindUser, planned); err != nil {
		return fmt.Errorf("store plans: %w", err)
	}
	return p.store.Release(ctx, p.owner)
}

func (p *planner) planOf(r *ruling) string { return planOf(p.in.Bulk, r) }

// planOf chooses the step that a contact waits for.
func planOf(bulk bool, r *ruling) string {
	d := &r.decision
	_, phone := d.set[attributePhone]
	_, had := r.situation.had.Attributes[attributePhone]
	switch {
	case d.wait:
		return PlanWait
	case r.situation.begun != nil:
		return PlanWrite
	case len(d.clear) > 0 || d.from != "" || d.state != store.DeliverySent:
		return PlanClear
	case r.unsure():
		return PlanWrite
	case len(r.situation.absorbed) > 0 || owes(d.after.Refused) || d.blocklistSMS:
		return PlanWrite // an import cannot carry what others had opted out of, nor an opt-out of SMS
	case !bulk || (phone && (had || r.situation.phoneFrom != 0)) || len(importLists(r)) == 0:
		return PlanWrite
	case !d.create && (r.situation.found == nil || r.situation.found.Email != d.email):
		// An import goes by address: it would make a second contact where somebody corrected the address in Brevo.
		return PlanWrite
	case len(d.remove) > 0:
		return PlanLeave
	}
	return PlanImport
}

// importLists are the lists that an import of this contact names: those it joins, else one that it is on already and that
// we added it to, because Brevo imports into lists only. https://developers.brevo.com/reference/import-contacts
func importLists(r *ruling) []int64 {
	if len(r.decision.add) > 0 {
		return r.decision.add
	}
	if r.situation.found == nil {
		return nil
	}
	for _, id := range r.decision.after.Lists {
		for _, on := range r.situation.found.Lists {
			if id == on {
				return []int64{id}
			}
		}
	}
	return nil
}

func (p *planner) count(plan string) {
	switch plan {
	case PlanLeave:
		p.plan.Leave++
		p.plan.Import++
	case PlanClear:
		p.plan.Clear++
	case PlanImport:
		p.plan.Import++
	case PlanWrite:
		p.plan.Write++
	}
}

// guard pauses before the first write of a run that would take away from too many people at once: a mapping mistake or an
// emptied export must not empty Brevo.
func (p *planner) guard(ctx context.Context, delivered int64) error {
	changes := p.plan.Clear + p.plan.Import + p.plan.Write + p.plan.Rejections() + int64(len(p.rejected))
	return p.guardMassChange(ctx, p.harms, max(delivered, changes))
}

// tooManyHarms reports whether the mass-change guard asks a person.
func tooManyHarms(harms, base int64) bool {
	return base >= guardFloor && float64(harms) > guardShare*float64(base)
}

// acceptanceLasts is how long a mass change that a person accepted may take to be met again: the step that paused looks every
// pauseRecheck, unless no worker runs. Later nobody remembers what it was.
const acceptanceLasts = time.Hour

// guardMassChange pauses when harms is more than the allowed share of base, unless a person accepted it beforehand.
func (c *connection) guardMassChange(ctx context.Context, harms, base int64) error {
	if !tooManyHarms(harms, base) {
		return nil
	}
	accepted, err := c.store.TakeAcceptance(ctx, c.now().Add(-acceptanceLasts))
	if err != nil || accepted {
		return err
	}
	pause := store.Pause{Kind: PauseMassChange, At: c.now(), Message: fmt.Sprintf(
		"this run would clear values of, take off lists, or reject %d of %d contacts: look at `starter rejects list` and at what "+
			"changed in the mapping or in Zendesk; if it is meant, run `starter resume --accept`", harms, base)}
	if err := c.store.SetPause(ctx, pause); err != nil {
		return fmt.Errorf("pause account: %w", err)
	}
	return paused(pause)
}
