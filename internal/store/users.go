package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"zendesk-brevo/internal/rules"
)

const userContent = `id bigint, email text, name text, phone text, phone164 text, shared_phone boolean, role text,
	ticket_restriction text, tags text, organization_id bigint, fields text, active boolean, suspended boolean,
	external_id text, locale text, time_zone text, created_at bigint`

var (
	upsertUsers = newUpsert("users", 1, userContent+versionColumns)
	touchUsers  = newTouch("users", "bigint")
	userColumns = names(columns(userContent)) + ", updated_at, asked_at"
)

// CommitUsers applies a page of users by the version guard and moves the stream's cursor, in one transaction; it
// returns ErrCursorMoved, with nothing written, when the page was fetched from another cursor. Marked dirty are the
// changed users, both organizations of who moved, and all who share a number with a user whose number, or whose right
// to it, changed.
func (a *Account) CommitUsers(ctx context.Context, p Page, rows []UserRow) (Applied, error) {
	content, err := userContents(rows)
	if err != nil {
		return Applied{}, err
	}
	return a.commit(ctx, p, len(rows), func(t *tx, mark int64) (Applied, error) { return t.applyUsers(ctx, rows, content, mark) })
}

// ApplyUsers is CommitUsers for rows outside of a page.
func (a *Account) ApplyUsers(ctx context.Context, rows []UserRow, now time.Time) (Applied, error) {
	content, err := userContents(rows)
	if err != nil {
		return Applied{}, err
	}
	return a.apply(ctx, now, "users", func(t *tx, mark int64) (Applied, error) { return t.applyUsers(ctx, rows, content, mark) })
}

func userContents(rows []UserRow) ([]content, error) {
	out := make([]content, len(rows))
	for i := range rows {
		values, err := userValues(&rows[i])
		if err != nil {
			return nil, err
		}
		out[i] = newContent(rows[i].Version, values)
	}
	return out, nil
}

func userValues(r *UserRow) ([]any, error) {
	fields, err := encodeMap(r.Fields)
	if err != nil {
		return nil, err
	}
	tags, err := encodeList(r.Tags)
	if err != nil {
		return nil, err
	}
	return append(make([]any, 0, len(upsertUsers.cols)), r.ID, clean(r.Email), clean(r.Name), clean(r.Phone), clean(r.Phone164),
		r.SharedPhone, clean(r.Role), clean(r.TicketRestriction), tags, r.OrganizationID, fields, r.Active, r.Suspended,
		clean(r.ExternalID), clean(r.Locale), clean(r.TimeZone), nanos(r.CreatedAt)), nil
}

// storedUser is what a write must know of the row it replaces.
type storedUser struct {
	stamp
	organization int64
	phone        string
	right        right
	createdAt    int64
}

// profile is what the rules know of the user: of the content, only whether it is the same.
func (s *storedUser) profile(id int64) *rules.UserState {
	return &rules.UserState{ID: id, Active: s.right.active, Profile: profileOf(s.hash), CreatedAt: moment(s.createdAt), UpdatedAt: moment(s.updated)}
}

func profileOf(hash int64) string { return strconv.FormatInt(hash, 16) }

// right is what decides whether a user may hold a phone number. Role and tags can exclude a user from the sync.
type right struct {
	email, role, tags         string
	shared, active, suspended bool
}

