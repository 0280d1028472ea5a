package zendesksim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

// maxTriggerBody is how many characters the body of a trigger's request may have.
const maxTriggerBody = 16_000

// trigger is a ticket trigger (https://developer.zendesk.com/api-reference/ticketing/business-rules/triggers/). Its one kind
// of action here is notification_webhook, whose value is the webhook's id and the template of the request's body.
type trigger struct {
	ID      int64
	In      triggerInput
	Created time.Time
}

type triggerInput struct {
	Title       string          `json:"title"`
	Description string          `json:"description"`
	CategoryID  string          `json:"category_id"`
	Active      *bool           `json:"active"`
	Conditions  conditions      `json:"conditions"`
	Actions     []triggerAction `json:"actions"`
}

type conditions struct {
	All []condition `json:"all"`
	Any []condition `json:"any"`
}

type condition struct {
	Field    string `json:"field"`
	Operator string `json:"operator"`
	Value    any    `json:"value,omitempty"`
}

type triggerAction struct {
	Field string `json:"field"`
	Value any    `json:"value"`
}

// call returns the webhook that the action calls and the template of the body.
func (a triggerAction) call() (webhook, template string, ok bool) {
	list, _ := a.Value.([]any)
	if a.Field != "notification_webhook" || len(list) != 2 {
		return "", "", false
	}
	webhook, ok1 := list[0].(string)
	template, ok2 := list[1].(string)
	return webhook, template, ok1 && ok2
}

// pull fires the triggers that a new or changed ticket meets.
func (h *webhooks) pull(was, is *seed.Ticket) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, t := range h.triggers {
		if t.In.Active != nil && !*t.In.Active || is.Status == "deleted" || !t.In.Conditions.met(was, is) {
			continue
		}
		for _, a := range t.In.Actions {
			webhook, template, _ := a.call()
			if k := h.find(webhook); k != nil && k.wants(conditional) {
				h.invoke(k, conditional, []byte(fillIn(template, is)))
			}
		}
	}
}

func (c conditions) met(was, is *seed.Ticket) bool {
	met := func(one condition) bool { return one.met(was, is) }
	for _, one := range c.All {
		if !met(one) {
			return false
		}
	}
	return len(c.Any) == 0 || slices.ContainsFunc(c.Any, met)
}

// triggerFields are the fields that conditions may name, and a ticket's value of each.
var triggerFields = map[string]func(*seed.Ticket) string{
	"update_type":        func(*seed.Ticket) string { return "" }, // not a property of the ticket
	"status":             func(t *seed.Ticket) string { return t.Status },
	"priority":           func(t *seed.Ticket) string { return t.Priority },
	"type":               func(t *seed.Ticket) string { return t.Type },
	"requester_id":       func(t *seed.Ticket) string { return number(t.RequesterID) },
	"assignee_id":        func(t *seed.Ticket) string { return number(t.AssigneeID) },
	"group_id":           func(t *seed.Ticket) string { return number(t.GroupID) },
	"organization_id":    func(t *seed.Ticket) string { return number(t.OrganizationID) },
	"brand_id":           func(t *seed.Ticket) string { return number(t.BrandID) },
	"satisfaction_score": func(t *seed.Ticket) string { return t.Rating.Score },
}

// triggerOperators are the operators of conditions. "value" means changed to, "value_previous" changed from.
// https://developer.zendesk.com/documentation/ticketing/reference-guides/conditions-reference/
var triggerOperators = []string{"is", "is_not", "changed", "not_changed", "value", "value_previous"}

// met decides a condition. A new ticket has changed nothing.
func (c condition) met(was, is *seed.Ticket) bool {
	want := fmt.Sprint(c.Value)
	if c.Field == "update_type" {
		kind := "Change"
		if was == nil {
			kind = "Create"
		}
		return (kind == want) == (c.Operator != "is_not")
	}
	value := triggerFields[c.Field]
	now, before := value(is), value(is)
	if was != nil {
		before = value(was)
	}
	switch c.Operator {
	case "is":
		return now == want
	case "is_not":
		return now != want
	case "changed":
		return now != before
	case "not_changed":
		return now == before
	case "value":
		return now == want && (was == nil || now != before)
	}
	return before == want && now != before // value_previous
}

var placeholder = regexp.MustCompile(`\{\{\s*([a-z_.]+)\s*\}\}`)

