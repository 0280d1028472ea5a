package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Errors of Forget, with which nothing was erased.
var (
	// ErrBeingWritten: a writer or an import holds the person's contact.
	ErrBeingWritten = errors.New("the contact is being written to Brevo")
	// ErrMergeOpen: the person is part of a merge whose opt-outs have not been carried over yet.
	ErrMergeOpen = errors.New("a merge of the person has not been settled")
)

// Forgotten is the evidence that a person was erased. It holds no personal data.
type Forgotten struct {
	AddressHash string           // keyed, in hex
	UserIDs     []int64          // in Zendesk, ascending
	Rows        map[string]int64 // erased rows by table; tables without any are left out
	At          time.Time
	Already     bool // they were forgotten and kept out before; Rows counts what was left
	// Overwritten: the bytes of what was erased are gone from SQLite's files. On PostgreSQL they go with its vacuum, and on SQLite
	// with the next checkpoint that no reader delays.
	Overwritten bool
}

// Forgetting says whom to forget.
type Forgetting struct {
	Email string
	Seen  *BrevoContact // their contact as Brevo has it now; nil: there is none, or Brevo was not asked
	// OpenMerges: no sync is going to settle the person's open merges, so Forget carries over what the store knows of opt-outs.
	OpenMerges bool
}

// Forget erases everybody who has or had an address from every table, in one transaction, and keeps them out from then on: reads of
// Zendesk and Brevo pass over the address and over those users until Remember. What stays is the evidence that it returns, the
// random key of its hash, and what the person had opted out of, by the mirror and by f.Seen. It may be repeated. It returns
// ErrBeingWritten or ErrMergeOpen, with nothing erased.
func (a *Account) Forget(ctx context.Context, f Forgetting, now time.Time) (Forgotten, error) {
	email := strings.ToLower(strings.TrimSpace(f.Email))
	var out Forgotten
	err := a.write(ctx, func(t *tx) error {
		mark, err := t.nextMark(ctx, now)
		if err != nil {
			return err
		}
		hash, err := t.hashOf(ctx, email)
		if err != nil {
			return err
		}
		out = Forgotten{AddressHash: hash, At: now, Rows: map[string]int64{}}
		known, err := t.tombs(ctx)
		if err != nil {
			return err
		}
		out.Already = known.hashes[hash]
		if out.UserIDs, err = t.peopleByEmail(ctx, email); err != nil {
			return err
		}
		out.UserIDs = distinct(append(out.UserIDs, known.byHash[hash]...))
		err = t.mayForget(ctx, out.UserIDs, now)
		if errors.Is(err, ErrMergeOpen) && f.OpenMerges {
			err = t.carryOver(ctx, out.UserIDs, OptOutsOf(f.Seen), mark, now)
		}
		if err != nil {
			return err
		}
		e := &eraser{tx: t, users: out.UserIDs, email: email, rows: out.Rows, mark: mark, optOuts: WithOptOuts(known.consent[hash], OptOutsOf(f.Seen))}
		if err := e.erase(ctx); err != nil {
			return err
		}
		if err := t.noteOptOuts(ctx, &known, []string{hash}, e.optOuts); err != nil {
			return err
		}
		if out.Already && len(out.Rows) == 0 {
			return nil
		}
		return t.bury(ctx, hash, out.UserIDs, out.Rows, e.optOuts, now)
	})
	if err != nil {
		return Forgotten{}, fmt.Errorf("forget: %w", err)
	}
	out.Overwritten, err = a.st.overwrite(ctx)
	return out, err
}

// mayForget refuses while something about the people is under way whose end would be lost.
func (t *tx) mayForget(ctx context.Context, users []int64, now time.Time) error {
	if err := t.unheld(ctx, users, now); err != nil {
		return err
	}
	var open bool
	err := t.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM merges WHERE account = $1 AND NOT settled AND ("+t.in("loser_id", "$2")+" OR "+
		t.in("winner_id", "$2")+"))", t.account, many(t, users)).Scan(&open)
	if err == nil && open {
		err = ErrMergeOpen
	}
	return err
}

// unheld returns ErrBeingWritten while a writer or an import holds one of the users' contacts.
func (t *tx) unheld(ctx context.Context, users []int64, now time.Time) error {
	held, err := t.held(ctx, users, "user_id <> $3", int64(0))
	if err != nil {
		return err
	}
	for _, c := range held {
		if c.importID != "" || (c.owner != "" && c.until > nanos(now)) {
			return ErrBeingWritten
		}
	}
	return nil
}

