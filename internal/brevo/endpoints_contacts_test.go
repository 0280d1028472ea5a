package brevo_test

import (
	"context"
	"time"

	"zendesk-brevo/internal/brevo"
)

func contactEndpoints() []endpoint {
	const stored = `{"id":42,"email":"a@example.com","emailBlacklisted":true,"smsBlacklisted":false,"createdAt":"2022-12-04T18:22:48.384+05:30",` +
		`"modifiedAt":"2022-12-05T00:00:00Z","attributes":{"OPEN_TICKETS":2,"VIP":true},"listIds":[40],"listUnsubscribed":null,"statistics":{}}`
	contact := brevo.Contact{
		ID: 42, Email: "a@example.com", EmailBlacklisted: true, ListIDs: []int64{40},
		Attributes: map[string]any{"OPEN_TICKETS": 2.0, "VIP": true},
		CreatedAt:  parsed("2022-12-04T18:22:48.384+05:30"), ModifiedAt: parsed("2022-12-05T00:00:00Z"),
	}
	get := func(name string, who brevo.Identifier, path, kind string) endpoint {
		return endpoint{
			name:   name,
			call:   func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.GetContact(ctx, who)) },
			method: "GET", path: path, query: "identifierType=" + kind, bucket: brevo.BucketContacts, status: 200, answer: stored, want: contact,
		}
	}
	return append([]endpoint{
		get("contact by id", brevo.ByID(42), "/contacts/42", "contact_id"),
		get("contact by address", brevo.ByEmail("a+b/c?d@example.com"), "/contacts/a+b%2Fc%3Fd@example.com", "email_id"),
		get("contact by an address of digits", brevo.ByEmail("0042"), "/contacts/0042", "email_id"),
		{
			name: "contacts",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.ListContacts(ctx, brevo.ContactQuery{
					Limit: 1000, Offset: 2000, ModifiedSince: since, Sort: "asc", ListIDs: []int64{40, 41},
				}))
			},
			method: "GET", path: "/contacts", bucket: brevo.BucketContacts, status: 200,
			query:  "limit=1000&listIds=40&listIds=41&modifiedSince=2026-03-01T04%3A00%3A00.250Z&offset=2000&sort=asc",
			answer: `{"contacts":[` + stored + `],"count":2001}`, want: brevo.ContactPage{Contacts: []brevo.Contact{contact}, Count: 2001, Next: 2001, End: true},
		},
		{
			name: "contacts by id",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.ListContacts(ctx, brevo.ContactQuery{IDs: []int64{1, 2}}))
			},
			method: "GET", path: "/contacts", query: "ids=1&ids=2", bucket: brevo.BucketContacts, status: 200,
			answer: `{"contacts":[],"count":0}`, want: brevo.ContactPage{Contacts: []brevo.Contact{}, End: true},
		},
	}, contactWrites()...)
}

func contactWrites() []endpoint {
	return []endpoint{
		{
			name: "create a contact",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.CreateContact(ctx, brevo.CreateContact{
					Email: "a@example.com", ListIDs: []int64{5},
					Attributes: map[string]any{"FIRSTNAME": "Zoë", "OPEN_TICKETS": 0, "VIP": false, "LASTNAME": ""},
				}))
			},
			method: "POST", path: "/contacts", bucket: brevo.BucketContacts, status: 201,
			body:   `{"email":"a@example.com","attributes":{"FIRSTNAME":"Zoë","LASTNAME":"","OPEN_TICKETS":0,"VIP":false},"listIds":[5],"updateEnabled":false}`,
			answer: `{"id":122}`, want: int64(122),
		},
		{
			name: "upsert that updates, answered 204",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.CreateContact(ctx, brevo.CreateContact{
					Email: "a@example.com", ExtID: "x1", UpdateEnabled: true, EmailBlacklisted: brevo.Block, SMSBlacklisted: brevo.Block,
					Attributes: map[string]any{"EMAIL": "A@example.com"},
				}))
			},
			method: "POST", path: "/contacts", bucket: brevo.BucketContacts, status: 204,
			body: `{"email":"a@example.com","ext_id":"x1","emailBlacklisted":true,"smsBlacklisted":true,"updateEnabled":true}`,
			want: int64(0),
		},
		{
			name: "change an address and keep the opt-out",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return none(c.UpdateContact(ctx, brevo.ByID(42), brevo.UpdateContact{
					Attributes: map[string]any{"EMAIL": "new@example.com"}, ListIDs: []int64{5}, UnlinkListIDs: []int64{6},
					EmailBlacklisted: brevo.Block,
				}))
			},
			method: "PUT", path: "/contacts/42", query: "identifierType=contact_id", bucket: brevo.BucketContacts, status: 204,
			body: `{"attributes":{"EMAIL":"new@example.com"},"listIds":[5],"unlinkListIds":[6],"emailBlacklisted":true}`,
		},
		{
			name: "update a contact",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return none(c.UpdateContact(ctx, brevo.ByEmail("a@example.com"), brevo.UpdateContact{Attributes: map[string]any{"TAGS": "a,b"}}))
			},
			method: "PUT", path: "/contacts/a@example.com", query: "identifierType=email_id", bucket: brevo.BucketContacts, status: 204,
			body: `{"attributes":{"TAGS":"a,b"}}`,
		},
		{
			name: "delete a contact",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return none(c.DeleteContact(ctx, brevo.ByID(42)))
			},
			method: "DELETE", path: "/contacts/42", query: "identifierType=contact_id", bucket: brevo.BucketContacts, status: 204,
		},
		{
			name: "delete a contact by address",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return none(c.DeleteContact(ctx, brevo.ByEmail("a+b/c@example.com")))
			},
			method: "DELETE", path: "/contacts/a+b%2Fc@example.com", query: "identifierType=email_id", bucket: brevo.BucketContacts, status: 204,
		},
		{
			name: "import",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.ImportContacts(ctx, brevo.Import{
					Rows: []brevo.ImportRow{
						{Email: "a@example.com", Attributes: map[string]any{"COMPANY_NAME": "R&D <Ltd>", "OPEN_TICKETS": 3}},
						{Email: "b@example.com", Attributes: map[string]any{"EMAIL": "b@example.com"}},
					},
					ListIDs: []int64{5, 6}, UpdateExisting: true, DisableNotification: true,
				}))
			},
			method: "POST", path: "/contacts/import", bucket: brevo.BucketContacts, status: 202,
			body: `{"listIds":[5,6],"updateExistingContacts":true,"disableNotification":true,"jsonBody":[` +
				`{"email":"a@example.com","attributes":{"COMPANY_NAME":"R&D <Ltd>","OPEN_TICKETS":3}},{"email":"b@example.com"}]}`,
			answer: `{"processId":78}`, want: int64(78),
		},
		{
			name: "import of people who opted out",
			call: func(ctx context.Context, c *brevo.Client) (any, error) {
				return one(c.ImportContacts(ctx, brevo.Import{
					Rows: []brevo.ImportRow{{Email: "a@example.com"}}, ListIDs: []int64{5},
					EmailBlacklist: brevo.Block, SMSBlacklist: brevo.Block,
				}))
			},
			method: "POST", path: "/contacts/import", bucket: brevo.BucketContacts, status: 202,
			body: `{"listIds":[5],"emailBlacklist":true,"smsBlacklist":true,"updateExistingContacts":false,"disableNotification":false,` +
				`"jsonBody":[{"email":"a@example.com"}]}`,
			answer: `{"processId":79}`, want: int64(79),
		},
	}
}

func parsed(s string) time.Time {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		panic(err)
	}
	return t
}
