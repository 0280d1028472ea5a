package deploy_test

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/store/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// TestDatabases runs postgres.sql on a real server, as the image does, with the secrets of the script: the store opens with the
// connector's role, Temporal's role can make what its tables need, and neither enters what is the other's.
func TestDatabases(t *testing.T) {
	if os.Getenv(pgtest.EnvURL) != "" {
		t.Skip("skipped: makes roles and databases, so not on the server in " + pgtest.EnvURL)
	}
	psql, err := exec.LookPath("psql")
	if err != nil {
		t.Skip("skipped: needs psql, as the database's image has it")
	}
	server, err := url.Parse(pgtest.URL(t))
	require.NoError(t, err)
	server.RawQuery = "sslmode=disable"
	folder := secrets(t)
	text, err := os.ReadFile("postgres.sql")
	require.NoError(t, err)
	script := filepath.Join(t.TempDir(), "postgres.sql")
	require.NoError(t, os.WriteFile(script, []byte(strings.ReplaceAll(string(text), "/run/secrets", folder)), 0o600))
	out, err := exec.CommandContext(t.Context(), psql, server.String(), "-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-f", script).CombinedOutput()
	require.NoError(t, err, string(out))

	as := func(role, database string) string {
		u := *server
		u.User, u.Path = url.User(role), "/"+database
		return u.String()
	}
	st, err := store.Open(t.Context(), as("connector", "connector"))
	require.NoError(t, err, "the store makes its tables")
	require.NoError(t, st.Close())
	for _, database := range []string{"temporal", "temporal_visibility"} {
		conn, err := pgx.Connect(t.Context(), as("temporal", database))
		require.NoError(t, err)
		// As in Temporal's schema of visibility.
		_, err = conn.Exec(t.Context(), "CREATE EXTENSION IF NOT EXISTS btree_gin; CREATE TABLE one (n INT)")
		assert.NoError(t, err)
		require.NoError(t, conn.Close(t.Context()))
		_, err = pgx.Connect(t.Context(), as("connector", database))
		assert.ErrorContains(t, err, "permission denied")
	}
	_, err = pgx.Connect(t.Context(), as("temporal", "connector"))
	require.ErrorContains(t, err, "permission denied")

	admin, err := pgx.Connect(t.Context(), server.String())
	require.NoError(t, err)
	defer admin.Close(t.Context()) //nolint:errcheck // nothing is in flight
	for _, role := range []string{"connector", "temporal"} {
		var super, withPassword bool
		require.NoError(t, admin.QueryRow(t.Context(),
			"SELECT rolsuper OR rolcreatedb OR rolcreaterole, rolpassword LIKE 'SCRAM-SHA-256$%' FROM pg_authid WHERE rolname = $1", role).Scan(&super, &withPassword))
		assert.False(t, super, role)
		assert.True(t, withPassword, role)
	}
}
