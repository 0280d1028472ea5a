package mapping

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// targetName is the alphabet of attribute names. Brevo documents no rule beyond capitals; this is what is seen to work.
var targetName = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,49}$`)

// reserved attributes are Brevo's own; no source can write them.
var reserved = map[string]string{
	"EMAIL":         "EMAIL identifies the contact; only email goes there",
	"EXT_ID":        "EXT_ID is Brevo's own identifier field and is left to you; choose an attribute, such as ZENDESK_EXTERNAL_ID",
	"ADDED_TIME":    "ADDED_TIME is written by Brevo",
	"MODIFIED_TIME": "MODIFIED_TIME is written by Brevo",
}

// compiler gathers bindings and problems.
type compiler struct {
	cfg      Config
	sources  []Source
	fields   *fieldIndex
	bindings []binding
	owner    map[string]binding // by target, left-out ones included: nothing else takes their place meanwhile
	problems Problems
	notices  []string
}

// Compile checks a configuration against the account's field definitions and makes the Mapper. The error, of type Problems,
// names everything in the configuration that is wrong at once.
//
// What the account does not define is no error: a field that somebody deletes in Zendesk must not stop everything else. Such
// rules are left out, and Notices says so. The definitions of a kind (ticket, user, organization) are unknown when defs holds
// none of it: the resource is off, or the account does not show them. Rules that name a key or an id are then taken on trust,
// as text; labels, ticket fields by title and auto, which only definitions can tell, are left out.
func Compile(cfg Config, defs []Definition) (*Mapper, error) {
	c := &compiler{cfg: cfg, sources: Sources(), fields: indexFields(defs), owner: map[string]binding{}}
	c.defaults()
	c.rules()
	c.auto()
	m := &Mapper{
		overwrite: c.overwrite(),
		threshold: c.threshold(),
		region:    c.region(),
		roles:     c.roles(),
		exclude:   c.exclude(),
		lists:     c.lists(),
		notices:   c.notices,
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	for target, b := range c.owner {
		if b.absent != "" {
			m.kept = append(m.kept, target)
		}
	}
	for _, b := range c.bindings {
		if c.on(b.streams) {
			b.needs = setOf(b.streams)
			m.bindings = append(m.bindings, b)
		}
	}
	return m.finish(), nil
}

// on reports whether no needed resource is switched off.
func (c *compiler) on(streams []Stream) bool {
	return !slices.ContainsFunc(streams, func(s Stream) bool {
		on, set := c.cfg.Resources[s]
		return set && !on
	})
}

// defaults binds the default targets of every source that field_mapping does not name.
func (c *compiler) defaults() {
	for _, source := range c.sources {
		named := slices.ContainsFunc(c.cfg.FieldMapping, func(r FieldRule) bool { return strings.TrimSpace(r.Source) == source.Name })
		if named || source.Name == sourceEmail || len(source.DefaultTargets) == 0 {
			continue
		}
		template := bindingOf(source)
		if source.Name == sourceName {
			c.bindName(template, source.DefaultTargets, nil)
			continue
		}
		for _, target := range source.DefaultTargets {
			c.bind(template, target, nil)
		}
	}
}

func (c *compiler) rules() {
	seen := map[string]bool{}
	for _, rule := range c.cfg.FieldMapping {
		name := strings.TrimSpace(rule.Source)
		path := []string{"field_mapping", name}
		if seen[name] {
			c.problems.add("", path, "is named twice")
			continue
		}
		seen[name] = true
		c.rule(name, rule, path)
	}
}

func (c *compiler) rule(name string, rule FieldRule, path []string) {
	if name == sourceAuto || rule.Auto {
		c.checkAuto(name, rule, path)
		return
	}
	template, ok := c.resolve(name, path)
	if !ok {
		return
	}
	targets := make([]string, len(rule.Targets))
	for i, target := range rule.Targets {
		targets[i] = strings.ToUpper(strings.TrimSpace(target))
	}
	template.named = true
	switch name {
	case sourceEmail:
		c.bindEmail(template, targets, path)
	case sourceName:
		c.bindName(template, targets, path)
	default:
		for _, target := range targets {
			c.bind(template, target, path)
		}
		c.notice(template, targets)
	}
}

// checkAuto takes auto for user_fields.* alone, and nothing else but null there.
func (c *compiler) checkAuto(name string, rule FieldRule, path []string) {
	switch {
	case name != sourceAuto:
		c.problems.add("", path, "auto is for %s; name an attribute here", sourceAuto)
	case len(rule.Targets) > 0:
		c.problems.add("auto", path, "takes auto or null, not %s", strings.Join(rule.Targets, ", "))
	}
}

// bindEmail keeps the e-mail's own place and copies it to the other targets.
func (c *compiler) bindEmail(template binding, targets []string, path []string) {
	if len(targets) == 0 {
		c.problems.add("", path, "cannot be switched off: the e-mail identifies the contact")
	}
	for _, target := range targets {
		if target != "EMAIL" {
			c.bind(template, target, path)
		}
	}
}

// bindName gives one target the whole name, two targets the first word and the rest.
func (c *compiler) bindName(template binding, targets []string, path []string) {
	switch len(targets) {
	case 0:
	case 1:
		c.bind(template, targets[0], path)
	case 2:
		for i, part := range []string{"first_name", "last_name"} {
			b := bindingOf(*c.source(part))
			b.source, b.named = sourceName, template.named
			if path == nil {
				b.logical = targets[i]
			}
			c.bind(b, targets[i], path)
		}
	default:
		c.problems.add("", path, "takes one target (the whole name) or two (first word, the rest), not %d; see also first_name and last_name", len(targets))
	}
}

// bind adds a binding, unless its target is no attribute or is taken. A binding to be left out only keeps its target. A nil
// path is a default's.
func (c *compiler) bind(b binding, target string, path []string) {
	if why, found := reserved[target]; found {
		c.problems.add("", path, "%s", why)
		return
	}
	if !targetName.MatchString(target) {
		c.problems.add("", path, "%q is no attribute name: capital letters, digits and _, beginning with a letter, at most 50", target)
		return
	}
	if owner, taken := c.owner[target]; taken {
		if owner.named {
			c.problems.add("", path, "%s is already written by %s", target, owner.source)
		} else {
			c.problems.add("", path, "%s is already written by %s, by default; `%s: null` switches that off", target, owner.source, owner.source)
		}
		return
	}
	b.target = target
	if isNumber(target) {
		b.typ = Text
	}
	c.owner[target] = b
	if b.absent == "" {
		c.bindings = append(c.bindings, b)
	}
}

// notice says which targets a rule does not fill, or fills without knowing the field, and why; of a resource that is switched
// off nobody expects any.
func (c *compiler) notice(b binding, targets []string) {
	if len(targets) == 0 || !c.on(b.streams) {
		return
	}
	verb, names := "is", strings.Join(targets, ", ")
	if len(targets) > 1 {
		verb = "are"
	}
	switch {
	case b.absent != "":
		c.notices = append(c.notices, fmt.Sprintf("field_mapping: %s; %s %s left out", b.absent, names, verb))
	case b.untyped:
		c.notices = append(c.notices, fmt.Sprintf("field_mapping: Zendesk shows no %s fields; %s is taken on trust, as text, for %s", b.field.kind, b.source, names))
	}
}

// bindingOf is a source before it has a target.
func bindingOf(source Source) binding {
	b := binding{source: source.Name, identity: source.Name, typ: source.Type, streams: source.Streams, value: source.value}
	switch source.Name {
	case sourceEmail:
		b.value = func(c *Customer) any { return strings.ToLower(c.User.Email) }
	case sourceName:
		b.value = func(c *Customer) any { return c.User.Name }
	}
	return b
}

func (c *compiler) source(name string) *Source {
	i := slices.IndexFunc(c.sources, func(s Source) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &c.sources[i]
}

// isAuto reports whether attributes depend on what user fields there are.
func (c *compiler) isAuto() bool {
	return slices.ContainsFunc(c.cfg.FieldMapping, func(r FieldRule) bool { return r.Auto && strings.TrimSpace(r.Source) == sourceAuto })
}
