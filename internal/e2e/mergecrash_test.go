package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/sim"
)

// TestACrashInTheMiddleOfAMergeLosesNothing loses the answer to each call in turn, and the call itself.
func TestACrashInTheMiddleOfAMergeLosesNothing(t *testing.T) {
	for _, policy := range []string{"keep", "delete"} {
		for _, way := range []string{"webhook", "sync"} {
			t.Run(policy+", "+way, func(t *testing.T) {
				met := 0
				for nth := 0; met == nth; nth++ {
					fault := sim.Fault{Path: "/v3/contacts/*", Skip: nth / 2, DropAfter: nth%2 == 0, DropBefore: nth%2 == 1}
					w := town(t)
					w.configure("on_user_merged: " + policy)
					winner, loser := couple(t, w, ways[0].in)
					w.setConsent(t, grace, true, true)
					w.brevo.Unsubscribe(grace, w.list(t, listAll))
					w.brevo.Faults().Add(fault)
					if way == "webhook" {
						w.merge(t, winner, loser, loser)
					} else {
						w.mergedQuietly(t, winner, loser)
						w.again(t, ways[1].in)
					}
					met += w.brevo.Faults().Fired()
					w.brevo.Faults().Clear()
					w.pass(interval)
					w.again(t, ways[1].in)
					assert.Equal(t, consent{true, true}, consentIn(w.contact(t, ada)), "call %d lost", nth)
					assert.Equal(t, []int64{w.list(t, listOpen)}, w.contact(t, ada).Lists, "call %d lost", nth)
					assert.Equal(t, policy == "keep", w.hasContact(grace), "call %d lost", nth)
					if policy == "keep" {
						assert.Empty(t, w.contact(t, grace).Lists, "call %d lost", nth)
					}
					w.assertMergeSettled(t, loser)
					assert.Zero(t, w.again(t, ways[1].in).Push.Sent)
					w.assertConsiderate(t)
				}
				t.Logf("%d calls were lost", met)
				assert.Greater(t, met, 5, "every call of the merge was lost once")
			})
		}
	}
}

// contactWrites are the changes of single contacts since the log was last reset, with their bodies.
func (w *world) contactWrites() (out []string) {
	for _, c := range w.brevo.Log().Calls() {
		if c.Method != "GET" && strings.HasPrefix(c.Path, "/v3/contacts/") {
			out = append(out, fmt.Sprintf("%s %s %s", c.Method, c.Path, c.Body))
		}
	}
	return out
}

// assertConsiderate is assertHarmless for accounts in which merged contacts may be deleted.
func (w *world) assertConsiderate(t testing.TB) {
	t.Helper()
	assert.Empty(t, w.brevo.Misuses())
	assert.Empty(t, w.brevo.Log().Unknown())
	for _, call := range w.brevo.Log().Calls() {
		assert.NotContains(t, string(call.Body), `acklisted":false`)
	}
}
