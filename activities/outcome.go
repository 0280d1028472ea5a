package activities

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// Types of the application errors that steps return; the Temporal UI shows them.
const (
	ErrRateLimited   = "RateLimited"   // benign: waits for a vendor's window
	ErrPaused        = "Paused"        // benign: waits for a person
	ErrUnreachable   = "Unreachable"   // a vendor failed to answer properly; repeated
	ErrRefused       = "Refused"       // a vendor refused the request for good; not repeated
	ErrConfiguration = "Configuration" // connectors.yaml must be changed; not repeated
	ErrStore         = "Store"         // the store is away or busy; repeated
	ErrBusy          = "Busy"          // benign: waits for another step, or to see what became of a call
	ErrStopped       = "Stopped"       // benign: the worker was told to stop; repeated by another
)

// pauseRecheck is how often a paused step looks whether it may go on.
const pauseRecheck = time.Minute

// tokenRecheck is how soon a step looks again whether another worker has renewed the access token.
const tokenRecheck = 5 * time.Second

// tooRecentRecheck is after how long a start that Zendesk found too recent is old enough: exports leave out the last minute.
const tooRecentRecheck = time.Minute

// Kinds of pause.
const (
	PauseCredentials  = "credentials"
	PauseCredit       = "credit"
	PauseMassChange   = "mass_change"
	PauseOperator     = "operator"     // a person paused: only a person ends it
	PauseDisconnected = "disconnected" // a person disconnected: until they connect again or resume
)

// Outcome is what becomes of a failed vendor call.
type Outcome int

// routeMe is the one Zendesk call that every credential may make: a 403 there is about the credential itself.
const routeMe = "/api/v2/users/me"

// routeToken is where an OAuth client gets its access tokens: whatever is refused there, no other call can work.
const routeToken = "/oauth/tokens"

// The outcomes, from harmless to final.
const (
	Retry      Outcome = iota // the vendor or the network; the step is repeated
	Wait                      // a rate limit; the step is repeated when the vendor said
	PauseAll                  // nothing will work until a person acts
	SkipStream                // the plan or role does not give this stream
	Missing                   // the record does not exist: a deletion
	Reject                    // this request will never be accepted
)

// Classify decides the outcome of a failed call. It is the only place that does.
//
// https://developer.zendesk.com/api-reference/introduction/requests and https://developers.brevo.com/docs/how-it-works
func Classify(err error) Outcome {
	var exhausted *budget.Exhausted
	if errors.As(err, &exhausted) {
		return Wait
	}
	var person *credentials.Problem
	if errors.As(err, &person) {
		return PauseAll
	}
	var call *rest.Error
	if !errors.As(err, &call) {
		return Retry
	}
	if fromElsewhere(call) {
		if _, refused := refusedIP(err); !refused {
			return Retry
		}
	}
	if call.Vendor == "brevo" && call.Status >= 400 && call.Status < 500 && call.Status != http.StatusTooManyRequests {
		switch call.Code {
		case brevo.CodeUnauthorized, brevo.CodePermissionDenied, brevo.CodeNoCredits, brevo.CodeUnderValidation:
			return PauseAll
		case brevo.CodeInProcess:
			return Retry
		}
	}
	if zendesk.IsTooRecent(err) {
		return Retry // the clocks differ by more than the client allows for; a moment later it is old enough
	}
	switch call.Status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly:
		return Retry
	case http.StatusUnauthorized, http.StatusPaymentRequired:
		return PauseAll
	case http.StatusForbidden:
		if _, refused := refusedIP(err); refused || tokenRoute(call) || call.Vendor == "brevo" || strings.TrimSuffix(call.Route, ".json") == routeMe {
			return PauseAll
		}
		return SkipStream
	case http.StatusNotFound:
		if tokenRoute(call) {
			return PauseAll
		}
		if zendesk.IsUnavailable(err) {
			return SkipStream
		}
		return Missing
	case http.StatusTooManyRequests:
		return Wait
	case http.StatusServiceUnavailable:
		if call.RetryAfter > 0 {
			return Wait
		}
		return Retry
	}
	if tokenRoute(call) && call.Status >= 400 && call.Status < 500 {
		return PauseAll
	}
	if call.Status >= 400 && call.Status < 500 {
		return Reject
	}
	return Retry
}

