package activities_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
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

// An event has no id at Brevo: whether one is ours is told by its properties, and rows need not show them.
func TestAnEventThatMayBeThereIsNotSentAgain(t *testing.T) {
	const name = "ticket_solved"
	for title, tc := range map[string]struct {
		bare    bool
		arrived bool          // ours did
		hers    time.Duration // somebody else's event of that name, so long after ours
		answer  string        // of the list; empty: its own
		state   store.ActionState
		ours    int
	}{
		"shown":                     {arrived: true, state: store.ActionDone, ours: 1},
		"left out":                  {bare: true, arrived: true, state: store.ActionInDoubt, ours: 1},
		"left out, it did not":      {bare: true, state: store.ActionDone, ours: 1},
		"left out, at another date": {bare: true, hers: 5 * time.Minute, state: store.ActionDone, ours: 1},
		"as text":                   {arrived: true, answer: `"event_properties":"{\"key\":\"k\"}"`, state: store.ActionDone, ours: 1},
		"as text, another's":        {answer: `"event_properties":"{\"key\":\"j\"}"`, state: store.ActionDone, ours: 1},
		"as no text of an object":   {arrived: true, answer: `"event_properties":"{"`, state: store.ActionInDoubt, ours: 1},
		"with others alone":         {arrived: true, answer: `"event_properties":{"ticket_id":1}`, state: store.ActionInDoubt, ours: 1},
		"without a date":            {arrived: true, answer: `"event_date":null`, state: store.ActionInDoubt, ours: 1},
	} {
		t.Run(title, func(t *testing.T) {
			w := newWorkshop(t, seed.Size{Users: 10}, func(o *brevosim.Options) { o.BareEvents = tc.bare })
			user := w.delivered()
			at := w.now.Add(250 * time.Millisecond)
			plan := rules.Planned{
				Key: name, Transition: rules.Transition{Key: "k", Type: rules.UserUpdated, UserID: user, OccurredAt: at}, Due: w.now,
				Action: rules.Action{Kind: rules.BrevoEvent, Event: name, Properties: map[string]any{"key": "k"}},
			}
			require.NoError(t, w.store.PlanActions(t.Context(), nil, []rules.Planned{plan}, w.now))
			people, err := w.store.Peek(t.Context(), []int64{user})
			require.NoError(t, err)
			if tc.hers > 0 {
				w.marketer(http.MethodPost, "/v3/events", fmt.Sprintf(`{"event_name":%q,"identifiers":{"email_id":%q},"event_date":%q}`,
					name, people[0].Delivery.Email, at.Add(tc.hers).Format(time.RFC3339)))
			}
			w.brevo.Faults().Add(sim.Fault{Method: http.MethodPost, Path: "/v3/events", DropAfter: tc.arrived, DropBefore: !tc.arrived})
			in := activities.ActInput{Account: account, Key: name}
			_, err = run(w, w.steps.Account.Act, in)
			require.Error(t, err)
			if tc.answer != "" {
				w.brevo.Faults().Add(sim.Fault{
					Method: http.MethodGet, Path: "/v3/events", Status: http.StatusOK,
					Body: fmt.Sprintf(`{"count":1,"events":[{"event_name":%q,"event_date":%q,%s}]}`, name, at.Format(time.RFC3339), tc.answer),
				})
			}
			w.now = w.now.Add(3 * time.Minute)
			out := must(w, w.steps.Account.Act, in)
			assert.Equal(t, string(tc.state), out.State, out.Reason)
			ours := 0
			for _, e := range w.brevo.Events() {
				if e.Properties["key"] == "k" {
					ours++
				}
			}
			assert.Equal(t, tc.ours, ours)
		})
	}
}
