package store_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/store/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// t0 is when these tests begin.
var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) time.Time { return t0.Add(time.Duration(seconds) * time.Second) }

func version(updated, asked int) store.Version {
	return store.Version{UpdatedAt: at(updated), AskedAt: at(asked)}
}

// forEachEngine runs a test on an empty SQLite store and on an empty PostgreSQL schema.
func forEachEngine(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	for name, address := range engines {
		t.Run(name, func(t *testing.T) { test(t, open(t, address(t))) })
	}
}

var engines = map[string]func(testing.TB) string{
	"sqlite":   func(t testing.TB) string { return "sqlite:" + filepath.Join(t.TempDir(), "connector.db") },
	"postgres": pgtest.URL,
}

func open(t testing.TB, address string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// dirty returns the marked ids of a kind.
func dirty(t testing.TB, a *store.Account, kind store.Kind) []int64 {
	t.Helper()
	ids, err := a.DirtyIDs(t.Context(), kind, "*", 0, 10000)
	require.NoError(t, err)
	return ids
}

// clean clears every mark.
func clean(t testing.TB, a *store.Account) {
	t.Helper()
	for _, kind := range []store.Kind{store.KindUser, store.KindOrganization} {
		versions, err := a.DirtyVersions(t.Context(), kind, dirty(t, a, kind))
		require.NoError(t, err)
		var marks []store.Dirty
		for id, v := range versions {
			marks = append(marks, store.Dirty{ID: id, Version: v})
		}
		require.NoError(t, a.ClearDirty(t.Context(), kind, marks))
		require.Empty(t, dirty(t, a, kind))
	}
}
