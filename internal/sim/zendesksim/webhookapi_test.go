package zendesksim_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

// hookContract loads the published document of webhooks once; nil without it.
var hookContract = sync.OnceValues(func() (routers.Router, error) {
	data, err := os.ReadFile(strings.Replace(document, "zendesk-oas", "zendesk-webhooks-oas", 1))
	if errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(os.Stderr, "webhook answers are not checked against the published schema: no zendesk-webhooks-oas.yaml beside the repository")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(bytes.ReplaceAll(data, []byte(": =\n"), []byte(": \"=\"\n")))
	if err != nil {
		return nil, fmt.Errorf("load zendesk-webhooks-oas.yaml: %w", err)
	}
	doc.Servers = openapi3.Servers{{URL: v2}}
	return gorillamux.NewRouter(doc)
})

const v2 = "/api/v2"

// checkHookAnswer fails the test when an answer does not fit the document.
func checkHookAnswer(t *testing.T, method, path string, r reply) {
	t.Helper()
	router, err := hookContract()
	require.NoError(t, err)
	if router == nil {
		return
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://127.0.0.1"+path, http.NoBody)
	require.NoError(t, err)
	route, params, err := router.FindRoute(req)
	require.NoError(t, err)
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 r.status, Header: r.header,
	}
	assert.NoError(t, openapi3filter.ValidateResponse(t.Context(), input.SetBodyBytes([]byte(r.text))), r.text)
}

func TestWebhookLifeCycle(t *testing.T) {
	a := byHand(t, 1)
	id, secret := a.subscribe(t, "https://hooks.example.com/a", "ticket.created")
	path := "/api/v2/webhooks/" + id
	call := func(method, path, body string, status int) reply {
		r := a.write(t, method, path, body)
		require.Equal(t, status, r.status, r.text)
		checkHookAnswer(t, method, path, r)
		return r
	}
	shown := call(http.MethodGet, path, "", 200)
	assert.Equal(t, "https://hooks.example.com/a", shown.at("webhook", "endpoint"))
	assert.Equal(t, number(float64(a.Account().Owner().ID)), shown.at("webhook", "created_by"), "a string, as the vendor has it")
	call(http.MethodPatch, path, `{"webhook":{"endpoint":"https://hooks.example.com/b"}}`, 204)
	shown = call(http.MethodGet, path, "", 200)
	assert.Equal(t, "https://hooks.example.com/b", shown.at("webhook", "endpoint"))
	assert.Equal(t, "Contacts", shown.at("webhook", "name"))
	call(http.MethodPut, path, `{"webhook":{"name":"Other","endpoint":"https://hooks.example.com/c","http_method":"POST","request_format":"json",
		"status":"inactive","subscriptions":["zen:event-type:user.created"]}}`, 204)
	second := call(http.MethodPost, "/api/v2/webhooks?clone_webhook_id="+id, "", 201).at("webhook", "id").(string)
	assert.NotEqual(t, id, second)
	assert.Len(t, call(http.MethodGet, "/api/v2/webhooks", "", 200).rows("webhooks"), 2)
	assert.Empty(t, a.get(t, "/api/v2/webhooks?filter[status]=active").rows("webhooks"))
	assert.Len(t, a.get(t, "/api/v2/webhooks?filter[name_contains]=the").rows("webhooks"), 2)
	page := a.get(t, "/api/v2/webhooks?page[size]=1&sort=name")
	assert.Equal(t, true, page.at("meta", "has_more"))
	assert.Len(t, a.get(t, "/api/v2/webhooks?page[size]=1&sort=name&page[after]="+page.at("meta", "after_cursor").(string)).rows("webhooks"), 1)
	reset := call(http.MethodPost, path+"/signing_secret", "", 201).at("signing_secret", "secret")
	assert.NotEqual(t, secret, reset)
	assert.Equal(t, reset, call(http.MethodGet, path+"/signing_secret", "", 200).at("signing_secret", "secret"))
	call(http.MethodDelete, path, "", 204)
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		want(t, a.as(t, a.owner, method, path, ""), http.StatusNotFound, "WebhookNotFound")
	}
	want(t, a.get(t, path+"/signing_secret"), http.StatusNotFound, "WebhookNotFound")
	assert.Empty(t, a.Log().Unknown())
}

