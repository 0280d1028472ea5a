package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
)

// delivered is a user whose contact is in Brevo.
func (w *workshop) delivered() int64 {
	w.t.Helper()
	w.begin()
	for _, stream := range []string{"organizations", "users", "tickets"} {
		w.pull(stream)
	}
	var users []int64
	for u := range w.zendesk.Account().Users.All() {
		users = append(users, u.ID)
	}
	for _, id := range users {
		must(w, w.steps.Brevo.PushContact, activities.PushContactInput{Account: account, UserID: id, RunID: "one"})
		if people, err := w.store.Peek(w.t.Context(), []int64{id}); assert.NoError(w.t, err) && people[0].Delivery.State == store.DeliverySent {
			return id
		}
	}
	w.t.Fatal("nobody became a contact")
	return 0
}

// An action that waits for a list or an attribute waits as a harmless wait does, and not for ever: what the ticket has planned
// besides it waits too.
func TestAnActionWaitsForWhatItNeedsInBrevoAndNotForEver(t *testing.T) {
	for name, action := range map[string]rules.Action{
		"list": {Kind: rules.BrevoListAdd, ListName: "VIP"}, "attribute": {Kind: rules.BrevoAttribute, Attributes: map[string]any{"MOOD": "fine"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorkshop(t, seed.Size{Users: 10})
			user := w.delivered()
			plan := rules.Planned{
				Key: name, Transition: rules.Transition{Key: "k", Type: rules.UserUpdated, UserID: user, OccurredAt: w.now}, Action: action, Due: w.now,
			}
			require.NoError(t, w.store.PlanActions(t.Context(), nil, []rules.Planned{plan}, w.now))
			in := activities.ActInput{Account: account, Key: name}
			_, err := run(w, w.steps.Account.Act, in)
			var waits *temporal.ApplicationError
			require.ErrorAs(t, err, &waits)
			assert.Equal(t, activities.ErrBusy, waits.Type())
			assert.Equal(t, time.Minute, waits.NextRetryDelay())
			assert.Equal(t, temporal.ApplicationErrorCategoryBenign, waits.Category(), "no alarm counts it")

			w.now = w.now.Add(24*time.Hour - 30*time.Second)
			out, err := run(w, w.steps.Account.Act, in)
			require.NoError(t, err)
			assert.Equal(t, string(store.ActionSkipped), out.State)
			assert.Contains(t, out.Reason, "no sync has verified")
		})
	}
}
