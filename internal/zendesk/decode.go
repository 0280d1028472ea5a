package zendesk

func decodeTicket(s *scanner) Ticket {
	var t Ticket
	s.object(func(key []byte) {
		switch string(key) {
		case "id":
			t.ID = s.id()
		case "external_id":
			t.ExternalID = s.str()
		case "via":
			t.Via = decodeVia(s)
		case "from_messaging_channel":
			t.FromMessagingChannel = s.bool()
		case "created_at":
			t.CreatedAt = s.moment()
		case "updated_at":
			t.UpdatedAt = s.moment()
		case "generated_timestamp":
			t.GeneratedTimestamp = s.int()
		case "type":
			t.Type = s.word()
		case "priority":
			t.Priority = s.word()
		case "status":
			t.Status = s.word()
		case "tags":
			t.Tags = decodeWords(s)
		case "custom_fields":
			t.CustomFields = decodeCustomFields(s, len(t.CustomFields))
		case "satisfaction_rating":
			t.SatisfactionRating = decodeInlineRating(s)
		case "metric_set":
			t.Metrics = decodeInlineMetrics(s)
		case "followup_ids":
			t.FollowupIDs = decodeInts(s)
		default:
			if id := ticketReference(&t, key); id != nil {
				*id = s.int()
			} else {
				s.skip()
			}
		}
	})
	return t
}

// ticketReference is where a ticket keeps the id of the given name; nil for anything else.
func ticketReference(t *Ticket, key []byte) *int64 {
	switch string(key) {
	case "custom_status_id":
		return &t.CustomStatusID
	case "requester_id":
		return &t.RequesterID
	case "submitter_id":
		return &t.SubmitterID
	case "assignee_id":
		return &t.AssigneeID
	case "organization_id":
		return &t.OrganizationID
	case "group_id":
		return &t.GroupID
	case "brand_id":
		return &t.BrandID
	case "ticket_form_id":
		return &t.TicketFormID
	case "problem_id":
		return &t.ProblemID
	}
	return nil
}

func decodeVia(s *scanner) (v Via) {
	s.members(func(key []byte) {
		if string(key) == "channel" {
			v.Channel = s.word()
		} else {
			s.skip()
		}
	})
	return v
}

func decodeCustomFields(s *scanner, size int) []CustomField {
	if s.null() {
		return nil
	}
	fields := make([]CustomField, 0, max(size, 8))
	s.elements(func() {
		var f CustomField
		if s.members(func(key []byte) {
			switch string(key) {
			case "id":
				f.ID = s.int()
			case "value":
				f.Value = s.value()
			default:
				s.skip()
			}
		}) {
			fields = append(fields, f)
		}
	})
	return fields
}

// decodeInlineRating takes the rating inside a ticket, whose mistakes do not make the ticket unreadable.
func decodeInlineRating(s *scanner) *SatisfactionRating {
	var r SatisfactionRating
	if !s.members(func(key []byte) {
		switch string(key) {
		case "id":
			r.ID = s.int()
		case "created_at":
			r.CreatedAt = s.time()
		case "updated_at":
			r.UpdatedAt = s.time()
		default:
			ratingMember(s, key, &r)
		}
	}) {
		return nil
	}
	return &r
}

func decodeRating(s *scanner) (r SatisfactionRating) {
	s.object(func(key []byte) {
		switch string(key) {
		case "id":
			r.ID = s.id()
		case "created_at":
			r.CreatedAt = s.moment()
		case "updated_at":
			r.UpdatedAt = s.moment()
		default:
			ratingMember(s, key, &r)
		}
	})
	return r
}

func ratingMember(s *scanner, key []byte, r *SatisfactionRating) {
	switch string(key) {
	case "ticket_id":
		r.TicketID = s.int()
	case "requester_id":
		r.RequesterID = s.int()
	case "assignee_id":
		r.AssigneeID = s.int()
	case "group_id":
		r.GroupID = s.int()
	case "score":
		r.Score = s.word()
	case "reason_id":
		r.ReasonID = s.int()
	case "reason_code":
		r.ReasonCode = s.int()
	default:
		s.skip()
	}
}

func decodeInlineMetrics(s *scanner) *MetricSet {
	if s.peek() != '{' {
		s.skip()
		return nil
	}
	m := decodeMetrics(s)
	return &m
}

func decodeMetrics(s *scanner) (m MetricSet) {
	s.members(func(key []byte) {
		switch string(key) {
		case "ticket_id":
			m.TicketID = s.int()
		case "reopens":
			m.Reopens = s.int()
		case "replies":
			m.Replies = s.int()
		case "solved_at":
			m.SolvedAt = s.time()
		case "assigned_at":
			m.AssignedAt = s.time()
		case "created_at":
			m.CreatedAt = s.time()
		case "updated_at":
			m.UpdatedAt = s.time()
		case "reply_time_in_minutes":
			m.ReplyTime = decodeMinutes(s)
		case "first_resolution_time_in_minutes":
			m.FirstResolutionTime = decodeMinutes(s)
		case "full_resolution_time_in_minutes":
			m.FullResolutionTime = decodeMinutes(s)
		default:
			s.skip()
		}
	})
	return m
}

func decodeMinutes(s *scanner) (m Minutes) {
	s.members(func(key []byte) {
		switch string(key) {
		case "calendar":
			m.Calendar = s.optionalInt()
		case "business":
			m.Business = s.optionalInt()
		default:
			s.skip()
		}
	})
	return m
}

// decodeWords takes a list of strings and leaves out what is none.
func decodeWords(s *scanner) []string {
	if s.null() {
		return nil
	}
	words := []string{}
	s.elements(func() {
		if word := s.word(); word != "" {
			words = append(words, word)
		}
	})
	return words
}

// decodeInts takes a list of ids and leaves out what is none.
func decodeInts(s *scanner) []int64 {
	if s.null() {
		return nil
	}
	ints := []int64{}
	s.elements(func() {
		if n := s.int(); n != 0 {
			ints = append(ints, n)
		}
	})
	return ints
}
