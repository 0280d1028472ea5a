package zendesk_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/internal/zendesk"
)

// endpoint is a receiver that accepts what Zendesk signed, and keeps the events.
type endpoint struct {
	url     string
	mu      sync.Mutex
	secrets []string
	now     func() time.Time
	events  []zendesk.Event
	refused []error
}

func (e *endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	verified, err := zendesk.Verify(r.Header, body, e.secrets, e.now(), 15*time.Minute)
	if err == nil && len(verified) > 0 {
		var event zendesk.Event
		if event, err = zendesk.ParseEvent(verified); err == nil {
			e.events = append(e.events, event)
		}
	}
	if err != nil {
		e.refused = append(e.refused, err)
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
	}
}

// account is a simulated account at noon, a client of it, and an endpoint for its webhooks.
func account(t *testing.T) (*zendesksim.Server, *zendesk.Client, *endpoint) {
	t.Helper()
	now := func() time.Time { return noon }
	s := zendesksim.New(zendesksim.Options{
		Account: seed.New(seed.Size{Users: 60, Tickets: 30, Organizations: 5}, 1), Clock: sim.NewClock(now, 1), WebhooksByHand: true,
		Plan: zendesksim.Unlimited,
	})
	running, err := s.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, running.Close()) })
	email, token := s.Credentials()
	c, err := zendesk.New(zendesk.Config{BaseURL: running.URL, Credential: zendesk.APIToken(email, token), Now: now})
	require.NoError(t, err)
	e := &endpoint{now: now}
	web := httptest.NewServer(e)
	t.Cleanup(web.Close)
	e.url = web.URL
	return s, c, e
}

// TestEventsFromSubscriptionToParser goes the whole way: install, deliver, verify, parse, rotate, look at the log, remove.
func TestEventsFromSubscriptionToParser(t *testing.T) {
	s, c, e := account(t)
	ctx := t.Context()
	kinds := []zendesk.EventKind{zendesk.KindTicket, zendesk.KindUser, zendesk.KindOrganization, zendesk.KindArticle}
	made, err := c.CreateWebhook(ctx, zendesk.NewWebhook("Contacts", e.url, zendesk.EventTypes(kinds...)...))
	require.NoError(t, err)
	id := made.Row.ID
	secret, err := c.ShowSigningSecret(ctx, id)
	require.NoError(t, err)
	e.secrets = []string{secret.Reveal()}

	tested, err := c.TestWebhook(ctx, id, e.url, `{"type":"ticket.solved","ticket_id":1}`)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, tested.Status)
	require.Len(t, e.events, 1)

	winner := s.CreateUser(seed.User{Name: "Ada", Email: "ada@example.com"})
	loser := s.CreateUser(seed.User{Name: "Ada L", Email: "ada.l@example.com"})
	organization := s.CreateOrganization(seed.Organization{Name: "Acme"})
	ticket := s.CreateTicket(seed.Ticket{RequesterID: loser, OrganizationID: organization})
	s.UpdateTicket(ticket, func(t *seed.Ticket) { t.Status, t.Priority = "solved", "urgent" })
	s.RateTicket(ticket, 1, "Ada is cross")
	s.MergeUsers(winner, loser)
	made2 := s.DrainWebhooks(ctx)
	require.Empty(t, e.refused)
	require.Len(t, e.events, made2+1)
	seen := map[string]zendesk.Event{}
	for _, event := range e.events {
		assert.NotEqual(t, zendesk.KindIgnored, event.Kind, event.Type)
		seen[event.Type] = event
	}
	solved := seen["ticket.status_changed"]
	assert.Equal(t, "new", solved.Previous)
	assert.Equal(t, "solved", solved.Current)
	assert.Equal(t, ticket, solved.TicketID)
	assert.Equal(t, loser, solved.UserID)
	assert.Equal(t, organization, solved.OrganizationID)
	assert.Equal(t, solved.Sequence, seen["ticket.priority_changed"].Sequence)
	assert.Equal(t, noon, solved.OccurredAt)
	assert.Equal(t, int64(zendesksim.AccountID), solved.AccountID)
	assert.Equal(t, "bad", seen["ticket.csat_received"].Current)
	assert.ElementsMatch(t, []int64{winner, loser}, []int64{seen["user.merged"].UserID, seen["user.merged"].MergedWithID})
	assert.Equal(t, organization, seen["organization.created"].OrganizationID)

	// While a secret is being replaced, what either of them signed is good; later only the new one is.
	next, err := c.ResetSigningSecret(ctx, id)
	require.NoError(t, err)
	s.UpdateTicket(ticket, func(t *seed.Ticket) { t.Status = "open" })
	s.DrainWebhooks(ctx)
	require.NotEmpty(t, e.refused)
	before := len(e.refused)
	require.ErrorIs(t, e.refused[0], zendesk.ErrBadSignature)
	e.secrets = append(e.secrets, next.Reveal())
	s.UpdateTicket(ticket, func(t *seed.Ticket) { t.Status = "solved" })
	s.DrainWebhooks(ctx)
	assert.Len(t, e.refused, before)

	refused, err := c.ListInvocations(ctx, id, zendesk.InvocationQuery{Status: "client error"})
	require.NoError(t, err)
	require.NotEmpty(t, refused.Rows)
	attempts, err := c.ListInvocationAttempts(ctx, id, refused.Rows[0].ID)
	require.NoError(t, err)
	require.Len(t, attempts, 1)
	assert.Equal(t, http.StatusUnauthorized, attempts[0].ResponseCode)

	inactive := "inactive"
	require.NoError(t, c.PatchWebhook(ctx, id, zendesk.WebhookPatch{Status: &inactive}))
	shown, err := c.ShowWebhook(ctx, id)
	require.NoError(t, err)
	assert.Equal(t, "inactive", shown.Row.Status)
	assert.Equal(t, e.url, shown.Row.Endpoint)
	require.NoError(t, c.DeleteWebhook(ctx, id))
	_, err = c.ShowWebhook(ctx, id)
	var problem *rest.Error
	require.ErrorAs(t, err, &problem)
	assert.Equal(t, http.StatusNotFound, problem.Status)
	assert.Empty(t, s.Log().Unknown())
}