// fillIn replaces the placeholders of a template as Liquid does: unknown ones become nothing, and no text is escaped for
// JSON (https://support.zendesk.com/hc/en-us/articles/4408886858138).
func fillIn(template string, t *seed.Ticket) string {
	return placeholder.ReplaceAllStringFunc(template, func(p string) string {
		switch placeholder.FindStringSubmatch(p)[1] {
		case "ticket.id":
			return number(t.ID)
		case "ticket.external_id":
			return t.ExternalID
		case "ticket.title":
			return t.Subject
		case "ticket.status":
			return titled(t.Status)
		case "ticket.priority":
			return titled(t.Priority)
		case "ticket.requester.id":
			return number(t.RequesterID)
		case "ticket.organization.id":
			if t.OrganizationID != 0 {
				return number(t.OrganizationID)
			}
		case "ticket.created_at_with_timestamp":
			return t.CreatedAt.Format(time.RFC3339)
		case "ticket.updated_at_with_timestamp":
			return t.UpdatedAt.Format(time.RFC3339)
		case "satisfaction.current_rating":
			return titled(t.Rating.Score)
		}
		return ""
	})
}

// titled is an enum as people in Zendesk read it.
func titled(enum string) string {
	if enum == "" {
		return ""
	}
	return strings.ToUpper(enum[:1]) + enum[1:]
}

// checkTrigger notes what is wrong with a trigger. The caller holds the lock of the webhooks.
func (h *webhooks) checkTrigger(in *triggerInput, bad invalid) {
	if strings.TrimSpace(in.Title) == "" {
		bad.add("title", "BlankValue", "Title: cannot be blank")
	}
	for _, c := range append(slices.Clone(in.Conditions.All), in.Conditions.Any...) {
		if triggerFields[c.Field] == nil || !slices.Contains(triggerOperators, c.Operator) {
			bad.add("base", "InvalidCondition", "Condition: "+c.Field+" "+c.Operator+" is not valid")
		}
	}
	if len(in.Conditions.All)+len(in.Conditions.Any) == 0 {
		bad.add("base", "BlankValue", "Conditions: at least one is needed")
	}
	for _, a := range in.Actions {
		webhook, template, ok := a.call()
		k := h.find(webhook)
		if !ok || k == nil || !slices.Contains(k.In.Subscriptions, conditional) || len(template) > maxTriggerBody {
			bad.add("base", "InvalidAction", "Action: "+a.Field+" is not valid")
		}
	}
	if len(in.Actions) == 0 {
		bad.add("base", "BlankValue", "Actions: at least one is needed")
	}
}

func createTrigger(s *Server, x *exchange) {
	var in struct {
		Trigger *triggerInput `json:"trigger"`
	}
	if !decode(x, &in, func() bool { return in.Trigger != nil }, "trigger") {
		return
	}
	h := s.hooks
	h.mu.Lock()
	defer h.mu.Unlock()
	bad := invalid{}
	if h.checkTrigger(in.Trigger, bad); len(bad) > 0 {
		bad.send(x.w)
		return
	}
	t := &trigger{ID: h.nextTrigger, In: *in.Trigger, Created: s.now()}
	h.nextTrigger++
	h.triggers = append(h.triggers, t)
	writeJSON(x.w, http.StatusCreated, map[string]any{"trigger": s.triggerShape(len(h.triggers), t)})
}

func listTriggers(s *Server, x *exchange) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	rows, keys := []any{}, []string{}
	for i, t := range s.hooks.triggers {
		rows, keys = append(rows, s.triggerShape(i+1, t)), append(keys, strconv.FormatInt(t.ID, 10))
	}
	s.sendPage(x, "triggers", rows, keys)
}

func deleteTrigger(s *Server, x *exchange) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	id := pathID(x)
	at := slices.IndexFunc(s.hooks.triggers, func(t *trigger) bool { return t.ID == id })
	if at < 0 {
		recordNotFound(x.w)
		return
	}
	s.hooks.triggers = slices.Delete(s.hooks.triggers, at, at+1)
	x.w.WriteHeader(http.StatusNoContent)
}

func (s *Server) triggerShape(position int, t *trigger) map[string]any {
	category := t.In.CategoryID
	if category == "" {
		category = "26800000000000"
	}
	shape := map[string]any{
		"id": t.ID, "title": t.In.Title, "raw_title": t.In.Title, "description": t.In.Description, "category_id": category,
		"active": t.In.Active == nil || *t.In.Active, "default": false, "position": position,
		"created_at": t.Created.Format(time.RFC3339), "updated_at": t.Created.Format(time.RFC3339),
		"url": s.base + v2 + "/triggers/" + strconv.FormatInt(t.ID, 10) + ".json",
	}
	for name, v := range map[string]any{"conditions": t.In.Conditions, "actions": t.In.Actions} {
		raw, _ := json.Marshal(v)
		shape[name] = json.RawMessage(raw)
	}
	return shape
}
