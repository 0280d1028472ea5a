package zendesksim

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

// ticketInput is the body of a ticket write; pointers tell a value from its absence.
type ticketInput struct {
	Ticket *struct {
		Subject        *string         `json:"subject"`
		Comment        *commentInput   `json:"comment"`
		Status         *string         `json:"status"`
		CustomStatusID *int64          `json:"custom_status_id"`
		Priority       *string         `json:"priority"`
		Type           *string         `json:"type"`
		RequesterID    *int64          `json:"requester_id"`
		Requester      *requesterInput `json:"requester"`
		AssigneeID     *int64          `json:"assignee_id"`
		OrganizationID *int64          `json:"organization_id"`
		GroupID        *int64          `json:"group_id"`
		ExternalID     *string         `json:"external_id"`
		Tags           *[]string       `json:"tags"`
		AdditionalTags []string        `json:"additional_tags"`
		RemoveTags     []string        `json:"remove_tags"`
		CustomFields   []fieldInput    `json:"custom_fields"`
		FollowupOf     *int64          `json:"via_followup_source_id"`
		SafeUpdate     bool            `json:"safe_update"`
		UpdatedStamp   *time.Time      `json:"updated_stamp"`
	} `json:"ticket"`
}

type requesterInput struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

type fieldInput struct {
	ID    int64 `json:"id"`
	Value any   `json:"value"`
}

// decode reads a JSON body of the given envelope; it answers the request itself when there is none.
func decode(x *exchange, v any, present func() bool, name string) bool {
	if !strings.HasPrefix(x.r.Header.Get("Content-Type"), "application/json") {
		plainError(x.w, http.StatusUnsupportedMediaType, "UnsupportedMediaType", "Content-Type must be application/json")
		return false
	}
	if err := json.NewDecoder(x.r.Body).Decode(v); err != nil {
		plainError(x.w, http.StatusBadRequest, "InvalidJSON", "The request body is not valid JSON")
		return false
	}
	if !present() {
		parameterMissing(x.w, name)
		return false
	}
	return true
}

func createTicket(s *Server, x *exchange) {
	var in ticketInput
	if !decode(x, &in, func() bool { return in.Ticket != nil }, "ticket") {
		return
	}
	bad := invalid{}
	if in.Ticket.Comment == nil || in.Ticket.Comment.text() == "" {
		bad.add("base", "BlankValue", "Description: cannot be blank")
	}
	t := seed.Ticket{RequesterID: x.actor.user.ID, SubmitterID: x.actor.user.ID, Channel: "api"}
	s.fill(&t, &in, bad)
	if r := in.Ticket.Requester; r != nil {
		t.RequesterID = s.requester(r, bad)
	}
	if len(bad) > 0 {
		bad.send(x.w)
		return
	}
	t.Description = in.Ticket.Comment.text()
	if in.Ticket.FollowupOf != nil {
		t.ViaRel = "follow_up"
	}
	id := s.openTicket(t, in.Ticket.Comment)
	x.w.Header().Set("Location", s.base+"/api/v2/tickets/"+strconv.FormatInt(id, 10)+".json")
	t, _ = s.account.Tickets.Get(id)
	s.sendTicket(x, http.StatusCreated, &t)
}

// requester finds or creates the person that a new ticket names.
func (s *Server) requester(r *requesterInput, bad invalid) int64 {
	if u, ok := s.account.UserByEmail(r.Email); ok {
		return u.ID
	}
	if r.Name == "" || !strings.Contains(r.Email, "@") {
		bad.add("requester", "InvalidValue", "Requester: Name and email are required")
		return 0
	}
	return s.CreateUser(seed.User{Name: r.Name, Email: r.Email})
}

var (
	statuses   = []string{"new", "open", "pending", "hold", "solved", "closed"}
	priorities = []string{"", "urgent", "high", "normal", "low"}
	types      = []string{"", "problem", "incident", "question", "task"}
)

