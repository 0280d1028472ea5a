package brevo

import (
	"context"
	"errors"
	"net/http"
)

// TemplateEmail is a transactional e-mail made from a template, which also gives sender and subject.
type TemplateEmail struct {
	TemplateID int64
	To         []Recipient
	Params     map[string]any // {{ params.NAME }} in the template
	Tags       []string
	// IdempotencyKey keeps Brevo from sending one e-mail twice; for how long it remembers is not documented.
	IdempotencyKey string
}

// Recipient is who gets an e-mail.
type Recipient struct {
	Email string `json:"email"`
	Name  string `json:"name,omitempty"`
}

// SendTemplate sends the e-mail and returns Brevo's message id. The key travels among the message's own headers, in the
// body: https://developers.brevo.com/reference/send-transac-email. Without a key nothing is sent, for a retry
// could then reach the person twice.
func (c *Client) SendTemplate(ctx context.Context, m TemplateEmail) (messageID string, err error) {
	if m.TemplateID == 0 || len(m.To) == 0 || m.IdempotencyKey == "" {
		return "", errors.New("send template: needs a template, a recipient and an idempotency key")
	}
	out := only[identity]{key: "messageId"}
	_, err = c.do(ctx, call{
		method: http.MethodPost, route: "/smtp/email", bucket: BucketSMTP,
		body: struct {
			TemplateID int64             `json:"templateId"`
			To         []Recipient       `json:"to"`
			Params     map[string]any    `json:"params,omitempty"`
			Tags       []string          `json:"tags,omitempty"`
			Headers    map[string]string `json:"headers"`
		}{m.TemplateID, m.To, m.Params, m.Tags, map[string]string{"Idempotency-Key": m.IdempotencyKey}},
	}, &out)
	return string(out.value), err
}
