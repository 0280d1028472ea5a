package store_test

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

func TestFileMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a data?dir#", "connector %41.db")
	s, err := store.Open(t.Context(), "sqlite:"+path)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Account("acme").SetFingerprint(t.Context(), "x"))
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode().Perm(), suffix)
	}
	info, err := os.Stat(filepath.Dir(path))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

func TestAddresses(t *testing.T) {
	for _, address := range []string{"", "connector.db", "sqlite:", "mysql://x"} {
		_, err := store.Open(t.Context(), address)
		assert.Error(t, err, address)
	}
	_, err := store.Open(t.Context(), "postgres://user:sesame@127.0.0.1:1/x?sslmode=no-such-mode")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "sesame")
	_, err = store.Open(t.Context(), "postgres://user:sesame@127.0.0.1:1/x?connect_timeout=1")
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "sesame")
}

func TestRestart(t *testing.T) {
	for name, address := range engines {
		t.Run(name, func(t *testing.T) {
			url := address(t)
			first, err := store.Open(t.Context(), url)
			require.NoError(t, err)
			_, err = first.Account("acme").CommitTickets(t.Context(), store.Page{Stream: "tickets", To: "a", Now: t0},
				[]store.TicketRow{{ID: 1, RequesterID: 5, Status: "open", CreatedAt: t0}})
			require.NoError(t, err)
			claim(t, first.Account("acme"), "one", t0, 5)
			require.NoError(t, first.Close())

			a := open(t, url).Account("acme")
			assert.Equal(t, []int64{5}, dirty(t, a, store.KindUser))
			assert.Empty(t, claim(t, a, "two", t0, 5), "claims outlive a restart")
			c, err := a.Cursor(t.Context(), "tickets")
			require.NoError(t, err)
			assert.Equal(t, "a", c.Value)
			assert.Equal(t, 1, openTickets(t, a, 5))
		})
	}
}

func TestLockedFile(t *testing.T) {
	store.SetBusyTimeout(t, 50*time.Millisecond)
	path := filepath.Join(t.TempDir(), "connector.db")
	a := open(t, "sqlite:"+path).Account("acme")
	require.NoError(t, a.SetFingerprint(t.Context(), "before"))
	other, err := sql.Open("sqlite", "file:"+path+"?_txlock=immediate")
	require.NoError(t, err)
	defer other.Close()
	tx, err := other.Begin()
	require.NoError(t, err)
	defer tx.Rollback() //nolint:errcheck // the test is over

	read, err := a.Fingerprint(t.Context())
	require.NoError(t, err, "readers do not wait for a writer")
	assert.Equal(t, "before", read)
	begun := time.Now()
	err = a.SetFingerprint(t.Context(), "after")
	require.ErrorIs(t, err, store.ErrLocked)
	assert.Contains(t, err.Error(), path)
	assert.Greater(t, time.Since(begun), 40*time.Millisecond, "it waits for the other's transaction first")
}

// TestTwoProcesses has this process and two more open one new file at once and write to it side by side.
func TestTwoProcesses(t *testing.T) {
	const writes = 150
	path := filepath.Join(t.TempDir(), "connector.db")
	if inherited := os.Getenv("STORE_TEST_FILE"); inherited != "" {
		path = inherited
	}
	hammer := func(stream string) error {
		s, err := store.Open(t.Context(), "sqlite:"+path)
		if err != nil {
			return err
		}
		defer s.Close()
		a, from := s.Account("acme"), ""
		for n := range writes {
			p := store.Page{Stream: stream, From: from, To: fmt.Sprint(n), Now: t0}
			if _, err := a.CommitTickets(t.Context(), p, []store.TicketRow{{ID: int64(n), RequesterID: int64(n), Version: version(n, os.Getpid())}}); err != nil {
				return err
			}
			if _, err := a.Peek(t.Context(), []int64{int64(n)}); err != nil {
				return err
			}
			from = p.To
		}
		return nil
	}
	if os.Getenv("STORE_TEST_FILE") != "" {
		require.NoError(t, hammer(os.Getenv("STORE_TEST_STREAM")))
		return
	}
	streams := []string{"here", "child-1", "child-2"}
	done := make(chan error, len(streams))
	go func() { done <- hammer(streams[0]) }()
	for _, stream := range streams[1:] {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestTwoProcesses$")
		cmd.Env = append(os.Environ(), "STORE_TEST_FILE="+path, "STORE_TEST_STREAM="+stream)
		go func() {
			out, err := cmd.CombinedOutput()
			if err != nil {
				err = fmt.Errorf("%w: %s", err, out)
			}
			done <- err
		}()
	}
	for range streams {
		require.NoError(t, <-done)
	}
	cursors, err := open(t, "sqlite:"+path).Account("acme").Cursors(t.Context())
	require.NoError(t, err)
	require.Len(t, cursors, len(streams))
	for _, c := range cursors {
		assert.EqualValues(t, writes, c.Pages, c.Stream)
	}
}
