package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// OpenImportsInput asks for imports of every contact that is planned for one.
type OpenImportsInput struct {
	PushStep
	Round int `json:"round"`
}

// Opened counts the imports that now wait to be sent, and their rows.
type Opened struct {
	StepResult
	Imports int64 `json:"imports"`
	Rows    int64 `json:"rows"`
	// Stale: nothing was opened, because the last look at Brevo's contacts is too old to decide from.
	Stale bool `json:"stale,omitempty"`
}

// OpenImports groups the contacts planned for import by the lists they join and stores the groups, cut at the size that
// Brevo advises, with the claims on their contacts. It calls nobody. Imports that an earlier attempt left
// unfinished come first.
func (b *Brevo) OpenImports(ctx context.Context, in OpenImportsInput) (Opened, error) {
	return do(ctx, b.connections, in.Account, func(ctx context.Context, c *connection) (Opened, error) {
		if left, err := c.unfinished(ctx); err != nil || left.Imports > 0 {
			return left, err
		}
		if stale, err := c.lookedLongAgo(ctx); err != nil || stale {
			return Opened{Stale: stale}, err
		}
		w, err := c.writer(ctx, in.PushStep, in.RunID+"/import")
		if err != nil {
			return Opened{}, err
		}
		defer w.release(ctx)
		o := &opener{writer: w, groups: map[string]*group{}, prefix: fmt.Sprintf("%s/%d.%d", in.RunID, in.Round, activity.GetInfo(ctx).Attempt)}
		for after := int64(0); ; {
			rulings, next, err := w.claim(ctx, PlanImport, after, planBatch)
			if err != nil {
				return Opened{}, err
			}
			if err := o.add(ctx, rulings); err != nil {
				return Opened{}, err
			}
			if next == 0 {
				break
			}
			after = next
		}
		for _, g := range o.groups {
			if err := o.flush(ctx, g); err != nil {
				return Opened{}, err
			}
		}
		o.opened.StepResult = w.result
		return o.opened, nil
	})
}

func (c *connection) unfinished(ctx context.Context) (Opened, error) {
	imports, err := c.store.Imports(ctx, store.ImportOpen, store.ImportRunning)
	if err != nil {
		return Opened{}, fmt.Errorf("read imports: %w", err)
	}
	out := Opened{Imports: int64(len(imports))}
	for _, i := range imports {
		out.Rows += int64(i.Rows)
	}
	return out, nil
}

// opener collects import rows by group until one is full.
type opener struct {
	*writer
	prefix string
	groups map[string]*group
	opened Opened
}

type group struct {
	lists     []int64
	blocklist bool
	rows      []store.ImportRow
	bytes     int
}

func (o *opener) add(ctx context.Context, rulings []ruling) error {
	var settled []store.Result
	var replanned []store.Planned
	for i := range rulings {
		r := &rulings[i]
		if !r.decision.writes() && r.situation.begun == nil {
			o.result.settle(r)
			settled = append(settled, store.Result{Delivery: r.decision.after, Dirty: r.claimed.Dirty})
			continue
		}
		if planOf(true, r) != PlanImport {
			// The clearing step is over, so one PUT does all that the contact needs.
			replanned = append(replanned, store.Planned{ID: r.claimed.Delivery.UserID, Version: r.claimed.Dirty, Plan: PlanWrite})
			continue
		}
		if err := o.collect(ctx, r); err != nil {
			return err
		}
	}
	if err := o.store.Record(ctx, o.owner, settled, o.now()); err != nil {
		return fmt.Errorf("record decisions: %w", err)
	}
	return o.store.SetPlans(ctx, store.KindUser, replanned)
}

func (o *opener) collect(ctx context.Context, r *ruling) error {
	lists := importLists(r)
	key := fmt.Sprint(lists, r.decision.blocklist)
	g := o.groups[key]
	if g == nil {
		g = &group{lists: lists, blocklist: r.decision.blocklist}
		o.groups[key] = g
	}
	row := store.ImportRow{Delivery: r.decision.after, Send: r.decision.set, Dirty: r.claimed.Dirty}
	if row.BrevoID == 0 {
		row.BrevoID = idOf(r.situation.found)
	}
	size, err := brevo.EncodedSize(brevo.ImportRow{Email: row.Email, Attributes: row.Send})
	if err != nil {
		return fmt.Errorf("encode contact of user %d: %w", row.UserID, err)
	}
	if g.bytes+size > brevo.AdvisedImportBytes-importEnvelope || len(g.rows) == importRows {
		if err := o.flush(ctx, g); err != nil {
			return err
		}
	}
	g.rows = append(g.rows, row)
	g.bytes += size
	return nil
}

