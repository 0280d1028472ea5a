package zendesksim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// webhookRoutes are the routes of webhooks, triggers and public addresses
// (https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/).
func webhookRoutes() []route {
	const hooks, one = v2 + "/webhooks", v2 + "/webhooks/{id}"
	return []route{
		{"GET " + hooks, admins, "webhooks", "", listWebhooks},
		{"POST " + hooks, admins, "webhooks", "", createWebhook},
		{"POST " + hooks + "/test", admins, "webhooks", "", testWebhook},
		{"GET " + one, admins, "webhooks", "", showWebhook},
		{"PUT " + one, admins, "webhooks", "", putWebhook},
		{"PATCH " + one, admins, "webhooks", "", patchWebhook},
		{"DELETE " + one, admins, "webhooks", "", deleteWebhook},
		{"GET " + one + "/signing_secret", admins, "webhooks", "", showSecret},
		{"POST " + one + "/signing_secret", admins, "webhooks", "", resetSecret},
		{"GET " + one + "/invocations", admins, "webhooks", "", listInvocations},
		{"GET " + one + "/invocations/{invocation}/attempts", admins, "webhooks", "", listAttempts},
		{"GET " + v2 + "/triggers", agents, "triggers", "", listTriggers},
		{"POST " + v2 + "/triggers", admins, "triggers", "", createTrigger},
		{"DELETE " + v2 + "/triggers/{id}", admins, "triggers", "", deleteTrigger},
		{"GET /ips", anyone, "", "", showIPs},
	}
}

// webhookInput is what a webhook consists of.
type webhookInput struct {
	Name          string            `json:"name"`
	Description   string            `json:"description,omitempty"`
	Endpoint      string            `json:"endpoint"`
	HTTPMethod    string            `json:"http_method"`
	RequestFormat string            `json:"request_format"`
	Status        string            `json:"status"`
	Subscriptions []string          `json:"subscriptions"`
	CustomHeaders map[string]string `json:"custom_headers,omitempty"`
}

// fault says what is wrong with a webhook, beginning with the member that is; empty when nothing is.
func (in *webhookInput) fault() string {
	endpoint, err := url.Parse(in.Endpoint)
	events := slices.ContainsFunc(in.Subscriptions, func(s string) bool { return strings.HasPrefix(s, eventTypePrefix) })
	known := func(s string) bool { return s == conditional || strings.HasPrefix(s, eventTypePrefix) }
	switch {
	case strings.TrimSpace(in.Name) == "":
		return "name is required"
	case err != nil || endpoint.Host == "" || endpoint.Scheme != "https" && endpoint.Scheme != "http":
		return "endpoint is not a URL"
	case !slices.Contains([]string{"GET", "POST", "PUT", "PATCH", "DELETE"}, in.HTTPMethod):
		return "http_method is not valid"
	case !slices.Contains([]string{"json", "xml", "form_encoded"}, in.RequestFormat):
		return "request_format is not valid"
	case in.Status != "active" && in.Status != "inactive":
		return "status is not valid"
	case slices.ContainsFunc(in.Subscriptions, func(s string) bool { return !known(s) }):
		return "subscriptions has an unknown event type"
	case events && (in.HTTPMethod != "POST" || in.RequestFormat != "json"):
		return "subscriptions to events need POST and json"
	case events && slices.Contains(in.Subscriptions, conditional):
		return "subscriptions are conditional_ticket_events alone or events"
	case len(in.CustomHeaders) > 0 && endpoint.Scheme != "https":
		return "custom_headers need an https endpoint"
	}
	return ""
}

// invalidWebhook is the envelope of the members that a webhook has wrong.
func invalidWebhook(w http.ResponseWriter, why string) {
	field, message, _ := strings.Cut(why, " ")
	writeJSON(w, http.StatusBadRequest, map[string]any{"errors": []any{
		map[string]any{"field": field, "code": "InvalidWebhook", "message": message},
	}})
}

// hookBody is the envelope of a webhook's writes.
type hookBody struct {
	Webhook json.RawMessage `json:"webhook"`
}

func createWebhook(s *Server, x *exchange) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	in := webhookInput{}
	if id := x.query("clone_webhook_id"); id != "" {
		k := s.hooks.find(id)
		if k == nil {
			webhookNotFound(x.w)
			return
		}
		in = k.In
	} else if !readHook(x, &in) {
		return
	}
	if why := in.fault(); why != "" {
		invalidWebhook(x.w, why)
		return
	}
	k := &hook{
		ID: s.hooks.ulid(), In: in, Secret: s.hooks.secret(), CreatedBy: x.actor.user.ID, Created: s.now(), Updated: s.now(),
	}
	s.hooks.hooks = append(s.hooks.hooks, k)
	writeJSON(x.w, http.StatusCreated, map[string]any{"webhook": k.shape()})
}

// readHook reads the members of the body over in; it answers the request itself when that fails.
func readHook(x *exchange, in *webhookInput) bool {
	var body hookBody
	if !decode(x, &body, func() bool { return body.Webhook != nil }, "webhook") {
		return false
	}
	if err := json.Unmarshal(body.Webhook, in); err != nil {
		invalidWebhook(x.w, "webhook is not valid")
		return false
	}
	return true
}

