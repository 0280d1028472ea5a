package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

const importColumns = "id, run_id, state, process_id, lists, blocklist, row_count, created_at, started_at"

var (
	upsertImportRows = newUpsert("import_rows", 2, "import_id text, user_id bigint, payload text")
	handOver         = newBatch("user_id bigint, import_id text",
		"UPDATE deliveries SET owner = '', lease_until = 0, import_id = $3 WHERE account = $1 AND user_id = $2",
		"UPDATE deliveries SET owner = '', lease_until = 0, import_id = u.import_id FROM ROWS WHERE deliveries.account = $1 AND deliveries.user_id = u.user_id")
)

// OpenImport stores an import with its rows and hands it the owner's claims on their users, which then do not expire until
// it settles. It is idempotent by imp.ID. It returns ErrClaimLost, with nothing written, when a claim is not the owner's.
func (a *Account) OpenImport(ctx context.Context, owner string, imp Import, rows []ImportRow, now time.Time) error {
	imp.State, imp.Rows, imp.CreatedAt = ImportOpen, len(rows), now
	err := a.write(ctx, func(t *tx) error {
		fresh, err := t.insertImport(ctx, imp)
		if err != nil || !fresh {
			return err
		}
		ids := make([]int64, 0, len(rows))
		for i := range rows {
			ids = append(ids, rows[i].UserID)
		}
		held, err := t.held(ctx, ids, "owner = $3 AND owner <> '' AND import_id = ''", owner)
		if err != nil {
			return err
		}
		if len(held) != len(ids) {
			return ErrClaimLost // also when a user comes twice
		}
		return t.fill(ctx, imp.ID, rows)
	})
	if err != nil {
		return fmt.Errorf("open import: %w", err)
	}
	return nil
}

