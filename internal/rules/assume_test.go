package rules_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/rules"
)

func TestAssumedTransitionsFitTheState(t *testing.T) {
	open := rules.TicketState{ID: 35, RequesterID: 9, Status: "open", Priority: "high", Reopens: 1}
	solved := open
	solved.Status, solved.Rating = "solved", rules.Rating{ID: "7", Category: rules.Good, Score: 75, Revision: 2}
	base := rules.Transition{Key: "ticket/35/assumed", TicketID: 35, UserID: 9, OccurredAt: at(60)}
	with := func(change func(*rules.Transition)) rules.Transition {
		tr := base
		change(&tr)
		return tr
	}
	for typ, want := range map[string]rules.Transition{
		rules.TicketCreated:   with(func(x *rules.Transition) { x.To = "solved" }),
		rules.TicketUpdated:   with(func(x *rules.Transition) { x.To = "solved" }),
		rules.TicketSolved:    with(func(x *rules.Transition) { x.To, x.Number = "solved", 2 }),
		rules.TicketReopened:  with(func(x *rules.Transition) { x.From, x.To, x.Number = "solved", "open", 2 }),
		rules.TicketEscalated: with(func(x *rules.Transition) { x.To = "urgent" }),
		rules.RatingCreated:   with(func(x *rules.Transition) { x.To, x.Number, x.RatingID, x.Score = rules.Good, 2, "7", score(75) }),
		rules.RatingGood:      with(func(x *rules.Transition) { x.To, x.Number, x.RatingID, x.Score = rules.Good, 2, "7", score(75) }),
		rules.RatingBad:       with(func(x *rules.Transition) { x.To, x.Number, x.RatingID, x.Score = rules.Bad, 2, "7", score(0) }),
	} {
		want.Type = typ
		assert.Equal(t, want, solved.Assume(typ, at(60)), typ)
	}
	assert.Equal(t, 1, open.Assume(rules.TicketReopened, at(60)).Number, "it was reopened once, and is open")
	assert.Equal(t, score(100), open.Assume(rules.RatingGood, at(60)).Score)
	assert.Nil(t, open.Assume(rules.RatingCreated, at(60)).Score)
	assert.Equal(t, rules.Transition{Key: "user/9/assumed", Type: rules.UserMerged, UserID: 9, OccurredAt: at(60)}, rules.AssumeUser(9, rules.UserMerged, at(60)))

	assert.Equal(t, rules.TicketSolved, solved.Latest())
	assert.Equal(t, rules.TicketReopened, open.Latest())
	assert.Equal(t, rules.TicketCreated, (&rules.TicketState{Status: "new"}).Latest())
}

func TestActionsInAFewWords(t *testing.T) {
	for want, a := range map[string]rules.Action{
		"brevo.event paid":             {Kind: rules.BrevoEvent, Event: "paid"},
		"brevo.email template 12":      {Kind: rules.BrevoEmail, Template: 12},
		"brevo.list_add 30":            {Kind: rules.BrevoListAdd, ListID: 30},
		`brevo.list_remove "Fans"`:     {Kind: rules.BrevoListRemove, ListName: "Fans"},
		"brevo.attribute A, B":         {Kind: rules.BrevoAttribute, Attributes: map[string]any{"B": 1.0, "A": nil}},
		"zendesk.tag +one +two -three": {Kind: rules.ZendeskTag, Add: []string{"one", "two"}, Remove: []string{"three"}},
		"zendesk.note":                 {Kind: rules.ZendeskNote, Body: "secret"},
	} {
		assert.Equal(t, want, a.String())
	}
}
