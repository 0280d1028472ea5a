package brevosim

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	emailPage        = 500
	maxEmailPage     = 1000
	defaultEmailDays = 30
	simulatedSender  = "support@simulated.example"
)

// sentAt is when the message left, or will leave.
func (m *Email) sentAt() time.Time {
	if m.ScheduledAt.After(m.SentAt) {
		return m.ScheduledAt
	}
	return m.SentAt
}

// sentRow is one row of the list: a message to one of its recipients.
type sentRow struct {
	mail *Email
	to   string
	uuid string
}

// listEmails shows sent messages, newest first, once EmailLag has passed: a row for each recipient
// (https://developers.brevo.com/reference/get-transac-emails-list).
func (s *Server) listEmails(q *query) reply {
	values := q.URL.Query()
	limit, offset, bad := window(values, emailPage, maxEmailPage)
	if bad != nil {
		return *bad
	}
	keep, bad := s.emailFilter(values, q.now)
	if bad != nil {
		return *bad
	}
	found := []sentRow{}
	for i := range s.emails {
		m := &s.emails[i]
		for n, to := range m.To {
			if keep(m, to) {
				found = append(found, sentRow{m, to, fmt.Sprintf("%08x-%04x-4000-8000-0123456789ab", i+1, n+1)})
			}
		}
	}
	if !inOrder(values, found) {
		return invalid("sort must be asc or desc")
	}
	items := []map[string]any{}
	for _, row := range slice(found, limit, offset) {
		items = append(items, s.emailItem(row))
	}
	return reply{http.StatusOK, map[string]any{"transactionalEmails": items, "count": len(found)}}
}

func (s *Server) emailItem(row sentRow) map[string]any {
	m := row.mail
	item := map[string]any{
		"email": row.to, "subject": m.Subject, "messageId": m.MessageID, "uuid": row.uuid, "from": simulatedSender, "date": s.stamp(m.sentAt()),
	}
	if m.TemplateID != 0 {
		item["templateId"] = m.TemplateID
	}
	if len(m.Tags) > 0 {
		item["tags"] = m.Tags
	}
	return item
}

// emailFilter reads the filters. One of email, templateId and messageId has to be there.
func (s *Server) emailFilter(values url.Values, now time.Time) (func(m *Email, to string) bool, *reply) {
	address, id := strings.ToLower(values.Get("email")), values.Get("messageId")
	template, ok := number(values, "templateId", 0)
	switch {
	case !ok || template < 0:
		return nil, failure(http.StatusBadRequest, "invalid_parameter", "templateId is invalid")
	case address == "" && id == "" && template == 0:
		return nil, failure(http.StatusBadRequest, "missing_parameter", "email, templateId or messageId is missing")
	}
	from, until, bad := s.emailDays(values, now)
	if bad != nil {
		return nil, bad
	}
	visible := now.Add(-s.clock.Shorten(s.opts.EmailLag))
	return func(m *Email, to string) bool {
		at := m.sentAt()
		return !at.After(visible) && !at.Before(from) && at.Before(until) && (address == "" || to == address) &&
			(id == "" || m.MessageID == id) && (template == 0 || m.TemplateID == int64(template))
	}, nil
}

// emailDays reads startDate and endDate, both included and at most a month apart, and returns the first moment in and the
// first one out. The vendor does not say in which zone a day begins: here it is the account's.
func (s *Server) emailDays(values url.Values, now time.Time) (from, until time.Time, bad *reply) {
	first, last := values.Get("startDate"), values.Get("endDate")
	switch {
	case first == "" && last == "":
		return now.AddDate(0, 0, -defaultEmailDays), now.AddDate(100, 0, 0), nil
	case first == "":
		return from, until, failure(http.StatusBadRequest, "missing_parameter", "Start date is missing")
	case last == "":
		return from, until, failure(http.StatusBadRequest, "missing_parameter", "End date is missing")
	}
	from, err1 := time.ParseInLocation(time.DateOnly, first, s.opts.Zone)
	until, err2 := time.ParseInLocation(time.DateOnly, last, s.opts.Zone)
	if err1 != nil || err2 != nil || until.Before(from) || until.After(from.AddDate(0, 1, 0)) {
		return from, until, failure(http.StatusBadRequest, "invalid_parameter",
			"startDate and endDate must be days such as 2024-01-31, at most a month apart")
	}
	return from, until.AddDate(0, 0, 1), nil
}

// subjectOf is the subject of a message: a template has its own.
func subjectOf(b *emailBody) string {
	if b.Subject == "" {
		return "Template " + strconv.FormatInt(b.TemplateID, 10)
	}
	return b.Subject
}
