package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rules"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

const someRules = `    events: {prefix: zd_}
    automations:
      - use: csat_request
        after: 1h
      - name: recovery
        on: [satisfaction_rating.bad, ticket.reopened]
        when: ticket.priority in ["high", "urgent"]
        do:
          - brevo.list_add: Recovery
          - zendesk.note: "Call {{ contact.name }}"
          - zendesk.tag: {add: [recovery], remove: [happy]}
          - brevo.attribute: {LAST_RATING: bad}
      - name: welcome
        on: user.created
        do: [brevo.email: 12]
`

// automated is a program with rules, and with a ticket of one person who is in Brevo.
func automated(t *testing.T, lines string) (*program, *store.Account) {
	t.Helper()
	p := newProgram(t)
	configure(t, lines)
	acc := account(t)
	ctx := t.Context()
	_, err := acc.BeginRun(ctx, store.Run{ID: "run-0", Type: "full", Streams: []string{"users"}, StartedAt: noon.Add(-48 * time.Hour)})
	require.NoError(t, err)
	at := func(ago time.Duration) store.Version {
		return store.Version{UpdatedAt: noon.Add(-ago), AskedAt: noon.Add(-ago)}
	}
	_, err = acc.ApplyUsers(ctx, []store.UserRow{{
		User: mapping.User{ID: 9, Name: "Jane Doe", Email: "jane@secret.example", Role: "end-user", Active: true, CreatedAt: noon.Add(-time.Hour)}, Version: at(time.Hour),
	}}, noon)
	require.NoError(t, err)
	ticket := store.TicketRow{ID: 35, RequesterID: 9, Status: "open", Priority: "high", Channel: "web", CreatedAt: noon.Add(-3 * time.Hour), Version: at(3 * time.Hour)}
	_, err = acc.ApplyTickets(ctx, []store.TicketRow{ticket}, noon)
	require.NoError(t, err)
	ticket.Status, ticket.SolvedAt, ticket.Version = "solved", noon.Add(-30*time.Minute), at(30*time.Minute)
	_, err = acc.ApplyTickets(ctx, []store.TicketRow{ticket}, noon)
	require.NoError(t, err)
	return p, acc
}

func configure(t *testing.T, lines string) {
	t.Helper()
	require.NoError(t, os.WriteFile("connectors.yaml", []byte(connectorsYAML+lines), 0o600))
}

func deliver(t *testing.T, acc *store.Account, d store.Delivery) {
	t.Helper()
	d.UserID = 9
	_, err := acc.Claim(t.Context(), []int64{9}, "test", time.Minute, noon)
	require.NoError(t, err)
	require.NoError(t, acc.Record(t.Context(), "test", []store.Result{{Delivery: d}}, noon))
	require.NoError(t, acc.Release(t.Context(), "test"))
}

// act plans and ends an action about the solved ticket.
func act(t *testing.T, acc *store.Account, rule string, a rules.Action, due time.Time, state store.ActionState, reason string) {
	t.Helper()
	happened := rules.Transition{Key: "ticket/35/solved#1", Type: rules.TicketSolved, TicketID: 35, UserID: 9, OccurredAt: noon.Add(-30 * time.Minute)}
	p := rules.Planned{Key: happened.Key + "/" + rule + "/" + a.Kind, Rule: rule, Transition: happened, Action: a, Due: due}
	require.NoError(t, acc.PlanActions(t.Context(), []string{happened.Key}, []rules.Planned{p}, noon.Add(-20*time.Minute)))
	if state == store.ActionPlanned {
		return
	}
	read, err := acc.Action(t.Context(), p.Key)
	require.NoError(t, err)
	_, err = acc.OpenAction(t.Context(), &read, store.Acting{}, noon.Add(-20*time.Minute))
	require.NoError(t, err)
	if state.Ended() {
		require.NoError(t, acc.EndAction(t.Context(), p.Key, state, reason, noon.Add(-10*time.Minute)))
	}
}

func TestAutomationsAreListedWithWhatTheyDid(t *testing.T) {
	p, acc := automated(t, someRules)
	act(t, acc, "builtin:ticket.solved", rules.Action{Kind: rules.BrevoEvent, Event: "zd_ticket_solved"}, noon, store.ActionDone, "")
	act(t, acc, "csat_request", rules.Action{Kind: rules.BrevoEvent, Event: "zd_csat_request"}, noon, store.ActionInDoubt, "the answer to a call was lost, and the vendor does not tell")
	act(t, acc, "gone", rules.Action{Kind: rules.BrevoEmail, Template: 7}, noon, store.ActionRefused, "no such template")
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "list"), p.stderr.String())
	golden(t, "automations_list.txt", p.stdout.String())
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "list", "--json", "zendesk"))
	golden(t, "automations_list.json", p.stdout.String())
}

