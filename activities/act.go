package activities

import (
	"context"
	"errors"
	"net/http"
	"time"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// ActInput names one planned action.
type ActInput struct {
	Account string `json:"account"`
	Key     string `json:"key"`
}

// ActResult says how the action ended.
type ActResult struct {
	State  string `json:"state"` // see store.ActionState
	Reason string `json:"reason,omitempty"`
}

const (
	// callWithin bounds the call of an action, so that it is over well before anybody asks what became of it.
	callWithin = 30 * time.Second
	// tellAfter is how long after a call ended without an answer the vendor is asked whether it arrived: what was accepted
	// does not show at once.
	tellAfter = 2 * time.Minute
	// tellWithin is how long after such a call its traces are trusted to be found.
	tellWithin = 24 * time.Hour
	// deliverWithin is how long an action waits for a sync or push to bring to Brevo what it needs there.
	deliverWithin = 24 * time.Hour
)

// Act carries out one planned action, at most once: before the vendor is called that is written down, and a call whose answer
// never came is looked up at the vendor before anything is done again. What nobody can tell is not repeated, and is listed.
func (a *Account) Act(ctx context.Context, in ActInput) (ActResult, error) {
	return do(ctx, a.connections, in.Account, func(ctx context.Context, c *connection) (ActResult, error) {
		x, err := c.store.Action(ctx, in.Key)
		if errors.Is(err, store.ErrNotFound) {
			return ActResult{State: string(store.ActionSkipped), Reason: reasonForgotten}, nil
		}
		if err != nil {
			return ActResult{}, err
		}
		act := &actor{connection: c, action: x}
		if !x.State.Ended() {
			if err := act.run(ctx); err != nil {
				return ActResult{}, err
			}
		}
		return ActResult{State: string(act.action.State), Reason: act.action.Reason}, nil
	})
}

// actor carries out one action.
type actor struct {
	*connection
	action store.Action
	person *store.Claimed // whom it is about
	lost   bool           // an earlier call of it may have arrived, and no vendor tells
	half   string         // what has been done, where the rest of it may be refused
}

func (a *actor) run(ctx context.Context) error {
	a.lost = a.action.State == store.ActionOpen && a.lookup() == nil
	if a.action.State == store.ActionOpen {
		told, err := a.tell(ctx)
		if err != nil || told {
			return err
		}
	}
	if over, err := a.stopped(ctx); err != nil || over {
		return err
	}
	if looked, err := a.lookAgain(ctx); err != nil {
		return err
	} else if looked {
		if over, err := a.stopped(ctx); err != nil || over {
			return err
		}
	}
	opened, err := a.store.OpenAction(ctx, &a.action, store.Acting{
		User: a.person.Delivery.UserID, Contact: a.person.Delivery.BrevoID, Shadow: a.cfg.AutomationsMode == config.AutomationsShadow,
		Lost: a.lost,
	}, a.now())
	if errors.Is(err, store.ErrActionMoved) {
		return busy("another attempt has the action in hand")
	}
	if err != nil {
		return err
	}
	if a.action = opened; opened.State.Ended() {
		return nil
	}
	calling, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	err = a.perform(calling)
	var off *calledOff
	switch {
	case errors.As(err, &off):
		return a.end(ctx, store.ActionSkipped, off.why)
	case errors.Is(err, errNotAdded):
		return a.end(ctx, store.ActionRefused, errNotAdded.Error())
	case err != nil:
		return a.failed(ctx, err)
	}
	return a.end(ctx, store.ActionDone, "")
}

// calledOff ends an action that a last look stopped, before anything was done.
type calledOff struct{ why string }

func (c *calledOff) Error() string { return "called off: " + c.why }

// tell finds out what became of an open action: a call was made, or was about to be, and its answer never came. It reports
// true when the action has ended by that.
func (a *actor) tell(ctx context.Context) (bool, error) {
	look := a.lookup()
	if look == nil {
		return false, nil // repeating it changes nothing
	}
	since := a.now().Sub(a.action.OpenedAt)
	if since < tellAfter {
		return false, waitFor(tellAfter-since, "to see whether a call without an answer arrived")
	}
	if since > tellWithin {
		return true, a.end(ctx, store.ActionInDoubt, "the answer to a call was lost, and its traces may be gone")
	}
	if err := a.know(ctx); err != nil {
		return false, err
	}
	there, err := look(ctx)
	var off *calledOff
	switch outcome := Classify(err); {
	case err == nil && there:
		return true, a.end(ctx, store.ActionDone, "found at the vendor after the answer was lost")
	case err == nil:
		return false, nil
	case errors.Is(err, errCannotTell), errors.Is(err, zendesk.ErrInconclusive), errors.As(err, &off), outcome == Reject, outcome == SkipStream, outcome == Missing:
		return true, a.end(ctx, store.ActionInDoubt, "the answer to a call was lost, and the vendor does not tell")
	}
	return false, err
}

var errCannotTell = errors.New("the vendor's list does not tell")

// failed decides what a failed call means for the action: carried out never, perhaps, or not this time.
func (a *actor) failed(ctx context.Context, err error) error {
	var call *rest.Error
	if errors.As(err, &call) && call.Method != http.MethodGet && mayHaveArrived(err) {
		// It stays open, and is looked up before it is repeated.
		return errors.Join(err, a.store.GiveUpCall(context.WithoutCancel(ctx), &a.action, a.now()))
	}
	// Whatever else stood in the way, the vendor did nothing this time.
	switch Classify(err) {
	case Reject, SkipStream, Missing:
		if a.half != "" {
			a.lost = false // it is known what arrived
		}
		return a.end(ctx, store.ActionRefused, a.half+refusal(err))
	}
	if a.lost {
		return err // it stays open: of the earlier call nobody knows
	}
	return errors.Join(err, a.store.ReplanAction(context.WithoutCancel(ctx), &a.action))
}

// refusal is what a vendor answered, in words without personal data.
func refusal(err error) string {
	var call *rest.Error
	if !errors.As(err, &call) {
		return err.Error()
	}
	switch {
	case call.Vendor == "zendesk" && call.Status == http.StatusForbidden:
		return "Zendesk refused it (403): the credential needs the scope tickets:write or users:write, or the user the role"
	case call.Vendor == "zendesk" && call.Status == http.StatusUnprocessableEntity:
		return "Zendesk refused it (422); for example a closed ticket cannot be changed, and a suspended requester is given none"
	}
	return call.Error()
}

// end records how the action ended. Where an earlier call may have arrived, nothing but its success is sure.
func (a *actor) end(ctx context.Context, state store.ActionState, reason string) error {
	if a.lost && state != store.ActionDone {
		state, reason = store.ActionInDoubt, store.LostThen+reason
	}
	if err := a.store.EndAction(ctx, a.action.Key, state, reason, a.now()); err != nil {
		return err
	}
	a.action.State, a.action.Reason, a.action.EndedAt = state, reason, a.now()
	return nil
}

func orText(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}