// fill copies what the body sets into t, and notes what is not valid.
func (s *Server) fill(t *seed.Ticket, in *ticketInput, bad invalid) {
	p := in.Ticket
	set(&t.Subject, p.Subject)
	set(&t.CustomStatusID, p.CustomStatusID)
	set(&t.RequesterID, p.RequesterID)
	set(&t.AssigneeID, p.AssigneeID)
	set(&t.OrganizationID, p.OrganizationID)
	set(&t.GroupID, p.GroupID)
	set(&t.ExternalID, p.ExternalID)
	choose(&t.Status, p.Status, statuses, "status", bad)
	choose(&t.Priority, p.Priority, priorities, "priority", bad)
	choose(&t.Type, p.Type, types, "type", bad)
	if _, ok := s.account.Users.Get(t.RequesterID); !ok && p.Requester == nil {
		bad.add("requester", "InvalidValue", "Requester: is invalid")
	}
	if p.Tags != nil {
		t.Tags = slices.Clone(*p.Tags)
	}
	tags := append(slices.Clone(t.Tags), p.AdditionalTags...)
	tags = slices.DeleteFunc(tags, func(tag string) bool { return slices.Contains(p.RemoveTags, tag) })
	slices.Sort(tags)
	if p.Tags != nil || p.AdditionalTags != nil || p.RemoveTags != nil {
		t.Tags = slices.Compact(tags)
	}
	if p.CustomFields != nil {
		if t.CustomFields == nil {
			t.CustomFields = s.blankFields()
		}
		t.CustomFields = slices.Clone(t.CustomFields)
		for _, f := range p.CustomFields {
			i := slices.IndexFunc(t.CustomFields, func(v seed.FieldValue) bool { return v.ID == f.ID })
			if i >= 0 { // unknown fields are ignored
				t.CustomFields[i].Value = fieldValue(f.Value)
			}
		}
	}
}

// fieldValue turns decoded JSON into a value of the seed.
func fieldValue(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	out := []string{}
	for _, e := range list {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func choose(to *string, from *string, allowed []string, field string, bad invalid) {
	if from == nil {
		return
	}
	if !slices.Contains(allowed, *from) {
		bad.add(field, "InvalidValue", strings.ToUpper(field[:1])+field[1:]+": "+*from+" is not valid")
		return
	}
	*to = *from
}

// ticketToChange is the ticket of the path, unless the limit of 30 changes in ten minutes or the lack of such a ticket has been
// answered.
func (s *Server) ticketToChange(x *exchange) (seed.Ticket, bool) {
	if !s.limits.takeRecord(x.w, "ticket "+x.r.PathValue("id"), 30, 10*time.Minute) {
		return seed.Ticket{}, false
	}
	t, ok := s.account.Tickets.Get(pathID(x))
	if !ok || t.Status == "deleted" {
		recordNotFound(x.w)
		return seed.Ticket{}, false
	}
	return t, true
}

// mayChange is false once it has been answered that a ticket is closed, or that a safe update comes too late.
func mayChange(x *exchange, t seed.Ticket, safe bool, stamp *time.Time) bool {
	if t.Status == "closed" {
		closedTicket(x.w)
		return false
	}
	if safe && (stamp == nil || !stamp.Equal(t.UpdatedAt)) {
		updateConflict(x.w)
		return false
	}
	return true
}

// putTicket serves PUT /tickets/{id}: 100 a minute for the account, 30 in ten minutes for one ticket.
func putTicket(s *Server, x *exchange) {
	t, ok := s.ticketToChange(x)
	if !ok {
		return
	}
	var in ticketInput
	if !decode(x, &in, func() bool { return in.Ticket != nil }, "ticket") {
		return
	}
	if !mayChange(x, t, in.Ticket.SafeUpdate, in.Ticket.UpdatedStamp) {
		return
	}
	bad := invalid{}
	if next := t; true {
		if s.fill(&next, &in, bad); len(bad) > 0 {
			bad.send(x.w)
			return
		}
	}
	s.UpdateTicket(t.ID, func(t *seed.Ticket) {
		s.fill(t, &in, invalid{})
		if c := in.Ticket.Comment; c != nil && c.text() != "" {
			s.comment(t, Comment{
				AuthorID: cmp.Or(c.AuthorID, x.actor.user.ID), Body: c.text(), HTMLBody: c.HTMLBody,
				Public: c.isPublic(s.talk.of(t)[0].Public),
			})
		}
	})
	t, _ = s.account.Tickets.Get(t.ID)
	shape := s.ticketShape(x, false)
	b := s.appendTicket([]byte(`{"ticket":`), &t, shape)
	b = appendInt(b, `,"audit":{"id":`, s.requests.Load()+26_870_000_000_000)
	b = appendInt(b, `,"ticket_id":`, t.ID)
	b = appendTime(b, `,"created_at":`, t.UpdatedAt)
	b = appendInt(b, `,"author_id":`, x.actor.user.ID)
	send(x.w, http.StatusOK, append(b, `,"events":[]}}`...))
}
