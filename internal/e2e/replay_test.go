package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/workflows"
)

func TestAReplayReadsAStretchOnceMoreAndMovesNoCursor(t *testing.T) {
	w, who := lively(t)
	from := w.clock.Now()
	w.pass(time.Minute)
	w.zendesk.UpdateUser(who, func(u *seed.User) { u.Name = "Ada Replayed" })
	ticket := w.open(who)
	w.later(time.Hour)
	until := w.clock.Now()
	before, err := w.account().Cursors(t.Context())
	require.NoError(t, err)

	out := w.sync(t, workflows.SyncInput{Type: activities.Replay, Since: from, Until: until})
	w.follow(t)
	assert.Equal(t, int64(1), out.Streams["users"].Rows)
	assert.Equal(t, int64(1), out.Streams["tickets"].Rows)
	assert.Equal(t, "Replayed", w.contactOf(t, who).Attributes["LASTNAME"])
	assert.Equal(t, []string{"ticket_created"}, w.events(ticket))
	after, err := w.account().Cursors(t.Context())
	require.NoError(t, err)
	for _, c := range before {
		for _, now := range after {
			if now.Stream == c.Stream {
				assert.Equal(t, c.Value, now.Value, c.Stream)
			}
		}
	}
	next := w.scheduled(t)
	assert.Equal(t, int64(1), next.Streams["users"].Rows, "the sync after it reads the same")
	assert.Zero(t, next.Push.Sent, "and has nothing to send")
	assert.Equal(t, []string{"ticket_created"}, w.events(ticket))

	w.sync(t, workflows.SyncInput{Type: activities.Replay, Since: from, Until: until})
	w.follow(t)
	assert.Equal(t, []string{"ticket_created"}, w.events(ticket), "a second replay fires nothing")
}

func TestAReplayOfRecordsReadsThemAlone(t *testing.T) {
	w, who := lively(t)
	w.zendesk.UpdateUser(who, func(u *seed.User) { u.Name = "Grace Named" })
	ticket := w.open(who)
	organization := w.anOrganization()
	w.zendesk.UpdateOrganization(organization, func(o *seed.Organization) { o.Name = "Renamed GmbH" })
	w.zendesk.Log().Reset()
	out := w.sync(t, workflows.SyncInput{Type: activities.Replay, Records: []activities.Record{
		{Kind: activities.RecordUser, ID: who},
		{Kind: activities.RecordTicket, ID: ticket},
		{Kind: activities.RecordTicket, ID: 987654321},
		{Kind: activities.RecordOrganization, ID: organization},
	}})
	w.follow(t)
	assert.Equal(t, []string{"ticket 987654321 is not in Zendesk"}, out.Notices)
	assert.Empty(t, w.zendesk.Log().Filter("GET", "/api/v2/incremental"), "no stream is read")
	assert.Equal(t, "Named", w.contactOf(t, who).Attributes["LASTNAME"])
	assert.Equal(t, []string{"ticket_created"}, w.events(ticket))
	assert.Equal(t, "Renamed GmbH", w.company(t, organization).Name)
	run, err := w.account().LastRun(t.Context())
	require.NoError(t, err)
	assert.Equal(t, store.Run{Type: "replay", Status: "completed"}, store.Run{Type: run.Type, Status: run.Status})
}
