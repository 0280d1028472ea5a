package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/store"
)

var importing = activities.PushStep{Account: account, RunID: "one"}

// toImport is a workshop whose one customer waits in an import.
func toImport(t *testing.T, opts ...func(*brevosim.Options)) *workshop {
	t.Helper()
	w, _ := ready(t, opts...)
	must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "one", Bulk: true})
	opened := must(w, w.steps.Brevo.OpenImports, activities.OpenImportsInput{PushStep: importing, Round: 1})
	require.Equal(t, int64(1), opened.Rows)
	return w
}

// imported is a workshop whose one customer travels in an import.
func imported(t *testing.T, opts ...func(*brevosim.Options)) *workshop {
	t.Helper()
	w := toImport(t, opts...)
	require.Equal(t, int64(1), must(w, w.steps.Brevo.SendImports, importing).Running)
	return w
}

func TestAnImportThatBrevoDoesNotEndIsWrittenContactByContact(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*brevosim.Options)
		word   string
	}{
		"never ends":              {func(o *brevosim.Options) { o.ImportDelay = 100 * time.Hour }, "queued"},
		"ends under another word": {func(o *brevosim.Options) { o.ProcessWords = map[string]string{"completed": "archived"} }, "archived"},
		"is queued in other words": {func(o *brevosim.Options) {
			o.ImportDelay, o.ProcessWords = 100*time.Hour, map[string]string{"queued": "waiting"}
		}, "waiting"},
	} {
		t.Run(name, func(t *testing.T) {
			w := imported(t, tc.change)
			w.now = w.now.Add(59 * time.Minute)
			state := must(w, w.steps.Brevo.SettleImports, importing)
			require.Equal(t, int64(1), state.Running, "Brevo may be slow")
			assert.Empty(t, state.Notice)
			w.now = w.now.Add(2 * time.Minute)
			state = must(w, w.steps.Brevo.SettleImports, importing)
			require.Zero(t, state.Running)
			assert.Contains(t, state.Notice, "the last word being \""+tc.word+"\"")
			must(w, w.steps.Brevo.WriteContacts, write("one"))
			w.now = w.now.Add(100 * time.Hour) // it ends after all
			require.Len(t, w.brevo.Contacts(), 1)
			assert.Equal(t, "Lovelace", w.brevo.Contacts()[0].Attributes["LASTNAME"])
			marked, err := w.store.CountDirty(t.Context(), store.KindUser)
			require.NoError(t, err)
			assert.Zero(t, marked)
		})
	}
}

func TestStatusesAreReadInAnyCase(t *testing.T) {
	w := imported(t, func(o *brevosim.Options) { o.ProcessWords = map[string]string{"completed": "Completed"} })
	state := must(w, w.steps.Brevo.SettleImports, importing)
	assert.Zero(t, state.Running)
	assert.Equal(t, int64(1), state.Sent)
}

// Brevo takes imports one after the other: while some end, the rest are not stuck.
func TestAnImportBehindOthersWaitsAnewWheneverOneEnds(t *testing.T) {
	w := imported(t, func(o *brevosim.Options) { o.ImportDelay = 100 * time.Hour })
	require.NoError(t, w.store.OpenImport(t.Context(), "nobody", store.Import{ID: "ahead", RunID: "one"}, nil, w.now))
	require.NoError(t, w.store.ImportStarted(t.Context(), "ahead", 7, w.now))
	w.now = w.now.Add(50 * time.Minute)
	require.NoError(t, w.store.SettleImport(t.Context(), "ahead", nil, w.now))
	w.now = w.now.Add(59 * time.Minute)
	assert.Equal(t, int64(1), must(w, w.steps.Brevo.SettleImports, importing).Running)
	w.now = w.now.Add(2 * time.Minute)
	assert.Zero(t, must(w, w.steps.Brevo.SettleImports, importing).Running)
}
