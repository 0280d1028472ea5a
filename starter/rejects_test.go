package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

func rejecting(t *testing.T) (*program, *store.Account) {
	t.Helper()
	p, acc := automated(t, "")
	deliver(t, acc, store.Delivery{State: store.DeliveryRejected, Reason: "invalid_email", Refused: map[string]any{"EMAIL": "jane@secret.example"}})
	require.NoError(t, acc.AddRejects(t.Context(), []store.Reject{
		{Kind: store.KindUser, ID: 9, Reason: "invalid_email", Detail: "Invalid email: jane@secret.example", RunID: "run-1", At: noon.Add(-time.Hour)},
		{Kind: store.KindOrganization, ID: 4, Reason: "refused", Detail: "nobody knows", RunID: "run-1", At: noon},
	}))
	marks, err := acc.DirtyVersions(t.Context(), store.KindUser, []int64{9})
	require.NoError(t, err)
	require.NoError(t, acc.ClearDirty(t.Context(), store.KindUser, []store.Dirty{{ID: 9, Version: marks[9]}}))
	return p, acc
}

func TestOneRejectIsShown(t *testing.T) {
	p, acc := rejecting(t)
	require.Equal(t, exitOK, p.run(t.Context(), "rejects", "show", "user", "9"), p.stderr.String())
	golden(t, "rejects_show.txt", p.stdout.String())
	require.Equal(t, exitOK, p.run(t.Context(), "rejects", "show", "user", "9", "zendesk", "--json"))
	golden(t, "rejects_show.json", p.stdout.String())
	assert.NotContains(t, p.stdout.String(), "jane")
	require.Equal(t, exitOK, p.run(t.Context(), "rejects", "show", "user", "9", "--details"))
	assert.Contains(t, p.stdout.String(), "Invalid email: jane@secret.example")
	assert.Contains(t, p.stderr.String(), "may hold personal data")

	require.NoError(t, acc.MarkDirty(t.Context(), store.KindUser, []int64{9}, noon))
	require.Equal(t, exitOK, p.run(t.Context(), "rejects", "show", "user", "9"))
	assert.Contains(t, p.stdout.String(), "marked: the next push tries it again")
	require.Equal(t, exitOK, p.run(t.Context(), "rejects", "show", "organization", "4"))
	assert.Contains(t, p.stdout.String(), "never sent; not in the mirror")

	assert.Equal(t, exitFailed, p.run(t.Context(), "rejects", "show", "user", "8"))
	assert.Equal(t, "starter: user 8 of acme is not rejected: `starter rejects list` names those that are\n", p.stderr.String())
}

func TestRejectsAreRetried(t *testing.T) {
	p, acc := rejecting(t)
	marked := func(kind store.Kind) []int64 {
		ids, err := acc.DirtyIDs(t.Context(), kind, "*", 0, 100)
		require.NoError(t, err)
		return ids
	}
	assert.Equal(t, exitFailed, p.run(t.Context(), "rejects", "retry", "user", "8"))
	assert.Equal(t, "starter: no such record of acme is rejected: `starter rejects list` names those that are\n", p.stderr.String())
	assert.Equal(t, exitFailed, p.run(t.Context(), "rejects", "retry", "--reason", "invalid_mail"))
	require.Empty(t, marked(store.KindUser))

	require.Equal(t, exitOK, p.run(t.Context(), "rejects", "retry", "user", "9", "zendesk"), p.stderr.String())
	assert.Equal(t, "Marked 1 record. The next push tries them: starter sync --type incremental --wait\n", p.stdout.String())
	assert.Equal(t, []int64{9}, marked(store.KindUser))
	assert.Empty(t, marked(store.KindOrganization))

	require.Equal(t, exitOK, p.run(t.Context(), "rejects", "retry", "--all", "--json"))
	assert.JSONEq(t, `{"connector":"zendesk","account":"acme","marked":{"user":[9],"organization":[4]},"busy":{"user":[],"organization":[]}}`, p.stdout.String())
	assert.Equal(t, []int64{4}, marked(store.KindOrganization))

	_, err := acc.Claim(t.Context(), []int64{9}, "writer", time.Minute, noon)
	require.NoError(t, err)
	require.Equal(t, exitOK, p.run(t.Context(), "rejects", "retry", "--reason", "invalid_email"))
	assert.Equal(t, "Left 1 record alone, which a sync is writing right now: run this again when it has ended.\n", p.stdout.String())
}
