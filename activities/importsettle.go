package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// SettleImports asks Brevo once how its imports stand, and settles those that ended: accepted rows are recorded, rows with
// a taken phone are planned again without it, the others are rejected.
func (b *Brevo) SettleImports(ctx context.Context, step PushStep) (ImportsState, error) {
	return do(ctx, b.connections, step.Account, func(ctx context.Context, c *connection) (ImportsState, error) {
		s := &sender{connection: c, step: step}
		running, err := c.store.Imports(ctx, store.ImportRunning)
		if err != nil {
			return ImportsState{}, err
		}
		if len(running) == 0 {
			// An earlier attempt settled them, and paused: nothing is left to do that a person may have accepted.
			_, err := c.store.TakeAcceptance(ctx, time.Time{})
			return ImportsState{}, err
		}
		processes, err := s.processes(ctx, running)
		if err != nil {
			return ImportsState{}, err
		}
		for i := range running {
			if err := s.ended(ctx, &running[i], processes[running[i].ProcessID]); err != nil {
				return ImportsState{}, err
			}
		}
		if err := s.guard(ctx); err != nil {
			return ImportsState{}, err
		}
		return s.state(ctx)
	})
}

// processes reads the newest processes in one call, and one by one those that are further back.
func (s *sender) processes(ctx context.Context, running []store.Import) (map[int64]brevo.Process, error) {
	page, err := s.brevo.ListProcesses(ctx, brevo.MaxProcessPage, 0, "desc")
	if err != nil {
		return nil, err
	}
	out := map[int64]brevo.Process{}
	for _, p := range page.Processes {
		out[p.ID] = p
	}
	for i := range running {
		id := running[i].ProcessID
		if _, ok := out[id]; ok {
			continue
		}
		p, err := s.brevo.GetProcess(ctx, id)
		if err != nil && !brevo.IsNotFound(err) {
			return nil, err
		}
		out[id] = p // without a status while Brevo does not know the process
	}
	return out, nil
}

// exception is a row that an import did not take.
type exception struct {
	reason string // a reject's reason; empty: the phone is dropped and the contact planned again
	detail string
	alone  bool // nobody can tell what became of it: the contact is written by itself
}

// processWithin is how long an import may be unknown to Brevo, or its files out of reach, before its contacts are
// written one by one instead. One that Brevo knows, and does not end in a word that we know, has processPatience.
const processWithin = 20 * time.Minute

func (s *sender) ended(ctx context.Context, imp *store.Import, p brevo.Process) error {
	waited := s.now().Sub(imp.StartedAt)
	late, stuck := waited > processWithin, waited > processPatience
	if !p.Status.IsDone() && !(p.Status == "" && late) && !stuck {
		return nil
	}
	rows, err := s.store.ImportRows(ctx, imp.ID)
	if err != nil {
		return fmt.Errorf("read import rows: %w", err)
	}
	if !p.Status.IsDone() {
		if p.Status != "" {
			s.notice = fmt.Sprintf("Brevo ended none of its imports for an hour, the last word being %.40q: what they held is looked at and written contact by contact", p.Status)
		}
		return s.settle(ctx, imp, rows, alone(rows))
	}
	if p.Status.IsFailed() {
		return s.halve(ctx, imp, rows, reasonRefused, "the import ended as "+string(p.Status))
	}
	found, err := s.exceptions(ctx, rows, p.Rejects())
	var file *brevo.RejectFileError
	if errors.As(err, &file) && (late || !file.Temporary) {
		return s.settle(ctx, imp, rows, alone(rows))
	}
	if err != nil {
		return err
	}
	return s.settle(ctx, imp, rows, found)
}

// alone has every row written by itself: an upsert tells at once what an import would not.
func alone(rows []store.ImportRow) map[int64]exception {
	out := make(map[int64]exception, len(rows))
	for i := range rows {
		out[rows[i].UserID] = exception{alone: true}
	}
	return out
}

