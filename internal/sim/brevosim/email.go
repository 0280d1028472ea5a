package brevosim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Email is a transactional message that the account sent, or would send at ScheduledAt.
type Email struct {
	MessageID      string
	TemplateID     int64
	Subject        string
	To             []string
	Params         map[string]any
	Tags           []string
	IdempotencyKey string
	ScheduledAt    time.Time // zero: at once
	SentAt         time.Time
}

type emailBody struct {
	TemplateID  int64           `json:"templateId"`
	Sender      json.RawMessage `json:"sender"`
	Subject     string          `json:"subject"`
	HTMLContent string          `json:"htmlContent"`
	TextContent string          `json:"textContent"`
	To          []struct {
		Email string `json:"email"`
	} `json:"to"`
	Params      map[string]any `json:"params"`
	Tags        []string       `json:"tags"`
	Headers     map[string]any `json:"headers"`
	ScheduledAt string         `json:"scheduledAt"`
}

func (s *Server) emailRoutes() {
	s.handle("POST /smtp/email", s.sendEmail)
	s.handle("GET /smtp/emails", s.listEmails)
	s.handle("GET /smtp/blockedContacts", func(*query) reply {
		return reply{http.StatusOK, map[string]any{"count": 0, "contacts": []any{}}}
	})
}

// sendEmail sends to blocklisted contacts as well: the vendor does not say that it spares them.
func (s *Server) sendEmail(q *query) reply {
	var body emailBody
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	m, bad := s.checkEmail(&body)
	if bad != nil {
		return *bad
	}
	if s.opts.DedupEmails && m.IdempotencyKey != "" {
		for _, sent := range s.emails {
			if sent.IdempotencyKey == m.IdempotencyKey {
				return reply{http.StatusCreated, map[string]any{"messageId": sent.MessageID}}
			}
		}
	}
	m.MessageID = fmt.Sprintf("<%08d@smtp-relay.mailin.fr>", len(s.emails)+1)
	m.SentAt = q.now
	s.emails = append(s.emails, *m)
	status := http.StatusCreated
	if !m.ScheduledAt.IsZero() {
		status = http.StatusAccepted
	}
	return reply{status, map[string]any{"messageId": m.MessageID}}
}

func (s *Server) checkEmail(b *emailBody) (*Email, *reply) {
	m := &Email{TemplateID: b.TemplateID, Subject: subjectOf(b), Params: b.Params, Tags: b.Tags}
	m.IdempotencyKey, _ = b.Headers["Idempotency-Key"].(string)
	var bad reply
	switch {
	case b.TemplateID == 0 && (b.Sender == nil || b.Subject == "" || b.HTMLContent+b.TextContent == ""):
		bad = missing("templateId, or sender, subject and content, are missing")
	case b.TemplateID < 0, b.TemplateID > 0 && s.opts.TemplateIDs != nil && !slices.Contains(s.opts.TemplateIDs, b.TemplateID):
		bad = invalid("templateId does not exist")
	case len(b.To) == 0:
		bad = missing("to is missing")
	default:
		for _, to := range b.To {
			address, ok := normalEmail(to.Email)
			if !ok {
				bad = invalid("email is not valid in to")
				return nil, &bad
			}
			m.To = append(m.To, address)
		}
		if b.ScheduledAt == "" {
			return m, nil
		}
		at, err := time.Parse(time.RFC3339, b.ScheduledAt)
		if err == nil {
			m.ScheduledAt = at
			return m, nil
		}
		bad = invalid("scheduledAt is invalid")
	}
	return nil, &bad
}
