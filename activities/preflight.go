package activities

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/mapping"
)

// definitionsLast is how long field definitions, attributes and lists are trusted without another look.
const definitionsLast = 24 * time.Hour

// PreflightInput asks for a check of everything a run relies on.
type PreflightInput struct {
	Account string `json:"account"`
	Full    bool   `json:"full"`
}

// PreflightResult says what the run should know and the person should see.
type PreflightResult struct {
	Notices []string `json:"notices,omitempty"`
	// Expected are approximate totals by stream, for the display; empty when preflight was not due.
	Expected map[string]int64 `json:"expected,omitempty"`
}

// Preflight reads Zendesk's field definitions, and verifies or creates the attributes and lists in Brevo that the mapping and
// the automations need: on a full sync, after a change of the configuration, and once a day. Brevo ignores unknown and
// mistyped attributes in silence, so nothing is sent that was not verified here.
func (a *Account) Preflight(ctx context.Context, in PreflightInput) (PreflightResult, error) {
	return do(ctx, a.connections, in.Account, func(ctx context.Context, c *connection) (PreflightResult, error) {
		p := &preflight{connection: c}
		due, err := p.due(ctx, in.Full)
		if err != nil || !due {
			return PreflightResult{}, err
		}
		return p.run(ctx, in.Full)
	})
}

type preflight struct {
	*connection
	notices         []string
	allLists        []brevo.List // see listsThere
	attributesThere map[string]store.Attribute
	dry             *dryRun // nil: what is missing is made and booked
}

func (p *preflight) note(format string, args ...any) {
	p.notices = append(p.notices, fmt.Sprintf(format, args...))
}

// fingerprint names what the last preflight looked at. The first two parts decide about contacts; what automations need does not.
type fingerprint struct{ config, mapping, automations string }

func fingerprintOf(stored string) fingerprint {
	var f fingerprint
	f.config, f.mapping, _ = strings.Cut(stored, "/")
	f.mapping, f.automations, _ = strings.Cut(f.mapping, "/")
	return f
}

func (f fingerprint) String() string {
	return strings.TrimSuffix(strings.Join([]string{f.config, f.mapping, f.automations}, "/"), "/")
}

func (p *preflight) due(ctx context.Context, full bool) (bool, error) {
	if full {
		return true, nil
	}
	verified, err := p.store.Verified(ctx)
	if err != nil {
		return false, err
	}
	stored, err := p.store.Fingerprint(ctx)
	if err != nil {
		return false, fmt.Errorf("read fingerprint: %w", err)
	}
	automations, err := p.automationsHash()
	if err != nil {
		return false, err
	}
	before := fingerprintOf(stored)
	changed := before.config != p.cfg.Fingerprint() || before.automations != automations
	return changed || p.now().Sub(verified) > definitionsLast, nil
}

func (p *preflight) run(ctx context.Context, full bool) (PreflightResult, error) {
	me, err := p.zendesk.Me(ctx)
	if err != nil {
		return PreflightResult{}, err
	}
	if reason := stranger(me.Row); reason != "" {
		pause := store.Pause{Kind: PauseCredentials, Message: reason + "; then run `starter resume`", At: p.now()}
		if err := p.store.SetPause(ctx, pause); err != nil {
			return PreflightResult{}, fmt.Errorf("pause account: %w", err)
		}
		return PreflightResult{}, paused(pause)
	}
	if err := p.fields(ctx); err != nil {
		return PreflightResult{}, err
	}
	if err := p.attributes(ctx); err != nil {
		return PreflightResult{}, err
	}
	if err := p.lists(ctx); err != nil {
		return PreflightResult{}, err
	}
	if err := p.automations(ctx); err != nil {
		return PreflightResult{}, err
	}
	if err := p.remember(ctx, full); err != nil {
		return PreflightResult{}, err
	}
	out := PreflightResult{Notices: p.notices}
	if full || p.dry != nil {
		counted, err := p.counts(ctx, uncounted)
		if err != nil {
			return PreflightResult{}, err
		}
		out.Expected = map[string]int64{}
		for stream, n := range counted {
			out.Expected[string(stream)] = n.Value
		}
	}
	if p.dry != nil {
		return out, nil
	}
	return out, p.store.SetVerified(ctx, p.now())
}

// stranger says why the connected user cannot do the work, or nothing. Zendesk answers 200 to anybody here, so the
// answer itself must be looked at. https://developer.zendesk.com/api-reference/ticketing/users/users/#show-self
func stranger(me zendesk.User) string {
	switch {
	case me.ID == 0:
		return "Zendesk does not know the credentials: check auth in connectors.yaml"
	case me.Role != "admin":
		return fmt.Sprintf("the connected Zendesk user has the role %q, and exports need admin: connect an active administrator", me.Role)
	}
	return ""
}

