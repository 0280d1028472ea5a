package zendesk

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"zendesk-brevo/internal/rest"
)

// problem reads Zendesk's error bodies: {"error":"Code","description":..,"details":{field:[..]}}, the same with
// "error_description" where OAuth is concerned, {"error":{"title":..,
// "message":..}}, {"errors":[{"code":..}]}, a bare {"error":"sentence"}, plain text and HTML.
func problem(body []byte) rest.Problem {
	var e struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"description"`
		OAuth       string          `json:"error_description"`
		Details     map[string]json.RawMessage
		Errors      []struct {
			Code   string `json:"code"`
			Title  string `json:"title"`
			Detail string `json:"detail"`
		} `json:"errors"`
	}
	// A type mismatch in one member leaves the others decoded, so the error is not looked at.
	_ = json.Unmarshal(body, &e)
	p := rest.Problem{Detail: firstText(e.Description, e.OAuth)}
	var object struct{ Title, Message string }
	switch {
	case len(e.Errors) > 0:
		p.Code, p.Detail = e.Errors[0].Code, firstText(e.Errors[0].Detail, e.Errors[0].Title)
	case json.Unmarshal(e.Error, &p.Code) == nil:
		// Old endpoints put a sentence where others put a code; the gate drops it from Code.
		p.Detail = firstText(p.Detail, p.Code)
	case json.Unmarshal(e.Error, &object) == nil:
		p.Code, p.Detail = object.Title, object.Message
	default:
		p.Detail = string(body[:min(len(body), 500)])
	}
	for field, raw := range e.Details {
		p.Fields = append(p.Fields, field)
		p.Detail += " " + string(raw)
	}
	slices.Sort(p.Fields)
	return p
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

const codeInvalidEndpoint = "InvalidEndpoint"

// IsNotFound reports whether the record asked for does not exist: a 404 of the API that is about the record and not the
// endpoint. The HTML 404 of a subdomain that nobody owns says nothing of the record.
func IsNotFound(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound && e.Code != codeInvalidEndpoint &&
		e.Reason != rest.ReasonHTML
}

// IsUnavailable reports whether the account's plan or the credential's role or scope does not offer the endpoint.
func IsUnavailable(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) &&
		(e.Status == http.StatusForbidden || e.Status == http.StatusNotFound && e.Code == codeInvalidEndpoint)
}

// IsRecordNotFound reports that Zendesk itself says that a record is not there, which a 404 of a proxy, an edge server or a
// missing endpoint does not. https://developer.zendesk.com/api-reference/introduction/requests/
func IsRecordNotFound(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound && e.Code == "RecordNotFound"
}

// IsRefusedIP reports a 401 or 403 by which the account's IP restrictions keep this host out, whatever its credential. No
// document gives status or text, so it goes by the sentence; ip is the address that it names, if it names one.
// https://support.zendesk.com/hc/en-us/articles/4408894156186
func IsRefusedIP(err error) (ip netip.Addr, ok bool) {
	var e *rest.Error
	if !errors.As(err, &e) || e.Status != http.StatusUnauthorized && e.Status != http.StatusForbidden {
		return netip.Addr{}, false
	}
	return rest.RefusedIP(e.Detail)
}

const codeStartTimeTooRecent = "StartTimeTooRecent"

// IsTooRecent reports that an export was asked to start within the last minute of Zendesk's clock: the same start is
// taken a little later. Zendesk has answered so with 400 and with 422, and before the code existed by a sentence alone.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
func IsTooRecent(err error) bool {
	var e *rest.Error
	return errors.As(err, &e) && (e.Status == http.StatusBadRequest || e.Status == http.StatusUnprocessableEntity) &&
		(e.Code == codeStartTimeTooRecent || strings.Contains(strings.ToLower(e.Detail), "too recent start_time"))
}
