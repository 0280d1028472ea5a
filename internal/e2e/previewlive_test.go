package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

// ordinary is a customer in Zendesk, whether anybody was synced or not.
func (w *world) ordinary(i int) int64 { return w.seed.UsersOf(seed.Ordinary)[i] }

// previewedTown is an account of which a preview was made and which has never been synced, with a customer and their open ticket.
func previewedTown(t *testing.T) (w *world, who, ticket int64) {
	t.Helper()
	w = newWorld(t, seed.Size{Users: 60, Tickets: 120, Organizations: 8})
	w.pass(time.Minute)
	who = w.ordinary(0)
	ticket = w.open(who)
	w.later(2 * time.Minute)
	w.preview(t)
	live, err := w.account().LiveSince(t.Context())
	require.NoError(t, err)
	assert.Zero(t, live, "the account goes live with its first sync")
	_, err = w.account().LastRun(t.Context())
	assert.ErrorIs(t, err, store.ErrNotFound, "a preview is no sync")
	w.later(2 * time.Minute)
	return w, who, ticket
}

func TestWhatHappensBetweenAPreviewAndTheFirstSyncIsNoNews(t *testing.T) {
	for _, by := range ways {
		t.Run(by.name, func(t *testing.T) {
			w, who, ticket := previewedTown(t)
			w.status(t, ticket, "solved")
			require.True(t, w.zendesk.RateTicket(ticket, 1, ""))
			w.zendesk.UpdateUser(who, func(u *seed.User) { u.Name = "Renamed Meanwhile" })
			meanwhile := w.open(who)
			w.later(2 * time.Minute)
			w.preview(t)
			w.later(2 * time.Minute)
			w.sync(t, by.in)
			w.follow(t)
			assert.Empty(t, w.eventNames(), "it happened before the account went live, as without a preview")

			// From here on everything is.
			w.later(time.Minute)
			w.status(t, ticket, "open")
			w.status(t, meanwhile, "solved")
			w.zendesk.UpdateUser(who, func(u *seed.User) { u.Name = "Renamed Since" })
			w.scheduled(t)
			assert.Equal(t, []string{"ticket_reopened", "ticket_updated"}, ordered(w.events(ticket)))
			assert.Equal(t, []string{"ticket_solved", "ticket_updated"}, ordered(w.events(meanwhile)))
			assert.Contains(t, w.eventNames(), "user_updated")
		})
	}
}

func TestAWebhookAfterAPreviewWritesNothingBeforeTheFirstSync(t *testing.T) {
	w, who, ticket := previewedTown(t)
	w.brevo.Log().Reset()
	w.status(t, ticket, "solved")
	w.webhook(t, ticket, "ticket.status_changed")
	w.look(t, fmt.Sprintf("user/%d", who), news("user.name_changed"))
	for _, c := range w.brevo.Log().Calls() {
		assert.Equal(t, "GET", c.Method, "%s %s", c.Method, c.Path)
	}
	w.later(2 * time.Minute)
	w.sync(t, workflows.SyncInput{})
	w.follow(t)
	assert.Empty(t, w.eventNames())
	w.later(time.Minute)
	w.status(t, ticket, "open")
	w.webhook(t, ticket, "ticket.status_changed")
	assert.Contains(t, w.events(ticket), "ticket_reopened", "and from then on webhooks are heard")
}

func TestWhatAPreviewReadsOfALiveAccountFiresWithTheNextSync(t *testing.T) {
	w, who := lively(t)
	ticket := w.open(who)
	w.later(2 * time.Minute)
	w.preview(t)
	assert.Empty(t, w.events(ticket), "a preview acts on nothing")
	again := w.preview(t)
	assert.Positive(t, again.Changed, "and clears no mark")
	w.status(t, ticket, "solved")
	w.scheduled(t)
	assert.Equal(t, []string{"ticket_created", "ticket_solved", "ticket_updated"}, ordered(w.events(ticket)), "each once")
	w.scheduled(t)
	assert.Len(t, w.events(ticket), 3)
}

func TestAPreviewKeepsTheMassChangeAcceptance(t *testing.T) {
	w, users, _ := crowd(t, 150)
	for _, id := range users[:60] {
		w.zendesk.UpdateUser(id, func(u *seed.User) { u.Suspended = true })
	}
	w.later(2 * time.Minute)
	require.NoError(t, w.account().AcceptMassChange(t.Context(), w.clock.Now()))
	f := w.preview(t)
	assert.True(t, f.Pauses)
	assert.EqualValues(t, 60, f.Harms)
	_, standing, err := w.account().Paused(t.Context())
	require.NoError(t, err)
	assert.False(t, standing, "a preview pauses nothing")
	accepted, err := w.account().TakeAcceptance(t.Context(), time.Time{})
	require.NoError(t, err)
	assert.True(t, accepted)
}

