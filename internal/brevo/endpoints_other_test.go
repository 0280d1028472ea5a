package brevo_test

import (
	"context"
	"time"

	"zendesk-brevo/internal/brevo"
)

func otherEndpoints() []endpoint {
	return append(append(processEndpoints(), eventEndpoints()...), emailEndpoints()...)
}

func processEndpoints() []endpoint {
	process := brevo.Process{ID: 78, Name: "IMPORTUSER", Status: brevo.StatusCompleted}
	process.Info.Import = map[string]brevo.RejectFile{
		brevo.RejectInvalidEmails: {URL: "https://files.example.com/78.csv"}, brevo.RejectDuplicatePhone: {}, brevo.RejectDuplicateExtID: {Count: 4},
	}
	return []endpoint{
		{
			name:   "process",
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.GetProcess(ctx, 78)) },
			method: "GET", path: "/processes/78", bucket: brevo.BucketOther, status: 200,
			answer: `{"id":78,"name":"IMPORTUSER","status":"completed","export_url":null,"info":{"import":{` +
				`"invalid_emails":"https://files.example.com/78.csv","duplicate_phone_id":null,"duplicate_ext_id":4}}}`,
			want: process,
		},
		{
			name: "processes",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.ListProcesses(ctx, 50, 100, "asc"))
			},
			method: "GET", path: "/processes", query: "limit=50&offset=100&sort=asc", bucket: brevo.BucketOther, status: 200,
			answer: `{"count":101,"processes":[{"id":79,"name":"IMPORTUSER","status":"queued","info":null}]}`,
			want:   brevo.ProcessPage{Processes: []brevo.Process{{ID: 79, Name: "IMPORTUSER", Status: brevo.StatusQueued}}, Count: 101},
		},
		{
			name:   "processes by default",
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.ListProcesses(ctx, 0, 0, "")) },
			method: "GET", path: "/processes", bucket: brevo.BucketOther, status: 200, answer: `{"count":0}`, want: brevo.ProcessPage{},
		},
	}
}

func eventEndpoints() []endpoint {
	at := time.Date(2026, 3, 1, 9, 30, 0, 0, time.FixedZone("", 2*3600))
	solved := brevo.Event{
		Name: "ticket_solved", Date: at, Identifiers: brevo.EventContact{EmailID: "a@example.com"},
		Properties: map[string]any{"ticket_id": 35, "key": "solved#1"},
	}
	const wire = `{"event_name":"ticket_solved","event_date":"2026-03-01T09:30:00+02:00","identifiers":{"email_id":"a@example.com"},"event_properties":{"key":"solved#1","ticket_id":35}}`
	bare := brevo.Event{
		Name: "seen", Identifiers: brevo.EventContact{ContactID: 42, ExtID: "x1", PhoneID: "33612345678"},
		ContactProperties: map[string]any{"VIP": true},
	}
	const bareWire = `{"event_name":"seen","identifiers":{"contact_id":42,"ext_id":"x1","phone_id":"33612345678"},"contact_properties":{"VIP":true}}`
	batch := func(ctx context.Context, c *brevo.Client) (any, error) {
		return one(c.CreateEvents(ctx, []brevo.Event{solved, bare, solved}))
	}
	return []endpoint{
		{
			name:   "event",
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return none(c.CreateEvent(ctx, solved)) },
			method: "POST", path: "/events", body: wire, bucket: brevo.BucketEvents, status: 204,
		},
		{
			name: "events, all queued", call: batch,
			method: "POST", path: "/events/batch", body: `{"events":[` + wire + `,` + bareWire + `,` + wire + `]}`, bucket: brevo.BucketEventsBatch,
			status: 202, answer: `{"message":"queued","count":3}`, want: brevo.BatchResult{Accepted: 3},
		},
		{
			name: "events, some refused", call: batch,
			method: "POST", path: "/events/batch", body: `{"events":[` + wire + `,` + bareWire + `,` + wire + `]}`, bucket: brevo.BucketEventsBatch,
			status: 207,
			answer: `{"status":"partial","total_events":3,"successful_events":1,"failed_events":2,"errors":[{"eventIndex":[0,2,9],"message":"bad"},{"eventIndex":2,"message":"again"}]}`,
			want:   brevo.BatchResult{Accepted: 1, Failed: []brevo.FailedEvent{{Index: 0, Message: "bad"}, {Index: 2, Message: "bad"}}},
		},
		{
			name: "stored events",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.ListEvents(ctx, brevo.EventQuery{
					ContactIDs: []int64{42}, Names: []string{"ticket_solved", "ticket_created"}, Start: at, End: at.Add(time.Hour), Limit: 10, Offset: 20,
				}))
			},
			method: "GET", path: "/events", bucket: brevo.BucketOther, status: 200,
			query:  "contact_id=42&endDate=2026-03-01T08%3A30%3A00Z&event_name=ticket_solved&event_name=ticket_created&limit=10&offset=20&startDate=2026-03-01T07%3A30%3A00Z",
			answer: `{"count":1,"events":[{"contact_id":42,"event_date":"2026-03-01T07:30:00Z","event_name":"ticket_solved","event_properties":{"key":"solved#1"}}]}`,
			want: brevo.EventPage{Count: 1, Events: []brevo.StoredEvent{{
				ContactID: 42, Name: "ticket_solved", Date: time.Date(2026, 3, 1, 7, 30, 0, 0, time.UTC), Properties: map[string]any{"key": "solved#1"},
			}}},
		},
	}
}

