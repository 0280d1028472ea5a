package zendesk

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"zendesk-brevo/internal/rest"
)

// problem reads Zendesk's error bodies: {"error":"Code","description":..,"details":{field:[..]}}, the same with
// "error_description" where OAuth is concerned, {"error":{"code":..,"title":..,"message":..,"details":{..}}},
// {"errors":[{"code":..,"title":..,"detail":..}]} or, of webhooks, [{"field":..,"code":..,"message":..}], a bare
// {"error":"sentence"}, plain text and HTML.
func problem(body []byte) rest.Problem {
	var e struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"description"`
		OAuth       string          `json:"error_description"`
		Details     map[string]json.RawMessage
		Errors      []listedProblem `json:"errors"`
	}
	// A type mismatch in one member leaves the others decoded, so the error is not looked at, here and below.
	_ = json.Unmarshal(body, &e)
	p := rest.Problem{Detail: firstText(e.Description, e.OAuth)}
	switch {
	case json.Unmarshal(e.Error, &p.Code) == nil:
		// Old endpoints put a sentence where others put a code; the gate drops it from Code.
		p.Detail = firstText(p.Detail, p.Code)
	case len(e.Error) > 0 && e.Error[0] == '{':
		var object struct {
			Code, Title, Message string
			Details              map[string]json.RawMessage
		}
		_ = json.Unmarshal(e.Error, &object)
		p.Code, p.Detail = firstText(object.Code, object.Title), firstText(object.Message, object.Title, p.Detail)
		addFields(&p, object.Details)
	}
	addListed(&p, e.Errors)
	if p.Code == "" && p.Detail == "" {
		p.Detail = string(body[:min(len(body), 500)])
	}
	addFields(&p, e.Details)
	slices.Sort(p.Fields)
	p.Fields = slices.Compact(p.Fields)
	return p
}

// listedProblem is one of the errors of an answer that lists them.
type listedProblem struct{ Field, Code, Title, Detail, Message string }

// addListed lets listed errors say what the answer's own words do not say as closely: the first one's code, the text of each.
func addListed(p *rest.Problem, list []listedProblem) {
	var texts []string
	for _, e := range list {
		text := firstText(e.Detail, e.Message, e.Title)
		if e.Field != "" {
			p.Fields = append(p.Fields, e.Field)
			text = strings.TrimSuffix(e.Field+": "+text, ": ")
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	if len(list) > 0 {
		p.Code, p.Detail = firstText(list[0].Code, p.Code), firstText(strings.Join(texts, "; "), p.Detail)
	}
}

// addFields adds what an answer says by field.
func addFields(p *rest.Problem, details map[string]json.RawMessage) {
	for _, field := range slices.Sorted(maps.Keys(details)) {
		p.Fields = append(p.Fields, field)
		p.Detail += " " + string(details[field])
	}
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
