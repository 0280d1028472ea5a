package zendesksim_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

// receiver is an endpoint that records what arrives and answers as it is told.
type receiver struct {
	url     string
	arrived chan struct{}

	mu     sync.Mutex
	got    []received
	answer func(n int, w http.ResponseWriter, r *http.Request) // n counts from 1; nil: 200
}

type received struct {
	header http.Header
	raw    []byte
	body   map[string]any // nil if it is no JSON
}

func (m received) eventType() string { s, _ := m.body["type"].(string); return s }

func (m received) at(path ...any) any { return reply{json: m.body}.at(path...) }

func receive(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *receiver {
	t.Helper()
	m := &receiver{answer: answer, arrived: make(chan struct{}, 10_000)}
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

func (m *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	one := received{header: r.Header.Clone(), raw: raw}
	_ = json.Unmarshal(raw, &one.body)
	m.mu.Lock()
	m.got = append(m.got, one)
	n := len(m.got)
	m.mu.Unlock()
	defer func() { m.arrived <- struct{}{} }()
	if m.answer != nil {
		m.answer(n, w, r)
	}
}

func (m *receiver) all() []received {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]received(nil), m.got...)
}

func (m *receiver) types() (out []string) {
	for _, one := range m.all() {
		out = append(out, strings.TrimPrefix(one.eventType(), "zen:event-type:"))
	}
	return out
}