func (h *hook) shape() map[string]any {
	shape := map[string]any{
		"id": h.ID, "name": h.In.Name, "endpoint": h.In.Endpoint, "http_method": h.In.HTTPMethod, "request_format": h.In.RequestFormat,
		"status": h.In.Status, "subscriptions": h.In.Subscriptions, "created_at": h.Created.Format(time.RFC3339),
		"created_by": number(h.CreatedBy), "updated_at": h.Updated.Format(time.RFC3339), "updated_by": number(h.CreatedBy),
	}
	if h.In.Subscriptions == nil {
		shape["subscriptions"] = []string{}
	}
	if h.In.Description != "" {
		shape["description"] = h.In.Description
	}
	if h.In.CustomHeaders != nil {
		shape["custom_headers"] = h.In.CustomHeaders
	}
	return shape
}

func webhookNotFound(w http.ResponseWriter) {
	listError(w, http.StatusNotFound, "WebhookNotFound", "Webhook not found")
}

// withHook runs f under the lock with the webhook of the path, or answers 404.
func (s *Server) withHook(x *exchange, f func(k *hook)) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	k := s.hooks.find(x.r.PathValue("id"))
	if k == nil {
		webhookNotFound(x.w)
		return
	}
	f(k)
}

func listWebhooks(s *Server, x *exchange) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	list := slices.Clone(s.hooks.hooks)
	switch x.query("sort") {
	case "":
	case "name":
		slices.SortStableFunc(list, func(a, b *hook) int { return strings.Compare(a.In.Name, b.In.Name) })
	case "status":
		slices.SortStableFunc(list, func(a, b *hook) int { return strings.Compare(a.In.Status, b.In.Status) })
	default:
		listError(x.w, http.StatusBadRequest, "InvalidSort", "sort is not valid")
		return
	}
	rows, keys := []any{}, []string{}
	for _, k := range list {
		status := x.query("filter[status]")
		if strings.Contains(k.In.Name, x.query("filter[name_contains]")) && (status == "" || status == k.In.Status) {
			rows, keys = append(rows, k.shape()), append(keys, k.ID)
		}
	}
	s.sendPage(x, "webhooks", rows, keys)
}

func showWebhook(s *Server, x *exchange) {
	s.withHook(x, func(k *hook) { writeJSON(x.w, http.StatusOK, map[string]any{"webhook": k.shape()}) })
}

func putWebhook(s *Server, x *exchange) {
	s.withHook(x, func(k *hook) { s.changeHook(x, k, webhookInput{}) })
}

func patchWebhook(s *Server, x *exchange) {
	s.withHook(x, func(k *hook) { s.changeHook(x, k, k.In) })
}

// changeHook writes the body over in and makes it k's content. What a webhook is connected to is fixed at its creation.
func (s *Server) changeHook(x *exchange, k *hook, in webhookInput) {
	in.Subscriptions = slices.Clone(in.Subscriptions) // decoding writes into the slice
	if !readHook(x, &in) {
		return
	}
	why := in.fault()
	if why == "" && slices.Contains(in.Subscriptions, conditional) != slices.Contains(k.In.Subscriptions, conditional) {
		why = "the connection method cannot be changed"
	}
	if why != "" {
		invalidWebhook(x.w, why)
		return
	}
	k.In, k.Updated = in, s.now()
	x.w.WriteHeader(http.StatusNoContent)
}

func deleteWebhook(s *Server, x *exchange) {
	s.withHook(x, func(k *hook) {
		s.hooks.hooks = slices.DeleteFunc(s.hooks.hooks, func(other *hook) bool { return other == k })
		x.w.WriteHeader(http.StatusNoContent)
	})
}

func showSecret(s *Server, x *exchange) {
	s.withHook(x, func(k *hook) { sendSecret(x.w, http.StatusOK, k) })
}

// resetSecret replaces the secret at once: there is no time in which both are valid.
func resetSecret(s *Server, x *exchange) {
	s.withHook(x, func(k *hook) {
		k.Secret = s.hooks.secret()
		sendSecret(x.w, http.StatusCreated, k)
	})
}

func sendSecret(w http.ResponseWriter, status int, k *hook) {
	writeJSON(w, status, map[string]any{"signing_secret": map[string]any{"algorithm": "SHA256", "secret": k.Secret}})
}

// showIPs names where this server's deliveries come from, and for all of Zendesk's what its page shows, odd writing included.
// https://developer.zendesk.com/api-reference/ticketing/account-configuration/public_ips/
func showIPs(_ *Server, x *exchange) {
	local := []string{"127.0.0.0/8", "::1/128"}
	all := append(slices.Clone(local), "102.16.12.041/32")
	writeJSON(x.w, http.StatusOK, map[string]any{
		"ingress": map[string]any{"all": all, "specific": local}, "egress": map[string]any{"all": all, "specific": local},
	})
}
