package zendesksim

import (
	"maps"
	"slices"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

// The methods of this file change the account as people in Zendesk do. They move updated_at and the export position;
// the export shows the change once it is a minute old (of vendor time).

// now is the present in whole seconds, as timestamps have it.
func (s *Server) now() time.Time { return s.clock.Now().Truncate(time.Second) }

// UpdateTicket changes a ticket. A change of status moves the metrics and, unless change sets one, the custom status.
// It reports whether the ticket exists. Change must replace slices, not write into them.
func (s *Server) UpdateTicket(id int64, change func(*seed.Ticket)) bool {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.updateTicket(id, change)
}

func (s *Server) updateTicket(id int64, change func(*seed.Ticket)) bool {
	t, ok := s.account.Tickets.Get(id)
	if !ok {
		return false
	}
	was := t
	change(&t)
	t.ID, t.UpdatedAt = id, s.now()
	s.settle(&was, &t)
	s.putTicket(t)
	s.hooks.ticketChanged(&was, &t)
	return true
}

// settle follows a change of status: metrics count, ratings are offered by others.
func (s *Server) settle(was, t *seed.Ticket) {
	if was.Status == t.Status {
		return
	}
	settled := func(status string) bool { return status == "solved" || status == "closed" }
	t.Metrics.StatusUpdatedAt = t.UpdatedAt
	if t.CustomStatusID == was.CustomStatusID {
		t.CustomStatusID = s.account.CustomStatusFor(t.Status)
	}
	minutes := int(t.UpdatedAt.Sub(t.CreatedAt).Minutes())
	switch {
	case settled(t.Status) && !settled(was.Status):
		t.Metrics.SolvedAt, t.Metrics.FullResolution = t.UpdatedAt, minutes
		if t.Metrics.FirstResolution == 0 {
			t.Metrics.FirstResolution = minutes
		}
	case was.Status == "solved" && !settled(t.Status) && t.Status != "deleted":
		t.Metrics.Reopens++
	}
}

// putTicket stores a ticket at the present second of the export order.
func (s *Server) putTicket(t seed.Ticket) {
	t.GeneratedTimestamp = s.clock.Now().Unix()
	if at := s.account.Tickets.Put(t, t.GeneratedTimestamp); at != t.GeneratedTimestamp {
		t.GeneratedTimestamp = at
		s.account.Tickets.Put(t, at)
	}
}

// SystemUpdate moves a ticket's generated_timestamp and leaves updated_at, as background jobs of the vendor do.
func (s *Server) SystemUpdate(id int64) bool {
	s.writing.Lock()
	defer s.writing.Unlock()
	t, ok := s.account.Tickets.Get(id)
	if ok {
		s.putTicket(t)
	}
	return ok
}

// CreateTicket adds a ticket and returns its id. What is empty and Zendesk never leaves empty
// (status, channel, times, brand, submitter) is filled in.
func (s *Server) CreateTicket(t seed.Ticket) int64 { return s.openTicket(t, &commentInput{}) }

// openTicket creates a ticket whose first comment, its description, is as in says.
func (s *Server) openTicket(t seed.Ticket, in *commentInput) int64 {
	s.writing.Lock()
	defer s.writing.Unlock()
	t.ID = s.account.Tickets.NextID()
	if t.Status == "" {
		t.Status = "new"
	}
	if t.Channel == "" {
		t.Channel = "api"
	}
	if t.CreatedAt.IsZero() {
		t.CreatedAt = s.now()
	}
	if t.UpdatedAt.IsZero() {
		t.UpdatedAt = s.now()
	}
	if t.BrandID == 0 {
		t.BrandID, t.FormID = seed.BrandID, seed.FormID
	}
	if t.SubmitterID == 0 {
		t.SubmitterID = t.RequesterID
	}
	if t.Rating.Score == "" {
		t.Rating.Score = "unoffered"
	}
	if t.CustomStatusID == 0 {
		t.CustomStatusID = s.account.CustomStatusFor(t.Status)
	}
	if t.CustomFields == nil {
		t.CustomFields = s.blankFields()
	}
	t.Metrics.ID = t.ID + 5_000_000_000
	t.Metrics.StatusUpdatedAt = t.UpdatedAt
	if t.Status == "solved" && t.Metrics.SolvedAt.IsZero() {
		t.Metrics.SolvedAt = t.UpdatedAt
	}
	s.talk.open(&t, in)
	s.putTicket(t)
	s.hooks.ticketChanged(nil, &t)
	return t.ID
}

// blankFields lists every custom ticket field without a value.
func (s *Server) blankFields() []seed.FieldValue {
	var out []seed.FieldValue
	for _, f := range s.account.TicketFields {
		if f.System {
			continue
		}
		v := seed.FieldValue{ID: f.ID}
		if f.Type == "checkbox" {
			v.Value = false
		}
		out = append(out, v)
	}
	return out
}

// OfferSurvey sends the requester the new CSAT survey: its response is there from then on, without an answer.
func (s *Server) OfferSurvey(id int64) bool {
	return s.UpdateTicket(id, func(t *seed.Ticket) {
		t.Rating.Score = "offered"
		s.surveys.Store(id, s.clock.Now())
	})
}

// RateTicket records the requester's rating, 1 to 5 stars; 4 and 5 count as good. Of the new CSAT it answers the survey, which it
// makes where none was offered.
func (s *Server) RateTicket(id int64, stars int, comment string) bool {
	return s.UpdateTicket(id, func(t *seed.Ticket) {
		r := &t.Rating
		if r.ID == 0 {
			s.surveys.LoadOrStore(id, s.clock.Now())
			r.ID, r.CreatedAt = t.ID*3+26_850_000_000_000, s.now()
		}
		r.Score, r.Stars, r.Comment, r.UpdatedAt = "bad", stars, comment, s.now()
		if stars >= 4 {
			r.Score = "good"
		}
	})
}

// DeleteTicket deletes a ticket softly: exports show it with status deleted and scrubbed text, reads answer 404.
func (s *Server) DeleteTicket(id int64) bool {
	return s.UpdateTicket(id, func(t *seed.Ticket) {
		t.Status, t.Subject, t.Description, t.Tags = "deleted", "SCRUBBED", "SCRUBBED", nil
		s.talk.forget(id)
	})
}

// UpdateUser changes a user. It reports whether the user exists.
func (s *Server) UpdateUser(id int64, change func(*seed.User)) bool {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.changeUser(id, change)
}

func (s *Server) changeUser(id int64, change func(*seed.User)) bool {
	u, ok := s.account.Users.Get(id)
	if !ok {
		return false
	}
	was := u
	was.Fields = maps.Clone(u.Fields)
	change(&u)
	u.ID, u.UpdatedAt = id, s.now()
	s.account.Users.Put(u, u.UpdatedAt.Unix())
	s.hooks.userChanged(&was, &u)
	return true
}

// CreateUser adds an active user and returns the id; the role is end-user unless set.
func (s *Server) CreateUser(u seed.User) int64 {
	s.writing.Lock()
	defer s.writing.Unlock()
	u.ID, u.Active = s.account.Users.NextID(), true
	if u.Role == "" {
		u.Role, u.TicketRestriction = "end-user", "requested"
	}
	if u.Locale == "" {
		u.Locale, u.TimeZone = "en-US", "Berlin"
	}
	if u.Fields == nil {
		u.Fields = map[string]any{}
	}
	u.CreatedAt, u.UpdatedAt = s.now(), s.now()
	s.account.Users.Put(u, u.UpdatedAt.Unix())
	s.hooks.userChanged(nil, &u)
	return u.ID
}

// DeleteUser deletes a user softly: active becomes false, the rest stays.
func (s *Server) DeleteUser(id int64) bool {
	return s.UpdateUser(id, func(u *seed.User) { u.Active = false })
}

// DeleteUserForever removes what a softly deleted user's row tells of a person.
func (s *Server) DeleteUserForever(id int64) bool {
	return s.UpdateUser(id, func(u *seed.User) {
		u.Name, u.Email, u.Phone, u.OtherEmails = "Permanently Deleted User", "", "", nil
		u.Active, u.DeletedForever, u.ExternalID, u.Tags, u.OrganizationID = false, true, "", nil, 0
	})
}

// MergeUsers merges loser into winner: the loser becomes inactive, its addresses become identities of the winner and its
// tickets point to the winner. Zendesk shows nowhere who won.
func (s *Server) MergeUsers(winner, loser int64) bool {
	s.writing.Lock()
	defer s.writing.Unlock()
	l, ok := s.account.Users.Get(loser)
	if _, known := s.account.Users.Get(winner); !ok || !known {
		return false
	}
	defer s.hooks.asOne()()
	s.changeUser(loser, func(u *seed.User) {
		u.Active, u.MergedInto, u.Email, u.OtherEmails, u.Phone = false, winner, "", nil, ""
	})
	s.changeUser(winner, func(u *seed.User) {
		u.OtherEmails = append(slices.Clone(u.OtherEmails), l.OtherEmails...)
		if l.Email != "" {
			u.OtherEmails = append(u.OtherEmails, l.Email)
		}
	})
	s.hooks.usersMerged(winner, &l)
	var theirs []seed.Ticket
	s.account.Tickets.EachAfter(0, func(t *seed.Ticket) bool {
		if t.RequesterID == loser {
			theirs = append(theirs, *t)
		}
		return true
	})
	for _, t := range theirs {
		was := t
		t.RequesterID = winner
		s.putTicket(t)
		s.hooks.ticketChanged(&was, &t)
	}
	return true
}

// UpdateOrganization changes an organization. It reports whether it exists.
func (s *Server) UpdateOrganization(id int64, change func(*seed.Organization)) bool {
	s.writing.Lock()
	defer s.writing.Unlock()
	o, ok := s.account.Organizations.Get(id)
	if !ok {
		return false
	}
	was := o
	was.Fields = maps.Clone(o.Fields)
	change(&o)
	o.ID, o.UpdatedAt = id, s.now()
	s.account.Organizations.Put(o, o.UpdatedAt.Unix())
	s.hooks.organizationChanged(&was, &o)
	return true
}

// CreateOrganization adds an organization and returns its id.
func (s *Server) CreateOrganization(o seed.Organization) int64 {
	s.writing.Lock()
	defer s.writing.Unlock()
	o.ID = s.account.Organizations.NextID()
	o.CreatedAt, o.UpdatedAt = s.now(), s.now()
	s.account.Organizations.Put(o, o.UpdatedAt.Unix())
	s.hooks.organizationChanged(nil, &o)
	return o.ID
}

// DeleteOrganization sets deleted_at; users go on naming it.
func (s *Server) DeleteOrganization(id int64) bool {
	return s.UpdateOrganization(id, func(o *seed.Organization) { o.DeletedAt = s.now() })
}
