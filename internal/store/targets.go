package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

const (
	onAttribute = ` ON CONFLICT (account, name) DO UPDATE SET category = excluded.category, type = excluded.type,
		ours = attributes.ours OR excluded.ours, options = excluded.options`
	// Another id is another list: what was ours or adopted was the former one.
	onList = ` ON CONFLICT (account, list_key) DO UPDATE SET id = excluded.id, name = excluded.name,
		ours = excluded.ours OR (lists.ours AND lists.id = excluded.id),
		adopted = excluded.adopted OR (lists.adopted AND lists.id = excluded.id)`
)

var (
	saveAttributes = newBatch("name text, category text, type text, ours boolean, options text",
		"INSERT INTO attributes (account, name, category, type, ours, options) VALUES ($1, $2, $3, $4, $5, $6)"+onAttribute,
		"INSERT INTO attributes (account, name, category, type, ours, options) SELECT $1::text, u.* FROM ROWS"+onAttribute)
	saveLists = newBatch("list_key text, id bigint, name text, ours boolean, adopted boolean",
		"INSERT INTO lists (account, list_key, id, name, ours, adopted) VALUES ($1, $2, $3, $4, $5, $6)"+onList,
		"INSERT INTO lists (account, list_key, id, name, ours, adopted) SELECT $1::text, u.* FROM ROWS"+onList)
	upsertFields = newUpsert("fields", 2, "kind text, id bigint, field_key text, type text, title text, active boolean, options text")
)

// SaveAttributes stores Brevo attributes by name; one that was ever ours stays ours.
func (a *Account) SaveAttributes(ctx context.Context, attributes []Attribute) error {
	rows := make([][]any, 0, len(attributes))
	for _, x := range attributes {
		options, err := encodeList(x.Options)
		if err != nil {
			return fmt.Errorf("encode attribute %s: %w", x.Name, err)
		}
		rows = append(rows, []any{x.Name, x.Category, x.Type, x.Ours, options})
	}
	if err := a.write(ctx, func(t *tx) error { return t.run(ctx, &saveAttributes, rows) }); err != nil {
		return fmt.Errorf("save attributes: %w", err)
	}
	return nil
}

// Attributes returns the stored attributes, by name.
func (a *Account) Attributes(ctx context.Context) ([]Attribute, error) {
	var out []Attribute
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var x Attribute
			var options string
			if err := rows.Scan(&x.Name, &x.Category, &x.Type, &x.Ours, &options); err != nil {
				return err
			}
			out = append(out, x)
			return decode(options, &out[len(out)-1].Options)
		}, "SELECT name, category, type, ours, options FROM attributes WHERE account = $1 ORDER BY name", t.account)
	})
	if err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	return out, nil
}

// DropAttribute forgets an attribute that could not be made.
func (a *Account) DropAttribute(ctx context.Context, name string) error {
	return a.do(ctx, "drop attribute", "DELETE FROM attributes WHERE account = $1 AND name = $2", name)
}

// SaveLists stores Brevo lists by key. A list that was ever ours or adopted stays so while its id is the same.
func (a *Account) SaveLists(ctx context.Context, lists []List) error {
	rows := make([][]any, 0, len(lists))
	for _, l := range lists {
		rows = append(rows, []any{l.Key, l.ID, l.Name, l.Ours, l.Adopted})
	}
	if err := a.write(ctx, func(t *tx) error { return t.run(ctx, &saveLists, rows) }); err != nil {
		return fmt.Errorf("save lists: %w", err)
	}
	return nil
}

// Lists returns the stored lists, by key.
func (a *Account) Lists(ctx context.Context) ([]List, error) {
	var out []List
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var l List
			err := rows.Scan(&l.Key, &l.ID, &l.Name, &l.Ours, &l.Adopted)
			out = append(out, l)
			return err
		}, "SELECT list_key, id, name, ours, adopted FROM lists WHERE account = $1 ORDER BY list_key", t.account)
	})
	if err != nil {
		return nil, fmt.Errorf("read lists: %w", err)
	}
	return out, nil
}

// ReplaceFields stores the field definitions of a kind (ticket, user, organization) in place of those before.
func (a *Account) ReplaceFields(ctx context.Context, kind string, fields []Field, now time.Time) error {
	rows := make([][]any, 0, len(fields))
	seen := make(map[int64]bool, len(fields))
	for _, f := range fields {
		if seen[f.ID] {
			continue
		}
		seen[f.ID] = true
		options, err := encodeMap(f.Options)
		if err != nil {
			return fmt.Errorf("replace fields: %w", err)
		}
		rows = append(rows, []any{kind, f.ID, clean(f.Key), clean(f.Type), clean(f.Title), f.Active, options})
	}
	err := a.write(ctx, func(t *tx) error {
		if _, err := t.exec(ctx, `INSERT INTO field_reads (account, kind, read_at) VALUES ($1, $2, $3)
			ON CONFLICT (account, kind) DO UPDATE SET read_at = excluded.read_at`, t.account, kind, nanos(now)); err != nil {
			return err
		}
		if _, err := t.exec(ctx, "DELETE FROM fields WHERE account = $1 AND kind = $2", t.account, kind); err != nil {
			return err
		}
		return t.run(ctx, &upsertFields, rows)
	})
	if err != nil {
		return fmt.Errorf("replace fields: %w", err)
	}
	return nil
}

// Fields returns the stored field definitions, by kind and id, and when the kind that was read the longest ago was read;
// zero when none was.
func (a *Account) Fields(ctx context.Context) (fields []Field, readAt time.Time, err error) {
	var read int64
	err = a.read(ctx, func(t *tx) error {
		fields = nil
		if err := t.QueryRowContext(ctx, "SELECT COALESCE(MIN(read_at), 0) FROM field_reads WHERE account = $1", t.account).Scan(&read); err != nil {
			return err
		}
		return t.each(ctx, func(rows *sql.Rows) error {
			var f Field
			var options string
			err := rows.Scan(&f.Kind, &f.ID, &f.Key, &f.Type, &f.Title, &f.Active, &options)
			err = errors.Join(err, decode(options, &f.Options))
			fields = append(fields, f)
			return err
		}, "SELECT kind, id, field_key, type, title, active, options FROM fields WHERE account = $1 ORDER BY kind, id", t.account)
	})
	if err != nil {
		return nil, time.Time{}, fmt.Errorf("read fields: %w", err)
	}
	return fields, moment(read), nil
}