// bury stores the evidence, which also keeps the people out.
func (t *tx) bury(ctx context.Context, hash string, users []int64, rows map[string]int64, optOuts map[string]any, now time.Time) error {
	erased, err := encodeMap(rows)
	if err != nil {
		return err
	}
	consent, err := encodeMap(optOuts)
	if err != nil {
		return err
	}
	if len(users) == 0 {
		users = []int64{0}
	}
	for _, id := range users {
		if _, err := t.exec(ctx, `INSERT INTO forgotten (account, address_hash, user_id, forgotten_at, lifted_at, erased, opted_out, consent)
			VALUES ($1, $2, $3, $4, 0, $5, $6, $7) ON CONFLICT (account, address_hash, user_id, forgotten_at) DO NOTHING`,
			t.account, hash, id, nanos(now), erased, ofEmail(optOuts), consent); err != nil {
			return err
		}
		erased = "" // the rows are counted once
	}
	return nil
}

// eraser erases people from every table.
type eraser struct {
	*tx
	users   []int64
	email   string // of theirs; empty: not known
	rows    map[string]int64
	mark    int64
	optOuts map[string]any // what one of them is known to have opted out of

	tickets  []int64
	contacts []int64 // in Brevo, that are theirs alone
	phones   []string
}

func (e *eraser) erase(ctx context.Context) error {
	for _, step := range []func(context.Context) error{e.gather, e.stories, e.mirror, e.delivered, e.companies, e.previews} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return e.markMates(ctx, e.phones, e.mark) // who shared a number may have it now
}

// gather finds out what belongs to the people, and what one of them had opted out of.
func (e *eraser) gather(ctx context.Context) error {
	users, err := e.tx.users(ctx, e.in("id", "$2"), many(e.tx, e.users))
	if err != nil {
		return err
	}
	for i := range users {
		e.phones = append(e.phones, users[i].Phone164)
	}
	had, err := e.deliveries(ctx, e.users)
	if err != nil {
		return err
	}
	for _, d := range had {
		if d.BrevoID != 0 {
			e.contacts = append(e.contacts, d.BrevoID)
		}
		e.optOuts = WithOptOuts(e.optOuts, OptOuts(d.Refused))
	}
	others, err := e.ids(ctx, "SELECT brevo_id FROM deliveries WHERE account = $1 AND brevo_id <> 0 AND "+e.in("brevo_id", "$2")+" AND NOT "+e.in("user_id", "$3"),
		many(e.tx, e.contacts), many(e.tx, e.users))
	if err != nil {
		return err
	}
	e.contacts = slices.DeleteFunc(e.contacts, func(id int64) bool { return slices.Contains(others, id) })
	named, err := e.ids(ctx, "SELECT id FROM brevo_contacts WHERE account = $1 AND email <> '' AND email = $2", e.email)
	if err != nil {
		return err
	}
	e.contacts = distinct(append(e.contacts, named...))
	mirrored, err := e.brevo(ctx, e.in("id", "$2"), many(e.tx, e.contacts))
	if err != nil {
		return err
	}
	for i := range mirrored {
		e.optOuts = WithOptOuts(e.optOuts, OptOutsOf(&mirrored[i]))
	}
	e.tickets, err = e.ids(ctx, "SELECT id FROM tickets WHERE account = $1 AND "+e.in("requester_id", "$2"), many(e.tx, e.users))
	return err
}

// ids reads one column of ids.
func (t *tx) ids(ctx context.Context, query string, args ...any) (out []int64, err error) {
	err = t.each(ctx, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		out = append(out, id)
		return err
	}, query, append([]any{t.account}, args...)...)
	return out, err
}

// count executes a statement and books how many rows of a table it erased.
func (e *eraser) count(ctx context.Context, table, statement string, args ...any) error {
	n, err := e.exec(ctx, statement, append([]any{e.account}, args...)...)
	if n > 0 {
		e.rows[table] += n
	}
	return err
}

