package activities

import (
	"context"
	"strings"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// changeTags changes the tags of the ticket, or of the user where there is no ticket. The user is read again at once and
// quietly, so that our own change is no news.
func (a *actor) changeTags(ctx context.Context) error {
	x, t := a.action.Action, a.action.Transition
	add, remove, id := a.zendesk.AddTicketTags, a.zendesk.RemoveTicketTags, t.TicketID
	if id == 0 {
		add, remove, id = a.zendesk.AddUserTags, a.zendesk.RemoveUserTags, a.person.Customer.User.ID
	}
	if len(x.Add) > 0 {
		if err := add(ctx, id, x.Add); err != nil {
			return err
		}
		// Should the rest fail, this has happened.
		a.lost, a.half = true, "the tags were added; removing "+strings.Join(x.Remove, ", ")+": "
	}
	if len(x.Remove) > 0 {
		if err := remove(ctx, id, x.Remove); err != nil {
			return err
		}
		a.lost, a.half = true, ""
	}
	if t.TicketID != 0 {
		return nil
	}
	got, err := a.zendesk.ShowUser(ctx, id)
	if err != nil {
		return nil //nolint:nilerr // the tags are set; the next read of the user merely counts as news
	}
	m, err := a.mapper(ctx)
	if err != nil {
		return err
	}
	row := newWantedFields(m).user(&got.Row, got.AskedAt, m)
	row.Quiet = true
	_, err = a.store.ApplyUsers(ctx, []store.UserRow{row}, a.now())
	return err
}

// noteMarker ends every note, so that a note whose answer was lost is found again.
func (a *actor) noteMarker() string { return "[zendesk-brevo " + a.marker() + "]" }

// addNote adds an internal note: nobody outside sees it, and no e-mail goes out.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#update-ticket
func (a *actor) addNote(ctx context.Context) error {
	private := false
	_, err := a.zendesk.UpdateTicket(ctx, a.action.Transition.TicketID, zendesk.TicketInput{
		Comment: &zendesk.CommentInput{Body: a.filled().Body + "\n\n" + a.noteMarker(), Public: &private},
	})
	return err
}

func (a *actor) noteThere(ctx context.Context) (bool, error) {
	return a.zendesk.HasComment(ctx, a.action.Transition.TicketID, a.noteMarker())
}

// createTicket makes a ticket of the same requester with an internal first comment, so that nobody is e-mailed; it follows up
// on the ticket where that is closed, which is when Zendesk allows it.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#create-follow-up-ticket
func (a *actor) createTicket(ctx context.Context) error {
	x, t := a.filled(), a.action.Transition
	private := false
	in := zendesk.TicketInput{
		Subject: x.Subject, Comment: &zendesk.CommentInput{Body: x.Body, Public: &private}, RequesterID: a.person.Customer.User.ID,
		Priority: x.Priority, Type: x.Type, Tags: x.Tags, ExternalID: ourTickets + a.marker(),
	}
	if t.TicketID != 0 {
		rows, err := a.store.Tickets(ctx, []int64{t.TicketID})
		if err != nil {
			return err
		}
		if rows[t.TicketID].Status == "closed" {
			in.ViaFollowupSourceID = t.TicketID
		}
	}
	_, err := a.zendesk.CreateTicket(ctx, in)
	return err
}

func (a *actor) ticketThere(ctx context.Context) (bool, error) {
	_, there, err := a.zendesk.TicketByExternalID(ctx, ourTickets+a.marker())
	return there, err
}
