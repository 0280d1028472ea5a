// Package storetest shows tests what a store holds, past the store's own code.
package storetest

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

// Dump is every value of every table as text, a line for each row. The address is that of store.Open.
func Dump(t testing.TB, address string) string {
	t.Helper()
	text, _ := read(t, address)
	return text
}

// Tables are the names of all tables.
func Tables(t testing.TB, address string) []string {
	t.Helper()
	_, tables := read(t, address)
	return tables
}

func read(t testing.TB, address string) (dump string, names []string) {
	t.Helper()
	driver, source, tables := "pgx", address, "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		driver, source, tables = "sqlite", path, "SELECT name FROM sqlite_master WHERE type = 'table'"
	}
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	var text strings.Builder
	for _, table := range query(t, db, tables) {
		names = append(names, fmt.Sprint(table[0]))
		for _, row := range query(t, db, fmt.Sprintf("SELECT * FROM %q", table[0])) {
			fmt.Fprintf(&text, "%s: %s\n", table[0], row)
		}
	}
	return text.String(), names
}

func query(t testing.TB, db *sql.DB, text string) (out [][]any) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), text)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	columns, err := rows.Columns()
	require.NoError(t, err)
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, rows.Scan(into...))
		out = append(out, values)
	}
	require.NoError(t, rows.Err())
	return out
}
