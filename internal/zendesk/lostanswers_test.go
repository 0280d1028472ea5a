package zendesk_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/zendesk"
)

// What was written although the answer never came is found again, and what was not written is not.
func TestWhatBecameOfAWriteWithoutAnAnswer(t *testing.T) {
	for name, tc := range map[string]struct {
		fault sim.Fault
		there bool
	}{
		"it arrived": {sim.Fault{DropAfter: true}, true}, "it did not": {sim.Fault{DropBefore: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, c, _ := account(t)
			made, err := c.CreateTicket(t.Context(), zendesk.TicketInput{Comment: &zendesk.CommentInput{Body: "Hello"}})
			require.NoError(t, err)
			internal := false
			for i := range 150 { // more than a page
				_, err := c.UpdateTicket(t.Context(), made.Row.ID, zendesk.TicketInput{
					Comment: &zendesk.CommentInput{Body: fmt.Sprint("note ", i, " [sync 0af4]"), Public: &internal},
				})
				require.NoError(t, err)
			}

			s.Faults().Add(tc.fault)
			_, err = c.UpdateTicket(t.Context(), made.Row.ID, zendesk.TicketInput{
				Comment: &zendesk.CommentInput{Body: "A note\n\n" + marker, Public: &internal},
			})
			var lost *rest.Error
			require.ErrorAs(t, err, &lost)
			require.True(t, lost.MayHaveArrived())
			got, err := c.HasComment(t.Context(), made.Row.ID, marker)
			require.NoError(t, err)
			assert.Equal(t, tc.there, got)
			first, err := c.HasComment(t.Context(), made.Row.ID, "Hello")
			require.NoError(t, err)
			assert.True(t, first, "on the last page")

			s.Faults().Add(tc.fault)
			_, err = c.CreateTicket(t.Context(), zendesk.TicketInput{ExternalID: "zb-1", Comment: &zendesk.CommentInput{Body: "Hello"}})
			require.Error(t, err)
			ticket, there, err := c.TicketByExternalID(t.Context(), "zb-1")
			require.NoError(t, err)
			assert.Equal(t, tc.there, there)
			assert.Equal(t, tc.there, ticket.Row.ExternalID == "zb-1")
		})
	}
}

func TestTagsMayBeChangedTwice(t *testing.T) {
	s, c, _ := account(t)
	made, err := c.CreateTicket(t.Context(), zendesk.TicketInput{Comment: &zendesk.CommentInput{Body: "Hello"}, Tags: []string{"own"}})
	require.NoError(t, err)
	user, err := c.CreateUser(t.Context(), zendesk.UserInput{Name: "Ada", Email: "ada@example.com", Tags: []string{"own"}})
	require.NoError(t, err)
	tags := func() (ticket, person []string) {
		row, _ := s.Account().Tickets.Get(made.Row.ID)
		u, _ := s.Account().Users.Get(user.Row.ID)
		return row.Tags, u.Tags
	}
	for range 2 {
		require.NoError(t, c.AddTicketTags(t.Context(), made.Row.ID, []string{"vip"}))
		require.NoError(t, c.AddUserTags(t.Context(), user.Row.ID, []string{"vip"}))
		ticket, person := tags()
		assert.Equal(t, []string{"own", "vip"}, ticket)
		assert.Equal(t, []string{"own", "vip"}, person)
	}
	for range 2 {
		require.NoError(t, c.RemoveTicketTags(t.Context(), made.Row.ID, []string{"vip"}))
		require.NoError(t, c.RemoveUserTags(t.Context(), user.Row.ID, []string{"vip"}))
		ticket, person := tags()
		assert.Equal(t, []string{"own"}, ticket)
		assert.Equal(t, []string{"own"}, person)
	}
	_, err = c.UpdateTicket(t.Context(), made.Row.ID, zendesk.TicketInput{Status: "closed"})
	require.NoError(t, err)
	var refused *rest.Error
	require.ErrorAs(t, c.AddTicketTags(t.Context(), made.Row.ID, []string{"late"}), &refused)
	assert.Equal(t, 422, refused.Status)
	assert.Empty(t, s.Log().Unknown())
}
