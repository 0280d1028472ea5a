package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// automations verifies or makes what the actions of the rules need to find in Brevo. In shadow mode nothing is done, so nothing
// is made either, and what would stand in the way is merely said.
func (p *preflight) automations(ctx context.Context) error {
	set, err := p.ruleSet()
	if err != nil {
		return configurationError(err)
	}
	targets := set.Targets()
	if err := p.automationLists(ctx, targets.Lists); err != nil {
		return err
	}
	for _, want := range targets.Attributes {
		if err := p.automationAttribute(ctx, want); err != nil {
			return err
		}
	}
	return p.automationFields(ctx, set)
}

// automationFields says which custom fields conditions ask for in vain. Of those mapped by title only the definitions tell.
func (p *preflight) automationFields(ctx context.Context, set *rules.Set) error {
	asked := set.Fields()
	if len(asked) == 0 {
		return nil
	}
	m, err := p.compiled(ctx)
	if err != nil {
		return err
	}
	users, _, tickets := m.Fields()
	for _, rule := range slices.Sorted(maps.Keys(asked)) {
		for _, f := range asked[rule] {
			id, err := strconv.ParseInt(f.Key, 10, 64)
			if f.Kind == mapping.KindUser && !slices.Contains(users, f.Key) || f.Kind == mapping.KindTicket && (err != nil || !slices.Contains(tickets, id)) {
				p.note("automation %q asks for %s, which is none of the fields that field_mapping carries: it is always empty", rule, f)
			}
		}
	}
	return nil
}

func (p *preflight) shadow() bool { return p.cfg.AutomationsMode == config.AutomationsShadow }

// automationsHash names what automations need, so that a change of it makes preflight due. It says nothing about contacts.
func (p *preflight) automationsHash() (string, error) {
	set, err := p.ruleSet()
	if err != nil {
		return "", configurationError(err)
	}
	targets, fields := set.Targets(), set.Fields()
	if len(targets.Lists)+len(targets.Attributes)+len(fields) == 0 {
		return "", nil
	}
	text, err := json.Marshal(struct {
		rules.Targets
		Shadow bool
		Fields map[string][]rules.Field `json:",omitempty"`
	}{targets, p.shadow(), fields})
	if err != nil {
		return "", fmt.Errorf("hash automations: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}

// naming says which automations speak of something: `automation "x"`.
func naming(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = strconv.Quote(name)
	}
	if len(quoted) == 1 {
		return "automation " + quoted[0]
	}
	return "automations " + strings.Join(quoted, ", ")
}

func (p *preflight) automationLists(ctx context.Context, targets []rules.ListTarget) error {
	if len(targets) == 0 {
		return nil
	}
	there, err := p.listsThere(ctx)
	if err != nil {
		return err
	}
	for i := range targets {
		// What an earlier target made or adopted counts for the next one.
		stored, err := p.storedLists(ctx)
		if err != nil {
			return err
		}
		use, err := p.automationList(ctx, &targets[i], there, stored)
		if p.refused(err) {
			continue
		}
		if err != nil {
			return err
		}
		if use == nil {
			continue
		}
		if err := p.bookList(ctx, *use); err != nil {
			return err
		}
	}
	return nil
}

// automationList is what to store about a list that automations name; nil when there is nothing to.
func (p *preflight) automationList(ctx context.Context, want *rules.ListTarget, there []brevo.List, stored []store.List) (*store.List, error) {
	who, ref := naming(want.Rules), config.ListRef{ID: want.ID, Name: want.Name}
	list := configuredList{key: automationList(want.Name), ref: ref}
	if want.ID != 0 {
		list.key = automationList(strconv.FormatInt(want.ID, 10))
	}
	at := listAt(there, ref)
	switch {
	case at < 0 && want.ID != 0 && p.shadow():
		p.note("%s: Brevo has no list %d: correct the id before automations_mode is live", who, want.ID)
		return nil, nil
	case at < 0 && want.ID != 0:
		return nil, configurationError(fmt.Errorf("%s: Brevo has no list %d: correct the id, or give a name to have it created", who, want.ID))
	case at < 0 && !want.Adds:
		p.note("%s takes people off a list %q, which Brevo does not have: the action is skipped", who, want.Name)
		return nil, nil
	case at < 0 && p.shadow():
		p.note("%s: the list %q would be created in Brevo", who, want.Name)
		return nil, nil
	case at < 0:
		made, err := p.createList(ctx, list)
		return &made, err
	}
	for _, l := range stored {
		if l.ID == there[at].ID && managed(p.cfg, l.Key) {
			p.note("%s changes list %d %q, whose members lists.%s decides: what the automation does there is undone", who, l.ID, there[at].Name, l.Key)
		}
	}
	if p.shadow() {
		return nil, nil
	}
	if !want.Adds {
		return &store.List{Key: list.key, ID: there[at].ID, Name: there[at].Name}, nil
	}
	use, err := p.adopt(ctx, who, list, there[at], stored)
	return &use, err
}

func managed(cfg *config.Connector, key string) bool {
	return slices.ContainsFunc(configuredLists(cfg), func(l configuredList) bool { return l.key == key })
}

// automationAttribute verifies or makes one attribute that automations write. The type of one that is there cannot be changed,
// and Brevo drops what does not fit it in silence.
func (p *preflight) automationAttribute(ctx context.Context, want rules.AttributeTarget) error {
	who := naming(want.Rules)
	have, exists := p.attributesThere[want.Name]
	switch {
	case !exists && want.Type == "":
		p.note("%s clears the attribute %s, which Brevo does not have: the action is skipped", who, want.Name)
	case !exists && p.shadow():
		p.note("%s: the attribute %s would be created in Brevo (%s)", who, want.Name, want.Type)
	case !exists:
		return p.createAttribute(ctx, want.Name, want.Type, fmt.Sprintf("create it in Brevo as %s; until then %s skips it", want.Type, who))
	case !takes(want.Type, have):
		p.clash(TypeClash{Attribute: want.Name, Type: described(have), Wanted: want.Type, By: []string{who}}, fmt.Sprintf(
			"attribute %s is %s in Brevo, and %s writes %s: the action is skipped", want.Name, described(have), who, orText(want.Type, "nothing")))
	}
	return nil
}

// takes reports whether an attribute keeps a value of a type; the empty type clears it. Text is also taken for the value of a
// category, and for a date.
func takes(kind string, have store.Attribute) bool {
	switch {
	case have.Category != brevo.CategoryNormal && have.Category != brevo.CategoryCategory:
		return false
	case kind == "":
		return true
	case kind == mapping.Text || kind == mapping.Date:
		return have.Type == brevo.TypeText || have.Type == brevo.TypeDate || have.Category == brevo.CategoryCategory
	}
	return have.Type == kind
}

// described is an attribute's type, and its category where that is what stands in the way.
func described(a store.Attribute) string {
	if a.Category == brevo.CategoryNormal || a.Category == brevo.CategoryCategory {
		return orText(a.Type, "of no type")
	}
	return strings.TrimSpace(a.Category + " " + a.Type)
}