func (t *tx) applyUsers(ctx context.Context, rows []UserRow, content []content, mark int64) (Applied, error) {
	rows, content, err := t.keepOutUsers(ctx, rows, content, mark)
	if err != nil {
		return Applied{}, err
	}
	stored, err := t.storedUsers(ctx, rows)
	if err != nil {
		return Applied{}, err
	}
	s := sift(content, func(id int64) (stamp, bool) { o, ok := stored[id]; return o.stamp, ok })
	users, organizations := make([]int64, 0, len(s.wrote)), map[int64]struct{}{}
	live, err := t.liveSince(ctx)
	if err != nil {
		return Applied{}, err
	}
	var phones []string
	var happened []rules.Transition
	for n, i := range s.wrote {
		r, row := &rows[i], s.write[n]
		users = append(users, r.ID)
		old, known := stored[r.ID]
		read := rules.UserState{ID: r.ID, Active: r.Active, Profile: profileOf(content[i].stamp.hash), CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}
		switch {
		case r.Quiet:
		case known:
			happened = append(happened, sinceLive(rules.UserTransitions(old.profile(r.ID), read, live), old.asked, live)...)
		default:
			happened = append(happened, rules.UserTransitions(nil, read, live)...)
		}
		if !known || old.organization != r.OrganizationID {
			organizations[old.organization], organizations[r.OrganizationID] = struct{}{}, struct{}{}
		}
		now := right{row[1].(string), row[6].(string), row[8].(string), r.SharedPhone, r.Active, r.Suspended}
		if phone := row[4].(string); old.phone != phone || old.right != now {
			phones = append(phones, old.phone, phone)
		}
	}
	delete(organizations, 0)
	slices.Sort(users)
	if err := errors.Join(t.run(ctx, &upsertUsers, s.write), t.run(ctx, &touchUsers, s.touch), t.record(ctx, happened, mark)); err != nil {
		return Applied{}, err
	}
	if err := t.markMates(ctx, phones, mark); err != nil {
		return Applied{}, err
	}
	return s.Applied, errors.Join(t.mark(ctx, KindUser, users, mark), t.mark(ctx, KindOrganization, sorted(organizations), mark))
}

