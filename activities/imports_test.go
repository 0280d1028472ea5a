package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
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

// Who is in no reject file was taken: so whatever else is answered for the file must not pass for one.
func TestWhatIsNoRejectFileAcceptsNobody(t *testing.T) {
	const taken = "+33612345678"
	step := activities.PushStep{Account: account, RunID: "bulk"}
	for name, tc := range map[string]struct {
		fault  *sim.Fault
		waits  bool // for the file
		accept bool
	}{
		"the file":        {},
		"a page":          {fault: &sim.Fault{Status: 200, Body: "Sign in", ContentType: "text/html"}, waits: true},
		"a page unnamed":  {fault: &sim.Fault{Status: 200, Body: "<html>Sign in", ContentType: "text/csv"}, waits: true},
		"another's error": {fault: &sim.Fault{Status: 200, Body: `{"error":"expired"}`}},
		"another's rows":  {fault: &sim.Fault{Status: 200, Body: "EMAIL;SMS\nbob@customers.example;\n", ContentType: "text/csv"}},
		"headings alone":  {fault: &sim.Fault{Status: 200, Body: "Email;SMS\n", ContentType: "text/csv"}, accept: true},
		"nothing":         {fault: &sim.Fault{Status: 200, Body: "\n", ContentType: "text/csv"}, accept: true},
	} {
		t.Run(name, func(t *testing.T) {
			w, user := ready(t)
			w.brevo.SeedContact(brevosim.Contact{Email: "grace@customers.example", Attributes: map[string]any{"SMS": taken}})
			w.zendesk.UpdateUser(user, func(u *seed.User) { u.Phone = taken })
			w.now = w.now.Add(5 * time.Minute)
			must(w, w.steps.Account.BeginRun, activities.BeginRunInput{Account: account, RunID: "bulk", Type: activities.Incremental, StartedAt: w.now})
			w.pull("users")
			must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "bulk", Bulk: true})
			must(w, w.steps.Brevo.OpenImports, activities.OpenImportsInput{PushStep: step, Round: 1})
			require.Equal(t, int64(1), must(w, w.steps.Brevo.SendImports, step).Running)
			if tc.fault != nil {
				tc.fault.Method, tc.fault.Path = http.MethodGet, "/files/"
				w.brevo.Faults().Add(*tc.fault)
			}
			state, err := run(w, w.steps.Brevo.SettleImports, step)
			if tc.waits {
				require.ErrorContains(t, err, "a page was answered instead")
				state, err = run(w, w.steps.Brevo.SettleImports, step)
			}
			require.NoError(t, err)
			if tc.fault != nil {
				require.Equal(t, 1, w.brevo.Faults().Fired())
			}
			assert.Zero(t, state.Running)
			assert.Equal(t, map[bool]int64{true: 1}[tc.accept], state.Sent)
			if tc.accept {
				return
			}
			must(w, w.steps.Account.PlanContacts, activities.PlanInput{Account: account, RunID: "after"})
			require.Equal(t, int64(1), must(w, w.steps.Brevo.WriteContacts, write("after")).Sent)
			assert.NotContains(t, contactOf(w).Attributes, "SMS")
		})
	}
}
