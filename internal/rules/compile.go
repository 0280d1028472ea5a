package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr"
)

// maxDelay bounds after and a limit's within: what was done is remembered for 90 days.
const maxDelay = 90 * day

// Set is the rules of one account, compiled.
type Set struct {
	rules     []*rule
	templates map[string]*template
	options   Options
}

type rule struct {
	RuleConfig
	when *expression // nil: always
}

// Rules returns the rules of the set in the order in which they are evaluated, the built-in ones first.
func (s *Set) Rules() []RuleConfig {
	out := make([]RuleConfig, len(s.rules))
	for i, r := range s.rules {
		out[i] = r.RuleConfig
	}
	return out
}

// WantedTypes lists the types of transitions that some rule listens to.
func (s *Set) WantedTypes() []string {
	return slices.DeleteFunc(Types(), func(typ string) bool { return !s.Wants(typ) })
}

// LimitKeys are the keys under which the limits of the rules that listen to a transition count; for Facts.Fired.
func (s *Set) LimitKeys(t Transition) []string {
	var out []string
	for _, r := range s.rules {
		if key := r.limitKey(t); key != "" && slices.Contains(r.On, t.Type) {
			out = append(out, key)
		}
	}
	return out
}

// Wants reports whether some rule listens to a type of transition.
func (s *Set) Wants(typ string) bool {
	return slices.ContainsFunc(s.rules, func(r *rule) bool { return slices.Contains(r.On, typ) })
}

// Load decodes and compiles automations; the error is Problems, all of them.
func Load(sources []Source, o Options) (*Set, error) {
	l := &loader{}
	for i, source := range sources {
		l.add(i+1, source)
	}
	return l.compile(o)
}

// loader gathers automations and their problems.
type loader struct {
	configs  []RuleConfig
	problems Problems
}

func (l *loader) add(index int, source Source) {
	config, problems := Decode(index, source)
	if len(problems) > 0 {
		l.problems = append(l.problems, problems...)
		config.decodedBadly(problems)
	}
	l.configs = append(l.configs, config)
}

func (l *loader) compile(o Options) (*Set, error) {
	set, problems := compile(l.configs, o)
	if err := append(l.problems, problems...).err(); err != nil {
		return nil, err
	}
	return set, nil
}

// decodedBadly keeps Compile from reporting as missing what was written wrongly.
func (c *RuleConfig) decodedBadly(problems Problems) {
	for _, p := range problems {
		if strings.HasPrefix(p.Field, "do") {
			c.Do = []Action{{Kind: BrevoEvent, Event: "x"}}
		}
		if strings.HasPrefix(p.Field, "on") || strings.HasPrefix(p.Field, "use") {
			c.On = []string{TicketCreated}
			c.When, c.Unless, c.Do = "", nil, []Action{{Kind: BrevoEvent, Event: "x"}}
		}
		if strings.HasPrefix(p.Field, "limit") {
			c.Limit = Limit{}
		}
		if strings.HasPrefix(p.Field, "unless") {
			c.Unless = nil
		}
	}
}

// Compile checks rules and makes them ready to evaluate; the error is Problems, all of them. Names that are missing are
// made of what the rule listens to and does.
func Compile(configs []RuleConfig, o Options) (*Set, error) {
	set, problems := compile(configs, o)
	if err := problems.err(); err != nil {
		return nil, err
	}
	return set, nil
}

func compile(configs []RuleConfig, o Options) (*Set, Problems) {
	s := &Set{options: o, templates: map[string]*template{}}
	var all []RuleConfig
	if o.Builtin {
		all = Builtin()
	}
	all = append(all, configs...)
	c := &compiler{set: s, names: map[string]int{}, attributes: map[string]typed{}}
	for i, config := range all {
		if config.Index == 0 && !strings.HasPrefix(config.Name, builtinPrefix) {
			config.Index = i + 1
		}
		c.rule(config)
	}
	return s, c.problems
}

// compiler checks one rule after the other.
type compiler struct {
	reader
	set        *Set
	names      map[string]int // name -> index of its automation
	attributes map[string]typed
}

var ruleName = regexp.MustCompile(`^[\pL\pN][\pL\pN ._:#-]{0,59}$`)

func (c *compiler) rule(config RuleConfig) {
	c.index, c.places = config.Index, config.Places
	r := &rule{RuleConfig: config}
	c.listens(r)
	c.condition(r)
	c.timing(r)
	if len(r.Do) == 0 {
		c.problem("do", "add do: with at least one action: "+strings.Join(kinds, ", "), "is missing")
	}
	for i := range r.Do {
		c.action(r, fmt.Sprintf("do[%d]", i+1), &r.Do[i])
	}
	c.name(r)
	c.set.rules = append(c.set.rules, r)
}

