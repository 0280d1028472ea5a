// Package store is the connector's memory: the mirror of Zendesk, what Brevo last accepted, cursors, claims and budgets,
// on SQLite or PostgreSQL. Workers, webhook and starter may open the same store at the same time.
package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the embedded engine

	"zendesk-brevo/internal/wait"
)

// busyTimeout is how long a transaction waits for another process's before it fails with ErrLocked.
var busyTimeout = 10 * time.Second

const (
	// readers is the number of SQLite connections that only read; in WAL mode they never wait for the writer.
	readers = 4
	// postgresConns bounds one process's connections: several workers share PostgreSQL's default of 100.
	postgresConns = 12
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is an open database. It is safe for concurrent use.
type Store struct {
	// writer has one connection on SQLite, where one transaction writes at a time: its callers queue here in Go rather
	// than in SQLite's busy loop. On PostgreSQL writer and reader are one pool.
	writer *sql.DB
	reader *sql.DB
	engine engine
	file   string // of SQLite, named in errors
}

// Account is the part of the store that belongs to one Zendesk account. It is a cheap handle.
type Account struct {
	st   *Store
	name string
}

// Open opens "sqlite:PATH" (the folder is made with mode 0700, the file with 0600) or "postgres://..." and brings the
// schema up to date; several processes may do so at once. It returns ErrLocked while another process holds the file.
func Open(ctx context.Context, address string) (*Store, error) {
	if path, ok := strings.CutPrefix(address, "sqlite:"); ok {
		return openSQLite(ctx, strings.TrimPrefix(path, "//"))
	}
	if strings.HasPrefix(address, "postgres://") || strings.HasPrefix(address, "postgresql://") {
		return openPostgres(ctx, address)
	}
	return nil, fmt.Errorf("open store: the address must begin with sqlite: or postgres://")
}

// Close releases the database.
func (s *Store) Close() error {
	err := s.reader.Close()
	if s.writer != s.reader {
		if werr := s.writer.Close(); werr != nil {
			err = werr
		}
	}
	if err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// Account returns the handle of one Zendesk account, named by its subdomain.
func (s *Store) Account(name string) *Account { return &Account{st: s, name: name} }

func openSQLite(ctx context.Context, path string) (*Store, error) {
	if path == "" {
		return nil, fmt.Errorf("open store: sqlite: needs a file name")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	// SQLite gives its -wal and -shm files the mode of the database.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := &Store{engine: sqlite, file: path}
	if s.writer, err = sql.Open("sqlite", sqliteDSN(path, "immediate", "cache_size(-32000)", "wal_autocheckpoint(8000)")); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s.writer.SetMaxOpenConns(1)
	if s.reader, err = sql.Open("sqlite", sqliteDSN(path, "deferred", "query_only(1)")); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s.reader.SetMaxOpenConns(readers)
	s.reader.SetMaxIdleConns(readers)
	if err := s.migrate(ctx, goose.DialectSQLite3); err != nil {
		s.Close() //nolint:errcheck // the first error says why
		return nil, fmt.Errorf("open store: %w", s.translate(ctx, err))
	}
	return s, nil
}

func sqliteDSN(path, lock string, pragmas ...string) string {
	q := url.Values{"_txlock": {lock}, "_pragma": append([]string{
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"journal_mode(WAL)", "synchronous(NORMAL)", "secure_delete(1)", "foreign_keys(0)", "journal_size_limit(67108864)",
	}, pragmas...)}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
}

func openPostgres(ctx context.Context, address string) (*Store, error) {
	config, err := pgx.ParseConfig(address) // its errors leave the password out
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns)
	s := &Store{engine: postgres, writer: db, reader: db}
	if err := s.migrateAlone(ctx); err != nil {
		s.Close() //nolint:errcheck // the first error says why
		return nil, fmt.Errorf("open store: %w", err)
	}
	return s, nil
}

// migrateAlone migrates PostgreSQL while holding an advisory lock of the schema.
func (s *Store) migrateAlone(ctx context.Context) error {
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	const key = "hashtext('zendesk-brevo.' || coalesce(current_schema(), ''))"
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock("+key+")"); err != nil {
		return err
	}
	err = s.migrate(ctx, goose.DialectPostgres)
	if _, uerr := conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock("+key+")"); err == nil {
		err = uerr
	}
	return err
}

// migrate brings the schema up to date. SQLite has no advisory lock: of two processes that migrate at once one fails
// and is rolled back, and finds the work done when it tries again.
func (s *Store) migrate(ctx context.Context, dialect goose.Dialect) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	tries := 1
	if s.engine == sqlite {
		tries = 8
	}
	for ; ; tries-- {
		p, err := goose.NewProvider(dialect, s.writer, files, goose.WithDisableGlobalRegistry(true), goose.WithAllowOutofOrder(true))
		if err != nil {
			return err
		}
		_, err = p.Up(ctx)
		if err == nil || tries <= 1 || ctx.Err() != nil {
			return err
		}
		if err := wait.For(ctx, 50*time.Millisecond); err != nil {
			return err
		}
	}
}