const (
	// importEnvelope is room for what an import's body holds beside its rows.
	importEnvelope = 4096
	// importRows bounds what the groups keep in memory; Brevo names no bound of its own.
	importRows = 10_000
)

func (o *opener) flush(ctx context.Context, g *group) error {
	if len(g.rows) == 0 {
		return nil
	}
	o.opened.Imports++
	o.opened.Rows += int64(len(g.rows))
	imp := store.Import{
		ID: fmt.Sprintf("%s/%d", o.prefix, o.opened.Imports), RunID: o.step.RunID, State: store.ImportOpen,
		Lists: g.lists, Blocklist: g.blocklist, Rows: len(g.rows), CreatedAt: o.now(),
	}
	if err := o.store.OpenImport(ctx, o.owner, imp, g.rows, o.now()); err != nil {
		return fmt.Errorf("store import: %w", err)
	}
	g.rows, g.bytes = nil, 0
	return nil
}

// ImportsState counts the imports that wait to be sent and those that Brevo is working on.
type ImportsState struct {
	StepResult
	Open    int64 `json:"open"`
	Running int64 `json:"running"`
	// Stale: imports that had waited too long were given up; what they held must be decided anew.
	Stale bool `json:"stale,omitempty"`
}

// DiscardOpenImports gives up what earlier runs decided and never sent, and counts what Brevo still works on. It
// calls nobody.
func (b *Brevo) DiscardOpenImports(ctx context.Context, account string) (ImportsState, error) {
	return do(ctx, b.connections, account, func(ctx context.Context, c *connection) (ImportsState, error) {
		open, err := c.store.Imports(ctx, store.ImportOpen)
		if err != nil {
			return ImportsState{}, fmt.Errorf("read imports: %w", err)
		}
		for i := range open {
			if err := c.store.DiscardImport(ctx, open[i].ID); err != nil {
				return ImportsState{}, err
			}
		}
		return (&sender{connection: c}).state(ctx)
	})
}

// SendImports gives every open import to Brevo. Sending one again after a lost answer is harmless: an import is an upsert
// by address. One that Brevo refuses is halved until the bad row stands alone.
func (b *Brevo) SendImports(ctx context.Context, step PushStep) (ImportsState, error) {
	return do(ctx, b.connections, step.Account, func(ctx context.Context, c *connection) (ImportsState, error) {
		s := &sender{connection: c, step: step}
		for {
			open, err := c.store.Imports(ctx, store.ImportOpen)
			if err != nil {
				return ImportsState{}, fmt.Errorf("read imports: %w", err)
			}
			if len(open) == 0 {
				return s.state(ctx)
			}
			for i := range open {
				if c.now().Sub(open[i].CreatedAt) > lookLasts {
					s.stale = true
					if err := c.store.DiscardImport(ctx, open[i].ID); err != nil {
						return ImportsState{}, err
					}
					continue
				}
				if err := s.send(ctx, &open[i]); err != nil {
					return ImportsState{}, err
				}
			}
		}
	})
}

// sender sends and settles imports.
type sender struct {
	*connection
	step   PushStep
	result StepResult
	stale  bool
}

func (s *sender) state(ctx context.Context) (ImportsState, error) {
	imports, err := s.store.Imports(ctx, store.ImportOpen, store.ImportRunning)
	if err != nil {
		return ImportsState{}, fmt.Errorf("read imports: %w", err)
	}
	out := ImportsState{StepResult: s.result, Stale: s.stale}
	for _, i := range imports {
		if i.State == store.ImportOpen {
			out.Open++
		} else {
			out.Running++
		}
	}
	return out, nil
}

