package zendesk

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"zendesk-brevo/internal/rest"
)

// problem reads Zendesk's error bodies: {"error":"Code","description":..,"details":{field:[..]}}, {"error":{"title":..,
// "message":..}}, {"errors":[{"code":..}]}, a bare {"error":"sentence"}, plain text and HTML.
func problem(body []byte) rest.Problem {
	var e struct {
		Error       json.RawMessage `json:"error"`
		Description string          `json:"description"`
		Details     map[string]json.RawMessage
		Errors      []struct {
			Code   string `json:"code"`
			Title  string `json:"title"`
			Detail string `json:"detail"`
		} `json:"errors"`
	}
	// A type mismatch in one member leaves the others decoded, so the error is not looked at.
	_ = json.Unmarshal(body, &e)
	p := rest.Problem{Detail: e.Description}
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
