package activities_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
)

// Somebody who becomes a contact between the look at Brevo and the import keeps what they wrote, and gets the rest by themselves.
func TestAnImportLeavesAContactAloneThatNobodyKnewOf(t *testing.T) {
	for name, opts := range map[string][]func(*brevosim.Options){
		"in silence": nil,
		"reporting":  {func(o *brevosim.Options) { o.ReportsKnown = true }},
	} {
		t.Run(name, func(t *testing.T) {
			w, user := ready(t, opts...)
			grace := w.zendesk.CreateUser(seed.User{Name: "Grace Hopper", Email: "grace@customers.example"})
			w.now = w.now.Add(5 * time.Minute)
			must(w, w.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: "bulk", Type: activities.Incremental, StartedAt: w.now})
			w.pull("users")
			step := activities.PushStep{Account: account, RunID: "bulk"}
			must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "bulk", Bulk: true})
			require.Equal(t, int64(2), must(w, w.steps.Brevo.OpenImports, activities.OpenImportsInput{PushStep: step, Round: 1}).Rows)
			w.brevo.SeedContact(brevosim.Contact{Email: "ada@customers.example", Attributes: map[string]any{"FIRSTNAME": "Adele"}})
			must(w, w.steps.Brevo.SendImports, step)
			w.now = w.now.Add(time.Minute)
			require.Zero(t, must(w, w.steps.Brevo.SettleImports, step).Running)

			seen := must(w, w.steps.Brevo.ScanContacts, activities.ScanInput{Account: account, ScanID: "preview", Preview: true})
			assert.Zero(t, seen.Lost)
			seen = must(w, w.steps.Brevo.ScanContacts, activities.ScanInput{Account: account, ScanID: "after"})
			if opts == nil {
				assert.Equal(t, int64(1), seen.Lost)
			}
			assert.Equal(t, map[string]any{"FIRSTNAME": "Adele"}, contactOf(w).Attributes)
			out := must(w, w.steps.Brevo.WriteContacts, write("bulk"))
			assert.Equal(t, int64(1), out.Sent, "only the one")
			assert.Zero(t, out.Rejections())
			assert.Equal(t, "Adele", contactOf(w).Attributes["FIRSTNAME"])
			assert.Equal(t, "end-user", contactOf(w).Attributes["ROLE"])
			assert.Len(t, contactOf(w).Lists, 1)
			for id, made := range map[int64]bool{user: false, grace: true} {
				people, err := w.store.Peek(t.Context(), []int64{id})
				require.NoError(t, err)
				assert.Equal(t, store.DeliverySent, people[0].Delivery.State)
				assert.Equal(t, made, people[0].Delivery.Made)
			}

			w.zendesk.UpdateUser(user, func(u *seed.User) { u.Suspended = true })
			must(w, w.steps.Brevo.WriteContacts, w.plan("leave"))
			assert.Empty(t, contactOf(w).Lists, "the import had put them there")
		})
	}
}

// The pages of a look go by position, and what is deleted meanwhile moves everybody behind it.
func TestADeletionDuringALookHidesNobody(t *testing.T) {
	w := newWorkshop(t, seed.Size{Users: 1})
	w.begin()
	for i := range 1500 {
		w.brevo.SeedContact(brevosim.Contact{Email: fmt.Sprintf("%d@marketer.example", i)})
	}
	in, rows := activities.ScanInput{Account: account, Full: true, ScanID: "s"}, int64(0)
	for page := 1; ; page++ {
		out := must(w, w.steps.Brevo.ScanContacts, in)
		rows += out.Rows
		if out.End {
			assert.Equal(t, 2, page)
			break
		}
		for i := range 50 {
			w.brevo.DeleteContact(fmt.Sprintf("%d@marketer.example", i))
		}
		in.Offset, in.Since, in.StartedAt = out.Next, out.Since, out.StartedAt
	}
	assert.Equal(t, int64(1450), rows)
	found, err := w.store.BrevoByEmail(t.Context(), []string{"999@marketer.example", "1000@marketer.example", "1499@marketer.example"})
	require.NoError(t, err)
	assert.Len(t, found, 3)
}
