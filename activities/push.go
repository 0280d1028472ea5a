package activities

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/internal/store"
)

// PushContactInput names the one user whose contact to bring up to date.
type PushContactInput struct {
	Account string `json:"account"`
	UserID  int64  `json:"user_id"`
	RunID   string `json:"run_id"`
}

// busyRecheck is how soon a contact that somebody else is writing is looked at again.
const busyRecheck = 5 * time.Second

// busy is a wait for whoever holds a contact; no worker slot is held for it.
func busy(what string) error { return waitFor(busyRecheck, what) }

// patiently is busy for what may take an hour: the longer it has taken, the less often it is asked again.
func patiently(ctx context.Context, what string) error {
	wait := busyRecheck
	if activity.IsActivity(ctx) {
		wait = min(busyRecheck*time.Duration(activity.GetInfo(ctx).Attempt), time.Minute)
	}
	return waitFor(wait, what)
}

// waitFor is a wait for something that another step, run or vendor brings about.
func waitFor(after time.Duration, what string) error {
	return temporal.NewApplicationErrorWithOptions("waiting: "+what, ErrBusy, temporal.ApplicationErrorOptions{
		NextRetryDelay: after, Category: temporal.ApplicationErrorCategoryBenign,
	})
}

// claimStep is the pause between two tries for a claim: another ticket's workflow holds it for the length of a call or two.
const claimStep = 200 * time.Millisecond

// claimOne takes the claim on one user's contact. What holds it for longer than a moment, such as an import, is waited for
// without a worker slot.
func (c *connection) claimOne(ctx context.Context, user int64, owner string) ([]store.Claimed, error) {
	for waited := time.Duration(0); ; waited += claimStep {
		claimed, err := c.store.Claim(ctx, []int64{user}, owner, claimLease, c.now())
		switch {
		case err != nil:
			return nil, fmt.Errorf("claim contact: %w", err)
		case len(claimed) > 0:
			return claimed, nil
		case waited >= shortWait:
			return nil, patiently(ctx, "the contact is being written")
		}
		if err := c.sleep(ctx, claimStep); err != nil {
			return nil, err
		}
	}
}

// PushContact brings the contact of one user up to date with the mirror, as a sync's push would. Without a dirty mark there is
// nothing to do. While a push or an import holds the contact, it is tried again.
func (b *Brevo) PushContact(ctx context.Context, in PushContactInput) (StepResult, error) {
	return do(ctx, b.connections, in.Account, func(ctx context.Context, c *connection) (StepResult, error) {
		remembered, err := c.store.Remembered(ctx, []int64{in.UserID})
		if err != nil || len(remembered) == 0 {
			return StepResult{}, err
		}
		w, err := c.writer(ctx, PushStep{Account: in.Account, RunID: in.RunID}, in.RunID+"/contact/"+strconv.FormatInt(in.UserID, 10))
		if err != nil {
			return StepResult{}, err
		}
		defer w.release(ctx)
		claimed, err := c.claimOne(ctx, in.UserID, w.owner)
		if err != nil {
			return StepResult{}, err
		}
		if claimed[0].Dirty == 0 {
			return w.result, nil
		}
		rulings, err := w.rule(ctx, claimed)
		if err != nil {
			return StepResult{}, err
		}
		err = w.write(ctx, &rulings[0])
		if err != nil && Classify(err) == Reject {
			err = w.reject(ctx, &rulings[0], err)
		}
		return w.result, err
	})
}
