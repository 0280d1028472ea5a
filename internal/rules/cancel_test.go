package rules_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/rules"
)

func TestCancels(t *testing.T) {
	plan := func(tr rules.Transition, unless ...string) rules.Planned {
		return rules.Planned{Transition: tr, Unless: unless}
	}
	tr := func(key, typ string, n, when int) rules.Transition {
		return rules.Transition{Key: "ticket/35/" + key, Type: typ, TicketID: 35, UserID: 9, Number: n, OccurredAt: at(when)}
	}
	second := plan(tr("solved#2", rules.TicketSolved, 2, 50), rules.TicketReopened, rules.TicketSolved, rules.RatingGood)
	assert.False(t, second.Cancels(tr("reopened#1", rules.TicketReopened, 1, 50)), "it came before, whatever its date")
	assert.True(t, second.Cancels(tr("reopened#2", rules.TicketReopened, 2, 49)), "it came after, whatever its date")
	assert.False(t, second.Cancels(tr("solved#2", rules.TicketSolved, 2, 50)), "itself")
	assert.True(t, second.Cancels(tr("solved#3", rules.TicketSolved, 3, 70)))
	assert.True(t, second.Cancels(tr("rating#7#1#good", rules.RatingGood, 1, 60)))
	assert.False(t, second.Cancels(tr("rating#7#1#good", rules.RatingGood, 1, 40)))
	assert.False(t, second.Cancels(tr("rating#7#1#bad", rules.RatingBad, 1, 60)), "not named")
	other := tr("reopened#2", rules.TicketReopened, 2, 60)
	other.TicketID = 36
	assert.False(t, second.Cancels(other), "another ticket")
	alert := plan(tr("reopened#1", rules.TicketReopened, 1, 50), rules.TicketSolved)
	assert.False(t, alert.Cancels(tr("solved#1", rules.TicketSolved, 1, 60)))
	assert.True(t, alert.Cancels(tr("solved#2", rules.TicketSolved, 2, 50)))
}

// An action stands against what came after its event. What one change brought about came with it.
func TestWhatOneChangeBroughtAboutCancelsNothing(t *testing.T) {
	was := ticket("open", 0, updated(100))
	closed := ticket("closed", 0, solved(150), rated("7", "bad"), urgent, updated(200)) // something else happened between
	pending := ticket("solved", 1, solved(-50), updated(100))
	for name, change := range map[string][]rules.Transition{
		"solved":              happened(&was, ticket("solved", 0, solved(200), updated(200)), liveSince),
		"solved, seen later":  happened(&was, ticket("solved", 0, solved(150), updated(200)), liveSince),
		"reopened":            happened(&pending, ticket("pending", 2, updated(200)), liveSince),
		"reopened, uncounted": happened(&pending, ticket("pending", 1, updated(200)), liveSince),
		"rated":               happened(&was, ticket("open", 0, rated("7", "bad"), updated(200)), liveSince),
		"rated after a solve": happened(&was, closed, liveSince)[:2],
		"rated and urgent":    happened(&was, closed, liveSince)[2:],
		"created and moved at once": {
			{Key: "ticket/35/created#1", Type: rules.TicketCreated, TicketID: 35, OccurredAt: at(1)},
			{Key: "ticket/35/updated#1", Type: rules.TicketUpdated, TicketID: 35, OccurredAt: at(1), From: "new", To: "open"},
		},
	} {
		assert.GreaterOrEqual(t, len(change), 2, name)
		for _, own := range change {
			for _, other := range change {
				p := rules.Planned{Transition: own, Unless: rules.Types()}
				assert.False(t, p.Cancels(other), "%s: %s stands against %s", name, other.Key, own.Key)
			}
		}
	}
}

func TestWhatCameAfterwardsCancels(t *testing.T) {
	was := ticket("open", 0, updated(100))
	now := ticket("solved", 0, solved(150), updated(150)).Keeping(&was)
	solve := rules.TicketTransitions(&was, now, liveSince)[0]
	unlessUpdated := rules.Planned{Transition: solve, Unless: []string{rules.TicketUpdated}}
	closing := happened(&now, ticket("closed", 0, solved(150), updated(200)), liveSince)
	assert.True(t, unlessUpdated.Cancels(closing[0]), "it was closed after it was solved")

	again := ticket("solved", 1, solved(190), updated(200))
	jump := happened(&was, again, liveSince)
	assert.Equal(t, []string{"solved#1 superseded", "reopened#1 superseded", "solved#2", "updated#1709287400#open-solved"}, keys(jump))
	unlessUpdated.Transition = jump[0]
	assert.True(t, unlessUpdated.Cancels(jump[3]), "the status it was seen to reach is that of a later solve")
	unlessUpdated.Transition = jump[2]
	assert.False(t, unlessUpdated.Cancels(jump[3]))

	whole := happened(nil, ticket("solved", 0, born(1), solved(1), updated(1)), liveSince)
	unlessSolved := rules.Planned{Transition: whole[0], Unless: []string{rules.TicketSolved}}
	assert.True(t, unlessSolved.Cancels(whole[1]), "whoever solves a ticket in the second of its creation solves it after that")
	unlessCreated := rules.Planned{Transition: whole[1], Unless: []string{rules.TicketCreated}}
	assert.False(t, unlessCreated.Cancels(whole[0]))

	bad := ratedBad()
	mended := bad
	mended.Key, mended.Type, mended.Number = "ticket/35/rating#7#2#good", rules.RatingGood, 2
	unlessGood := rules.Planned{Transition: bad, Unless: []string{rules.RatingGood}}
	assert.True(t, unlessGood.Cancels(mended), "it was changed in the second in which it was given")
	unlessBad := rules.Planned{Transition: mended, Unless: []string{rules.RatingBad}}
	assert.False(t, unlessBad.Cancels(bad))
}
