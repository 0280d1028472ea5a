package brevo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// MaxEmailPage is the largest Limit of ListEmails.
const MaxEmailPage = 1000

const day = 24 * time.Hour

// EmailQuery selects sent e-mails; Email or TemplateID is required, other zero fields are not sent.
type EmailQuery struct {
	Email      string
	TemplateID int64
	// Start and End are days, both included, taken in UTC and at most a month apart; they go together. In which zone Brevo
	// counts days is not documented: leave a day of margin on both sides. Without them Brevo gives the last 30 days.
	Start, End time.Time
	Limit      int // at most MaxEmailPage; Brevo's default is 500
	Offset     int
	Sort       string // "asc" or "desc" by creation; Brevo's default is desc
}

// SentEmail is an e-mail as far as it is not personal: its address and its subject are left with Brevo.
type SentEmail struct {
	MessageID  string
	TemplateID int64 // 0: made without a template
	Date       time.Time
	Tags       []string // nil also where Brevo does not tell
}

// UnmarshalJSON reads a row of GET /smtp/emails. A date in an unknown form is zero; one tag may stand without a list.
func (e *SentEmail) UnmarshalJSON(data []byte) error {
	var b struct {
		MessageID  string      `json:"messageId"`
		TemplateID wholeNumber `json:"templateId"`
		Date       stamp       `json:"date"`
		Tags       texts       `json:"tags"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	*e = SentEmail{MessageID: b.MessageID, TemplateID: int64(b.TemplateID), Date: time.Time(b.Date), Tags: b.Tags}
	return nil
}

// EmailPage is one page. It may be shorter than the Limit asked for without being the last: go on at Next until End.
type EmailPage struct {
	Emails []SentEmail
	// Count is the number of e-mails that match in all; 0 also when Brevo did not say.
	Count int64
	// Next is the Offset of the page after this one.
	Next int
	// End says that nothing comes after: Next reaches Count or, where Brevo gave none, the page is empty.
	End bool
}

// ListEmails reads one page of the transactional e-mails that were sent, one row for each recipient. By its tags it tells
// whether an e-mail whose answer was lost went out; an e-mail sent a moment ago may not be there yet.
// https://developers.brevo.com/reference/get-transac-emails-list
func (c *Client) ListEmails(ctx context.Context, q EmailQuery) (EmailPage, error) {
	if err := q.check(); err != nil {
		return EmailPage{}, fmt.Errorf("list emails: %w", err)
	}
	v := page(q.Limit, q.Offset, q.Sort)
	if q.Email != "" {
		v.Set("email", q.Email)
	}
	if q.TemplateID != 0 {
		v.Set("templateId", strconv.FormatInt(q.TemplateID, 10))
	}
	if !q.Start.IsZero() {
		v.Set("startDate", q.Start.UTC().Format(time.DateOnly))
		v.Set("endDate", q.End.UTC().Format(time.DateOnly))
	}
	got := rows[SentEmail]{key: "transactionalEmails", offset: q.Offset}
	if _, err := c.do(ctx, call{method: http.MethodGet, route: "/smtp/emails", query: v, bucket: BucketEmails}, &got); err != nil {
		return EmailPage{}, err
	}
	next := q.Offset + len(got.items)
	return EmailPage{Emails: got.items, Count: got.count, Next: next, End: isEnd(len(got.items), next, got.count)}, nil
}

func (q EmailQuery) check() error {
	first, last := q.Start.UTC().Truncate(day), q.End.UTC().Truncate(day)
	switch {
	case q.Email == "" && q.TemplateID == 0:
		return errors.New("needs an address or a template")
	case q.Limit < 0 || q.Limit > MaxEmailPage || q.Offset < 0:
		return fmt.Errorf("limit must be at most %d and offset not negative, found %d and %d", MaxEmailPage, q.Limit, q.Offset)
	case q.Start.IsZero() != q.End.IsZero():
		return errors.New("start and end go together")
	case last.Before(first) || last.After(first.AddDate(0, 1, 0)):
		return errors.New("end must come after start, by a month at most")
	}
	return nil
}