func emailEndpoints() []endpoint {
	return []endpoint{
		{
			name: "template e-mail",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.SendTemplate(ctx, brevo.TemplateEmail{
					TemplateID: 12, To: []brevo.Recipient{{Email: "a@example.com", Name: "A"}}, Params: map[string]any{"ticket_id": 35},
					Tags: []string{"csat"}, IdempotencyKey: "ticket/35/solved#1",
				}))
			},
			method: "POST", path: "/smtp/email", bucket: brevo.BucketSMTP, status: 201,
			body: `{"templateId":12,"to":[{"email":"a@example.com","name":"A"}],"params":{"ticket_id":35},"tags":["csat"],` +
				`"headers":{"Idempotency-Key":"ticket/35/solved#1"}}`,
			answer: `{"messageId":"<1@relay.example.com>"}`, want: "<1@relay.example.com>",
		},
		{
			name: "sent e-mails",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.ListEmails(ctx, brevo.EmailQuery{
					Email: "a+b@example.com", TemplateID: 12, Start: since, End: since.Add(30 * time.Hour), Limit: 100, Offset: 200, Sort: "asc",
				}))
			},
			method: "GET", path: "/smtp/emails", bucket: brevo.BucketEmails, status: 200,
			query: "email=a%2Bb%40example.com&endDate=2026-03-02&limit=100&offset=200&sort=asc&startDate=2026-03-01&templateId=12",
			answer: `{"count":202,"transactionalEmails":[{"email":"a+b@example.com","subject":"How did we do?","templateId":12,` +
				`"messageId":"<1@relay.example.com>","uuid":"5a78c","date":"2026-03-01T12:30:00.000+05:30","from":"help@example.com","tags":["csat","k1"]},` +
				`{"messageId":"<2@relay.example.com>","templateId":"12","date":"soon","tags":"csat"}]}`,
			want: brevo.EmailPage{Count: 202, Next: 202, End: true, Emails: []brevo.SentEmail{
				{MessageID: "<1@relay.example.com>", TemplateID: 12, Date: parsed("2026-03-01T12:30:00+05:30"), Tags: []string{"csat", "k1"}},
				{MessageID: "<2@relay.example.com>", TemplateID: 12, Tags: []string{"csat"}},
			}},
		},
		{
			name: "sent e-mails of a template",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.ListEmails(ctx, brevo.EmailQuery{TemplateID: 12}))
			},
			method: "GET", path: "/smtp/emails", query: "templateId=12", bucket: brevo.BucketEmails, status: 200,
			answer: `{"count":600,"transactionalEmails":[{"messageId":"<1@relay.example.com>","tags":null},{"messageId":"<2@relay.example.com>","tags":[7,"","k2",{}]}]}`,
			want: brevo.EmailPage{Count: 600, Next: 2, Emails: []brevo.SentEmail{
				{MessageID: "<1@relay.example.com>"}, {MessageID: "<2@relay.example.com>", Tags: []string{"k2"}},
			}},
		},
	}
}
