package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
)

type automationsTestFlags struct {
	ticket, user int64
	kind         string
	json         bool
}

func (a *app) automationsTestCommand() *cobra.Command {
	var f automationsTestFlags
	cmd := &cobra.Command{
		Use:   "test" + connectorArg,
		Short: "Say what every rule makes of a ticket or user, and why",
		Long: "Say what every rule makes of what was recorded of a ticket or user, why, and what became of it. With --type, or when nothing\n" +
			"was recorded, it is asked about an event that is made of the present state, as if it happened now. Nothing is done, and\n" +
			"neither Zendesk nor Brevo is called: it tells what the store knows.",
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.check(cmd.Flags().Changed) },
		RunE:    func(cmd *cobra.Command, args []string) error { return a.testAutomations(cmd.Context(), args, f) },
	}
	cmd.Flags().Int64Var(&f.ticket, "ticket", 0, "the id of a ticket")
	cmd.Flags().Int64Var(&f.user, "user", 0, "the id of a user")
	cmd.Flags().StringVar(&f.kind, "type", "", "ask about an event of this type, such as ticket.solved")
	jsonFlag(cmd, &f.json)
	_ = cmd.RegisterFlagCompletionFunc("type", cobra.FixedCompletions(rules.Types(), cobra.ShellCompDirectiveNoFileComp))
	return a.withConnector(cmd)
}

func (f *automationsTestFlags) check(changed func(string) bool) error {
	if changed("ticket") == changed("user") {
		return usage("write --ticket ID or --user ID")
	}
	if f.ticket < 1 && f.user < 1 {
		return usage("an id is a number above 0, as in the ticket's address in Zendesk")
	}
	if f.kind == "" {
		return nil
	}
	known := slices.DeleteFunc(rules.Types(), func(t string) bool { return strings.HasPrefix(t, "user.") != changed("user") })
	if slices.Contains(known, f.kind) {
		return nil
	}
	hint := ""
	if near := config.Nearest(f.kind, known); near != "" {
		hint = "did you mean " + near + "? "
	}
	return usage("--type %q is unknown for a %s: %schoose from %s", f.kind, f.subjectKind(), hint, strings.Join(known, ", "))
}

func (f *automationsTestFlags) subjectKind() string {
	if f.user != 0 {
		return "user"
	}
	return "ticket"
}

// explanation is what `automations test` shows. Its names are stable.
type explanation struct {
	Connector   string              `json:"connector"`
	Account     string              `json:"account"`
	Subject     string              `json:"subject"` // ticket/35, user/9
	Mode        string              `json:"mode"`    // live, shadow
	Reach       reach               `json:"reach"`
	Transitions []explainTransition `json:"transitions"`
}

// reach says why actions could not reach the person; an empty reason means that they can.
type reach struct {
	User        int64  `json:"user"`
	Brevo       string `json:"brevo"`
	Zendesk     string `json:"zendesk"`
	Blocklisted bool   `json:"blocklisted"`
}

type explainTransition struct {
	Key        string        `json:"key"`
	Type       string        `json:"type"`
	OccurredAt *time.Time    `json:"occurredAt"`
	From       string        `json:"from,omitempty"`
	To         string        `json:"to,omitempty"`
	Number     int           `json:"number,omitempty"`
	Score      *float64      `json:"score,omitempty"`
	Superseded bool          `json:"superseded,omitempty"`
	Assumed    bool          `json:"assumed"` // nobody recorded it
	Waiting    bool          `json:"waiting"` // nobody has judged it yet
	Rules      []explainRule `json:"rules"`
}

type explainRule struct {
	Rule    string `json:"rule"`
	Listens bool   `json:"listens"`
	Matched bool   `json:"matched"`
	Why     string `json:"why"`
	// Cancelled is the event of the rule's unless that happened since: nothing follows any more.
	Cancelled string          `json:"cancelled,omitempty"`
	Planned   []explainAction `json:"planned"` // what follows, or would
	Actions   []explainAction `json:"actions"` // what was planned when it was judged, and how it stands
	Removed   bool            `json:"removed,omitempty"`
}

type explainAction struct {
	Key     string       `json:"key"`
	Action  rules.Action `json:"action"`
	Due     *time.Time   `json:"due"`
	State   string       `json:"state,omitempty"`
	Reason  string       `json:"reason,omitempty"`
	EndedAt *time.Time   `json:"endedAt,omitempty"`
}

func (a *app) testAutomations(ctx context.Context, args []string, f automationsTestFlags) error {
	if err := a.load(args); err != nil {
		return err
	}
	in := activities.ExplainInput{Kind: f.subjectKind(), ID: max(f.ticket, f.user), Type: f.kind}
	account, err := a.accountIfAny(ctx)
	if err != nil {
		return err
	}
	if account == nil {
		return failed("%s %d is not in the mirror: nothing has been read yet; run `starter sync --type full` first", in.Kind, in.ID)
	}
	got, err := activities.Explain(ctx, a.cfg, account, a.now, in)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return failed("%s %d is not in the mirror: check the id, or read what is new with `starter sync`", in.Kind, in.ID)
	case err != nil:
		return a.storeFailure(err)
	}
	e := a.explanationOf(in, &got)
	if f.json {
		return a.printJSON(e)
	}
	a.printf("%s", e.text(a.now(), a.palette()))
	return nil
}

func (a *app) explanationOf(in activities.ExplainInput, got *activities.Explained) *explanation {
	e := &explanation{
		Connector: a.cfg.Name, Account: a.cfg.Account(), Subject: in.Kind + "/" + strconv.FormatInt(in.ID, 10), Mode: a.cfg.AutomationsMode,
		Reach: reach(got.Reach), Transitions: []explainTransition{},
	}
	for i := range got.Transitions {
		t := &got.Transitions[i]
		line := explainTransition{
			Key: t.Key, Type: t.Type, OccurredAt: utc(t.OccurredAt), From: t.From, To: t.To, Number: t.Number, Score: t.Score,
			Superseded: t.Superseded, Assumed: t.Assumed, Waiting: t.Waiting, Rules: []explainRule{},
		}
		for j := range t.Rules {
			line.Rules = append(line.Rules, ruleOf(&t.Rules[j]))
		}
		e.Transitions = append(e.Transitions, line)
	}
	return e
}

func ruleOf(r *activities.ExplainedRule) explainRule {
	out := explainRule{
		Rule: r.Rule, Listens: r.Listens, Matched: r.Matched, Why: r.Why, Cancelled: r.Cancelled, Removed: r.Removed,
		Planned: []explainAction{}, Actions: []explainAction{},
	}
	for i := range r.Planned {
		p := &r.Planned[i]
		out.Planned = append(out.Planned, explainAction{Key: p.Key, Action: p.Action, Due: utc(p.Due)})
	}
	for i := range r.Actions {
		x := &r.Actions[i]
		out.Actions = append(out.Actions, explainAction{
			Key: x.Key, Action: x.Action, Due: utc(x.Due), State: string(x.State), Reason: x.Reason, EndedAt: utc(x.EndedAt),
		})
	}
	return out
}

// summary is "ticket.solved #2 (open to solved)".
func (t *explainTransition) summary() string {
	text := t.Type
	if t.Number > 1 {
		text += fmt.Sprintf(" #%d", t.Number)
	}
	switch {
	case t.From != "" && t.To != "":
		text += fmt.Sprintf(" (%s to %s)", t.From, t.To)
	case t.To != "":
		text += fmt.Sprintf(" (%s)", t.To)
	}
	if t.Superseded {
		text += ", superseded: the ticket had moved on when this was seen"
	}
	return text
}
