package main

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/activities"
	"zendesk-brevo/workflows"
)

func figureOf(least, planned int64, most ...int64) activities.Figure {
	f := activities.Figure{Planned: planned, AtLeast: least}
	if len(most) > 0 {
		f.AtMost = &most[0]
	}
	return f
}

func backfillPlan() activities.BackfillPlan {
	const deleted = "Zendesk does not count deleted tickets, which the export brings too; there are no more than the newest ticket's number"
	out := activities.BackfillPlan{
		Zendesk: activities.ZendeskSide{
			Streams: []activities.StreamPlan{
				{Stream: "users", Rows: figureOf(120_000, 120_000, 120_000), Pages: figureOf(120, 120, 120), About: true},
				{Stream: "tickets", Rows: figureOf(33_858, 34_200, 34_200), Pages: figureOf(34, 35, 35), Why: deleted},
				{Stream: "organizations", Rows: figureOf(1170, 1170), Pages: figureOf(2, 2), Why: "Zendesk does not count deleted organizations"},
			},
			Side: activities.Side{
				Requests: []activities.Requests{
					{What: "preflight", Figure: figureOf(7, 7, 7)},
					{What: "tickets", Figure: figureOf(34, 35, 35), Why: deleted},
				},
				Total:   figureOf(163, 164),
				Limits:  []activities.Limit{{Bucket: "zendesk:incremental-exports", Name: "Zendesk export", Limit: 10, Ours: 8, Window: "minute", Seconds: 1140}},
				Seconds: 1140, Binds: "zendesk:incremental-exports",
			},
		},
		Brevo: activities.BrevoSide{
			Contacts: figureOf(0, 8106, 8106), Present: 2028, Companies: figureOf(1170, 1170, 1170),
			Side: activities.Side{
				Requests: []activities.Requests{
					{What: "imports", Figure: figureOf(0, 4), Why: "one for each combination of lists"},
					{What: "second_look", Figure: figureOf(0, 9, 11)},
				},
				Total:   figureOf(39, 56),
				Limits:  []activities.Limit{{Bucket: "brevo:contacts", Name: "Brevo contacts", Limit: 10, Ours: 10, Window: "second", Seconds: 3}},
				Seconds: 8, Binds: "brevo:contacts",
			},
		},
		Seconds: 1148, Binds: "zendesk:incremental-exports",
		Missing: activities.Outfit{
			Attributes: []activities.MissingAttribute{{Name: "OPEN_TICKETS", Type: "float"}, {Name: "ROLE", Type: "text"}},
			Folder:     "Zendesk", Lists: []string{"Zendesk customers"},
			Clashes: []activities.TypeClash{
				{Attribute: "TIER", Type: "float", Wanted: "text", By: []string{"user_fields.tier"}, Place: "connectors.yaml:12"},
				{Attribute: "CSAT_SCORE", Type: "text", Wanted: "float", By: []string{"avg_satisfaction"}},
				{Attribute: "STARS", Type: "date", Wanted: "float", By: []string{`automation "rated"`}},
			},
			Notices: []string{"attribute TAGS existed before: name it under field_mapping to have it written; it is left alone"},
		},
		Mailable: activities.Mailable{AtMost: 8106, Policy: "create", Why: "users whose role is in sync.roles"},
		Capabilities: []activities.Capability{
			{Name: "exports", State: activities.CapabilityYes},
			{Name: "user_events", State: activities.CapabilityNo, Detail: "an administrator has not activated the Events API"},
			{Name: "help_center", State: activities.CapabilityUnknown, Detail: "zendesk GET /api/v2/help_center/articles: 502"},
		},
		Paused: "moving lists",
	}
	out.Asked.Zendesk, out.Asked.Brevo = 18, 7
	return out
}

func TestPlanForPeopleAndPrograms(t *testing.T) {
	p := newProgram(t)
	p.fake.run.set = func(out any) { *out.(*activities.BackfillPlan) = backfillPlan() }
	close(p.fake.run.done)
	require.Equal(t, exitOK, p.run(t.Context(), "plan"), p.stderr.String())
	golden(t, "plan.txt", p.stdout.String())
	require.Equal(t, exitOK, p.run(t.Context(), "plan", "--json", "zendesk"), p.stderr.String())
	golden(t, "plan.json", p.stdout.String())
	assert.Equal(t, "zendesk/acme/plan", p.fake.started[0].ID)
	assert.Equal(t, enums.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING, p.fake.started[0].WorkflowIDConflictPolicy)
	assert.Equal(t, workflows.PlanInput{Account: "acme"}, p.fake.inputs[0])
	assert.NotContains(t, p.stdout.String(), "\x1b")
}

func TestPlanOfASyncThatWouldFail(t *testing.T) {
	p := newProgram(t)
	p.fake.run.set = func(out any) {
		out.(*activities.BackfillPlan).Missing.Refusals = []string{"lists.all_customers: Brevo has no list 30: correct the id"}
	}
	close(p.fake.run.done)
	assert.Equal(t, exitFailed, p.run(t.Context(), "plan"))
	assert.Contains(t, p.stdout.String(), "the sync would fail: lists.all_customers: Brevo has no list 30")
	assert.Contains(t, p.stdout.String(), "nobody becomes mailable")
}

func TestPlanWithoutAnAnswer(t *testing.T) {
	p := newProgram(t)
	p.fake.pollers[enums.TASK_QUEUE_TYPE_ACTIVITY] = noon.Add(-time.Hour)
	assert.Equal(t, exitFailed, p.run(t.Context(), "plan"))
	assert.Contains(t, p.stderr.String(), "no worker polls task queue")
	assert.Empty(t, p.fake.started)

	p.fake.pollers[enums.TASK_QUEUE_TYPE_ACTIVITY] = noon
	p.fake.run.err = temporal.NewNonRetryableApplicationError("zendesk GET /api/v2/users/me: 401; check auth in connectors.yaml", activities.ErrRefused, nil)
	close(p.fake.run.done)
	assert.Equal(t, exitFailed, p.run(t.Context(), "plan"))
	assert.Empty(t, p.stdout.String())

	assert.Equal(t, exitUsage, p.run(t.Context(), "plan", "zendsk"))
	assert.Contains(t, p.stderr.String(), `did you mean "zendesk"?`)
	assert.Equal(t, exitUsage, p.run(t.Context(), "plan", "one", "two"))
	assert.Equal(t, exitUsage, p.run(t.Context(), "plan", "--jsn"))
	require.NoError(t, os.WriteFile("connectors.yaml", []byte("brevo: ["), 0o600))
	assert.Equal(t, exitUsage, p.run(t.Context(), "plan"))
	assert.Contains(t, p.stderr.String(), "connectors.yaml:1:")
}