func (p *preflight) fields(ctx context.Context) error {
	kinds := []struct {
		kind string
		on   bool
		list func(context.Context) (zendesk.Page[zendesk.Field], error)
	}{
		{"ticket", p.cfg.Sync.Tickets, p.zendesk.ListTicketFields},
		{"user", p.cfg.Sync.Users, p.zendesk.ListUserFields},
		{"organization", p.cfg.Sync.Organizations, p.zendesk.ListOrganizationFields},
	}
	for _, k := range kinds {
		if !k.on {
			continue
		}
		got, err := k.list(ctx)
		if outcome := Classify(err); err != nil && (outcome == SkipStream || outcome == Missing) {
			p.note("%s fields cannot be read: %s", k.kind, skipReason(err))
			continue
		}
		if err != nil {
			return err
		}
		fields := make([]store.Field, len(got.Rows))
		for i, f := range got.Rows {
			fields[i] = store.Field{Kind: k.kind, ID: f.ID, Key: f.Key, Type: f.Type, Title: f.Title, Active: f.Active, Options: map[string]string{}}
			for _, option := range f.Options {
				fields[i].Options[option.Value] = option.Name
			}
		}
		if err := p.bookFields(ctx, k.kind, fields); err != nil {
			return err
		}
	}
	return nil
}

// remember compares configuration and mapping with those of the last run: when either differs, everybody is looked at
// again, and only what comes out differently is sent.
//
// Custom fields that were not mapped before are not in the mirror, so their values need a full sync.
func (p *preflight) remember(ctx context.Context, full bool) error {
	m, err := p.mapper(ctx)
	if err != nil {
		return err
	}
	automations, err := p.automationsHash()
	if err != nil {
		return err
	}
	stored, err := p.before(ctx)
	if err != nil {
		return err
	}
	before, now := fingerprintOf(stored), fingerprint{p.cfg.Fingerprint(), m.Hash(), automations}
	if stored != "" && (before.config != now.config || before.mapping != now.mapping) {
		if !full {
			p.note("the configuration changed: everybody is looked at again; newly mapped custom fields need `starter sync --type full`")
		}
		normalize := func(raw string) string {
			e164, _ := m.Phone(raw)
			return e164
		}
		if _, err := p.store.RefreshPhones(ctx, normalize, p.now()); err != nil {
			return fmt.Errorf("refresh phones: %w", err)
		}
		for _, kind := range []store.Kind{store.KindUser, store.KindOrganization} {
			if err := p.everybody(ctx, kind); err != nil {
				return err
			}
		}
	}
	if p.dry != nil {
		p.dry.fingerprint = now.String()
		return p.markPreviewed(ctx, before, now)
	}
	return p.store.SetFingerprint(ctx, now.String())
}

// markPreviewed has the next sync look at everybody again, whatever its configuration: the mirror's phones are now those of one
// that may never be used.
func (p *preflight) markPreviewed(ctx context.Context, before, now fingerprint) error {
	stored, err := p.store.Fingerprint(ctx)
	if err != nil {
		return fmt.Errorf("read fingerprint: %w", err)
	}
	if stored == "" || before.config == now.config && before.mapping == now.mapping {
		return nil
	}
	before.config = "previewed"
	return p.store.SetFingerprint(ctx, before.String())
}

// before is the fingerprint with which the mirror was last looked at: of the latest sync, or as long as there was none, of the
// latest preview.
func (p *preflight) before(ctx context.Context) (string, error) {
	stored, err := p.store.Fingerprint(ctx)
	if err != nil {
		return "", fmt.Errorf("read fingerprint: %w", err)
	}
	if stored != "" {
		return stored, nil
	}
	last, _, err := p.lastOutlook(ctx)
	return last.Fingerprint, err
}

// everybody has everybody looked at again.
func (p *preflight) everybody(ctx context.Context, kind store.Kind) error {
	if p.dry != nil {
		p.dry.everybody = true
		return nil
	}
	if err := p.store.MarkAllDirty(ctx, kind, p.now()); err != nil {
		return fmt.Errorf("mark everybody: %w", err)
	}
	return nil
}

// uncounted reports whether the failure of a count costs no more than the display's total: only what holds all other calls
// too, or is not Zendesk's, holds a run.
func uncounted(err error) bool {
	var call *rest.Error
	outcome := Classify(err)
	return errors.As(err, &call) && call.Unwrap() == nil && outcome != PauseAll && outcome != Wait
}

// counts asks Zendesk how many rows to expect, approximately. A stream whose count fails in a way that without accepts has none.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#count-tickets
func (p *preflight) counts(ctx context.Context, without func(error) bool) (map[mapping.Stream]zendesk.Count, error) {
	out := map[mapping.Stream]zendesk.Count{}
	for _, of := range []struct {
		stream mapping.Stream
		on     bool
		count  func(context.Context) (zendesk.Read[zendesk.Count], error)
	}{
		{mapping.Users, p.cfg.Sync.Users, func(ctx context.Context) (zendesk.Read[zendesk.Count], error) { return p.zendesk.CountUsers(ctx) }},
		{mapping.Tickets, p.cfg.Sync.Tickets, p.zendesk.CountTickets},
		{mapping.Organizations, p.cfg.Sync.Organizations, p.zendesk.CountOrganizations},
	} {
		if !of.on {
			continue
		}
		got, err := of.count(ctx)
		switch {
		case err == nil:
			out[of.stream] = got.Row
		case !without(err):
			return nil, err
		}
	}
	sort.Strings(p.notices)
	return out, nil
}