func TestTriggerPairFromInstallationToParser(t *testing.T) {
	s, c, e := account(t)
	ctx := t.Context()
	made, err := c.CreateWebhook(ctx, zendesk.NewWebhook("Contacts", e.url, zendesk.ConditionalTicketEvents))
	require.NoError(t, err)
	secret, err := c.ShowSigningSecret(ctx, made.Row.ID)
	require.NoError(t, err)
	e.secrets = []string{secret.Reveal()}
	for _, in := range zendesk.NewTriggers("Contacts", made.Row.ID) {
		trigger, err := c.CreateTrigger(ctx, in)
		require.NoError(t, err)
		assert.True(t, trigger.Row.Active)
		assert.Equal(t, made.Row.ID, trigger.Row.WebhookID)
	}
	requester := s.CreateUser(seed.User{Name: "Ada", Email: "ada@example.com"})
	ticket := s.CreateTicket(seed.Ticket{RequesterID: requester, Subject: `"quoted"`})
	s.UpdateTicket(ticket, func(t *seed.Ticket) { t.Status = "solved" })
	s.UpdateTicket(ticket, func(t *seed.Ticket) { t.Subject = "nothing that the pair looks at" })
	s.DrainWebhooks(ctx)
	require.Empty(t, e.refused)
	assert.Equal(t, []zendesk.Event{
		{Type: "ticket.created", Kind: zendesk.KindTicket, TicketID: ticket, UserID: requester, Trigger: true},
		{Type: "ticket.updated", Kind: zendesk.KindTicket, TicketID: ticket, UserID: requester, Trigger: true},
	}, e.events)
	listed, err := c.ListTriggers(ctx, zendesk.ListQuery{})
	require.NoError(t, err)
	require.Len(t, listed.Rows, 2)
	for _, trigger := range listed.Rows {
		require.NoError(t, c.DeleteTrigger(ctx, trigger.ID))
	}
	s.UpdateTicket(ticket, func(t *seed.Ticket) { t.Status = "open" })
	assert.Zero(t, s.DrainWebhooks(ctx))
}

func TestAllWebhooks(t *testing.T) {
	_, c, e := account(t)
	for range 101 {
		_, err := c.CreateWebhook(t.Context(), zendesk.NewWebhook("Contacts", e.url, "zen:event-type:ticket.created"))
		require.NoError(t, err)
	}
	all, err := c.AllWebhooks(t.Context())
	require.NoError(t, err)
	assert.Len(t, all.Rows, 101)
	networks, err := c.EgressNetworks(t.Context())
	require.NoError(t, err)
	assert.NotEmpty(t, networks.Prefixes)
	assert.Empty(t, networks.Odd)
}