func TestListingAutomationsNeedsNoStore(t *testing.T) {
	p := newProgram(t)
	configure(t, "    automations_mode: shadow\n    builtin_automations: false\n")
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "list"))
	assert.Equal(t, "automations_mode is shadow: what rules plan is recorded, and nothing is done.\n"+
		"builtin_automations is false: the built-in rules are off.\nThere is no rule: nothing follows from what happens in Zendesk.\n", p.stdout.String())
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "list", "--json"))
	var l automationList
	require.NoError(t, json.Unmarshal(p.stdout.Bytes(), &l))
	assert.Equal(t, "shadow", l.Mode)
	assert.NotNil(t, l.Rules)
	assert.NoFileExists(t, "connector.db")
}

func TestATicketsStoryIsExplained(t *testing.T) {
	p, acc := automated(t, someRules)
	deliver(t, acc, store.Delivery{State: store.DeliverySent, Email: "jane@secret.example", BrevoID: 7, SentAt: noon})
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--ticket", "35"), p.stderr.String())
	golden(t, "automations_test_waiting.txt", p.stdout.String())

	act(t, acc, "builtin:ticket.solved", rules.Action{Kind: rules.BrevoEvent, Event: "zd_ticket_solved"}, noon, store.ActionDone, "")
	act(t, acc, "csat_request", rules.Action{Kind: rules.BrevoEvent, Event: "zd_csat_request"}, noon.Add(30*time.Minute), store.ActionPlanned, "")
	act(t, acc, "gone", rules.Action{Kind: rules.BrevoEmail, Template: 7}, noon, store.ActionSkipped, "blocklisted")
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--ticket", "35"), p.stderr.String())
	golden(t, "automations_test_acted.txt", p.stdout.String())
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--ticket", "35", "--json"))
	golden(t, "automations_test_acted.json", p.stdout.String())

	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--ticket", "35", "--type", "satisfaction_rating.bad"))
	golden(t, "automations_test_assumed.txt", p.stdout.String())
}

func TestWhatHappenedSinceIsSaid(t *testing.T) {
	p, acc := automated(t, someRules)
	ticket := store.TicketRow{
		ID: 35, RequesterID: 9, Status: "open", Priority: "low", Reopens: 1, CreatedAt: noon.Add(-3 * time.Hour),
		Version: store.Version{UpdatedAt: noon.Add(-time.Minute), AskedAt: noon.Add(-time.Minute)},
	}
	_, err := acc.ApplyTickets(t.Context(), []store.TicketRow{ticket}, noon)
	require.NoError(t, err)
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--ticket", "35"))
	assert.Regexp(t, `csat_request +no +when is false: ticket.status in`, p.stdout.String())
	assert.Regexp(t, `recovery +no +when is false: ticket.priority in`, p.stdout.String())

	configure(t, strings.Replace(someRules, "after: 1h", "when: not ticket.merged", 1))
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--ticket", "35"))
	assert.Regexp(t, `csat_request +no +ticket.reopened happened since, and stands under unless`, p.stdout.String())
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--ticket", "35", "--type", "ticket.solved"))
	assert.Regexp(t, `csat_request +would +brevo.event zd_csat_request\n`, p.stdout.String())
}

func TestRulesActOnWhatHappensAfterThem(t *testing.T) {
	p, acc := automated(t, "")
	require.NoError(t, acc.PlanActions(t.Context(), []string{"ticket/35/solved#1"}, nil, noon))
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--ticket", "35"))
	assert.Regexp(t, `builtin:ticket.solved +did not +it would act now, and did not when this was judged: the facts or the rule have changed since`, p.stdout.String())
}

// A rule that acted is not said to have reached its limit by that very act.
func TestARulesOwnActDoesNotCountAgainstIt(t *testing.T) {
	p, acc := automated(t, someRules)
	deliver(t, acc, store.Delivery{State: store.DeliverySent, Email: "jane@secret.example", BrevoID: 7, SentAt: noon})
	happened := rules.Transition{Key: "ticket/35/solved#1", Type: rules.TicketSolved, TicketID: 35, UserID: 9, OccurredAt: noon.Add(-30 * time.Minute)}
	limit := rules.Limit{Per: rules.PerPerson, Count: 1, Within: 7 * 24 * time.Hour}
	planned := rules.Planned{
		Key: "k", Rule: "csat_request", Transition: happened, Action: rules.Action{Kind: rules.BrevoEvent, Event: "zd_csat_request"},
		Due: noon, Limit: &limit, LimitKey: "csat_request/user/9",
	}
	require.NoError(t, acc.PlanActions(t.Context(), []string{happened.Key}, []rules.Planned{planned}, noon))
	read, err := acc.Action(t.Context(), "k")
	require.NoError(t, err)
	_, err = acc.OpenAction(t.Context(), &read, store.Acting{}, noon)
	require.NoError(t, err)
	require.NoError(t, acc.EndAction(t.Context(), "k", store.ActionDone, "", noon))
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--ticket", "35"))
	assert.NotContains(t, p.stdout.String(), "limit reached")
	assert.Regexp(t, `csat_request +done +brevo.event zd_csat_request, 2024-01-15T12:00:00Z \(just now\)`, p.stdout.String())

	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--ticket", "35", "--type", "ticket.solved"))
	assert.Regexp(t, `csat_request +no +limit reached: 1 per person in 7d`, p.stdout.String(), "the next one would be too soon")
}

