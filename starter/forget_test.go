package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/store/storetest"
)

func TestAPersonIsForgottenWithEvidence(t *testing.T) {
	x := newAsking(t)
	x.answer = "no\n"
	require.Equal(t, exitFailed, x.run(t.Context(), "forget", "--email", jane, "--json"))
	assert.Equal(t, "Erase jane@secret.example from the store of acme for good, and keep the person out? The contact in Brevo stays. [y/N] "+
		"starter: nothing was erased\n", x.stderr.String())
	assert.Empty(t, x.stdout.String())
	require.Contains(t, storetest.Dump(t, "sqlite:connector.db"), jane)

	x.answer = "yes\n"
	require.Equal(t, exitOK, x.run(t.Context(), "forget", "--email", "JANE@secret.example"), x.stderr.String())
	golden(t, "forget.txt", regexp.MustCompile(`[0-9a-f]{64}`).ReplaceAllString(x.stdout.String(), "HASH"))
	assert.NotContains(t, storetest.Dump(t, "sqlite:connector.db"), "jane")
	_, there := x.brevo.ContactByEmail(jane)
	assert.True(t, there, "the contact in Brevo stays")

	text, report := x.asked(exitFailed, "--email", jane)
	assert.Equal(t, foundForgotten, report.Found)
	assert.Contains(t, text, "forgotten on 2024-01-15T12:00:00Z, and kept out of the store and of Brevo since")

	x.answer = ""
	require.Equal(t, exitOK, x.run(t.Context(), "forget", "zendesk", "--email", jane, "--yes", "--json"))
	var e evidence
	require.NoError(t, json.Unmarshal(x.stdout.Bytes(), &e))
	assert.True(t, e.Already)
	assert.Empty(t, e.Rows)
	assert.Equal(t, []int64{9}, e.Users)

	require.Equal(t, exitOK, x.run(t.Context(), "forget", "--email", jane, "--undo"))
	assert.Contains(t, x.stdout.String(), "The person may be read again.")
	require.Equal(t, exitOK, x.run(t.Context(), "forget", "--email", jane, "--undo", "--json"))
	assert.JSONEq(t, `{"connector":"zendesk","account":"acme","lifted":false,"users":[]}`, x.stdout.String())
	_, report = x.asked(exitFailed, "--email", jane)
	assert.Equal(t, foundInBrevo, report.Found)
}

func TestTheContactInBrevoGoesOnRequest(t *testing.T) {
	x := newAsking(t)
	x.brevo.SeedContact(brevosim.Contact{Email: "other@secret.example"})
	x.brevo.SetAPIKey("xkeysib-another")
	before := storetest.Dump(t, "sqlite:connector.db")
	require.Equal(t, exitFailed, x.run(t.Context(), "forget", "--email", jane, "--in-brevo", "--yes"))
	assert.Contains(t, x.stderr.String(), "nothing was erased: Brevo was asked for the contact: ")
	assert.Equal(t, withoutCalls(before), withoutCalls(storetest.Dump(t, "sqlite:connector.db")))
	x.brevo.SetAPIKey("xkeysib-0123456789abcdef0123456789abcdef")

	x.configure(explainedLines + "    pilot: {emails: [somebody@example.com]}\n")
	require.Equal(t, exitUsage, x.run(t.Context(), "forget", "--email", jane, "--in-brevo", "--yes"))
	assert.Contains(t, x.stderr.String(), "pilot.emails does not have the address")
	x.configure(explainedLines)

	list := x.brevo.SeedList("left a moment ago")
	x.brevo.Unsubscribe(jane, list)
	x.brevo.BlocklistSMS(jane)
	x.answer = "y\n"
	require.Equal(t, exitOK, x.run(t.Context(), "forget", "--email", jane, "--in-brevo"), x.stderr.String())
	assert.Contains(t, x.stderr.String(), "The contact in Brevo is DELETED, with its history and its opt-outs.")
	assert.Contains(t, x.stdout.String(), "The contact in Brevo was deleted.\n")
	_, there := x.brevo.ContactByEmail(jane)
	assert.False(t, there)
	assert.Len(t, x.brevo.Contacts(), 1, "nobody else's")

	require.Equal(t, exitOK, x.run(t.Context(), "forget", "--email", jane, "--in-brevo"))
	assert.Contains(t, x.stdout.String(), "Brevo has no contact with this address.\n")

	// What went with the contact is remembered for one that may be made again.
	_, lifted, err := x.account.Remember(t.Context(), jane, noon)
	require.NoError(t, err)
	require.True(t, lifted)
	found, err := x.account.Peek(t.Context(), []int64{9})
	require.NoError(t, err)
	kept := found[0].Delivery.Refused
	for _, key := range []string{store.Blocklisted, store.BlocklistedSMS, store.ListKey(list)} {
		assert.Equal(t, true, kept[key], key)
	}
}

// withoutCalls are the lines of a dump that a call to a vendor does not change.
func withoutCalls(dump string) (out []string) {
	for line := range strings.SplitSeq(dump, "\n") {
		if !strings.HasPrefix(line, "budgets: ") && !strings.HasPrefix(line, "contacted: ") {
			out = append(out, line)
		}
	}
	return out
}

func TestForgettingDoesNotCutIntoAWrite(t *testing.T) {
	x := newAsking(t)
	_, err := x.account.Claim(t.Context(), []int64{9}, "writer", time.Minute, noon)
	require.NoError(t, err)
	require.Equal(t, exitFailed, x.run(t.Context(), "forget", "--email", jane, "--yes"))
	assert.Equal(t, "starter: nothing was erased: the contact is being written to Brevo right now: run this again when the sync has ended (`starter status`)\n", x.stderr.String())
	require.NoError(t, x.account.Release(t.Context(), "writer"))
	require.NoError(t, x.account.AddMerge(t.Context(), store.Merge{LoserID: 9, WinnerID: 10, At: noon}, noon))
	require.Equal(t, exitFailed, x.run(t.Context(), "forget", "--email", jane, "--yes"))
	assert.Contains(t, x.stderr.String(), "run `starter sync --type incremental --wait`, then this again\n")
	assert.Contains(t, storetest.Dump(t, "sqlite:connector.db"), jane)

	// Under a pilot no sync may ever settle the merge.
	x.configure(explainedLines + "    pilot: {emails: [" + jane + "]}\n")
	x.brevo.BlocklistSMS(jane)
	require.Equal(t, exitOK, x.run(t.Context(), "forget", "--email", jane, "--yes", "--in-brevo"), x.stderr.String())
	assert.NotContains(t, storetest.Dump(t, "sqlite:connector.db"), jane)
	heir, err := x.account.Peek(t.Context(), []int64{10})
	require.NoError(t, err)
	assert.Equal(t, true, heir[0].Delivery.Refused[store.OwedSMS], "the stricter consent wins")
}
