package activities

import (
	"context"
	"fmt"
	"time"
)

// Waker tells the Ticket and User workflows that something waits for them, and starts those that do not run. It is
// idempotent: a workflow that is woken twice looks twice and finds the same. Subjects are "ticket/35" and "user/9".
type Waker interface {
	// Wake returns the subjects whose workflow takes no more signals; an error means that Temporal is away.
	Wake(ctx context.Context, account string, subjects []string, settle time.Duration) (unwoken []string, err error)
}

const (
	// offerBatch is how many subjects one step wakes: Temporal's smallest servers take about a hundred new ones a second.
	offerBatch = 200
	// wakeAgain is how long a workflow that was woken because of an overdue action is left alone: it may be waiting itself.
	wakeAgain = time.Hour
	// overdueBy is how late an action must be before its workflow counts as gone.
	overdueBy = time.Minute
	// rememberFor is how long finished actions and settled transitions are kept.
	rememberFor = 90 * 24 * time.Hour
)

// OfferInput goes on after a subject; empty at first.
type OfferInput struct {
	Account string `json:"account"`
	After   string `json:"after,omitempty"`
}

// Offered counts the tickets and users that were woken. Next is the After of the following step; empty when none is left.
type Offered struct {
	Subjects int64  `json:"subjects"`
	Next     string `json:"next,omitempty"`
}

// OfferTransitions wakes the workflows of everything that was recorded and that nobody has looked after: news without a webhook,
// and actions whose workflow is gone. What no rule wants, and what is too old to act on, is settled first. While the
// first sync has not read everything, all of it waits.
func (a *Account) OfferTransitions(ctx context.Context, in OfferInput) (Offered, error) {
	return do(ctx, a.connections, in.Account, func(ctx context.Context, c *connection) (Offered, error) {
		ready, err := c.ready(ctx)
		if err != nil || !ready {
			return Offered{}, err
		}
		if in.After == "" {
			if err := c.settleOld(ctx); err != nil {
				return Offered{}, err
			}
		}
		subjects, err := c.store.WaitingSubjects(ctx, c.now().Add(-overdueBy), c.now().Add(-wakeAgain), in.After, offerBatch)
		if err != nil || len(subjects) == 0 {
			return Offered{}, err
		}
		if a.connections.opts.Waker == nil {
			return Offered{}, fmt.Errorf("this worker cannot wake workflows: it was started without a connection to Temporal")
		}
		unwoken, err := a.connections.opts.Waker.Wake(ctx, in.Account, subjects, c.cfg.Events.Settle)
		if err != nil {
			return Offered{}, err
		}
		if len(unwoken) > 0 {
			c.log.WarnContext(ctx, "workflows take no more signals; look at what they wait for in the Temporal UI", "subjects", unwoken)
		}
		if err := c.store.Woken(ctx, subjects, c.now()); err != nil {
			return Offered{}, err
		}
		out := Offered{Subjects: int64(len(subjects))}
		if len(subjects) == offerBatch {
			out.Next = subjects[len(subjects)-1]
		}
		return out, nil
	})
}

// settleOld passes over what nobody will act on, and forgets what is long over.
func (c *connection) settleOld(ctx context.Context) error {
	set, err := c.ruleSet()
	if err != nil {
		return configurationError(err)
	}
	before := time.Time{}
	if c.cfg.Events.MaxAge > 0 {
		before = c.now().Add(-c.cfg.Events.MaxAge)
	}
	if _, err := c.store.PassTransitions(ctx, set.WantedTypes(), before); err != nil {
		return err
	}
	_, err = c.store.Prune(ctx, c.now().Add(-rememberFor))
	return err
}