func TestWebhooksThatZendeskRefuses(t *testing.T) {
	a := byHand(t, 1)
	good := func() map[string]any {
		return map[string]any{
			"name": "n", "endpoint": "https://h.example.com", "http_method": "POST", "request_format": "json", "status": "active",
			"subscriptions": []string{"zen:event-type:ticket.created"},
		}
	}
	for name, change := range map[string]func(map[string]any){
		"no name":         func(w map[string]any) { delete(w, "name") },
		"no URL":          func(w map[string]any) { w["endpoint"] = "h.example.com" },
		"GET for events":  func(w map[string]any) { w["http_method"] = "GET" },
		"form for events": func(w map[string]any) { w["request_format"] = "form_encoded" },
		"no status":       func(w map[string]any) { delete(w, "status") },
		"both modes": func(w map[string]any) {
			w["subscriptions"] = []string{"zen:event-type:ticket.created", "conditional_ticket_events"}
		},
		"unknown event": func(w map[string]any) { w["subscriptions"] = []string{"ticket.created"} },
		"headers without TLS": func(w map[string]any) {
			w["endpoint"], w["custom_headers"] = "http://h.example.com", map[string]string{"A": "b"}
		},
		"subscriptions a text": func(w map[string]any) { w["subscriptions"] = "ticket.created" },
	} {
		w := good()
		change(w)
		body, err := json.Marshal(map[string]any{"webhook": w})
		require.NoError(t, err)
		r := a.write(t, http.MethodPost, "/api/v2/webhooks", string(body))
		assert.Equal(t, http.StatusBadRequest, r.status, name)
	}
	assert.Empty(t, a.get(t, "/api/v2/webhooks").rows("webhooks"))
	id, _ := a.subscribe(t, "https://h.example.com", "ticket.created")
	r := a.write(t, http.MethodPatch, "/api/v2/webhooks/"+id, `{"webhook":{"subscriptions":["conditional_ticket_events"]}}`)
	want(t, r, http.StatusBadRequest, "InvalidWebhook")
	assert.Equal(t, "zen:event-type:ticket.created", a.get(t, "/api/v2/webhooks/"+id).at("webhook", "subscriptions", 0), "and nothing changes")
	assert.Equal(t, http.StatusUnauthorized, a.as(t, stranger, http.MethodGet, "/api/v2/webhooks", "").status)
}

func TestTestRequests(t *testing.T) {
	a, m := byHand(t, 1), receive(t, status(http.StatusUnauthorized))
	id, secret := a.subscribe(t, m.url, "ticket.created")
	body := `{"request":{"endpoint":"` + m.url + `","http_method":"POST","request_format":"json","payload":"{\"a\":1}"}}`
	r := a.write(t, http.MethodPost, "/api/v2/webhooks/test?webhook_id="+id, body)
	require.Equal(t, http.StatusOK, r.status, r.text)
	checkHookAnswer(t, http.MethodPost, "/api/v2/webhooks/test", r)
	assert.Equal(t, float64(401), r.at("response", "status"))
	a.write(t, http.MethodPost, "/api/v2/webhooks/test", body)
	require.Len(t, m.all(), 2)
	assert.JSONEq(t, `{"a":1}`, string(m.all()[0].raw))
	assertSigned(t, m.all()[0], secret)
	assertSigned(t, m.all()[1], "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ==")
	want(t, a.write(t, http.MethodPost, "/api/v2/webhooks/test?webhook_id=none", body), http.StatusNotFound, "WebhookNotFound")
	assert.Empty(t, a.Deliveries(), "a test is no invocation")
	away := a.write(t, http.MethodPost, "/api/v2/webhooks/test", `{"webhook":{"endpoint":"http://127.0.0.1:1/"}}`)
	assert.Equal(t, float64(502), away.at("response", "status"))
}

// triggerBody asks for a trigger that calls a webhook.
func triggerBody(t *testing.T, webhook, template string, all, some []map[string]any) string {
	t.Helper()
	body, err := json.Marshal(map[string]any{"trigger": map[string]any{
		"title": "t", "category_id": "10026", "conditions": map[string]any{"all": all, "any": some},
		"actions": []any{map[string]any{"field": "notification_webhook", "value": []string{webhook, template}}},
	}})
	require.NoError(t, err)
	return string(body)
}