func (t *tx) insertImport(ctx context.Context, imp Import) (fresh bool, err error) {
	lists, err := encodeList(imp.Lists)
	if err != nil {
		return false, err
	}
	n, err := t.exec(ctx, `INSERT INTO imports (account, `+importColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (account, id) DO NOTHING`, t.account, imp.ID, imp.RunID, string(imp.State), imp.ProcessID, lists, imp.Blocklist,
		int64(imp.Rows), nanos(imp.CreatedAt), nanos(imp.StartedAt))
	return n == 1, err
}

// fill stores an import's rows and gives it their claims.
func (t *tx) fill(ctx context.Context, id string, rows []ImportRow) error {
	payloads, claims := make([][]any, 0, len(rows)), make([][]any, 0, len(rows))
	for i := range rows {
		payload, err := encode(rows[i])
		if err != nil {
			return err
		}
		payloads = append(payloads, []any{id, rows[i].UserID, payload})
		claims = append(claims, []any{rows[i].UserID, id})
	}
	return errors.Join(t.run(ctx, &upsertImportRows, payloads), t.run(ctx, &handOver, claims))
}

// Imports returns the imports in one of the states, or all, the oldest first.
func (a *Account) Imports(ctx context.Context, states ...ImportState) ([]Import, error) {
	var out []Import
	err := a.read(ctx, func(t *tx) (err error) {
		condition, args := "1 = 1", []any{}
		if len(states) > 0 {
			texts := make([]string, len(states))
			for i, s := range states {
				texts[i] = string(s)
			}
			condition, args = t.in("state", "$2"), append(args, many(t, texts))
		}
		out, err = t.imports(ctx, condition, args...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read imports: %w", err)
	}
	return out, nil
}

func (t *tx) imports(ctx context.Context, condition string, args ...any) ([]Import, error) {
	var out []Import
	err := t.each(ctx, func(rows *sql.Rows) error {
		var i Import
		var lists string
		var created, started int64
		if err := rows.Scan(&i.ID, &i.RunID, &i.State, &i.ProcessID, &lists, &i.Blocklist, &i.Rows, &created, &started); err != nil {
			return err
		}
		i.CreatedAt, i.StartedAt = moment(created), moment(started)
		out = append(out, i)
		return decode(lists, &out[len(out)-1].Lists)
	}, "SELECT "+importColumns+" FROM imports WHERE account = $1 AND "+condition+" ORDER BY created_at, id", append([]any{t.account}, args...)...)
	return out, err
}

// ImportRows returns the rows of an import that has not settled, by user id.
func (a *Account) ImportRows(ctx context.Context, id string) ([]ImportRow, error) {
	var out []ImportRow
	err := a.read(ctx, func(t *tx) (err error) {
		out, err = t.importRows(ctx, id)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read import rows: %w", err)
	}
	return out, nil
}

func (t *tx) importRows(ctx context.Context, id string) ([]ImportRow, error) {
	var out []ImportRow
	err := t.each(ctx, func(rows *sql.Rows) error {
		var payload string
		if err := rows.Scan(&payload); err != nil {
			return err
		}
		var r ImportRow
		if err := decode(payload, &r); err != nil {
			return err
		}
		canonical(r.Attributes)
		canonical(r.Refused)
		canonical(r.Send)
		out = append(out, r)
		return nil
	}, "SELECT payload FROM import_rows WHERE account = $1 AND import_id = $2 ORDER BY user_id", t.account, id)
	return out, err
}

// importToEnd locks and returns an import that has not settled; settled says that it has.
func (t *tx) importToEnd(ctx context.Context, id string) (imp Import, settled bool, err error) {
	// The no-op update locks the row on both engines.
	if _, err := t.exec(ctx, "UPDATE imports SET state = state WHERE account = $1 AND id = $2", t.account, id); err != nil {
		return Import{}, false, err
	}
	found, err := t.imports(ctx, "id = $2", id)
	if err != nil {
		return Import{}, false, err
	}
	if len(found) == 0 {
		return Import{}, false, ErrNotFound
	}
	return found[0], found[0].State == ImportSettled, nil
}

// SplitImport replaces an import that has not settled by two open ones with half of its rows each, in the order of user
// ids; its claims follow. It is idempotent. An import of one row cannot be split.
func (a *Account) SplitImport(ctx context.Context, id, firstID, secondID string, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		imp, settled, err := t.importToEnd(ctx, id)
		if errors.Is(err, ErrNotFound) {
			halves, herr := t.imports(ctx, t.in("id", "$2"), many(t, []string{firstID, secondID}))
			if herr == nil && len(halves) == 2 {
				return nil // it was split before
			}
			return errors.Join(err, herr)
		}
		if err != nil {
			return err
		}
		if settled || imp.Rows < 2 {
			return fmt.Errorf("an import of %d rows, state %s, cannot be split", imp.Rows, imp.State)
		}
		rows, err := t.importRows(ctx, id)
		if err != nil {
			return err
		}
		if err := t.forget(ctx, id); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "DELETE FROM imports WHERE account = $1 AND id = $2", t.account, id); err != nil {
			return err
		}
		half := len(rows) / 2
		return errors.Join(t.openHalf(ctx, imp, firstID, rows[:half], now), t.openHalf(ctx, imp, secondID, rows[half:], now))
	})
	if err != nil {
		return fmt.Errorf("split import: %w", err)
	}
	return nil
}

func (t *tx) openHalf(ctx context.Context, whole Import, id string, rows []ImportRow, now time.Time) error {
	half := Import{ID: id, RunID: whole.RunID, State: ImportOpen, Lists: whole.Lists, Blocklist: whole.Blocklist, Rows: len(rows), CreatedAt: now, StartedAt: whole.StartedAt}
	fresh, err := t.insertImport(ctx, half)
	if err != nil {
		return err
	}
	if !fresh {
		return fmt.Errorf("import id %s is taken", id)
	}
	return t.fill(ctx, id, rows)
}

func (t *tx) forget(ctx context.Context, id string) error {
	_, err := t.exec(ctx, "DELETE FROM import_rows WHERE account = $1 AND import_id = $2", t.account, id)
	return err
}

// SettleImport ends an import: each row becomes its delivery, in state sent and with the Brevo id that is known, its mark
// is cleared at its version and its claim released; exceptions replace the rows of their users and are recorded as given.
// It is idempotent: a settled import is left as it is. It returns ErrNotFound for an import that never was, or was split.
func (a *Account) SettleImport(ctx context.Context, id string, exceptions []Result, now time.Time) error {
	err := a.write(ctx, func(t *tx) error {
		mark, err := t.nextMark(ctx, now)
		if err != nil {
			return err
		}
		_, settled, err := t.importToEnd(ctx, id)
		if err != nil || settled {
			return err
		}
		rows, err := t.importRows(ctx, id)
		if err != nil {
			return err
		}
		results, err := outcome(rows, exceptions)
		if err != nil {
			return err
		}
		ids := make([]int64, 0, len(rows))
		for i := range rows {
			ids = append(ids, rows[i].UserID)
		}
		held, err := t.held(ctx, ids, "import_id = $3", id)
		if err != nil {
			return err
		}
		if err := t.settle(ctx, results, held, mark, now); err != nil {
			return err
		}
		if err := t.forget(ctx, id); err != nil {
			return err
		}
		if _, err = t.exec(ctx, "UPDATE imports SET state = 'settled' WHERE account = $1 AND id = $2", t.account, id); err != nil {
			return err
		}
		// Brevo takes its imports one after the other: who waits behind this one waits anew from now on.
		_, err = t.exec(ctx, "UPDATE imports SET started_at = $2 WHERE account = $1 AND state = 'running'", t.account, nanos(now))
		return err
	})
	if err != nil {
		return fmt.Errorf("settle import: %w", err)
	}
	return nil
}

// outcome is one result for each row: the exception, or the delivery the row promised.
func outcome(rows []ImportRow, exceptions []Result) ([]Result, error) {
	byUser := make(map[int64]Result, len(rows))
	for i := range rows {
		r := Result{Delivery: rows[i].Delivery, Dirty: rows[i].Dirty}
		r.State = DeliverySent
		byUser[r.UserID] = r
	}
	for _, e := range exceptions {
		if _, ok := byUser[e.UserID]; !ok {
			return nil, fmt.Errorf("exception for user %d, who is not in the import", e.UserID)
		}
		e.Keep = false // nobody would own what is kept
		byUser[e.UserID] = e
	}
	out := make([]Result, 0, len(byUser))
	for _, r := range byUser {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Result) int { return cmp.Compare(a.UserID, b.UserID) })
	return out, nil
}
