package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
)

func (a *app) automationsCommand() *cobra.Command {
	parent := &cobra.Command{
		Use:   "automations",
		Short: "Look at the rules, at what they did, and try them out",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var asJSON bool
	list := &cobra.Command{
		Use:   "list" + connectorArg,
		Short: "List every rule in order, and how often it acted",
		Long: "List every rule in the order in which they are evaluated, built-in ones first, and what became of their actions in the last\n" +
			"90 days. Actions in doubt were asked for, and no answer came: they are not repeated, and somebody should look.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.listAutomations(cmd.Context(), args, asJSON) },
	}
	jsonFlag(list, &asJSON)
	parent.AddCommand(a.withConnector(list), a.automationsTestCommand())
	return parent
}

// automationList is what `automations list` shows. Its names are stable.
type automationList struct {
	Connector string     `json:"connector"`
	Account   string     `json:"account"`
	Mode      string     `json:"mode"`    // live, shadow
	Builtin   bool       `json:"builtin"` // the built-in rules are on
	Rules     []ruleLine `json:"rules"`
	Former    []formerly `json:"former"`  // acted, and are not configured any more
	InDoubt   []doubt    `json:"inDoubt"` // the latest first
	Doubts    int64      `json:"doubts"`  // how many there are in all
}

type ruleLine struct {
	Name    string         `json:"name"`
	Builtin bool           `json:"builtin"`
	On      []string       `json:"on"`
	When    string         `json:"when,omitempty"`
	After   string         `json:"after,omitempty"`
	Unless  []string       `json:"unless,omitempty"`
	Limit   string         `json:"limit,omitempty"`
	Do      []rules.Action `json:"do"`
	// Actions counts the rule's actions by state; see store.ActionState.
	Actions map[string]int64 `json:"actions"`
	// Failed counts those that were skipped because the rule could not be evaluated.
	Failed int64 `json:"failed"`
}

type formerly struct {
	Name    string           `json:"name"`
	Actions map[string]int64 `json:"actions"`
}

type doubt struct {
	Key    string     `json:"key"`
	Rule   string     `json:"rule"`
	Action string     `json:"action"`
	Reason string     `json:"reason"`
	At     *time.Time `json:"at"` // when the vendor was called
}

// doubtsShown bounds the list of actions in doubt.
const doubtsShown = 20

func (a *app) listAutomations(ctx context.Context, args []string, asJSON bool) error {
	if err := a.load(args); err != nil {
		return err
	}
	set, err := activities.RuleSet(a.cfg)
	if err != nil {
		return &failure{code: exitUsage, text: err.Error(), cause: err} // load has checked it
	}
	account, err := a.accountIfAny(ctx)
	if err != nil {
		return err
	}
	l := &automationList{
		Connector: a.cfg.Name, Account: a.cfg.Account(), Mode: a.cfg.AutomationsMode, Builtin: a.cfg.BuiltinAutomations,
		Rules: []ruleLine{}, Former: []formerly{}, InDoubt: []doubt{},
	}
	for _, rule := range set.Rules() {
		l.Rules = append(l.Rules, lineOf(&rule, a.cfg.Events.Prefix))
	}
	if account != nil {
		if err := l.read(ctx, account); err != nil {
			return a.storeFailure(err)
		}
	}
	if asJSON {
		return a.printJSON(l)
	}
	a.printf("%s", l.text(a.now(), a.palette(), account != nil))
	return nil
}

func lineOf(rule *rules.RuleConfig, prefix string) ruleLine {
	out := ruleLine{
		Name: rule.Name, Builtin: rule.Builtin(), On: rule.On, When: rule.When, Unless: rule.Unless, Do: slices.Clone(rule.Do),
		Actions: map[string]int64{},
	}
	if rule.After > 0 {
		out.After = config.Brief(rule.After)
	}
	if rule.Limit != (rules.Limit{}) {
		out.Limit = rule.Limit.String()
	}
	for i := range out.Do {
		if out.Do[i].Kind == rules.BrevoEvent {
			out.Do[i].Event = prefix + out.Do[i].Event
		}
	}
	return out
}

// read adds what the store knows.
func (l *automationList) read(ctx context.Context, account *store.Account) error {
	counts, err := account.CountActions(ctx)
	if err != nil {
		return err
	}
	failures, err := account.CountFailures(ctx)
	if err != nil {
		return err
	}
	for i := range l.Rules {
		l.Rules[i].Failed = failures[l.Rules[i].Name]
	}
	former := map[string]map[string]int64{}
	for state, byRule := range counts {
		if state == store.ActionInDoubt {
			l.Doubts = total(byRule)
		}
		for name, n := range byRule {
			at := slices.IndexFunc(l.Rules, func(r ruleLine) bool { return r.Name == name })
			if at >= 0 {
				l.Rules[at].Actions[string(state)] = n
				continue
			}
			if former[name] == nil {
				former[name] = map[string]int64{}
			}
			former[name][string(state)] = n
		}
	}
	for name, actions := range former {
		l.Former = append(l.Former, formerly{name, actions})
	}
	slices.SortFunc(l.Former, func(x, y formerly) int { return strings.Compare(x.Name, y.Name) })
	inDoubt, err := account.ActionsIn(ctx, store.ActionInDoubt, doubtsShown)
	for i := range inDoubt {
		x := &inDoubt[i]
		l.InDoubt = append(l.InDoubt, doubt{x.Key, x.Rule, x.Action.String(), x.Reason, utc(x.OpenedAt)})
	}
	return err
}

// text is the list for people; known tells whether there is a store.
func (l *automationList) text(now time.Time, p palette, known bool) string {
	var b strings.Builder
	if l.Mode == config.AutomationsShadow {
		fmt.Fprintf(&b, "%s: what rules plan is recorded, and nothing is done.\n", p.warn("automations_mode is shadow"))
	}
	if !l.Builtin {
		b.WriteString("builtin_automations is false: the built-in rules are off.\n")
	}
	if len(l.Rules) == 0 {
		b.WriteString("There is no rule: nothing follows from what happens in Zendesk.\n")
	}
	for i := range l.Rules {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		l.Rules[i].write(&b, i+1, p, known)
	}
	for _, f := range l.Former {
		fmt.Fprintf(&b, "\n%s is not configured any more; its actions: %s\n", p.bold(f.Name), byReason(f.Actions))
	}
	if l.Doubts > 0 {
		fmt.Fprintf(&b, "\n%s, not repeated: look in Brevo or Zendesk whether it happened\n", p.bad(plural(l.Doubts, "action")+" in doubt"))
		w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, d := range l.InDoubt {
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", d.Key, d.Action, moment(now, d.At, "unknown"), reasonText(d.Reason))
		}
		_ = w.Flush()
	}
	return b.String()
}

func (r *ruleLine) write(b *strings.Builder, number int, p palette, known bool) {
	built := ""
	if r.Builtin {
		built = " (built in)"
	}
	fmt.Fprintf(b, "%d. %s%s\n", number, p.bold(r.Name), built)
	field := func(name, text string) {
		if text != "" {
			fmt.Fprintf(b, "   %-7s %s\n", name, text)
		}
	}
	field("on", strings.Join(r.On, ", "))
	field("when", strings.Join(strings.Fields(r.When), " "))
	field("after", r.After)
	field("unless", strings.Join(r.Unless, ", "))
	field("limit", r.Limit)
	for i := range r.Do {
		name := ""
		if i == 0 {
			name = "do"
		}
		fmt.Fprintf(b, "   %-7s %s\n", name, r.Do[i])
	}
	acted := maps.Clone(r.Actions)
	if acted[string(store.ActionSkipped)] -= r.Failed; acted[string(store.ActionSkipped)] == 0 {
		delete(acted, string(store.ActionSkipped))
	}
	switch {
	case len(acted) > 0:
		field("acted", byReason(acted))
	case known:
		field("acted", "never")
	}
	if r.Failed > 0 {
		field("failed", thousands(r.Failed)+": the rule could not be evaluated; `starter automations test --ticket ID` says why")
	}
}
