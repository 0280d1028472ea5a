package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

const organizationContent = `id bigint, name text, tags text, domain_names text, external_id text, fields text,
	created_at bigint, deleted boolean`

var (
	upsertOrganizations = newUpsert("organizations", 1, organizationContent+versionColumns)
	touchOrganizations  = newTouch("organizations", "bigint")
)

// CommitOrganizations applies a page of organizations by the version guard and moves the stream's cursor, in one
// transaction; it returns ErrCursorMoved, with nothing written, when the page was fetched from another cursor. Changed
// organizations are marked dirty, and every user whose default organization they are.
func (a *Account) CommitOrganizations(ctx context.Context, p Page, rows []OrganizationRow) (Applied, error) {
	content, err := organizationContents(rows)
	if err != nil {
		return Applied{}, err
	}
	return a.commit(ctx, p, len(rows), func(t *tx, mark int64) (Applied, error) { return t.applyOrganizations(ctx, content, mark) })
}

// ApplyOrganizations is CommitOrganizations for rows outside of a page.
func (a *Account) ApplyOrganizations(ctx context.Context, rows []OrganizationRow, now time.Time) (Applied, error) {
	content, err := organizationContents(rows)
	if err != nil {
		return Applied{}, err
	}
	return a.apply(ctx, now, "organizations", func(t *tx, mark int64) (Applied, error) {
		return t.applyOrganizations(ctx, content, mark)
	})
}

func organizationContents(rows []OrganizationRow) ([]content, error) {
	out := make([]content, len(rows))
	for i := range rows {
		r := &rows[i]
		tags, err := encodeList(r.Tags)
		if err != nil {
			return nil, err
		}
		domains, err := encodeList(r.DomainNames)
		if err != nil {
			return nil, err
		}
		fields, err := encodeMap(r.Fields)
		if err != nil {
			return nil, err
		}
		out[i] = newContent(r.Version, append(make([]any, 0, len(upsertOrganizations.cols)), r.ID, clean(r.Name), tags, domains,
			clean(r.ExternalID), fields, nanos(r.CreatedAt), r.Deleted))
	}
	return out, nil
}

func (t *tx) applyOrganizations(ctx context.Context, content []content, mark int64) (Applied, error) {
	ids := make([]int64, len(content))
	for i := range content {
		ids[i] = content[i].values[0].(int64)
	}
	stored := make(map[int64]stamp, len(content))
	err := t.each(ctx, func(r *sql.Rows) error {
		var id int64
		var s stamp
		err := r.Scan(&id, &s.updated, &s.asked, &s.hash)
		stored[id] = s
		return err
	}, "SELECT id, updated_at, asked_at, hash FROM organizations WHERE account = $1 AND "+t.in("id", "$2"), t.account, many(t, ids))
	if err != nil {
		return Applied{}, err
	}
	s := sift(content, func(id int64) (stamp, bool) { o, ok := stored[id]; return o, ok })
	if err := errors.Join(t.run(ctx, &upsertOrganizations, s.write), t.run(ctx, &touchOrganizations, s.touch)); err != nil {
		return Applied{}, err
	}
	changed := make([]int64, 0, len(s.wrote))
	for _, i := range s.wrote {
		changed = append(changed, ids[i])
	}
	if len(changed) == 0 {
		return s.Applied, nil
	}
	slices.Sort(changed)
	if err := t.markWhere(ctx, KindUser, mark, "organization_id <> 0 AND "+t.in("organization_id", "$4"), many(t, changed)); err != nil {
		return Applied{}, err
	}
	return s.Applied, t.mark(ctx, KindOrganization, changed, mark)
}

// Organizations returns the mirrored organizations among ids, deleted ones too.
func (a *Account) Organizations(ctx context.Context, ids []int64) (map[int64]OrganizationRow, error) {
	var out map[int64]OrganizationRow
	err := a.read(ctx, func(t *tx) (err error) {
		out, err = t.organizations(ctx, ids)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read organizations: %w", err)
	}
	return out, nil
}

func (t *tx) organizations(ctx context.Context, ids []int64) (map[int64]OrganizationRow, error) {
	out := make(map[int64]OrganizationRow, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	err := t.each(ctx, func(rows *sql.Rows) error {
		var r OrganizationRow
		var tags, domains, fields string
		var created, updated, asked int64
		err := rows.Scan(&r.ID, &r.Name, &tags, &domains, &r.ExternalID, &fields, &created, &r.Deleted, &updated, &asked)
		if err != nil {
			return err
		}
		r.CreatedAt, r.UpdatedAt, r.AskedAt = moment(created), moment(updated), moment(asked)
		if r.Fields, err = decodeValues[string](fields); err != nil {
			return err
		}
		if err := errors.Join(decode(tags, &r.Tags), decode(domains, &r.DomainNames)); err != nil {
			return err
		}
		out[r.ID] = r
		return nil
	}, "SELECT "+names(columns(organizationContent))+", updated_at, asked_at FROM organizations WHERE account = $1 AND "+t.in("id", "$2"),
		t.account, many(t, distinct(ids)))
	return out, err
}
