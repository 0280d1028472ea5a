package activities_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/rest"
)

// called is a failed call.
func called(vendor, route string, status int, change ...func(*rest.Error)) error {
	e := &rest.Error{Vendor: vendor, Method: http.MethodGet, Route: route, Status: status}
	for _, c := range change {
		c(e)
	}
	return fmt.Errorf("read page: %w", e)
}

func code(c string) func(*rest.Error)   { return func(e *rest.Error) { e.Code = c } }
func reason(r string) func(*rest.Error) { return func(e *rest.Error) { e.Reason = r } }
func after(d time.Duration) func(*rest.Error) {
	return func(e *rest.Error) { e.RetryAfter = d }
}

var page = reason(rest.ReasonHTML)

const (
	export = "/api/v2/incremental/tickets/cursor.json"
	me     = "/api/v2/users/me.json"
)

func TestClassify(t *testing.T) {
	for _, tc := range []struct {
		name      string
		err       error
		want      activities.Outcome
		retryable bool // whether repeating the same call can ever help without a person
	}{
		{"no budget left", &budget.Exhausted{Bucket: "b", Wait: time.Second}, activities.Wait, true},
		{"not a vendor's answer", errors.New("disk full"), activities.Retry, true},
		{"deadline", context.DeadlineExceeded, activities.Retry, true},
		{"no answer", called("zendesk", export, 0, reason("timeout")), activities.Retry, true},
		{"connection refused", called("brevo", "/contacts", 0, reason("connection refused")), activities.Retry, true},
		{"cut body", called("zendesk", export, 200, reason("body cut short")), activities.Retry, true},
		{"other JSON than documented", called("brevo", "/contacts", 200, reason("body is not the documented JSON")), activities.Retry, true},
		{"redirect", called("zendesk", export, 302), activities.Retry, true},
		{"a redirect to a proxy's login", called("brevo", "/contacts/{identifier}", 307), activities.Retry, true},
		{"a page for a success", called("brevo", "/contacts/{identifier}", 200, page), activities.Retry, true},
		{"400 as a page", called("brevo", "/contacts/{identifier}", 400, page), activities.Retry, true},
		{"405 as a page", called("brevo", "/contacts/{identifier}", 405, page), activities.Retry, true},
		{"406 as a page", called("brevo", "/contacts", 406, page), activities.Retry, true},
		{"407 as a page", called("brevo", "/contacts", 407, page), activities.Retry, true},
		{"410 as a page", called("zendesk", export, 410, page), activities.Retry, true},
		{"451 as a page", called("brevo", "/contacts", 451, page), activities.Retry, true},
		{"402 as a page", called("brevo", "/contacts", 402, page), activities.Retry, true},
		{"413 as a page", called("brevo", "/contacts/import", 413, page), activities.Reject, false},
		{"429 as a page", called("brevo", "/contacts", 429, page), activities.Wait, true},
		{"Brevo 401 as a page", called("brevo", "/contacts", 401, page), activities.PauseAll, false},
		{"Brevo 403 as a page", called("brevo", "/contacts", 403, page), activities.Retry, true},
		{"Zendesk 403 as a page", called("zendesk", export, 403, page), activities.Retry, true},
		{"Zendesk 403 as a page about the address", called("zendesk", export, 403, page, detail("Your IP (198.51.100.7) is not permitted")), activities.PauseAll, false},
		{"400", called("brevo", "/contacts", 400, code("invalid_parameter")), activities.Reject, false},
		{"Zendesk 401", called("zendesk", export, 401), activities.PauseAll, false},
		{"an account under validation", called("brevo", "/contacts", 400, code("account_under_validation")), activities.PauseAll, false},
		{"no permission, as 400", called("brevo", "/contacts/import", 400, code("permission_denied")), activities.PauseAll, false},
		{"no credits, as 400", called("brevo", "/smtp/email", 400, code("not_enough_credits")), activities.PauseAll, false},
		{"unauthorized, as 406", called("brevo", "/contacts", 406, code("unauthorized")), activities.PauseAll, false},
		{"a busy account, as 400", called("brevo", "/contacts/{identifier}", 400, code("account_in_process")), activities.Retry, true},
		{"a limit that names permission", called("brevo", "/contacts", 429, code("permission_denied")), activities.Wait, true},
		{"the same word at Zendesk", called("zendesk", export, 422, code("unauthorized")), activities.Reject, false},
		{"Brevo 401", called("brevo", "/contacts", 401), activities.PauseAll, false},
		{"Zendesk 402", called("zendesk", export, 402), activities.PauseAll, false},
		{"Brevo 402", called("brevo", "/smtp/email", 402, code("not_enough_credits")), activities.PauseAll, false},
		{"Zendesk 403 on a stream", called("zendesk", export, 403), activities.SkipStream, false},
		{"Zendesk 403 on users/me", called("zendesk", me, 403), activities.PauseAll, false},
		{"Zendesk 403 on users/me without a suffix", called("zendesk", "/api/v2/users/me", 403), activities.PauseAll, false},
		{"Brevo 403", called("brevo", "/contacts/import", 403), activities.PauseAll, false},
		{"404 of a record", called("zendesk", "/api/v2/users/{id}", 404, code("RecordNotFound")), activities.Missing, false},
		{"404 of an endpoint", called("zendesk", export, 404, code("InvalidEndpoint")), activities.SkipStream, false},
		{"Brevo 404", called("brevo", "/contacts/{identifier}", 404, code("document_not_found")), activities.Missing, false},
		{"404 in other words than Brevo's", called("brevo", "/contacts/{identifier}", 404, func(e *rest.Error) { e.Foreign = true }), activities.Retry, true},
		{"405", called("brevo", "/contacts/{identifier}", 405), activities.Reject, false},
		{"408", called("brevo", "/contacts", 408), activities.Retry, true},
		{"409", called("zendesk", export, 409), activities.Retry, true},
		{"413", called("brevo", "/contacts/import", 413), activities.Reject, false},
		{"422", called("zendesk", export, 422), activities.Reject, false},
		{"too recent, by its code", called("zendesk", export, 400, code("StartTimeTooRecent")), activities.Retry, true},
		{"too recent, by its sentence", called("zendesk", export, 422, code("InvalidValue"), func(e *rest.Error) { e.Detail = "Too recent start_time. Use a start_time older than 5 minutes" }), activities.Retry, true},
		{"425", called("brevo", "/contacts", 425, code("too_early")), activities.Retry, true},
		{"429", called("zendesk", export, 429), activities.Wait, true},
		{"429 with Retry-After", called("brevo", "/contacts", 429, after(time.Minute)), activities.Wait, true},
		{"500 as HTML", called("zendesk", export, 500, reason(rest.ReasonHTML)), activities.Retry, true},
		{"502", called("brevo", "/contacts", 502), activities.Retry, true},
		{"503", called("zendesk", export, 503), activities.Retry, true},
		{"503 with Retry-After", called("zendesk", export, 503, after(time.Second)), activities.Wait, true},
		{"504", called("zendesk", export, 504), activities.Retry, true},
		{"a token, 400", called("zendesk", "/oauth/tokens", 400, code("invalid_client")), activities.PauseAll, false},
		{"a token, 401", called("zendesk", "/oauth/tokens", 401), activities.PauseAll, false},
		{"a token, 403", called("zendesk", "/oauth/tokens", 403), activities.PauseAll, false},
		{"a token, 404", called("zendesk", "/oauth/tokens", 404, code("InvalidEndpoint")), activities.PauseAll, false},
		{"a token, 404 as HTML", called("zendesk", "/oauth/tokens", 404, reason(rest.ReasonHTML)), activities.Retry, true},
		{"a token, 408", called("zendesk", "/oauth/tokens", 408), activities.Retry, true},
		{"a token, 409", called("zendesk", "/oauth/tokens", 409), activities.Retry, true},
		{"a token, 422", called("zendesk", "/oauth/tokens", 422), activities.PauseAll, false},
		{"a token, 425", called("zendesk", "/oauth/tokens", 425), activities.Retry, true},
		{"a token, 429", called("zendesk", "/oauth/tokens", 429), activities.Wait, true},
		{"a token, 503", called("zendesk", "/oauth/tokens", 503), activities.Retry, true},
		{"an unknown 5xx", called("zendesk", export, 599), activities.Retry, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := activities.Classify(tc.err)
			assert.Equal(t, tc.want, got)
			assert.Equal(t, tc.retryable, got == activities.Retry || got == activities.Wait)
		})
	}
}
