package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

// What Brevo refused is left alone by the syncs that follow, and tried again once a person asks: then it arrives, once, and leaves
// the rejects.
func TestRetriedRejectsArrive(t *testing.T) {
	eachNumber(t, func(t *testing.T, w *world, n int) {
		firms := w.found(n)
		w.employ(firms)
		w.brevo.RefuseCompany("Firm 01")
		w.again(t, incrementally)
		require.Len(t, w.brevo.Companies(), n-1)
		rejected, err := w.account().RejectedIDs(t.Context(), store.KindOrganization, "refused")
		require.NoError(t, err)
		require.Len(t, rejected, 1)

		w.brevo.RefuseCompany("") // the cause is mended
		w.again(t, incrementally)
		require.Len(t, w.brevo.Companies(), n-1, "nothing tells of that")
		for range 2 {
			busy, err := w.account().RetryRejects(t.Context(), store.KindOrganization, rejected, w.clock.Now())
			require.NoError(t, err)
			assert.Empty(t, busy)
		}
		w.again(t, incrementally)
		assert.Len(t, w.brevo.Companies(), n)
		assert.Empty(t, w.rejectsOf(t, firms[1]))
		assert.Equal(t, []int64{w.contact(t, employee(1)).ID}, w.company(t, firms[1]).Contacts)
		w.assertSettled(t)
	})
}
