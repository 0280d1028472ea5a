package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/workflows"
)

// The first merge of a chain may be heard of after the second one, when both its users are inactive.
func TestAMergeHeardOfAfterTheNextOneOfItsChainCounts(t *testing.T) {
	for name, hear := range map[string]func(*testing.T, *world, int64, int64, int64){
		"by the one who lost first": func(t *testing.T, w *world, a, b, c int64) {
			t.Helper()
			w.hearOfMerge(t, c, b)
			w.hearOfMerge(t, a, b)
		},
		"by the one who lost then, at once": func(t *testing.T, w *world, a, b, c int64) {
			t.Helper()
			at := w.clock.Now()
			w.look(t, fmt.Sprintf("user/%d", b), []told{
				{0, workflows.Event{Type: "user.merged", MergedWith: a, At: at}}, {time.Second, workflows.Event{Type: "user.merged", MergedWith: c, At: at}},
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := town(t)
			a, b := couple(t, w, incremental)
			c := w.moveIn("carol@example.com", "Carol C")
			w.again(t, incremental)
			w.setConsent(t, ada, true, false)
			require.True(t, w.zendesk.MergeUsers(b, a))
			require.True(t, w.zendesk.MergeUsers(c, b))
			hear(t, w, a, b, c)
			w.again(t, incremental)
			assert.True(t, w.contact(t, "carol@example.com").EmailBlacklisted, "she is who opted out")
			w.assertMergeSettled(t, a)
			w.assertMergeSettled(t, b)
		})
	}
}