// listsThere fails when one of the lists was deleted in Brevo. That is nothing to reject people for: the next run looks at
// the lists again, and makes or adopts what is missing.
func (c *connection) listsThere(ctx context.Context, ids []int64) error {
	for _, id := range ids {
		_, err := c.brevo.GetList(ctx, id)
		if brevo.IsNotFound(err) {
			return c.deletedInBrevo(ctx, fmt.Sprintf("list %d", id))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *connection) deletedInBrevo(ctx context.Context, what string) error {
	if err := c.store.SetVerified(ctx, time.Time{}); err != nil {
		return fmt.Errorf("ask for another look at lists and attributes: %w", err)
	}
	return configurationError(fmt.Errorf("%s was deleted in Brevo: the next sync makes it again, or names what to change", what))
}

// thingsThere is listsThere for what a refused write of one contact names; where the refusal was a 404, that may be an attribute.
func (c *connection) thingsThere(ctx context.Context, d *decision, cause error) error {
	if err := c.listsThere(ctx, d.add); err != nil || !brevo.IsNotFound(cause) {
		return err
	}
	there, err := c.brevo.ListAttributes(ctx)
	if err != nil {
		return err
	}
	for _, name := range append(slices.Sorted(maps.Keys(d.set)), d.clear...) {
		if name != attributePhone && !slices.ContainsFunc(there, func(a brevo.Attribute) bool { return strings.EqualFold(a.Name, name) }) {
			return c.deletedInBrevo(ctx, "attribute "+name)
		}
	}
	return nil
}

// exceptions reads the reject files of a process. Their columns are not documented, so a row is found by its address or
// number in any cell. A file that holds none of the rows is none of theirs, and says of nobody that they were taken. https://developers.brevo.com/reference/get-process
func (s *sender) exceptions(ctx context.Context, rows []store.ImportRow, files map[string]string) (map[int64]exception, error) {
	if len(files) == 0 {
		return nil, nil
	}
	byEmail, byPhone, sent, created := map[string]int64{}, map[string]int64{}, map[int64]map[string]any{}, map[int64]bool{}
	for i := range rows {
		sent[rows[i].UserID], created[rows[i].UserID] = rows[i].Send, rows[i].Create
		byEmail[rows[i].Email] = rows[i].UserID
		if phone, ok := rows[i].Send[attributePhone].(string); ok {
			byPhone[digits(phone)] = rows[i].UserID
		}
	}
	out := map[int64]exception{}
	for kind, address := range files {
		lines, err := s.brevo.FetchRejects(ctx, address)
		if err != nil {
			return nil, fmt.Errorf("read rejected rows: %w", err)
		}
		matched := headingAlone(lines)
		for _, cells := range lines {
			id := matchRow(cells, byEmail, byPhone)
			if id == 0 {
				continue
			}
			matched = true
			reason := kind
			switch kind {
			case brevo.RejectInvalidEmails:
				// There is no file for phones that Brevo does not accept, so one of them may be why the row is here.
				reason = reasonInvalidEmail
				if _, phone := sent[id][attributePhone]; phone {
					reason = ""
				}
			case brevo.RejectDuplicatePhone:
				reason = ""
			case brevo.RejectDuplicateEmail, brevo.RejectDuplicateID:
				if created[id] {
					out[id] = exception{alone: true} // it was there before, and the import was to leave it alone
					continue
				}
			}
			out[id] = exception{reason: reason, detail: strings.Join(cells, "; ")}
		}
		if !matched {
			return alone(rows), nil
		}
	}
	return out, nil
}

// headingAlone reports a file that names nobody: an empty one, or one line of headings.
func headingAlone(lines [][]string) bool {
	return len(lines) == 0 || len(lines) == 1 && slices.ContainsFunc(lines[0], func(cell string) bool { return strings.EqualFold(cell, attributeEmail) })
}

func matchRow(cells []string, byEmail, byPhone map[string]int64) int64 {
	for _, cell := range cells {
		if id, ok := byEmail[strings.ToLower(strings.TrimSpace(cell))]; ok {
			return id
		}
	}
	for _, cell := range cells {
		if number := digits(cell); number != "" {
			if id, ok := byPhone[number]; ok {
				return id
			}
		}
	}
	return 0
}

// digits are a phone number without signs and leading zeros, which vendors write differently.
func digits(phone string) string {
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone), "0")
}

func (s *sender) settle(ctx context.Context, imp *store.Import, rows []store.ImportRow, exceptions map[int64]exception) error {
	had, err := s.before(ctx, exceptions)
	if err != nil {
		return err
	}
	var (
		results []store.Result
		rejects []store.Reject
		planned []store.Planned
	)
	for i := range rows {
		row := &rows[i]
		x, excepted := exceptions[row.UserID]
		if !excepted {
			s.result.Sent++
			continue
		}
		before := had[row.UserID]
		if x.alone {
			results = append(results, store.Result{Delivery: inDoubt(imp, row, before)})
			planned = append(planned, store.Planned{ID: row.UserID, Version: row.Dirty, Plan: PlanWrite})
			continue
		}
		before.Refused = cloneOrMake(before.Refused)
		if _, phone := row.Send[attributePhone]; x.reason == "" && phone {
			before.Refused[attributePhone] = row.Send[attributePhone]
			results = append(results, store.Result{Delivery: before})
			continue
		}
		if x.reason == "" {
			x.reason = reasonRefused
		}
		if x.reason == reasonInvalidEmail {
			before.Refused[attributeEmail] = row.Email
		}
		before.State, before.Reason = store.DeliveryRejected, x.reason
		results = append(results, store.Result{Delivery: before, Dirty: row.Dirty})
		rejects = append(rejects, store.Reject{
			Kind: store.KindUser, ID: row.UserID, Reason: x.reason, Detail: x.detail, RunID: s.step.RunID, At: s.now(),
		})
		s.result.reject(x.reason)
	}
	if err := s.store.AddRejects(ctx, rejects); err != nil {
		return fmt.Errorf("store rejects: %w", err)
	}
	if err := s.store.SetPlans(ctx, store.KindUser, planned); err != nil {
		return fmt.Errorf("store plans: %w", err)
	}
	return s.store.SettleImport(ctx, imp.ID, results, s.now())
}

// guard pauses when Brevo rejected a large part of what was imported: that is a mistake in the mapping, not a few bad rows.
func (s *sender) guard(ctx context.Context) error {
	rejected := s.result.Rejections()
	return s.guardMassChange(ctx, rejected, rejected+s.result.Sent)
}
