package activities

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"zendesk-brevo/internal/brevo"
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

// Preflight reads Zendesk's field definitions, and verifies or creates the attributes and lists in Brevo, on a full
// sync, after a change of the configuration, and once a day. Brevo ignores unknown and mistyped attributes in silence,
// so nothing is sent that was not verified here.
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
	notices []string
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
	config, _, _ := strings.Cut(stored, "/")
	return config != p.cfg.Fingerprint() || p.now().Sub(verified) > definitionsLast, nil
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
	if err := p.remember(ctx, full); err != nil {
		return PreflightResult{}, err
	}
	out := PreflightResult{Notices: p.notices}
	if full {
		if out.Expected, err = p.counts(ctx); err != nil {
			return PreflightResult{}, err
		}
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
			p.notices = append(p.notices, k.kind+" fields cannot be read: "+skipReason(err))
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
		if err := p.store.ReplaceFields(ctx, k.kind, fields, p.now()); err != nil {
			return fmt.Errorf("store %s fields: %w", k.kind, err)
		}
	}
	return nil
}

// attributes verifies or creates what the mapping writes. An attribute that is to be made is booked as ours first: should
// the process die between the call and its record, the attribute must not look like the marketer's afterwards.
func (p *preflight) attributes(ctx context.Context) error {
	there, err := p.brevo.ListAttributes(ctx)
	if err != nil {
		return err
	}
	found := make([]store.Attribute, len(there))
	byName := map[string]store.Attribute{}
	for i, a := range there {
		found[i] = store.Attribute{Name: a.Name, Category: a.Category, Type: a.Type}
		byName[a.Name] = found[i]
	}
	for _, name := range builtIn {
		if _, shown := byName[name]; !shown {
			found = append(found, store.Attribute{Name: name, Category: brevo.CategoryNormal, Type: brevo.TypeText})
		}
		byName[name] = store.Attribute{Name: name, Category: brevo.CategoryNormal, Type: brevo.TypeText}
	}
	if err := p.store.SaveAttributes(ctx, found); err != nil {
		return fmt.Errorf("store attributes: %w", err)
	}
	m, err := p.mapper(ctx)
	if err != nil {
		return err
	}
	p.notices = append(p.notices, m.Notices()...)
	ours, err := p.ours(ctx)
	if err != nil {
		return err
	}
	for _, want := range m.Attributes() {
		have, exists := byName[want.Name]
		switch {
		case !exists:
			err = p.createAttribute(ctx, want)
		case !compatible(want.Type, have):
			p.notices = append(p.notices, fmt.Sprintf("attribute %s is %s in Brevo, but %s is %s: map it to another name under field_mapping; it is left out",
				want.Name, have.Type, strings.Join(want.Sources, ", "), want.Type))
		case !ours[want.Name] && !want.Named && !want.FillIfEmpty:
			p.notices = append(p.notices, fmt.Sprintf("attribute %s existed before: name it under field_mapping to have it written; it is left alone", want.Name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// builtIn are identifiers that every account has, whether its attribute list shows them or not; none can be created.
var builtIn = []string{attributePhone, "WHATSAPP", "LANDLINE_NUMBER"}

func (p *preflight) ours(ctx context.Context) (map[string]bool, error) {
	stored, err := p.store.Attributes(ctx)
	if err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	out := map[string]bool{}
	for _, a := range stored {
		out[a.Name] = a.Ours
	}
	return out, nil
}

func (p *preflight) createAttribute(ctx context.Context, want mapping.Attribute) error {
	made := store.Attribute{Name: want.Name, Category: brevo.CategoryNormal, Type: want.Type, Ours: true}
	if err := p.store.SaveAttributes(ctx, []store.Attribute{made}); err != nil {
		return fmt.Errorf("store attribute %s: %w", want.Name, err)
	}
	err := p.brevo.CreateAttribute(ctx, brevo.CategoryNormal, want.Name, brevo.AttributeSpec{Type: want.Type})
	if err != nil && Classify(err) == Reject {
		return p.refusedAttribute(ctx, want, err)
	}
	if err != nil {
		return err
	}
	p.notices = append(p.notices, fmt.Sprintf("attribute %s created in Brevo (%s)", want.Name, want.Type))
	return nil
}

// refusedAttribute looks whether an attribute that could not be created is there all the same, made a moment ago by an
// attempt whose answer was lost or by somebody else; otherwise the mapping does without it.
func (p *preflight) refusedAttribute(ctx context.Context, want mapping.Attribute, cause error) error {
	there, err := p.brevo.ListAttributes(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(there, func(a brevo.Attribute) bool { return a.Name == want.Name }) {
		return nil
	}
	p.notices = append(p.notices, fmt.Sprintf("attribute %s cannot be created (%v): create it in Brevo as %s, or map %s elsewhere; it is left out",
		want.Name, cause, want.Type, strings.Join(want.Sources, ", ")))
	return p.store.DropAttribute(ctx, want.Name)
}

// compatible reports whether Brevo would keep a value of the wanted type: it drops others in silence.
func compatible(want string, have store.Attribute) bool {
	if have.Category == brevo.CategoryCategory {
		return want == brevo.TypeText
	}
	return have.Category == brevo.CategoryNormal && (have.Type == want || have.Type == "")
}

// lists verifies the configured lists by id, and finds or creates those given by name.
func (p *preflight) lists(ctx context.Context) error {
	configured := configuredLists(p.cfg)
	if len(configured) == 0 {
		return nil
	}
	there, err := p.brevo.ListLists(ctx)
	if err != nil {
		return err
	}
	stored, err := p.store.Lists(ctx)
	if err != nil {
		return fmt.Errorf("read lists: %w", err)
	}
	for _, list := range configured {
		at := slices.IndexFunc(there, func(l brevo.List) bool {
			return l.ID == list.ref.ID || (list.ref.ID == 0 && l.Name == list.ref.Name)
		})
		known := slices.IndexFunc(stored, func(l store.List) bool { return l.Key == list.key && at >= 0 && l.ID == there[at].ID })
		var use store.List
		switch {
		case known >= 0:
			continue
		case at >= 0:
			use, err = p.adopt(ctx, list, there[at])
		case list.ref.ID != 0:
			err = configurationError(fmt.Errorf("lists.%s: Brevo has no list %d: correct the id, or give a name to have it created", list.key, list.ref.ID))
		default:
			use, err = p.createList(ctx, list)
		}
		if err != nil {
			return err
		}
		if err := p.store.SaveLists(ctx, []store.List{use}); err != nil {
			return fmt.Errorf("store list %s: %w", list.key, err)
		}
		if slices.ContainsFunc(stored, func(l store.List) bool { return l.Key == list.key }) {
			// Another list than before: everybody has to join it.
			if err := p.store.MarkAllDirty(ctx, store.KindUser, p.now()); err != nil {
				return fmt.Errorf("mark everybody: %w", err)
			}
		}
	}
	return nil
}

// adopt takes a list that existed before. Unless it is empty, adding to it may start the marketer's automations, so that
// needs to be said in the configuration.
func (p *preflight) adopt(ctx context.Context, list configuredList, there brevo.List) (store.List, error) {
	out := store.List{Key: list.key, ID: there.ID, Name: there.Name, Adopted: true}
	if p.cfg.AdoptLists {
		return out, nil
	}
	members, err := p.brevo.ListContacts(ctx, brevo.ContactQuery{Limit: 1, ListIDs: []int64{there.ID}})
	if err != nil {
		return out, err
	}
	if members.Count == 0 {
		return out, nil
	}
	return out, configurationError(fmt.Errorf("lists.%s: list %d %q already has %d members that this connector did not add; adding people to it "+
		"fires its \"added to list\" automations: set adopt_lists: true if that is meant, or choose another list", list.key, there.ID, there.Name, members.Count))
}

func (p *preflight) createList(ctx context.Context, list configuredList) (store.List, error) {
	folders, err := p.brevo.ListFolders(ctx)
	if err != nil {
		return store.List{}, err
	}
	var folder int64
	if at := slices.IndexFunc(folders, func(f brevo.Folder) bool { return f.Name == p.cfg.ListFolder }); at >= 0 {
		folder = folders[at].ID
	} else if folder, err = p.brevo.CreateFolder(ctx, p.cfg.ListFolder); err != nil {
		return store.List{}, err
	}
	id, err := p.brevo.CreateList(ctx, list.ref.Name, folder)
	if err != nil {
		return store.List{}, err
	}
	p.notices = append(p.notices, fmt.Sprintf("list %q created in Brevo", list.ref.Name))
	return store.List{Key: list.key, ID: id, Name: list.ref.Name, Ours: true}, nil
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
	now := p.cfg.Fingerprint() + "/" + m.Hash()
	before, err := p.store.Fingerprint(ctx)
	if err != nil {
		return fmt.Errorf("read fingerprint: %w", err)
	}
	if before == now {
		return nil
	}
	if before != "" {
		if !full {
			p.notices = append(p.notices, "the configuration changed: everybody is looked at again; newly mapped custom fields need `starter sync --type full`")
		}
		normalize := func(raw string) string {
			e164, _ := m.Phone(raw)
			return e164
		}
		if _, err := p.store.RefreshPhones(ctx, normalize, p.now()); err != nil {
			return fmt.Errorf("refresh phones: %w", err)
		}
		for _, kind := range []store.Kind{store.KindUser, store.KindOrganization} {
			if err := p.store.MarkAllDirty(ctx, kind, p.now()); err != nil {
				return fmt.Errorf("mark everybody: %w", err)
			}
		}
	}
	return p.store.SetFingerprint(ctx, now)
}

// counts asks Zendesk how many rows to expect; they are approximate and only for the display.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#count-tickets
func (p *preflight) counts(ctx context.Context) (map[string]int64, error) {
	out := map[string]int64{}
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
		switch outcome := Classify(err); {
		case err == nil:
			out[string(of.stream)] = got.Row.Value
		case outcome == SkipStream || outcome == Missing || outcome == Reject:
		default:
			return nil, err
		}
	}
	sort.Strings(p.notices)
	return out, nil
}
