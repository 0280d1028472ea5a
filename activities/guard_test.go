package activities

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

func TestAMassChangeIsAcceptedForAWhile(t *testing.T) {
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "connector.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = st.Close() })
	c := &connection{store: st.Account("acme"), now: func() time.Time { return noon }}
	meets := func(after time.Duration) error {
		require.NoError(t, c.store.AcceptMassChange(t.Context(), noon.Add(-after)))
		require.NoError(t, c.store.ClearPause(t.Context()))
		return c.guardMassChange(t.Context(), 150, 200)
	}
	require.NoError(t, meets(pauseRecheck))
	require.Error(t, c.guardMassChange(t.Context(), 150, 200), "once")
	require.NoError(t, meets(59*time.Minute))
	require.Error(t, meets(61*time.Minute), "nobody remembers what it was")
}