func TestAPreviewAfterAChangeOfTheConfiguration(t *testing.T) {
	for name, yaml := range map[string]string{
		"another list":      "lists: {all_customers: Everybody}",
		"another threshold": "thresholds: {satisfied: 40}",
		"another region":    "default_region: US",
		"a mapping":         "field_mapping: {role: ZD_ROLE, tags: null}",
		"the pilot begins":  "pilot: {emails: [ada@example.com]}",
		"more are excluded": "sync: {exclude: {domains: [mail.example.com]}}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := seeded(t, tiny, 6)
			w.marketed()
			w.moveIn("ada@example.com", "Ada Lovelace")
			w.sync(t, workflows.SyncInput{})
			w.configure(strings.TrimSpace(yaml))
			if strings.HasPrefix(yaml, "lists:") {
				w.yaml = strings.Replace(w.yaml, "lists: {all_customers: Zendesk customers, active_tickets: Open tickets, satisfied_customers: Satisfied customers}\n    ", "", 1)
			}
			w.later(2 * time.Minute)
			if f := w.preview(t); f.Pauses {
				require.NoError(t, w.account().AcceptMassChange(t.Context(), w.clock.Now()))
			}
			w.assertForeseen(t, incremental)
			w.assertForeseen(t, workflows.SyncInput{})
		})
	}
}

func TestAConfigurationThatChangesAfterAPreviewIsTakenIntoAccount(t *testing.T) {
	w := seeded(t, tiny, 5)
	w.marketed()
	w.preview(t)
	w.configure("default_region: US")
	want := expect(w.seed, w.portrait(t), wishes{region: "US"})
	w.later(2 * time.Minute)
	w.assertForeseen(t, incremental)
	w.assertAs(t, want.want)
}

// TestAConfigurationThatWasOnlyPreviewedLeavesNothingBehind previews a region for phones, and goes back to none.
func TestAConfigurationThatWasOnlyPreviewedLeavesNothingBehind(t *testing.T) {
	w := seeded(t, tiny, 5)
	w.marketed()
	want := expect(w.seed, w.portrait(t), wishes{})
	w.sync(t, workflows.SyncInput{})
	before := w.yaml
	w.configure("default_region: US")
	w.later(2 * time.Minute)
	w.preview(t)
	w.yaml = before
	w.later(2 * time.Minute)
	out := w.sync(t, incremental)
	assert.Zero(t, out.Push.Sent)
	assert.Contains(t, strings.Join(out.Notices, "\n"), "everybody is looked at again", "for the phones of the mirror are those of the preview")
	w.assertAs(t, want.want)
}

func TestAPreviewOfPeopleWhoMergeAndLeave(t *testing.T) {
	for _, policy := range []string{"keep", "delete"} {
		t.Run(policy, func(t *testing.T) {
			w := town(t)
			w.configure("on_user_merged: " + policy)
			first, second := couple(t, w, workflows.SyncInput{})
			w.setConsent(t, grace, true, false)
			require.True(t, w.zendesk.MergeUsers(first, second))
			require.NoError(t, w.account().AddMerge(t.Context(), store.Merge{LoserID: second, WinnerID: first, At: w.clock.Now()}, w.clock.Now()))
			w.later(2 * time.Minute)
			w.assertForeseen(t, incremental)
			assert.True(t, w.contact(t, ada).EmailBlacklisted)
		})
	}
	t.Run("deleted a moment ago", func(t *testing.T) {
		w := town(t)
		w.configure("schedule: {every: 20m}")
		gone, _ := couple(t, w, workflows.SyncInput{})
		require.True(t, w.zendesk.DeleteUser(gone))
		w.later(2 * time.Minute)
		f := w.assertForeseen(t, incremental)
		assert.EqualValues(t, 1, f.Waiting)
		w.pass(20 * time.Minute)
		f = w.assertForeseen(t, incremental)
		assert.EqualValues(t, 1, f.Left)
	})
	t.Run("deleted in Brevo", func(t *testing.T) {
		w := town(t)
		couple(t, w, workflows.SyncInput{})
		w.asMarketer(t, "DELETE", fmt.Sprintf("/contacts/%d", w.contact(t, ada).ID), nil)
		f := w.assertForeseen(t, workflows.SyncInput{})
		assert.EqualValues(t, 1, f.Skipped["deleted_in_brevo"])
	})
}

func TestAPreviewLeavesNothingPersonalInHistoryOrLogs(t *testing.T) {
	w := seeded(t, tiny, 8)
	w.marketed()
	w.watch = &watcher{}
	w.preview(t)
	private := privateTo(w)
	for _, entry := range append(w.watch.Entries(), w.logs.String()) {
		assert.Empty(t, private.in(entry))
	}
	last, err := w.account().LastPreview(t.Context())
	require.NoError(t, err)
	assert.Empty(t, private.in(string(last.Body)), "nor in what the store keeps of it")
	people, err := activities.Differences(t.Context(), w.file(t).Ordered[0], w.account(), w.clock.Now, []int64{w.ordinary(0)})
	require.NoError(t, err)
	assert.NotEmpty(t, private.in(fmt.Sprint(people)), "but who asks is shown it")
}

func ordered(names []string) []string {
	slices.Sort(names)
	return names
}
