package workflows

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
)

// EventSignal tells a Ticket or User workflow that something happened; its payload is an Event.
const EventSignal = "event"

// Event is why a Ticket or User workflow is woken.
type Event struct {
	// Type is Zendesk's word for what happened, such as ticket.status_changed; empty when a sync offers what it recorded.
	Type string `json:"type,omitempty"`
	// Recorded: what happened is in the mirror already, so the record need not be read again.
	Recorded bool `json:"recorded,omitempty"`
	// MergedWith is the other user of a user.merged.
	MergedWith int64     `json:"merged_with,omitempty"`
	At         time.Time `json:"at,omitzero"` // Zendesk's time
}

// rated reports whether the event tells of a rating. https://developer.zendesk.com/api-reference/webhooks/event-types/ticket-events/
func (e Event) rated() bool {
	return e.Type == "ticket.csat_received" || strings.HasPrefix(e.Type, "satisfaction_rating.")
}

// SubjectInput names the ticket or user that a Ticket or User workflow looks after.
type SubjectInput struct {
	Account string `json:"account"`
	ID      int64  `json:"id"`
	// Settle is how long the workflow waits after an event for others that belong to it.
	Settle time.Duration `json:"settle"`
	// Resumed: the run goes on for one whose history had grown long.
	Resumed bool `json:"resumed,omitempty"`
	// News are what that run heard of and did not follow.
	News []Event `json:"news,omitempty"`
}

// TicketID is the id of the workflow that looks after a ticket.
func TicketID(account string, ticket int64) string {
	return "zendesk/" + account + "/ticket/" + strconv.FormatInt(ticket, 10)
}

// UserID is the id of the workflow that looks after a user.
func UserID(account string, user int64) string {
	return "zendesk/" + account + "/user/" + strconv.FormatInt(user, 10)
}

// Signaler is the part of Temporal's client that waking needs.
type Signaler interface {
	SignalWithStartWorkflow(ctx context.Context, workflowID string, signalName string, signalArg any,
		options client.StartWorkflowOptions, workflow any, workflowArgs ...any) (client.WorkflowRun, error)
}

// Waker wakes the workflows of tickets and users, and starts those that do not run. Waking one twice costs a look at what is
// already known.
type Waker struct {
	Client Signaler
	Queue  string // the task queue of the workers
}

// Ticket tells the workflow of a ticket of an event. When it returns nil, Temporal holds the signal.
func (w Waker) Ticket(ctx context.Context, in SubjectInput, e Event) error {
	return w.wake(ctx, TicketID(in.Account, in.ID), "ticket", Ticket, in, e)
}

// User tells the workflow of a user of an event. When it returns nil, Temporal holds the signal.
func (w Waker) User(ctx context.Context, in SubjectInput, e Event) error {
	return w.wake(ctx, UserID(in.Account, in.ID), "user", User, in, e)
}

// Wake offers subjects ("ticket/35", "user/9") what was recorded of them. It implements activities.Waker.
func (w Waker) Wake(ctx context.Context, account string, subjects []string, settle time.Duration) (unwoken []string, _ error) {
	for _, subject := range subjects {
		kind, text, _ := strings.Cut(subject, "/")
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return unwoken, fmt.Errorf("wake %s: no id", kind)
		}
		wake := w.Ticket
		if kind == "user" {
			wake = w.User
		}
		err = wake(ctx, SubjectInput{Account: account, ID: id, Settle: settle}, Event{Recorded: true})
		if IsFull(err) {
			unwoken = append(unwoken, subject)
			continue
		}
		if err != nil {
			return unwoken, err
		}
	}
	return unwoken, nil
}

// IsFull reports an error of waking that no repetition helps against: Temporal keeps ten thousand signals of one run. What was told
// is found by the next sync.
func IsFull(err error) bool {
	var refused *serviceerror.InvalidArgument
	return errors.As(err, &refused) && strings.Contains(refused.Message, "signal")
}

func (w Waker) wake(ctx context.Context, id, kind string, workflow any, in SubjectInput, e Event) error {
	_, err := w.Client.SignalWithStartWorkflow(ctx, id, EventSignal, e, client.StartWorkflowOptions{
		TaskQueue:             w.Queue,
		StaticSummary:         fmt.Sprintf("%s: %s %d", in.Account, kind, in.ID),
		TypedSearchAttributes: temporal.NewSearchAttributes(AccountAttribute.ValueSet(in.Account)),
	}, workflow, in)
	if err != nil {
		return fmt.Errorf("wake the workflow of a %s: %w", kind, err)
	}
	return nil
}
