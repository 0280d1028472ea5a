package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
)

// TestMigrationsOnlyAdd: during an upgrade programs of the version before work on beside those of the new one, so nothing that
// they know may go, change its name, or become required.
func TestMigrationsOnlyAdd(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("migrations", "*.sql"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	takesAway := regexp.MustCompile(`(?i)\b(DROP|RENAME|TRUNCATE)\b|ALTER\s+COLUMN`)
	added := regexp.MustCompile(`(?is)ADD\s+COLUMN[^;]*`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		up = regexp.MustCompile(`--[^\n]*`).ReplaceAllString(up, "")
		assert.Empty(t, takesAway.FindString(up), file)
		for _, column := range added.FindAllString(up, -1) {
			if strings.Contains(strings.ToUpper(column), "NOT NULL") {
				assert.Contains(t, strings.ToUpper(column), "DEFAULT", file)
			}
		}
	}
}

// TestAnOlderProgramOpensANewerStore, such as one that is started again while the new version is being tried.
func TestAnOlderProgramOpensANewerStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "connector.db")
	st, err := store.Open(t.Context(), "sqlite:"+path)
	require.NoError(t, err)
	require.NoError(t, st.Close())
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, TRUE); CREATE TABLE of_the_future (n INT)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	st, err = store.Open(t.Context(), "sqlite:"+path)
	require.NoError(t, err)
	require.NoError(t, st.Close())
}