func TestAUsersStoryIsExplained(t *testing.T) {
	p, _ := automated(t, someRules)
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--user", "9"), p.stderr.String())
	assert.Contains(t, p.stdout.String(), "user.created, 2024-01-15T11:00:00Z (1h00m ago), waits to be judged\n")
	assert.Regexp(t, `welcome +will +brevo.email template 12\n`, p.stdout.String())
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--user", "9", "--type", "user.merged"))
	assert.Contains(t, p.stdout.String(), "user.merged, assumed, as if it happened now\n")
}

func TestWhyNothingReachesSomebody(t *testing.T) {
	p, acc := automated(t, "")
	said := func() string {
		require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--ticket", "35"), p.stderr.String())
		return strings.Split(p.stdout.String(), "\n")[1]
	}
	assert.Equal(t, "  not in Brevo yet: the next push brings them: actions in Brevo cannot reach user 9 (those in Zendesk can)", said())
	deliver(t, acc, store.Delivery{State: store.DeliverySkipped, Reason: "role"})
	assert.Equal(t, "  a role that sync.roles leaves out: actions in Brevo cannot reach user 9 (those in Zendesk can)", said())
	deliver(t, acc, store.Delivery{State: store.DeliverySent, Email: "jane@secret.example", BrevoID: 7, SentAt: noon})
	assert.Equal(t, "  user 9 is in Brevo: actions can reach them", said())
	require.NoError(t, acc.ApplyBrevoContacts(t.Context(), store.Look{Scan: "scan"}, []store.BrevoContact{{ID: 7, Email: "jane@secret.example", EmailBlacklisted: true, ModifiedAt: noon}}, noon))
	assert.Equal(t, "  user 9 is in Brevo, and on the blocklist: brevo.email reaches them only with transactional: true", said())
	configure(t, "    pilot: {emails: [somebody@example.com]}\n")
	assert.Equal(t, "  not among pilot.emails: no action can reach user 9", said())
	configure(t, "    automations_mode: shadow\n")
	said()
	assert.Contains(t, p.stdout.String(), "automations_mode is shadow: what rules plan is recorded, and nothing is done")
}

func TestWhatIsNotMirroredIsSaid(t *testing.T) {
	p := newProgram(t)
	assert.Equal(t, exitFailed, p.run(t.Context(), "automations", "test", "--ticket", "35"))
	assert.Equal(t, "starter: ticket 35 is not in the mirror: nothing has been read yet; run `starter sync --type full` first\n", p.stderr.String())
	assert.NoFileExists(t, "connector.db")
	account(t)
	for _, subject := range []string{"ticket", "user"} {
		assert.Equal(t, exitFailed, p.run(t.Context(), "automations", "test", "--"+subject, "36", "--json"))
		assert.Equal(t, "starter: "+subject+" 36 is not in the mirror: check the id, or read what is new with `starter sync`\n", p.stderr.String())
		assert.Empty(t, p.stdout.String())
	}
}

func TestExplanationsHoldNoPersonalData(t *testing.T) {
	p, acc := automated(t, someRules)
	deliver(t, acc, store.Delivery{State: store.DeliverySent, Email: "jane@secret.example", BrevoID: 7, SentAt: noon})
	for _, args := range [][]string{
		{"--ticket", "35"}, {"--ticket", "35", "--json"}, {"--ticket", "35", "--json", "--type", "satisfaction_rating.bad"}, {"--user", "9", "--json"},
	} {
		require.Equal(t, exitOK, p.run(t.Context(), append([]string{"automations", "test"}, args...)...))
		for _, word := range []string{"Jane", "Doe", "jane", "secret"} {
			assert.NotContains(t, p.stdout.String(), word)
		}
	}
}

func TestARuleThatCannotBeEvaluatedIsSeen(t *testing.T) {
	p, acc := automated(t, "    field_mapping: {ticket_fields.7: SEVEN}\n    automations: [{name: odd, on: ticket.solved, when: 'ticket.fields[\"7\"] > 3', do: [brevo.event: x]}]\n")
	happened := rules.Transition{Key: "ticket/35/solved#1", Type: rules.TicketSolved, TicketID: 35, UserID: 9, OccurredAt: noon.Add(-30 * time.Minute)}
	require.NoError(t, acc.PlanActions(t.Context(), []string{happened.Key}, []rules.Planned{{
		Key: happened.Key + "/odd/brevo.event", Rule: "odd", Transition: happened, Action: rules.Action{Kind: rules.BrevoEvent, Event: "x"}, Due: happened.OccurredAt,
		Failure: rules.FailurePrefix + "when cannot be evaluated with these values: x",
	}}, noon.Add(-20*time.Minute)))
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "list"), p.stderr.String())
	assert.Regexp(t, `(?m)odd\n(.*\n)*   acted   never\n   failed  1: the rule could not be evaluated`, p.stdout.String())
	require.Equal(t, exitOK, p.run(t.Context(), "automations", "test", "--ticket", "35"), p.stderr.String())
	assert.Regexp(t, `odd +skipped +brevo\.event x, .*: the rule failed: when cannot be evaluated with these values: x`, p.stdout.String())
}