// name gives a rule without one a name that outlives changes of its condition, delay or template: it is part of the key
// that keeps an action from happening twice.
func (c *compiler) name(r *rule) {
	if r.Name == "" && len(r.On) > 0 && len(r.Do) > 0 {
		base := strings.Join(r.On, " ") + " " + r.Do[0].Kind
		if len(base) > 50 {
			base = r.On[0] + " " + r.Do[0].Kind
		}
		r.Name = base
		for n := 2; c.names[r.Name] != 0; n++ {
			r.Name = fmt.Sprintf("%s #%d", base, n)
		}
	}
	builtin := strings.HasPrefix(r.Name, builtinPrefix)
	switch first := c.names[r.Name]; {
	case r.Name == "":
		return
	case !ruleName.MatchString(r.Name) || (builtin && r.Index != 0):
		c.problem("name", "use up to 60 letters, digits, spaces and . _ : # -; built-in rules alone begin with "+builtinPrefix, "cannot be a name")
	case first != 0:
		c.problem("name", "give each rule a name of its own", "is the same as that of automations[%d]", first)
	}
	c.names[r.Name] = max(r.Index, 1)
}

func (c *compiler) listens(r *rule) {
	if len(r.On) == 0 {
		c.problem("on", "add on: with one of "+strings.Join(types, ", "), "is missing")
	}
	c.words("on", r.On, types)
	c.words("unless", r.Unless, types)
	for i, typ := range r.Unless {
		if r.aboutUsers() && !aboutUser(typ) && slices.Contains(types, typ) {
			c.problem(fmt.Sprintf("unless[%d]", i+1), "name an event of users", "cannot be %s: what happens to a user has no ticket", typ)
		}
	}
}

func (c *compiler) words(path string, words, known []string) {
	for i, word := range words {
		if !slices.Contains(known, word) {
			c.problem(fmt.Sprintf("%s[%d]", path, i+1), suggestion(word, known), "knows no %s", shown(word))
		} else if slices.Index(words, word) < i {
			c.problem(fmt.Sprintf("%s[%d]", path, i+1), "remove one", "names %s twice", word)
		}
	}
}

func aboutUser(typ string) bool { return strings.HasPrefix(typ, "user.") }

// aboutUsers reports whether some event of the rule comes without a ticket.
func (r *rule) aboutUsers() bool { return slices.ContainsFunc(r.On, aboutUser) }

const noTicket = "remove the user events from on, or what asks about the ticket"

func (c *compiler) condition(r *rule) {
	if r.When == "" {
		return
	}
	e, err := compileExpression(r.When, conditionEnv{}, expr.AsBool())
	switch {
	case err != nil && strings.HasSuffix(err.Error(), "unexpected token EOF"):
		c.problem("when", "it ends too early: put the whole of it in quotes when it holds a #, which YAML takes for a comment", "%s", err)
	case err != nil:
		c.problem("when", "", "%s", err)
	case e.usesTicket && r.aboutUsers():
		c.problem("when", noTicket, "asks about the ticket, and what happens to a user has none")
	default:
		r.when = e
		c.carried(e.fields)
	}
}

// carried refuses a condition on a custom field that is never there.
func (c *compiler) carried(fields []Field) {
	carries := c.set.options.Carries
	if carries == nil {
		return
	}
	for _, f := range fields {
		if !carries(f) {
			c.problem("when", "add a line such as "+f.source()+": ATTRIBUTE_NAME to field_mapping",
				"asks for a custom field that field_mapping does not carry, so %s is always empty", f)
			return
		}
	}
}

// Fields are the custom fields that the conditions ask for, by rule.
func (s *Set) Fields() map[string][]Field {
	out := map[string][]Field{}
	for _, r := range s.rules {
		if r.when != nil && len(r.when.fields) > 0 {
			out[r.Name] = r.when.fields
		}
	}
	return out
}

func (c *compiler) timing(r *rule) {
	if r.After < 0 || r.After > maxDelay {
		c.problem("after", "write a duration up to 90d", "is out of range: %s", r.After)
	}
	l := r.Limit
	if l == (Limit{}) {
		return
	}
	switch {
	case l.Per != PerPerson && l.Per != PerTicket:
		c.problem("limit.per", suggestion(l.Per, []string{PerPerson, PerTicket}), "cannot be %s", shown(l.Per))
	case l.Per == PerTicket && r.aboutUsers():
		c.problem("limit.per", "write person", "cannot be ticket: what happens to a user has none")
	}
	if l.Within <= 0 || l.Within > maxDelay {
		c.problem("limit.within", "write a duration up to 90d, such as 7d", "is missing or out of range: %s", l.Within)
	}
	if l.Count < 1 {
		c.problem("limit.count", "write how often it may act, from 1", "is out of range: %d", l.Count)
	}
}

func round(d time.Duration) string {
	switch {
	case d >= day && d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}