func (s *sender) send(ctx context.Context, imp *store.Import) error {
	rows, err := s.store.ImportRows(ctx, imp.ID)
	if err != nil {
		return fmt.Errorf("read import rows: %w", err)
	}
	body := brevo.Import{
		ListIDs: imp.Lists, EmailBlacklist: brevo.Blocklist(imp.Blocklist), UpdateExisting: true, DisableNotification: true,
		Rows: make([]brevo.ImportRow, len(rows)),
	}
	for i := range rows {
		body.Rows[i] = brevo.ImportRow{Email: rows[i].Email, Attributes: rows[i].Send}
	}
	process, err := s.brevo.ImportContacts(ctx, body)
	if err != nil && (Classify(err) == Reject || Classify(err) == Missing) {
		if err := s.listsThere(ctx, imp.Lists); err != nil {
			return err
		}
		return s.halve(ctx, imp, rows, reasonRefused, detailOf(err))
	}
	if err != nil {
		return err
	}
	return s.store.ImportStarted(ctx, imp.ID, process, s.now())
}

// halve splits an import that failed as a whole, so that the row at fault ends up alone and is rejected.
func (s *sender) halve(ctx context.Context, imp *store.Import, rows []store.ImportRow, reason, detail string) error {
	if len(rows) > 1 {
		return s.store.SplitImport(ctx, imp.ID, imp.ID+"a", imp.ID+"b", s.now())
	}
	return s.settle(ctx, imp, rows, map[int64]exception{rows[0].UserID: {reason: reason, detail: detail}})
}

// before gives what the excepted contacts were delivered before the import.
func (s *sender) before(ctx context.Context, exceptions map[int64]exception) (map[int64]store.Delivery, error) {
	ids := slices.Sorted(maps.Keys(exceptions))
	had := make(map[int64]store.Delivery, len(ids))
	for chunk := range slices.Chunk(ids, planBatch) {
		claimed, err := s.store.Peek(ctx, chunk)
		if err != nil {
			return nil, fmt.Errorf("read deliveries: %w", err)
		}
		for i := range claimed {
			had[claimed[i].Delivery.UserID] = claimed[i].Delivery
		}
	}
	return had, nil
}

// SettleImports asks Brevo once how its imports stand, and settles those that ended: accepted rows are recorded, rows with
// a taken phone are planned again without it, the others are rejected.
func (b *Brevo) SettleImports(ctx context.Context, step PushStep) (ImportsState, error) {
	return do(ctx, b.connections, step.Account, func(ctx context.Context, c *connection) (ImportsState, error) {
		s := &sender{connection: c, step: step}
		running, err := c.store.Imports(ctx, store.ImportRunning)
		if err != nil || len(running) == 0 {
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
// written one by one instead.
const processWithin = 20 * time.Minute

func (s *sender) ended(ctx context.Context, imp *store.Import, p brevo.Process) error {
	late := s.now().Sub(imp.StartedAt) > processWithin
	if !p.Status.IsDone() && (p.Status != "" || !late) {
		return nil
	}
	rows, err := s.store.ImportRows(ctx, imp.ID)
	if err != nil {
		return fmt.Errorf("read import rows: %w", err)
	}
	if p.Status == "" {
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
			if err := c.store.SetVerified(ctx, time.Time{}); err != nil {
				return fmt.Errorf("ask for another look at the lists: %w", err)
			}
			return configurationError(fmt.Errorf("list %d was deleted in Brevo: the next sync makes it again, or names what to change", id))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// exceptions reads the reject files of a process. Their columns are not documented, so a row is found by its address or
// number in any cell. https://developers.brevo.com/reference/get-process
func (s *sender) exceptions(ctx context.Context, rows []store.ImportRow, files map[string]string) (map[int64]exception, error) {
	if len(files) == 0 {
		return nil, nil
	}
	byEmail, byPhone, sent := map[string]int64{}, map[string]int64{}, map[int64]map[string]any{}
	for i := range rows {
		sent[rows[i].UserID] = rows[i].Send
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
		for _, cells := range lines {
			id := matchRow(cells, byEmail, byPhone)
			if id == 0 {
				continue
			}
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
			}
			out[id] = exception{reason: reason, detail: strings.Join(cells, "; ")}
		}
	}
	return out, nil
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
			results = append(results, store.Result{Delivery: before})
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
