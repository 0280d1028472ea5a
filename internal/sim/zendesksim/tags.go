package zendesksim

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

// tagsInput is the body of a change of tags (https://developer.zendesk.com/api-reference/ticketing/ticket-management/tags/).
type tagsInput struct {
	Tags         *[]string  `json:"tags"`
	SafeUpdate   truth      `json:"safe_update"`
	UpdatedStamp *time.Time `json:"updated_stamp"`
}

// truth is a boolean; the vendor's example puts it in quotes.
type truth bool

func (t *truth) UnmarshalJSON(data []byte) error {
	if string(data) == `"true"` || string(data) == `"false"` {
		*t = string(data) == `"true"`
		return nil
	}
	return json.Unmarshal(data, (*bool)(t))
}

// change returns the tags that a record has afterwards, in order: those of the body as well, or no longer.
func (in *tagsInput) change(method string, was []string) []string {
	tags := slices.Clone(was)
	if method == http.MethodDelete {
		tags = slices.DeleteFunc(tags, func(tag string) bool { return slices.Contains(*in.Tags, tag) })
	} else {
		tags = append(tags, *in.Tags...)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// sendTags answers what the record has now; a removal has no body.
func sendTags(x *exchange, tags []string) {
	if x.r.Method == http.MethodDelete {
		x.w.WriteHeader(http.StatusNoContent)
		return
	}
	if tags == nil {
		tags = []string{}
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"tags": tags})
}

// changeTicketTags serves PUT and DELETE /tickets/{id}/tags. It counts as an update of the ticket, and moves updated_at even
// when the tags stay what they were: the vendor says neither.
func changeTicketTags(s *Server, x *exchange) {
	t, ok := s.ticketToChange(x)
	if !ok {
		return
	}
	var in tagsInput
	if !decode(x, &in, func() bool { return in.Tags != nil }, "tags") {
		return
	}
	if !mayChange(x, t, bool(in.SafeUpdate), in.UpdatedStamp) {
		return
	}
	s.UpdateTicket(t.ID, func(t *seed.Ticket) { t.Tags = in.change(x.r.Method, t.Tags) })
	t, _ = s.account.Tickets.Get(t.ID)
	sendTags(x, t.Tags)
}

// changeUserTags serves PUT and DELETE /users/{id}/tags. It counts as an update of the user.
func changeUserTags(s *Server, x *exchange) {
	u, ok := s.userToChange(x)
	if !ok {
		return
	}
	var in tagsInput
	if !decode(x, &in, func() bool { return in.Tags != nil }, "tags") {
		return
	}
	s.UpdateUser(u.ID, func(u *seed.User) { u.Tags = in.change(x.r.Method, u.Tags) })
	u, _ = s.account.Users.Get(u.ID)
	sendTags(x, u.Tags)
}
