package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/workflows"
)

// What becomes of a request; the words are kept in the store.
const (
	resultDelivered    = "delivered" // Temporal holds the signal
	resultDuplicate    = "duplicate" // an event that Temporal holds already
	resultIgnored      = "ignored"   // nothing that is kept can have changed
	resultScheduled    = "scheduled" // left to the next sync: an organization or article, or a workflow takes no more signals
	resultNotSigned    = "not_signed"
	resultBadSignature = "bad_signature"
	resultTestSecret   = "test_secret"
	resultTooOld       = "too_old"
	resultFromFuture   = "from_future"
	resultMalformed    = "malformed"
	resultTooLarge     = "too_large"
	resultUnavailable  = "unavailable" // Zendesk is asked to send it again
	resultForbidden    = "forbidden"   // from outside ALLOWED_CIDRS
	resultNotFound     = "not_found"   // for an account without an enabled connector
)

// refusals are the results of zendesk.Verify's errors.
var refusals = []struct {
	err    error
	result string
}{
	{zendesk.ErrNotSigned, resultNotSigned},
	{zendesk.ErrBadSignature, resultBadSignature},
	{zendesk.ErrTestSecret, resultTestSecret},
	{zendesk.ErrTooOld, resultTooOld},
	{zendesk.ErrFromFuture, resultFromFuture},
}

// answers are what Zendesk is told. Why a signature is refused is nobody's business, except that a public secret signs nothing.
var answers = map[string]struct {
	status int
	body   string
}{
	resultDelivered:    {http.StatusOK, "OK"},
	resultDuplicate:    {http.StatusOK, "OK"},
	resultIgnored:      {http.StatusOK, "OK"},
	resultScheduled:    {http.StatusOK, "OK"},
	resultNotSigned:    {http.StatusUnauthorized, "Unauthorized"},
	resultBadSignature: {http.StatusUnauthorized, "Unauthorized"},
	resultTestSecret: {
		http.StatusUnauthorized,
		"Unauthorized: signed with Zendesk's public test secret. Save the webhook in Zendesk, then test it again.",
	},
	resultTooOld:     {http.StatusUnauthorized, "Unauthorized"},
	resultFromFuture: {http.StatusUnauthorized, "Unauthorized"},
	resultMalformed:  {http.StatusBadRequest, "Bad Request"},
	resultTooLarge:   {http.StatusRequestEntityTooLarge, "Request Entity Too Large"},
}

// errSecretsAway: the signature fits no secret that is known, and those in the store have never been read.
var errSecretsAway = errors.New("verify webhook: the stored secrets cannot be read yet")

// outcome is what became of a delivery.
type outcome struct {
	result string
	event  zendesk.Event // zero unless verified and parsed
	err    error         // why it was refused; holds nothing of the body
}

// receive answers a delivery once Temporal holds what follows from it.
func (s *server) receive(c *gin.Context) {
	cfg := s.connector(c)
	if cfg == nil {
		s.countFor(nil, resultNotFound)
		s.warn("unknown account", "a delivery for an account without an enabled connector: its endpoint must end in /webhooks/zendesk/SUBDOMAIN")
		c.String(http.StatusNotFound, "Not Found")
		return
	}
	c.Set(takenFor, cfg)
	start := s.now()
	o := s.take(c, cfg)
	s.counts.add(cfg.Account(), o.result, start)
	s.tell(c.Request, cfg, o, start)
	if o.result == resultUnavailable {
		unavailable(c)
		return
	}
	c.String(answers[o.result].status, answers[o.result].body)
}

// take verifies a delivery, and passes on what it says.
func (s *server) take(c *gin.Context, cfg *config.Connector) outcome {
	if c.Request.Header.Get(zendesk.HeaderSignature) == "" {
		// Nobody's body is waited for who does not even claim to be Zendesk: a few slow strangers would hold every place.
		return outcome{result: resultNotSigned, err: zendesk.ErrNotSigned}
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, zendesk.MaxEventBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return outcome{result: resultTooLarge, err: errors.New("read webhook: larger than 1 MiB")}
	case err != nil: // cut off, too slow or badly framed
		return outcome{result: resultMalformed, err: errors.New("read webhook: the body cannot be read")}
	}
	if body, err = s.verify(c.Request, body, cfg); err != nil {
		return outcome{result: resultOf(err), err: err}
	}
	event, err := zendesk.ParseEvent(body)
	if err != nil {
		return outcome{result: resultMalformed, err: err}
	}
	switch event.Kind {
	case zendesk.KindTicket, zendesk.KindUser:
		return s.pass(c.Request.Context(), cfg, event)
	case zendesk.KindOrganization, zendesk.KindArticle:
		return outcome{result: resultScheduled, event: event}
	default:
		return outcome{result: resultIgnored, event: event}
	}
}