// fromElsewhere reports an answer that something before the vendor's API gave: a proxy that wants a login, an edge server, a
// maintenance page. It says nothing of the request, but for its being too large.
func fromElsewhere(call *rest.Error) bool {
	switch call.Status {
	case http.StatusRequestEntityTooLarge, http.StatusTooManyRequests, http.StatusUnauthorized:
		return false
	}
	return call.Reason == rest.ReasonHTML && call.Status >= 400 && call.Status < 500 || call.Foreign && call.Status == http.StatusNotFound
}

// Renewing reports that a call waits for the access token that another program is renewing.
func Renewing(err error) bool { return errors.Is(err, credentials.ErrBusy) }

// tokenRoute reports whether a call was for an access token.
func tokenRoute(call *rest.Error) bool {
	return call.Route == routeToken || call.Route == brevo.TokenRoute
}

// outcome turns the error of a step into what the retry policies understand.
func (c *connection) outcome(ctx context.Context, err error) error {
	var app *temporal.ApplicationError
	switch {
	case errors.As(err, &app):
		return app // Temporal reads the type and the delay of a bare one only, and it may come wrapped or joined
	case ctx.Err() != nil && stopping(ctx):
		// Reported as a cancellation, it would end the workflow; another worker shall repeat the step instead.
		return temporal.NewApplicationErrorWithOptions("the worker stopped before the step ended", ErrStopped, temporal.ApplicationErrorOptions{
			NextRetryDelay: time.Second, Category: temporal.ApplicationErrorCategoryBenign,
		})
	case ctx.Err() != nil:
		return ctx.Err()
	case Renewing(err):
		return temporal.NewApplicationErrorWithOptions(err.Error(), ErrBusy, temporal.ApplicationErrorOptions{
			NextRetryDelay: tokenRecheck, Category: temporal.ApplicationErrorCategoryBenign,
		})
	case errors.Is(err, store.ErrLocked):
		return temporal.NewApplicationErrorWithCause(err.Error(), ErrStore, nil)
	}
	var call *rest.Error
	known := errors.As(err, &call)
	switch Classify(err) {
	case Wait:
		return rateLimited(err)
	case PauseAll:
		if disconnecting(ctx) { // a person waits for the end of it
			return temporal.NewNonRetryableApplicationError(pauseMessage(err), ErrRefused, nil)
		}
		return c.pause(ctx, err, call)
	case Reject, Missing, SkipStream:
		return temporal.NewApplicationErrorWithOptions(err.Error(), ErrRefused, temporal.ApplicationErrorOptions{NonRetryable: true})
	}
	if known {
		delay := call.RetryAfter
		if delay == 0 && zendesk.IsTooRecent(err) {
			delay = tooRecentRecheck
		}
		return temporal.NewApplicationErrorWithOptions(err.Error(), ErrUnreachable, temporal.ApplicationErrorOptions{NextRetryDelay: delay})
	}
	return err
}

func stopping(ctx context.Context) bool {
	if !activity.IsActivity(ctx) {
		return false
	}
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return true
	default:
		return false
	}
}

// rateLimited is a wait that no worker slot is held for, and that no alarm should count as a failure.
func rateLimited(err error) error {
	var (
		exhausted *budget.Exhausted
		call      *rest.Error
	)
	wait, message := 10*time.Second, err.Error()
	switch {
	case errors.As(err, &exhausted):
		wait = exhausted.Wait
	case errors.As(err, &call):
		if call.RetryAfter > 0 {
			wait = call.RetryAfter
		}
		message = fmt.Sprintf("waiting %d s: %s asked to slow down", int(math.Ceil(wait.Seconds())), vendorName(call.Vendor))
	}
	return temporal.NewApplicationErrorWithOptions(message, ErrRateLimited, temporal.ApplicationErrorOptions{
		NextRetryDelay: wait + jitter(wait), Category: temporal.ApplicationErrorCategoryBenign,
	})
}

