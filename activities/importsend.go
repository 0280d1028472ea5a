package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
)

// DiscardOpenImports gives up what earlier runs decided and did not bring to its end, and counts what Brevo still works on. It
// calls nobody.
func (b *Brevo) DiscardOpenImports(ctx context.Context, account string) (ImportsState, error) {
	return do(ctx, b.connections, account, func(ctx context.Context, c *connection) (ImportsState, error) {
		open, err := c.store.Imports(ctx, store.ImportOpen)
		if err != nil {
			return ImportsState{}, fmt.Errorf("read imports: %w", err)
		}
		s := &sender{connection: c}
		for i := range open {
			if err := s.discard(ctx, &open[i]); err != nil {
				return ImportsState{}, err
			}
		}
		if s.held {
			return ImportsState{}, waitFor(importRecheck, importHeld)
		}
		return s.state(ctx)
	})
}

// importHeld is what a step waits for that finds an import with another, and importRecheck for how long: a call without an answer takes
// minutes.
const (
	importHeld    = "another step is sending an import"
	importRecheck = time.Minute
)

// SendImports gives every open import to Brevo. Sending one again after a lost answer is harmless while it is open: an import makes or
// updates by address, and nobody else writes its contacts. One that Brevo refuses is halved until the bad row stands alone.
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
					if err := s.discard(ctx, &open[i]); err != nil {
						return ImportsState{}, err
					}
					continue
				}
				if err := s.send(ctx, &open[i]); err != nil {
					return ImportsState{}, err
				}
			}
			if s.held {
				return ImportsState{}, waitFor(importRecheck, importHeld)
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
	notice string
	held   bool // an import is with another attempt
}

func (s *sender) state(ctx context.Context) (ImportsState, error) {
	imports, err := s.store.Imports(ctx, store.ImportOpen, store.ImportRunning)
	if err != nil {
		return ImportsState{}, fmt.Errorf("read imports: %w", err)
	}
	out := ImportsState{StepResult: s.result, Stale: s.stale, Notice: s.notice}
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
		ListIDs: imp.Lists, EmailBlacklist: brevo.Blocklist(imp.Blocklist), DisableNotification: true,
		// A contact that nobody knew of when its row was decided keeps what it has: see notOurs.
		UpdateExisting: !slices.ContainsFunc(rows, func(r store.ImportRow) bool { return r.Create }),
		Rows:           make([]brevo.ImportRow, len(rows)),
	}
	for i := range rows {
		body.Rows[i] = brevo.ImportRow{Email: rows[i].Email, Attributes: rows[i].Send}
	}
	// Whoever takes it over after answerGrace can rely on this call's being over.
	call, cancel := context.WithTimeout(ctx, rest.DefaultTimeout)
	defer cancel()
	taken := s.now()
	if ok, err := s.take(ctx, imp, taken); err != nil || !ok {
		return err
	}
	process, err := s.brevo.ImportContacts(call, body)
	if err != nil { // the call is over: nobody has to wait for it
		asked := imp.StartedAt
		if mayHaveArrived(err) {
			asked = taken
		}
		err = errors.Join(err, s.store.ReturnImport(context.WithoutCancel(ctx), imp.ID, asked, taken))
	}
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

// take makes this attempt the only one that may send or settle an open import. What another has taken, or ended, is left alone.
func (s *sender) take(ctx context.Context, imp *store.Import, at time.Time) (ok bool, _ error) {
	err := s.store.ImportSending(ctx, imp.ID, answerGrace, at)
	if errors.Is(err, store.ErrClaimLost) {
		s.held = true
		return false, nil
	}
	return err == nil, err
}

// discard gives an open import up. Of one that Brevo was asked for before, as a whole or in part, something may have arrived.
func (s *sender) discard(ctx context.Context, imp *store.Import) error {
	if imp.StartedAt.IsZero() {
		err := s.store.DiscardImport(ctx, imp.ID)
		if errors.Is(err, store.ErrClaimLost) {
			s.held = true // somebody has begun to send it since
			return nil
		}
		return err
	}
	if ok, err := s.take(ctx, imp, s.now()); err != nil || !ok {
		return err
	}
	rows, err := s.store.ImportRows(ctx, imp.ID)
	if err != nil {
		return fmt.Errorf("read import rows: %w", err)
	}
	return s.settle(ctx, imp, rows, alone(rows))
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