// status answers every request with a status.
func status(code int, header ...string) func(int, http.ResponseWriter, *http.Request) {
	return func(_ int, w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// byHand opens an account whose webhooks are sent only when the test says so.
func byHand(t *testing.T, speed float64) *account {
	t.Helper()
	return open(t, small, zendesksim.Options{WebhooksByHand: true, Speed: speed})
}

// subscribe creates a webhook to endpoint and returns its id and secret.
func (a *account) subscribe(t *testing.T, endpoint string, events ...string) (id, secret string) {
	t.Helper()
	list := []string{}
	for _, e := range events {
		if e != "conditional_ticket_events" {
			e = "zen:event-type:" + e
		}
		list = append(list, e)
	}
	body, err := json.Marshal(map[string]any{"webhook": map[string]any{
		"name": "Contacts", "endpoint": endpoint, "http_method": "POST", "request_format": "json", "status": "active", "subscriptions": list,
	}})
	require.NoError(t, err)
	r := a.write(t, http.MethodPost, "/api/v2/webhooks", string(body))
	require.Equal(t, http.StatusCreated, r.status, r.text)
	checkHookAnswer(t, http.MethodPost, "/api/v2/webhooks", r)
	id, _ = r.at("webhook", "id").(string)
	require.Len(t, id, 26)
	secret, _ = a.get(t, "/api/v2/webhooks/"+id+"/signing_secret").at("signing_secret", "secret").(string)
	require.NotEmpty(t, secret)
	return id, secret
}

// assertSigned checks a signature by the vendor's description of it.
func assertSigned(t *testing.T, one received, secret string) {
	t.Helper()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(one.header.Get("X-Zendesk-Webhook-Signature-Timestamp")))
	mac.Write(one.raw)
	assert.Equal(t, base64.StdEncoding.EncodeToString(mac.Sum(nil)), one.header.Get("X-Zendesk-Webhook-Signature"))
}

func TestOneActionSendsSeveralSignedEvents(t *testing.T) {
	a, m := byHand(t, 1), receive(t, nil)
	id, secret := a.subscribe(t, m.url, "ticket.created", "ticket.status_changed", "ticket.priority_changed", "ticket.tags_changed")
	requester := a.Account().UsersOf(seed.FullFields)[0]
	ticket := a.CreateTicket(seed.Ticket{RequesterID: requester, Subject: "A question", Priority: "low"})
	assert.Equal(t, 1, a.DrainWebhooks(t.Context()))
	a.UpdateTicket(ticket, func(t *seed.Ticket) {
		t.Status, t.Priority, t.Tags, t.Subject = "solved", "urgent", []string{"vip"}, "An answer"
	})
	assert.Equal(t, 3, a.DrainWebhooks(t.Context()), "the subject's change was not subscribed to")
	got := m.all()
	require.Len(t, got, 4)
	assert.Equal(t, []string{"ticket.created", "ticket.status_changed", "ticket.priority_changed", "ticket.tags_changed"}, m.types())
	ids := map[any]bool{}
	for _, one := range got {
		assertSigned(t, one, secret)
		assert.Equal(t, id, one.header.Get("X-Zendesk-Webhook-Id"))
		assert.Equal(t, "12514403", one.header.Get("X-Zendesk-Account-Id"))
		assert.Equal(t, "2026-11-20T12:00:00Z", one.header.Get("X-Zendesk-Webhook-Signature-Timestamp"))
		assert.Equal(t, float64(zendesksim.AccountID), one.at("account_id"))
		assert.Equal(t, "zen:ticket:"+one.at("detail", "id").(string), one.at("subject"))
		assert.Equal(t, "0", one.at("detail", "assignee_id"), "an id that is not there is a zero and no null")
		ids[one.at("id")] = true
	}
	assert.Len(t, ids, 4)
	assert.Equal(t, "SOLVED", got[1].at("event", "current"))
	assert.Equal(t, "NEW", got[1].at("event", "previous"))
	assert.Equal(t, "SOLVED", got[1].at("detail", "status"))
	sequence := func(i int, of string) any { return got[i].at("event", "meta", "sequence", of) }
	assert.Equal(t, sequence(1, "id"), sequence(2, "id"))
	assert.Equal(t, sequence(1, "id"), sequence(3, "id"))
	assert.NotEqual(t, sequence(0, "id"), sequence(1, "id"))
	assert.Less(t, sequence(1, "position"), sequence(3, "position"))
}

func TestWritesOfTheAPISendEvents(t *testing.T) {
	a, m := byHand(t, 1), receive(t, nil)
	a.subscribe(t, m.url, "ticket.created", "ticket.comment_added", "ticket.status_changed", "user.created", "user.name_changed",
		"user.custom_field_changed", "organization.created", "organization.name_changed")
	r := a.write(t, http.MethodPost, "/api/v2/tickets", `{"ticket":{"comment":{"body":"Hello"},"requester":{"name":"New","email":"new@example.com"}}}`)
	ticket := number(r.at("ticket", "id"))
	a.write(t, http.MethodPut, "/api/v2/tickets/"+ticket, `{"ticket":{"status":"pending"}}`)
	a.sleep(time.Minute)
	a.write(t, http.MethodPut, "/api/v2/tickets/"+ticket, `{"ticket":{"comment":{"body":"And again"}}}`)
	r = a.write(t, http.MethodPost, "/api/v2/organizations", `{"organization":{"name":"Brand new"}}`)
	a.write(t, http.MethodPut, "/api/v2/organizations/"+number(r.at("organization", "id")), `{"organization":{"name":"Newer"}}`)
	a.DrainWebhooks(t.Context())
	assert.Equal(t, []string{
		"user.created", "ticket.created", "ticket.status_changed", "ticket.comment_added", "organization.created", "organization.name_changed",
	}, m.types())
}

func number(v any) string {
	raw, _ := json.Marshal(int64(v.(float64)))
	return string(raw)
}

func TestEventsOfPeople(t *testing.T) {
	a, m := byHand(t, 1), receive(t, nil)
	a.subscribe(t, m.url, "user.merged", "user.active_changed", "user.deleted", "user.identity_created", "user.identity_deleted",
		"user.role_changed", "user.custom_field_changed", "ticket.requester_changed", "ticket.csat_received", "ticket.soft_deleted",
		"user.organization_membership_created", "organization.deleted")
	people := make([]int64, 5)
	for i := range people {
		people[i] = a.CreateUser(seed.User{Name: "Ada", Email: fmt.Sprintf("ada%d@example.com", i)})
	}
	winner, loser := people[0], people[1]
	ticket := a.CreateTicket(seed.Ticket{RequesterID: loser, Status: "solved"})
	require.True(t, a.MergeUsers(winner, loser))
	a.DrainWebhooks(t.Context())
	sequences := map[any]bool{}
	merged := 0
	for _, one := range m.all() {
		sequences[one.at("event", "meta", "sequence", "id")] = true
		if one.eventType() == "zen:event-type:user.merged" {
			merged++
			assert.Equal(t, "zen:user:"+number(float64(loser)), one.at("subject"))
			assert.Equal(t, number(float64(winner)), one.at("event", "user", "id"))
		}
	}
	assert.Equal(t, 1, merged)
	assert.Len(t, sequences, 1, "a merge is one action")
	assert.Contains(t, m.types(), "user.active_changed")
	assert.Contains(t, m.types(), "ticket.requester_changed")

	before := len(m.all())
	a.RateTicket(ticket, 1, "slow")
	a.sleep(time.Second)
	a.RateTicket(ticket, 5, "better")
	a.DeleteTicket(ticket)
	a.UpdateUser(people[2], func(u *seed.User) { u.Role, u.Fields["tier"] = "agent", "gold" })
	a.DeleteUser(people[3])
	a.DeleteUserForever(people[3])
	organization := a.CreateOrganization(seed.Organization{Name: "Acme"})
	a.UpdateUser(people[4], func(u *seed.User) { u.OrganizationID = organization })
	a.DeleteOrganization(organization)
	a.DrainWebhooks(t.Context())
	assert.Equal(t, []string{
		"ticket.csat_received", "ticket.csat_received", "ticket.soft_deleted", "user.role_changed", "user.custom_field_changed",
		"user.active_changed", "user.deleted", "user.organization_membership_created", "organization.deleted",
	}, m.types()[before:])
	assert.Equal(t, "BAD", m.all()[before].at("event", "satisfaction_score", "score"))
	assert.Equal(t, "GOOD", m.all()[before+1].at("event", "satisfaction_score", "score"))
}

func TestNobodyElseHears(t *testing.T) {
	a, m := byHand(t, 1), receive(t, nil)
	inactive, _ := a.subscribe(t, m.url, "ticket.status_changed")
	deleted, _ := a.subscribe(t, m.url, "ticket.status_changed")
	a.subscribe(t, m.url, "ticket.created")
	assert.Equal(t, http.StatusNoContent, a.write(t, http.MethodPatch, "/api/v2/webhooks/"+inactive, `{"webhook":{"status":"inactive"}}`).status)
	ticket := a.CreateTicket(seed.Ticket{RequesterID: a.Account().Owner().ID})
	a.DrainWebhooks(t.Context())
	a.UpdateTicket(ticket, func(t *seed.Ticket) { t.Status = "open" })
	// What is on its way to a webhook that is deleted does not arrive any more.
	assert.Equal(t, http.StatusNoContent, a.write(t, http.MethodDelete, "/api/v2/webhooks/"+deleted, "").status)
	a.DrainWebhooks(t.Context())
	a.SystemUpdate(ticket)
	a.DrainWebhooks(t.Context())
	assert.Equal(t, []string{"ticket.created"}, m.types())
	assert.Zero(t, a.PendingWebhooks())
}

func TestWebhooksLeaveByThemselves(t *testing.T) {
	a, m := open(t, small, zendesksim.Options{}), receive(t, nil)
	a.subscribe(t, m.url, "ticket.created")
	for range 50 {
		a.CreateTicket(seed.Ticket{RequesterID: a.Account().Owner().ID})
	}
	for range 50 {
		select {
		case <-m.arrived:
		case <-time.After(10 * time.Second):
			t.Fatal("a webhook did not arrive")
		}
	}
	a.DrainWebhooks(t.Context())
	assert.Len(t, a.Deliveries(), 50)
	for _, d := range a.Deliveries() {
		assert.Equal(t, "success", d.Status)
		assert.Len(t, d.Attempts, 1)
	}
}
