package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/store"
)

func TestResumeClearsThePause(t *testing.T) {
	p := newProgram(t)
	acc := account(t)
	stand := func(kind string) {
		require.NoError(t, acc.SetPause(t.Context(), store.Pause{Kind: kind, Message: "mend it", At: noon}))
	}
	accepted := func() bool {
		taken, err := acc.TakeAcceptance(t.Context(), time.Time{})
		require.NoError(t, err)
		_, standing, err := acc.Paused(t.Context())
		require.NoError(t, err)
		assert.False(t, standing)
		return taken
	}
	stand(activities.PauseCredentials)
	assert.Equal(t, exitOK, p.run(t.Context(), "resume", "--accept"))
	assert.Contains(t, p.stdout.String(), "mend it")
	assert.False(t, accepted(), "no mass change stood")

	assert.Equal(t, exitOK, p.run(t.Context(), "resume", "--accept"))
	assert.Equal(t, "acme is not paused.\n", p.stdout.String())
	assert.False(t, accepted())

	stand(activities.PauseMassChange)
	assert.Equal(t, exitOK, p.run(t.Context(), "resume"))
	assert.Contains(t, p.stdout.String(), "starter resume --accept")
	assert.False(t, accepted())

	stand(activities.PauseMassChange)
	assert.Equal(t, exitOK, p.run(t.Context(), "resume", "--accept", "--json"))
	assert.JSONEq(t, `{"connector":"zendesk","account":"acme","resumed":true,"accepted":true,
		"was":{"kind":"mass_change","message":"mend it","at":"2024-01-15T12:00:00Z"},"schedule":"none"}`, p.stdout.String())
	assert.True(t, accepted())
}

// standing is the pause in the store.
func standing(t *testing.T, acc *store.Account) *store.Pause {
	t.Helper()
	p, found, err := acc.Paused(t.Context())
	require.NoError(t, err)
	if !found {
		return nil
	}
	return &p
}

func TestPauseAndResumeTakeTheScheduleAlong(t *testing.T) {
	p := newProgram(t)
	acc := account(t)
	p.fake.schedule = &client.ScheduleState{}
	require.Equal(t, exitOK, p.run(t.Context(), "pause", "--reason", "moving lists"))
	assert.Equal(t, "Paused acme: moving lists\nThe schedule is paused.\n"+
		"Syncs, pushes and actions stop before their next call. Webhooks are still accepted; what they tell of waits,\n"+
		"and events older than 24h when work goes on are not acted on. `starter resume` lets it go on.\n", p.stdout.String())
	assert.Empty(t, p.stderr.String())
	require.NotNil(t, standing(t, acc))
	assert.Equal(t, store.Pause{Kind: activities.PauseOperator, Message: "moving lists", At: noon.UTC()}, *standing(t, acc))
	assert.Equal(t, &client.ScheduleState{Paused: true, Note: heldNote}, p.fake.schedule)

	p.pass(time.Hour)
	require.Equal(t, exitOK, p.run(t.Context(), "pause", "--json"))
	assert.JSONEq(t, `{"connector":"zendesk","account":"acme","schedule":"paused",
		"paused":{"kind":"operator","message":"moving lists","at":"2024-01-15T12:00:00Z"},
		"was":{"kind":"operator","message":"moving lists","at":"2024-01-15T12:00:00Z"}}`, p.stdout.String(), "a second pause changes nothing")
	require.Equal(t, exitOK, p.run(t.Context(), "status"))
	assert.Contains(t, p.stdout.String(), "paused since 2024-01-15T12:00:00Z: moving lists\n")

	require.Equal(t, exitOK, p.run(t.Context(), "resume"))
	assert.Contains(t, p.stdout.String(), "The schedule goes on.\n")
	assert.Nil(t, standing(t, acc))
	assert.False(t, p.fake.schedule.Paused)
}

func TestResumeLeavesAScheduleThatAPersonPaused(t *testing.T) {
	p := newProgram(t)
	acc := account(t)
	p.fake.schedule = &client.ScheduleState{}
	require.Equal(t, exitOK, p.run(t.Context(), "schedule", "pause"))
	mine := *p.fake.schedule
	require.Equal(t, exitOK, p.run(t.Context(), "pause", "--json"))
	assert.Contains(t, p.stdout.String(), `"schedule": "paused_before"`)
	require.Equal(t, exitOK, p.run(t.Context(), "resume"))
	assert.Contains(t, p.stdout.String(), "stays so: `starter schedule resume` lets it go on")
	assert.Nil(t, standing(t, acc))
	assert.Equal(t, mine, *p.fake.schedule)
}

func TestPauseHoldsWhileTemporalIsAway(t *testing.T) {
	p := newProgram(t)
	acc := account(t)
	p.fake.schedule = &client.ScheduleState{}
	p.fake.away = serviceerror.NewUnavailable("gone")
	require.Equal(t, exitOK, p.run(t.Context(), "pause", "--json"))
	assert.Equal(t, "starter: the schedule was not paused: Temporal at temporal:7233 stopped answering: check that it runs, then try again; "+
		"its ticks do nothing while the pause stands\n", p.stderr.String())
	var report pauseReport
	require.NoError(t, json.Unmarshal(p.stdout.Bytes(), &report))
	assert.Equal(t, scheduleUnknown, report.Schedule)
	assert.NotNil(t, standing(t, acc))

	p.fake.schedule = &client.ScheduleState{Paused: true, Note: heldNote} // by another pause
	require.Equal(t, exitFailed, p.run(t.Context(), "resume"))
	assert.Contains(t, p.stderr.String(), "then run `starter resume` again")
	assert.Nil(t, standing(t, acc), "the account goes on all the same")
	p.fake.away = nil
	require.Equal(t, exitOK, p.run(t.Context(), "resume"))
	assert.Equal(t, "acme is not paused.\nThe schedule goes on.\n", p.stdout.String())
}

func TestPauseTakesThePlaceOfAnotherPauseAndSaysSo(t *testing.T) {
	p := newProgram(t)
	acc := account(t)
	require.NoError(t, acc.SetPause(t.Context(), store.Pause{Kind: activities.PauseCredentials, Message: "mend the token", At: noon}))
	require.Equal(t, exitOK, p.run(t.Context(), "pause"))
	assert.Contains(t, p.stdout.String(), "It was paused before, since 2024-01-15T12:00:00Z: mend the token\n")
	assert.Equal(t, activities.PauseOperator, standing(t, acc).Kind)
	require.NoError(t, acc.SetPause(t.Context(), store.Pause{Kind: activities.PauseCredit, Message: "pay", At: noon}))
	assert.Equal(t, activities.PauseOperator, standing(t, acc).Kind, "what a step meets does not take the place of a person's pause")
}

func TestBadReasonsChangeNothing(t *testing.T) {
	p := newProgram(t)
	for _, reason := range []string{"two\nlines", "a colour \x1b[31m", strings.Repeat("x", maxReason+1)} {
		assert.Equal(t, exitUsage, p.run(t.Context(), "pause", "--reason", reason))
		assert.Equal(t, "starter: --reason must be one line of at most 300 characters\n", p.stderr.String())
		assert.NoFileExists(t, "connector.db")
	}
}