func (t *tx) storedUsers(ctx context.Context, rows []UserRow) (map[int64]storedUser, error) {
	ids := make([]int64, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	stored := make(map[int64]storedUser, len(rows))
	err := t.each(ctx, func(r *sql.Rows) error {
		var id int64
		var s storedUser
		err := r.Scan(&id, &s.updated, &s.asked, &s.hash, &s.organization, &s.phone, &s.right.email, &s.right.role,
			&s.right.tags, &s.right.shared, &s.right.active, &s.right.suspended, &s.createdAt)
		stored[id] = s
		return err
	}, `SELECT id, updated_at, asked_at, hash, organization_id, phone164, email, role, tags, shared_phone, active, suspended, created_at
		FROM users WHERE account = $1 AND `+t.in("id", "$2"), t.account, many(t, ids))
	return stored, err
}

// markMates marks every user who has one of the numbers.
func (t *tx) markMates(ctx context.Context, phones []string, mark int64) error {
	phones = slices.DeleteFunc(distinct(phones), func(p string) bool { return p == "" })
	if len(phones) == 0 {
		return nil
	}
	return t.markWhere(ctx, KindUser, mark, "phone164 <> '' AND "+t.in("phone164", "$4"), many(t, phones))
}

func scanUser(rows *sql.Rows) (UserRow, error) {
	var r UserRow
	var tags, fields string
	var created, updated, asked int64
	if err := rows.Scan(&r.ID, &r.Email, &r.Name, &r.Phone, &r.Phone164, &r.SharedPhone, &r.Role, &r.TicketRestriction, &tags,
		&r.OrganizationID, &fields, &r.Active, &r.Suspended, &r.ExternalID, &r.Locale, &r.TimeZone, &created, &updated, &asked); err != nil {
		return UserRow{}, err
	}
	r.CreatedAt, r.UpdatedAt, r.AskedAt = moment(created), moment(updated), moment(asked)
	var err error
	if r.Fields, err = decodeValues[string](fields); err != nil {
		return UserRow{}, err
	}
	return r, decode(tags, &r.Tags)
}

func (t *tx) users(ctx context.Context, condition string, args ...any) ([]UserRow, error) {
	var out []UserRow
	err := t.each(ctx, func(rows *sql.Rows) error {
		r, err := scanUser(rows)
		out = append(out, r)
		return err
	}, "SELECT "+userColumns+" FROM users WHERE account = $1 AND "+condition, append([]any{t.account}, args...)...)
	return out, err
}

// Users returns the mirrored users among ids, whatever their state.
func (a *Account) Users(ctx context.Context, ids []int64) (map[int64]UserRow, error) {
	out := map[int64]UserRow{}
	err := a.read(ctx, func(t *tx) error {
		rows, err := t.users(ctx, t.in("id", "$2"), many(t, ids))
		for _, r := range rows {
			out[r.ID] = r
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	return out, nil
}

// PhoneHolders returns the mirrored users, whatever their state, who have each of the E.164 numbers, the oldest first.
func (a *Account) PhoneHolders(ctx context.Context, e164 []string) (map[string][]UserRow, error) {
	out := map[string][]UserRow{}
	err := a.read(ctx, func(t *tx) error {
		clear(out)
		users, err := t.users(ctx, "phone164 <> '' AND "+t.in("phone164", "$2")+" ORDER BY created_at, id", many(t, distinct(e164)))
		for _, u := range users {
			out[u.Phone164] = append(out[u.Phone164], u)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read phone holders: %w", err)
	}
	return out, nil
}

// phoneBatch is how many users RefreshPhones treats in one transaction.
const phoneBatch = 500

// RefreshPhones computes the E.164 number of every user anew, and marks those whose number changed, and all who share
// the old or the new one. It returns how many changed. It may be repeated after an error.
func (a *Account) RefreshPhones(ctx context.Context, normalize func(raw string) string, now time.Time) (changed int, err error) {
	for after, more := int64(0), true; more; {
		var n int
		var last int64
		err := a.write(ctx, func(t *tx) (err error) {
			n, last, more, err = t.refreshPhones(ctx, after, normalize, now)
			return err
		})
		if err != nil {
			return changed, fmt.Errorf("refresh phones: %w", err)
		}
		changed, after = changed+n, last
	}
	return changed, nil
}

func (t *tx) refreshPhones(ctx context.Context, after int64, normalize func(string) string, now time.Time) (n int, last int64, more bool, err error) {
	mark, err := t.nextMark(ctx, now)
	if err != nil {
		return 0, 0, false, err
	}
	users, err := t.users(ctx, "id > $2 ORDER BY id LIMIT $3", after, int64(phoneBatch))
	if err != nil || len(users) == 0 {
		return 0, after, false, err
	}
	var ids []int64
	var phones []string
	var rows [][]any
	for i := range users {
		u := &users[i]
		phone := clean(normalize(u.Phone))
		if phone == u.Phone164 {
			continue
		}
		ids, phones = append(ids, u.ID), append(phones, u.Phone164, phone)
		u.Phone164 = phone
		values, err := userValues(u)
		if err != nil {
			return 0, 0, false, err
		}
		rows = append(rows, newContent(u.Version, values).row())
	}
	if err := t.run(ctx, &upsertUsers, rows); err != nil {
		return 0, 0, false, err
	}
	if err := t.markMates(ctx, phones, mark); err != nil {
		return 0, 0, false, err
	}
	return len(ids), users[len(users)-1].ID, len(users) == phoneBatch, t.mark(ctx, KindUser, ids, mark)
}

// Counts counts what is alive in the mirror: users that are active, tickets and organizations that are not deleted.
func (a *Account) Counts(ctx context.Context) (users, tickets, organizations int64, err error) {
	err = a.read(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM users WHERE account = $1 AND active),
			(SELECT COUNT(*) FROM tickets WHERE account = $1 AND status <> 'deleted'),
			(SELECT COUNT(*) FROM organizations WHERE account = $1 AND NOT deleted)`, t.account).Scan(&users, &tickets, &organizations)
	})
	if err != nil {
		return 0, 0, 0, fmt.Errorf("count mirror rows: %w", err)
	}
	return users, tickets, organizations, nil
}