// jitter keeps the streams that wait for one window from coming back in the same instant, without adding noticeably to
// the wait.
func jitter(wait time.Duration) time.Duration {
	return time.Duration(rand.Int64N(int64(min(wait/50, 500*time.Millisecond)) + 1))
}

// pause stops the account until a person acts, and says what to do.
func (c *connection) pause(ctx context.Context, err error, call *rest.Error) error {
	kind := PauseCredentials
	if call != nil && (call.Status == http.StatusPaymentRequired || call.Code == brevo.CodeNoCredits) {
		kind = PauseCredit
	}
	p := store.Pause{Kind: kind, Message: pauseMessage(c.asConnected(err, call)), At: c.now()}
	if err := c.store.SetPause(ctx, p); err != nil {
		return fmt.Errorf("pause account: %w", err)
	}
	return paused(p)
}

// asConnected gives a refusal of an access token its own words: nothing that could take its place helped, and no setting of
// connectors.yaml is to blame. A refusal of this host's address is left as it is.
func (c *connection) asConnected(err error, call *rest.Error) error {
	var person *credentials.Problem
	_, ip := refusedIP(err)
	if ip || errors.As(err, &person) || !c.cfg.Auth.UsesOAuth() || call.Vendor == "brevo" || call.Status != http.StatusUnauthorized || tokenRoute(call) {
		return err
	}
	return &credentials.Problem{
		Cause: "Zendesk refused the access token, and no other could take its place (401): the connected user lost access, or the token or the OAuth client is gone",
		Fix:   credentials.Connect,
	}
}

// pauseInHistory is what Temporal may hold of a pause. What a person gave as their reason stays in the store: it may name a
// customer.
func pauseInHistory(p store.Pause) string {
	switch p.Kind {
	case PauseOperator:
		return "by an operator; `starter resume` ends it"
	case PauseDisconnected:
		return "disconnected; `starter resume` ends it"
	}
	return p.Message
}

// paused is a wait for a person.
func paused(p store.Pause) error {
	return temporal.NewApplicationErrorWithOptions("paused: "+pauseInHistory(p), ErrPaused, temporal.ApplicationErrorOptions{
		NextRetryDelay: pauseRecheck, Category: temporal.ApplicationErrorCategoryBenign,
	})
}

// working marks the context of a step.
type working struct{}

// honourPauseAtWork is asked before every call to a vendor: a step that writes for minutes stops before its next call. Calls
// outside of steps, such as those of a connection test or of a person's own command, are made while the account is paused.
func (c *connection) honourPauseAtWork(ctx context.Context) error {
	if ctx.Value(working{}) == nil {
		return nil
	}
	return c.honourPause(ctx)
}

// honourPause is asked by every step before anything else.
func (c *connection) honourPause(ctx context.Context) error {
	p, standing, err := c.store.Paused(ctx)
	if err != nil {
		return c.outcome(ctx, fmt.Errorf("read pause: %w", err))
	}
	if disconnecting(ctx) {
		if standing && p.Kind == PauseDisconnected {
			return nil
		}
		return temporal.NewNonRetryableApplicationError("the account was resumed while it was being disconnected", ErrRefused, nil)
	}
	if standing {
		return paused(p)
	}
	return nil
}

// disconnecting reports whether a step belongs to the work that is done while, and only while, an account is disconnected.
func disconnecting(ctx context.Context) bool {
	return activity.IsActivity(ctx) && activity.GetInfo(ctx).WorkflowType.Name == "Disconnect"
}

// configurationError is final: repeating does not change a file.
func configurationError(err error) error {
	return temporal.NewApplicationErrorWithOptions(err.Error(), ErrConfiguration, temporal.ApplicationErrorOptions{NonRetryable: true})
}
