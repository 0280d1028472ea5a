package zendesk

// UnmarshalJSON takes what the page decoder takes: see scanodd.go.
func (h *Webhook) UnmarshalJSON(data []byte) error {
	s := &scanner{b: data}
	*h = Webhook{}
	s.object(func(key []byte) {
		switch string(key) {
		case "id":
			h.ID = s.str()
		case "name":
			h.Name = s.str()
		case "endpoint":
			h.Endpoint = s.str()
		case "http_method":
			h.HTTPMethod = s.str()
		case "request_format":
			h.RequestFormat = s.str()
		case "status":
			h.Status = s.str()
		case "subscriptions":
			h.Subscriptions = decodeSubscriptions(s)
		case "created_at":
			h.CreatedAt = s.time()
		default:
			s.skip()
		}
	})
	return s.err
}

// decodeSubscriptions takes a list, or the only one by itself.
func decodeSubscriptions(s *scanner) []string {
	if s.peek() != '"' {
		return decodeWords(s)
	}
	if only := s.str(); only != "" {
		return []string{only}
	}
	return nil
}

// UnmarshalJSON takes what the page decoder takes. Of the actions only the webhook's id is kept; the trigger's own id names
// what is deleted and has to be right.
func (t *Trigger) UnmarshalJSON(data []byte) error {
	s := &scanner{b: data}
	*t = Trigger{Active: true}
	s.object(func(key []byte) {
		switch string(key) {
		case "id":
			t.ID = s.id()
		case "title":
			t.Title = s.str()
		case "active":
			if active, ok := s.truth(); ok {
				t.Active = active
			}
		case "created_at":
			t.CreatedAt = s.time()
		case "actions":
			s.elements(func() {
				if id := decodeNotified(s); t.WebhookID == "" {
					t.WebhookID = id
				}
			})
		default:
			s.skip()
		}
	})
	return s.err
}

// decodeNotified takes an action of a trigger and returns the id of the webhook that it calls; empty when it calls none.
func decodeNotified(s *scanner) string {
	var (
		field string
		value any
	)
	s.members(func(key []byte) {
		switch string(key) {
		case "field":
			field = s.str()
		case "value":
			value = s.value()
		default:
			s.skip()
		}
	})
	parts, _ := value.([]any)
	if field != "notification_webhook" || len(parts) == 0 {
		return ""
	}
	id, _ := parts[0].(string)
	return cleanID(id)
}

// UnmarshalJSON takes what the page decoder takes.
func (v *Invocation) UnmarshalJSON(data []byte) error {
	s := &scanner{b: data}
	*v = Invocation{}
	s.object(func(key []byte) {
		switch string(key) {
		case "id":
			v.ID = s.str()
		case "webhook_id":
			v.WebhookID = s.str()
		case "status":
			v.Status = s.str()
		case "event_type":
			v.EventType = s.str()
		case "created_at":
			v.CreatedAt = s.time()
		case "latest_completed_at":
			v.LatestCompletedAt = s.time()
		case "attempts_count":
			v.AttemptsCount = s.int()
		default:
			s.skip()
		}
	})
	return s.err
}

// UnmarshalJSON takes what the page decoder takes.
func (a *InvocationAttempt) UnmarshalJSON(data []byte) error {
	s := &scanner{b: data}
	*a = InvocationAttempt{}
	s.object(func(key []byte) {
		switch string(key) {
		case "id":
			a.ID = s.str()
		case "invocation_id":
			a.InvocationID = s.str()
		case "status":
			a.Status = s.str()
		case "response_code":
			a.ResponseCode = int(s.int())
		case "created_at":
			a.CreatedAt = s.time()
		case "duration_ms":
			a.DurationMS = s.int()
		default:
			s.skip()
		}
	})
	return s.err
}
