package brevo_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/rest"
)

// spent is a meter that has nothing left.
type spent struct{}

func (spent) Reserve(_ context.Context, needs ...budget.Need) error {
	return &budget.Exhausted{Bucket: needs[0].Bucket, Wait: 1}
}
func (spent) Observe(context.Context, ...budget.Reading) {}

func TestErrorsAreTold(t *testing.T) {
	for _, tc := range []struct {
		name   string
		status int
		body   string
		code   string // as kept by the error

		duplicate []string
		isDup     bool
		notFound  bool
		unknownIP bool
		ip        string
		email     bool
	}{
		{
			name: "duplicate by metadata", status: 400, code: "duplicate_parameter", isDup: true, duplicate: []string{"email"},
			body: `{"code":"duplicate_parameter","message":"Unable to create contact, email is already associated with another Contact","metadata":{"duplicate_identifiers":["email"]}}`,
		},
		{
			name: "the same under another code", status: 400, code: "invalid_parameter", isDup: true, duplicate: []string{"email", "sms"},
			body: `{"code":"invalid_parameter","message":"anything","metadata":{"duplicate_identifiers":["email","SMS"]}}`,
		},
		{
			name: "duplicate by text on update", status: 400, code: "invalid_parameter", isDup: true, duplicate: []string{"email"},
			body: `{"code":"invalid_parameter","message":"Unable to update contact, email is already associated with another Contact"}`,
		},
		{
			name: "duplicate phone by text", status: 400, code: "duplicate_parameter", isDup: true, duplicate: []string{"sms"},
			body: `{"code":"duplicate_parameter","message":"Unable to update contact, SMS is already associated with another Contact","metadata":{}}`,
		},
		{
			name: "two duplicates by text", status: 400, isDup: true, duplicate: []string{"sms", "ext_id"},
			body: `{"message":"Unable to create contact, SMS and ext_id are already associated with another Contact","metadata":[]}`,
		},
		{
			name: "duplicate by the specification's own example", status: 400, isDup: true, duplicate: []string{"email"},
			body: `{"message":"email is already associated with another Contact"}`,
		},
		{name: "duplicate by the older text", status: 400, code: "duplicate_parameter", isDup: true, body: `{"code":"duplicate_parameter","message":"Contact already exist"}`},
		{name: "duplicate code alone is an attribute that exists", status: 400, code: "duplicate_parameter", body: `{"code":"duplicate_parameter","message":"Attribute name must be unique"}`},
		{name: "absent contact", status: 404, code: "document_not_found", notFound: true, body: `{"code":"document_not_found","message":"Contact does not exist"}`},
		{name: "an empty 404", status: 404},
		{name: "a 404 of something else", status: 404, body: `404 page not found`},
		{name: "a 404 that says nothing", status: 404, body: `{}`},
		{name: "absent, without a code", status: 404, notFound: true, body: `{"message":"Contact does not exist"}`},
		{name: "absent process", status: 404, code: "invalid_parameter", notFound: true, body: `{"code":"invalid_parameter","message":"processId is invalid"}`},
		{name: "a sentence for a code", status: 404, notFound: true, body: `{"code":"Contact email not found","message":"x"}`},
		{name: "a sentence for a code and nothing else", status: 404, notFound: true, body: `{"code":"Contact email not found"}`},
		{name: "a number for a code", status: 404, code: "404", notFound: true, body: `{"code":404,"message":"Contact does not exist"}`},
		{name: "a number for a code and nothing else", status: 404, body: `{"code":404}`},
		{name: "a 404 with members of other types", status: 404, notFound: true, body: `{"code":{},"message":"Contact does not exist","metadata":"none","errors":{}}`},
		{name: "a 404 that is no object", status: 404, body: `["Contact does not exist"]`},
		{
			name: "duplicate beside a list of texts", status: 400, code: "duplicate_parameter", isDup: true, duplicate: []string{"email"},
			body: `{"code":"duplicate_parameter","message":"anything","metadata":{"duplicate_identifiers":["email"]},"errors":["x"]}`,
		},
		{
			name: "duplicate by one word", status: 400, code: "duplicate_parameter", isDup: true, duplicate: []string{"sms"},
			body: `{"code":"duplicate_parameter","message":["anything"],"metadata":{"duplicate_identifiers":"SMS"}}`,
		},
		{name: "duplicate by a sentence for a code", status: 400, isDup: true, body: `{"code":"Contact already exist"}`},
		{name: "bad key", status: 401, code: "unauthorized", body: `{"code":"unauthorized","message":"Key not found"}`},
		{name: "no key", status: 401, code: "unauthorized", body: `{"message":"authentication not found in headers","code":"unauthorized"}`},
		{name: "401 without a body", status: 401},
		{
			name: "unknown IPv4", status: 401, code: "unauthorized", unknownIP: true, ip: "203.0.113.7",
			body: `{"code":"unauthorized","message":"We have detected you are using an unrecognised IP address 203.0.113.7. If you performed this action make sure to add the new IP address"}`,
		},
		{
			name: "unknown IPv6", status: 401, code: "unauthorized", unknownIP: true, ip: "2001:db8::7",
			body: `{"code":"unauthorized","message":"unrecognized IP address (2001:db8::7)"}`,
		},
		{name: "address not named", status: 401, code: "unauthorized", unknownIP: true, body: `{"code":"unauthorized","message":"IP not authorized"}`},
		{name: "address not verified", status: 401, unknownIP: true, body: `{"message":"Your IP address is not verified"}`},
		{name: "an IP in a 403 is no such refusal", status: 403, code: "permission_denied", body: `{"code":"permission_denied","message":"unrecognised IP address"}`},
		{name: "bad phone", status: 400, code: "invalid_parameter", body: `{"code":"invalid_parameter","message":"Invalid phone number"}`},
		{name: "bad SMS", status: 400, code: "invalid_parameter", body: `{"code":"invalid_parameter","message":"SMS is not valid"}`},
		{name: "bad address", status: 400, code: "invalid_parameter", email: true, body: `{"code":"invalid_parameter","message":"email is not valid in body"}`},
		{name: "either", status: 400, email: true, body: `{"message":"Invalid email / phone"}`},
		{name: "a missing address is not a bad one", status: 400, code: "missing_parameter", body: `{"code":"missing_parameter","message":"email is missing"}`},
		{name: "a taken address is not a bad one", status: 400, isDup: true, duplicate: []string{"email"}, body: `{"message":"Invalid email","metadata":{"duplicate_identifiers":["email"]}}`},
		{name: "a bad address elsewhere than in a 400", status: 500, body: `{"message":"Invalid email"}`},
		{name: "a gateway's page", status: 502, body: `<html>Bad gateway, invalid email</html>`},
		{name: "too early", status: 425, code: "account_in_process", body: `{"code":"account_in_process","message":"x"}`},
		{name: "credit", status: 402, code: "not_enough_credits", body: `{"code":"not_enough_credits","message":"x"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := newVendor(t, tc.status, tc.body)
			v.header = map[string]string{"sib-request-id": "req-1"}
			_, err := v.client(t).CreateContact(t.Context(), brevo.CreateContact{Email: "secret.person@example.com"})
			err = fmt.Errorf("wrapped: %w", err)

			var e *rest.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, tc.status, e.Status)
			assert.Equal(t, tc.code, e.Code)
			assert.Equal(t, "req-1", e.RequestID)
			assert.NotContains(t, err.Error(), "secret.person")
			assert.NotContains(t, err.Error(), "associated")

			fields, isDup := brevo.IsDuplicate(err)
			assert.Equal(t, tc.isDup, isDup, "duplicate")
			assert.Equal(t, tc.duplicate, fields)
			assert.Equal(t, tc.notFound, brevo.IsNotFound(err), "not found")
			ip, unknownIP := brevo.IsUnknownIP(err)
			assert.Equal(t, tc.unknownIP, unknownIP, "unknown IP")
			assert.Equal(t, tc.ip != "", ip.IsValid())
			if tc.ip != "" {
				assert.Equal(t, tc.ip, ip.String())
			}
			assert.Equal(t, tc.email, brevo.IsInvalidEmail(err), "email")
		})
	}
}

func TestHelpersSayNoToOtherErrors(t *testing.T) {
	for _, err := range []error{nil, context.Canceled, &budget.Exhausted{}} {
		_, dup := brevo.IsDuplicate(err)
		_, ip := brevo.IsUnknownIP(err)
		assert.False(t, dup || ip || brevo.IsNotFound(err) || brevo.IsBadRequest(err) || brevo.IsInvalidEmail(err))
	}
}

func TestABatchThatFailsWholeTellsItsReasons(t *testing.T) {
	v := newVendor(t, 400, `{"status":"failed","total_events":2,"successful_events":0,"failed_events":2,`+
		`"errors":[{"eventIndex":[0],"message":"bad name"},{"eventIndex":[1],"message":"bad date"},{"eventIndex":[1],"message":"bad name"}]}`)
	e := brevo.Event{Name: "x", Identifiers: brevo.EventContact{ContactID: 1}}
	_, err := v.client(t).CreateEvents(t.Context(), []brevo.Event{e, e})
	var failure *rest.Error
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "bad name; bad date", failure.Detail)
}

func TestBadRequestsAreThoseOfTheErrorModel(t *testing.T) {
	for body, want := range map[string]struct {
		bad    bool
		detail string
	}{
		`{"code":"invalid_parameter","message":"No contact"}`:    {true, "No contact"},
		`{"message":"Contact already removed from list"}`:        {true, "Contact already removed from list"},
		`{"code":"Contact email not found"}`:                     {true, "Contact email not found"},
		`{"code":400,"message":"No contact"}`:                    {true, "No contact"},
		`{"code":"Contact email not found","message":"No such"}`: {true, "No such"},
		`{"errors":["x",{"message":"y"},"x",7,{}]}`:              {true, "x; y; 7"},
		`{"code":400}`:      {false, `{"code":400}`},
		`{}`:                {false, ""},
		`["x"]`:             {false, `["x"]`},
		`400 Bad Request`:   {false, "400 Bad Request"},
		`<html>Bad request`: {false, "<html>Bad request"},
	} {
		err := newVendor(t, http.StatusBadRequest, body).client(t).DeleteAttribute(t.Context(), brevo.CategoryNormal, "X")
		var failure *rest.Error
		require.ErrorAs(t, err, &failure, body)
		assert.Equal(t, want.bad, brevo.IsBadRequest(err), body)
		assert.Equal(t, want.detail, failure.Detail, body)
	}
	v := newVendor(t, http.StatusBadRequest, `{"message":"Sign in"}`)
	v.header = map[string]string{"Content-Type": "text/html"}
	assert.False(t, brevo.IsBadRequest(v.client(t).DeleteAttribute(t.Context(), brevo.CategoryNormal, "X")))
	v = newVendor(t, http.StatusNotFound, `{"message":"No attribute"}`)
	assert.False(t, brevo.IsBadRequest(v.client(t).DeleteAttribute(t.Context(), brevo.CategoryNormal, "X")))
}

func TestDetailIsBounded(t *testing.T) {
	v := newVendor(t, 500, "<html>"+strings.Repeat("é", 4000))
	_, err := v.client(t).GetCompany(t.Context(), companyID)
	var failure *rest.Error
	require.ErrorAs(t, err, &failure)
	assert.LessOrEqual(t, len(failure.Detail), 510)
	assert.NotContains(t, failure.Detail, "\uFFFD")
}

func TestABodyThatIsCutIsAnError(t *testing.T) {
	for _, body := range []string{`{"contacts":[{"id":1`, `<html></html>`, `{"contacts":[{"id":"x"}]}`} {
		v := newVendor(t, http.StatusOK, body)
		_, err := v.client(t).ListContacts(t.Context(), brevo.ContactQuery{})
		var failure *rest.Error
		require.ErrorAs(t, err, &failure, body)
		assert.Equal(t, http.StatusOK, failure.Status)
		assert.NotEmpty(t, failure.Reason)
	}
}

func TestDuplicateIdentifiersGoByManyNames(t *testing.T) {
	for field, want := range map[string]string{
		"sms": "phone", "phone": "phone", "phone_id": "phone", "mobile": "phone", "phone_number": "phone", "SMS": "phone",
		"mobile_number": "phone", "email": "email", "email_id": "email", "EMAIL": "email", "e-mail": "email",
		"whatsapp": "", "landline_number_id": "", "ext_id": "", "contact_id": "", "": "",
	} {
		assert.Equal(t, want == "phone", brevo.DuplicatePhone([]string{"ext_id", field}), field)
		assert.Equal(t, want == "email", brevo.DuplicateEmail([]string{"ext_id", field}), field)
	}
	assert.False(t, brevo.DuplicatePhone(nil))
	assert.False(t, brevo.DuplicateEmail(nil))
}
