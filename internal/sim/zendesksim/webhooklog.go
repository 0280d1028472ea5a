package zendesksim

import (
	"net/http"
	"slices"
	"time"
)

// keptInvocations is how long the vendor's log of invocations reaches back.
const keptInvocations = 7 * 24 * time.Hour

// listInvocations serves the vendor's log of a webhook, newest first
// (https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhook_invocations/).
func listInvocations(s *Server, x *exchange) {
	from, ok1 := dateFilter(x.query("filter[from_ts]"))
	to, ok2 := dateFilter(x.query("filter[to_ts]"))
	sort, status := x.query("sort"), x.query("filter[status]")
	if !ok1 || !ok2 || sort != "" && sort != "latest_completed_at" && sort != "-latest_completed_at" {
		listError(x.w, http.StatusBadRequest, "BadRequest", "Invalid filter or sort")
		return
	}
	s.withHook(x, func(k *hook) {
		var list []*invocation
		for _, v := range slices.Backward(s.hooks.invocations) {
			old := s.clock.Now().Sub(v.QueuedAt) > keptInvocations
			if v.WebhookID == k.ID && !v.Lost && !old && (status == "" || status == v.Status) && within(v.QueuedAt, from, to) {
				list = append(list, v)
			}
		}
		if sort != "" {
			slices.SortStableFunc(list, func(a, b *invocation) int { return a.completed.Compare(b.completed) })
		}
		if sort == "-latest_completed_at" {
			slices.Reverse(list)
		}
		rows, keys := []any{}, []string{}
		for _, v := range list {
			rows, keys = append(rows, v.shape()), append(keys, v.InvocationID)
		}
		s.sendPage(x, "invocations", rows, keys)
	})
}

func dateFilter(text string) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	t, err := time.Parse(time.RFC3339, text)
	return t, err == nil
}

func (v *invocation) shape() map[string]any {
	shape := map[string]any{
		"id": v.InvocationID, "webhook_id": v.WebhookID, "status": v.Status, "event_type": v.EventType,
		"created_at": v.QueuedAt.Format(time.RFC3339), "attempts_count": len(v.Attempts),
	}
	if !v.completed.IsZero() {
		shape["latest_completed_at"] = v.completed.Format(time.RFC3339)
	}
	return shape
}

func listAttempts(s *Server, x *exchange) {
	s.withHook(x, func(k *hook) {
		at := slices.IndexFunc(s.hooks.invocations, func(v *invocation) bool {
			return v.InvocationID == x.r.PathValue("invocation") && v.WebhookID == k.ID && !v.Lost
		})
		if at < 0 {
			listError(x.w, http.StatusNotFound, "InvocationNotFound", "Invocation not found")
			return
		}
		rows := []any{}
		for _, a := range s.hooks.invocations[at].Attempts {
			rows = append(rows, map[string]any{
				"id": a.ID, "invocation_id": x.r.PathValue("invocation"), "status": a.Status, "response_code": a.Code,
				"created_at": a.At.Format(time.RFC3339), "duration_ms": a.Took.Milliseconds(),
			})
		}
		writeJSON(x.w, http.StatusOK, map[string]any{"attempts": rows})
	})
}