// verify returns the bytes that a secret in force has signed. When none fits, one may have been installed a moment ago.
func (s *server) verify(r *http.Request, body []byte, cfg *config.Connector) ([]byte, error) {
	check := func(secrets []string) ([]byte, error) {
		return zendesk.Verify(r.Header, body, secrets, s.now(), cfg.Webhooks.MaxAge, zendesk.AllowTestSecret(s.env.WebhookAllowTestSecret))
	}
	secrets, _ := s.ring.inForce(cfg.Account())
	verified, err := check(secrets)
	if !errors.Is(err, zendesk.ErrBadSignature) {
		return verified, err
	}
	s.ring.renew(r.Context(), cfg.Account())
	renewed, known := s.ring.inForce(cfg.Account())
	if !slices.Equal(secrets, renewed) {
		verified, err = check(renewed)
	}
	if errors.Is(err, zendesk.ErrBadSignature) && !known {
		return nil, errSecretsAway
	}
	return verified, err
}

func resultOf(err error) string {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.result
		}
	}
	return resultUnavailable
}

// pass wakes the workflow of the event's ticket or user. Whoever hangs up meanwhile does not stop it.
func (s *server) pass(ctx context.Context, cfg *config.Connector, e zendesk.Event) outcome {
	id := ""
	if e.ID != "" {
		id = cfg.Account() + "/" + e.ID
	}
	if s.seen.has(id) {
		return outcome{result: resultDuplicate, event: e}
	}
	if e.Type == "user.merged" && e.MergedWithID == 0 && !e.Trigger {
		s.warn(cfg.Account()+"/merge", "an event of a merge names no other user: the merge will look like a deletion, and no opt-out is carried over",
			"account", cfg.Account(), "user", e.UserID)
	}
	ctx, cancel := s.limit(ctx)
	defer cancel()
	wake, subject := s.waker.Ticket, workflows.SubjectInput{Account: cfg.Account(), ID: e.TicketID, Settle: cfg.Events.Settle}
	if e.Kind == zendesk.KindUser {
		wake, subject.ID = s.waker.User, e.UserID
	}
	err := wake(ctx, subject, workflows.Event{Type: e.Type, MergedWith: e.MergedWithID, At: e.OccurredAt})
	if workflows.IsFull(err) { // however often Zendesk repeated it
		return outcome{result: resultScheduled, event: e, err: err}
	}
	if err != nil {
		return outcome{result: resultUnavailable, event: e, err: err}
	}
	s.seen.add(id)
	return outcome{result: resultDelivered, event: e}
}

// limit bounds a signal by the timeout. Temporal's client gives up, its own repetitions included, after half of the time that
// a deadline leaves: so the deadline is twice as far.
func (s *server) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*s.timeout)
	timer := time.AfterFunc(s.timeout, cancel)
	return ctx, func() {
		timer.Stop()
		cancel()
	}
}

// tell logs a delivery: what was accepted as the connector wants it, what was refused as a warning, though not each of many
// unless the connector logs webhooks; what is not even signed is never said each time. Nothing but ids, enums and times is
// said.
func (s *server) tell(r *http.Request, cfg *config.Connector, o outcome, start time.Time) {
	args := []any{"account", cfg.Account(), "result", o.result}
	switch o.event.Kind {
	case zendesk.KindTicket:
		args = append(args, "type", o.event.Type, "ticket", o.event.TicketID)
	case zendesk.KindUser:
		args = append(args, "type", o.event.Type, "user", o.event.UserID)
	case "":
	default:
		args = append(args, "type", o.event.Type)
	}
	if id := zendesk.DeliveryOf(r.Header).InvocationID; id != "" {
		args = append(args, "invocation", id)
	}
	if o.event.ID != "" {
		args = append(args, "event", o.event.ID)
	}
	if !o.event.OccurredAt.IsZero() {
		args = append(args, "age", start.Sub(o.event.OccurredAt).Round(time.Millisecond))
	}
	args = append(args, "ms", s.now().Sub(start).Milliseconds())
	if o.err == nil {
		level := config.SlogVerbose
		if cfg.LogWebhooks {
			level = slog.LevelInfo
		}
		s.log.Log(r.Context(), level, "webhook", args...)
		return
	}
	args = append(args, "error", o.err)
	if secrets, known := s.ring.inForce(cfg.Account()); known && len(secrets) == 0 {
		args = append(args, "fix", "no signing secret is in force: "+howToConfigure)
	}
	if cfg.LogWebhooks && o.result != resultNotSigned {
		s.log.Warn("webhook", args...)
		return
	}
	s.warn(cfg.Account()+"/"+o.result, "webhook", args...)
}
