package activities

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"go.temporal.io/sdk/temporal"
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
func busy(what string) error {
	return temporal.NewApplicationErrorWithOptions("waiting: "+what, ErrBusy, temporal.ApplicationErrorOptions{
		NextRetryDelay: busyRecheck, Category: temporal.ApplicationErrorCategoryBenign,
	})
}

// PushContact brings the contact of one user up to date with the mirror, as a sync's push would. Without a dirty mark there is
// nothing to do. While a push or an import holds the contact, it is tried again.
func (b *Brevo) PushContact(ctx context.Context, in PushContactInput) (StepResult, error) {
	return do(ctx, b.connections, in.Account, func(ctx context.Context, c *connection) (StepResult, error) {
		w, err := c.writer(ctx, PushStep{Account: in.Account, RunID: in.RunID}, in.RunID+"/contact/"+strconv.FormatInt(in.UserID, 10))
		if err != nil {
			return StepResult{}, err
		}
		defer w.release(ctx)
		claimed, err := w.store.Claim(ctx, []int64{in.UserID}, w.owner, claimLease, w.now())
		if err != nil {
			return StepResult{}, fmt.Errorf("claim contact: %w", err)
		}
		if len(claimed) == 0 {
			return StepResult{}, busy("the contact is being written")
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