// stories erases what was recorded and planned: of the people, of their tickets, and of tickets that once were theirs.
func (e *eraser) stories(ctx context.Context) error {
	var subjects []string
	about := "FALSE"
	for _, id := range e.users {
		n := strconv.FormatInt(id, 10)
		subjects = append(subjects, "user/"+n)
		// The body is JSON as encode writes it: both members are followed by others.
		about += ` OR BODY LIKE '%"user_id":` + n + `,%' OR BODY LIKE '%"merged_id":` + n + `,%'`
	}
	for _, id := range e.tickets {
		subjects = append(subjects, "ticket/"+strconv.FormatInt(id, 10))
	}
	for _, of := range []struct{ table, body string }{{"actions", "plan"}, {"transitions", "body"}} {
		err := e.count(ctx, of.table, "DELETE FROM "+of.table+" WHERE account = $1 AND ("+e.in("subject", "$2")+" OR "+
			strings.ReplaceAll(about, "BODY", of.body)+")", many(e.tx, subjects))
		if err != nil {
			return err
		}
	}
	// An action may have reached somebody else than the one whose story it belongs to: it stays, uncounted.
	for _, id := range e.users {
		_, err := e.exec(ctx, "UPDATE actions SET limit_key = '' WHERE account = $1 AND limit_key LIKE $2", e.account, "%/user/"+strconv.FormatInt(id, 10))
		if err != nil {
			return err
		}
	}
	return nil
}

// mirror erases the rows read from the vendors.
func (e *eraser) mirror(ctx context.Context) error {
	users := many(e.tx, e.users)
	return errors.Join(
		e.count(ctx, "surveys", "DELETE FROM surveys WHERE account = $1 AND ("+e.in("user_id", "$2")+" OR "+e.in("ticket_id", "$3")+")", users, many(e.tx, e.tickets)),
		e.count(ctx, "tickets", "DELETE FROM tickets WHERE account = $1 AND "+e.in("requester_id", "$2"), users),
		e.count(ctx, "users", "DELETE FROM users WHERE account = $1 AND "+e.in("id", "$2"), users),
		e.count(ctx, "brevo_contacts", "DELETE FROM brevo_contacts WHERE account = $1 AND "+e.in("id", "$2"), many(e.tx, e.contacts)),
	)
}

// delivered erases what was written for the people, was to be written, or could not be.
func (e *eraser) delivered(ctx context.Context) error {
	users := many(e.tx, e.users)
	return errors.Join(
		e.count(ctx, "import_rows", "DELETE FROM import_rows WHERE account = $1 AND "+e.in("user_id", "$2"), users),
		e.count(ctx, "deliveries", "DELETE FROM deliveries WHERE account = $1 AND "+e.in("user_id", "$2"), users),
		e.count(ctx, "rejects", "DELETE FROM rejects WHERE account = $1 AND kind = 'user' AND "+e.in("id", "$2"), users),
		e.count(ctx, "dirty", "DELETE FROM dirty WHERE account = $1 AND kind = 'user' AND "+e.in("id", "$2"), users),
		e.count(ctx, "merges", "DELETE FROM merges WHERE account = $1 AND ("+e.in("loser_id", "$2")+" OR "+e.in("winner_id", "$2")+")", users),
	)
}

// companies takes the contacts out of what is known to be linked. The links in Brevo stay with the contacts.
func (e *eraser) companies(ctx context.Context) error {
	for _, contact := range e.contacts {
		like := "%" + strconv.FormatInt(contact, 10) + "%"
		found, err := e.tx.companies(ctx, "contacts LIKE $2", like)
		if err != nil {
			return err
		}
		for _, c := range found {
			isIt := func(id int64) bool { return id == contact }
			if !slices.ContainsFunc(append(slices.Clone(c.Contacts), c.Unsure...), isIt) {
				continue
			}
			links, err := encodeList(joined(slices.DeleteFunc(c.Unsure, isIt), slices.DeleteFunc(c.Contacts, isIt)))
			if err != nil {
				return err
			}
			if err := e.count(ctx, "companies", "UPDATE companies SET contacts = $3 WHERE account = $1 AND organization_id = $2", c.OrganizationID, links); err != nil {
				return err
			}
		}
	}
	return nil
}

// previews drops a preview that has ended and names one of the people: another can be made at any time.
func (e *eraser) previews(ctx context.Context) error {
	for _, id := range e.users {
		err := e.count(ctx, "previews", "DELETE FROM previews WHERE account = $1 AND ended_at > 0 AND body LIKE $2", "%"+strconv.FormatInt(id, 10)+"%")
		if err != nil {
			return err
		}
	}
	return nil
}

// overwrite gets the bytes of deleted rows out of SQLite's files: secure_delete has overwritten them in the pages, and the log with
// the former pages is emptied. It is false while a reader delays that, and on PostgreSQL.
func (s *Store) overwrite(ctx context.Context) (bool, error) {
	if s.engine != sqlite {
		return false, nil
	}
	var busy, pages, moved int
	if err := s.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved); err != nil {
		return false, fmt.Errorf("overwrite what was forgotten: %w", s.translate(ctx, err))
	}
	return busy == 0, nil
}