func TestTriggers(t *testing.T) {
	a, m := byHand(t, 1), receive(t, nil)
	hook, secret := a.subscribe(t, m.url, "conditional_ticket_events")
	on := func(field, operator, value string) map[string]any {
		return map[string]any{"field": field, "operator": operator, "value": value}
	}
	is := func(kind string) map[string]any { return on("update_type", "is", kind) }
	add := func(name string, all, some []map[string]any) reply {
		template := `{"type":"` + name + `","ticket_id":"{{ ticket.id }}","user_id":"{{ticket.requester.id}}","x":"{{ticket.nothing}}"}`
		return a.write(t, http.MethodPost, "/api/v2/triggers.json", triggerBody(t, hook, template, all, some))
	}
	type list = []map[string]any
	created := add("ticket.created", list{is("Create")}, nil)
	require.Equal(t, http.StatusCreated, created.status, created.text)
	require.Equal(t, 201, add("ticket.updated", list{is("Change")}, list{on("status", "changed", ""), on("priority", "changed", "")}).status)
	require.Equal(t, 201, add("ticket.solved", list{on("status", "value", "solved")}, nil).status)
	require.Equal(t, 201, add("ticket.reopened", list{on("status", "value_previous", "solved"), on("status", "is_not", "closed")}, nil).status)
	requester := a.Account().UsersOf(seed.FullFields)[0]
	id := a.CreateTicket(seed.Ticket{RequesterID: requester})
	a.UpdateTicket(id, func(t *seed.Ticket) { t.Status = "solved" })
	a.UpdateTicket(id, func(t *seed.Ticket) { t.Status = "open" })
	a.UpdateTicket(id, func(t *seed.Ticket) { t.Subject = "no trigger looks at this" })
	a.DrainWebhooks(t.Context())
	assert.Equal(t, []string{"ticket.created", "ticket.updated", "ticket.solved", "ticket.updated", "ticket.reopened"}, m.types())
	assertSigned(t, m.all()[0], secret)
	assert.Equal(t, map[string]any{
		"type": "ticket.created", "ticket_id": number(float64(id)), "user_id": number(float64(requester)), "x": "",
	}, m.all()[0].body)

	listed := a.get(t, "/api/v2/triggers.json?page[size]=3")
	assert.Len(t, listed.rows("triggers"), 3)
	assert.Equal(t, true, listed.at("meta", "has_more"))
	assert.Equal(t, hook, listed.at("triggers", 0, "actions", 0, "value", 0))
	path := "/api/v2/triggers/" + number(created.at("trigger", "id"))
	assert.Equal(t, 204, a.write(t, http.MethodDelete, path, "").status)
	want(t, a.as(t, a.owner, http.MethodDelete, path, ""), http.StatusNotFound, "RecordNotFound")
	a.create(1)
	assert.Zero(t, a.DrainWebhooks(t.Context()))
}

func TestTextOfTicketsBreaksTheBodiesOfTriggers(t *testing.T) {
	a, m := byHand(t, 1), receive(t, nil)
	hook, _ := a.subscribe(t, m.url, "conditional_ticket_events")
	all := []map[string]any{{"field": "update_type", "operator": "is", "value": "Create"}}
	r := a.write(t, http.MethodPost, "/api/v2/triggers", triggerBody(t, hook, `{"title":"{{ticket.title}}"}`, all, nil))
	require.Equal(t, http.StatusCreated, r.status, r.text)
	a.CreateTicket(seed.Ticket{RequesterID: a.Account().Owner().ID, Subject: `the "blue" one`})
	a.DrainWebhooks(t.Context())
	require.Len(t, m.all(), 1)
	assert.Equal(t, `{"title":"the "blue" one"}`, string(m.all()[0].raw), "nothing is escaped")
}

func TestTriggersThatZendeskRefuses(t *testing.T) {
	a := byHand(t, 1)
	hook, _ := a.subscribe(t, "https://h.example.com", "conditional_ticket_events")
	events, _ := a.subscribe(t, "https://h.example.com", "ticket.created")
	ok := []map[string]any{{"field": "status", "operator": "changed"}}
	for name, body := range map[string]string{
		"unknown field":     triggerBody(t, hook, "{}", []map[string]any{{"field": "mood", "operator": "changed"}}, nil),
		"unknown operator":  triggerBody(t, hook, "{}", []map[string]any{{"field": "status", "operator": "was"}}, nil),
		"no condition":      triggerBody(t, hook, "{}", nil, nil),
		"unknown webhook":   triggerBody(t, "01GB4T0BVZJ5F3ZQZ8Q3X7Y1AA", "{}", ok, nil),
		"webhook of events": triggerBody(t, events, "{}", ok, nil),
		"body too long":     triggerBody(t, hook, strings.Repeat("a", 16_001), ok, nil),
	} {
		r := a.write(t, http.MethodPost, "/api/v2/triggers", body)
		assert.Equal(t, http.StatusUnprocessableEntity, r.status, name)
		assert.Equal(t, "RecordInvalid", r.json["error"], name)
	}
	assert.Empty(t, a.get(t, "/api/v2/triggers").rows("triggers"))
}

func TestPublicAddresses(t *testing.T) {
	a := open(t, small, zendesksim.Options{})
	r := a.as(t, stranger, http.MethodGet, "/ips", "")
	require.Equal(t, http.StatusOK, r.status)
	assert.Equal(t, "127.0.0.0/8", r.at("egress", "specific", 0))
}
