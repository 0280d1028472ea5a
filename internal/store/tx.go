package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	driver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"zendesk-brevo/internal/wait"
)

type engine uint8

const (
	sqlite engine = iota
	postgres
)

// attempts bounds how often PostgreSQL may roll one transaction back for a deadlock or a serialization failure.
const attempts = 10

// tx is one transaction of one account.
type tx struct {
	*sql.Tx
	engine  engine
	account string
}

// write runs fn in a transaction that may write, and again when PostgreSQL asks for it: fn sets what it returns anew.
// On SQLite it is alone from its first statement on; on PostgreSQL it sees what was committed before each statement,
// and whoever calls nextMark first is alone in its account.
func (a *Account) write(ctx context.Context, fn func(*tx) error) error {
	for n := 1; ; n++ {
		err := a.once(ctx, a.st.writer, nil, fn)
		if err == nil || n == attempts || !again(err) {
			return a.st.translate(ctx, err)
		}
		if err := wait.For(ctx, time.Duration(1+rand.IntN(10*n))*time.Millisecond); err != nil {
			return err
		}
	}
}

// read runs fn in a transaction that sees one state of the database.
func (a *Account) read(ctx context.Context, fn func(*tx) error) error {
	var opts *sql.TxOptions
	if a.st.engine == postgres {
		opts = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	return a.st.translate(ctx, a.once(ctx, a.st.reader, opts, fn))
}

func (a *Account) once(ctx context.Context, db *sql.DB, opts *sql.TxOptions, fn func(*tx) error) error {
	t, err := db.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer t.Rollback() //nolint:errcheck // after a commit it does nothing
	if err := fn(&tx{Tx: t, engine: a.st.engine, account: a.name}); err != nil {
		return err
	}
	return t.Commit()
}

// again says whether PostgreSQL rolled the transaction back only because of others.
func again(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// translate turns a driver's error into a sentinel of this package where one fits.
func (s *Store) translate(ctx context.Context, err error) error {
	var lite *driver.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &lite):
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return fmt.Errorf("%w: %s", ErrLocked, s.file)
		case sqlite3.SQLITE_INTERRUPT:
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return err
}

// steady is the context for statements that come in numbers: SQLite's driver starts a goroutine for each call whose
// context can end. They are short, and the transaction around them still ends with ctx.
func (t *tx) steady(ctx context.Context) context.Context {
	if t.engine == sqlite {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// exec runs a statement and returns how many rows it touched.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// each calls scan for every row of a query.
func (t *tx) each(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	rows, err := t.QueryContext(t.steady(ctx), query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// in is the condition that column is one of the values bound to param by many.
func (t *tx) in(column, param string) string {
	if t.engine == postgres {
		return column + " = ANY(" + param + ")"
	}
	return column + " IN (SELECT value FROM json_each(" + param + "))"
}

// values is the relation ids(id) of the integers bound to param by many.
func (t *tx) values(param string) string {
	if t.engine == postgres {
		return "unnest(" + param + "::bigint[]) AS ids(id)"
	}
	return "(SELECT value AS id FROM json_each(" + param + ")) AS ids"
}

// many is the argument that in and values read.
func many[V int64 | string](t *tx, values []V) any {
	if values == nil {
		values = []V{}
	}
	if t.engine == postgres {
		return values
	}
	b, _ := json.Marshal(values) // integers and strings always encode
	return string(b)
}

// forUpdate locks the rows of a SELECT until the transaction ends; on SQLite the transaction is alone anyway.
func (t *tx) forUpdate() string {
	if t.engine == postgres {
		return " FOR UPDATE"
	}
	return ""
}
