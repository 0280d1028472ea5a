package zendesksim

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// writeJSON sends v; it is for small answers, rows are rendered by hand.
func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "simulator: "+err.Error(), http.StatusInternalServerError)
		return
	}
	send(w, status, b)
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// plainError is the envelope {"error":"Code","description":"text"}.
func plainError(w http.ResponseWriter, status int, code, text string) {
	writeJSON(w, status, map[string]any{"error": code, "description": text})
}

// listError is the JSON:API like envelope of cursor pagination, webhooks and guide routes.
func listError(w http.ResponseWriter, status int, code, title string) {
	writeJSON(w, status, map[string]any{"errors": []any{map[string]any{
		"code": code, "title": title, "detail": title, "status": strconv.Itoa(status),
	}}})
}

func invalidEndpoint(w http.ResponseWriter) {
	plainError(w, http.StatusNotFound, "InvalidEndpoint", "Not found")
}

func recordNotFound(w http.ResponseWriter) {
	plainError(w, http.StatusNotFound, "RecordNotFound", "Not found")
}

func unauthenticated(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Basic realm="Web Password"`)
	writeJSON(w, http.StatusUnauthorized, map[string]any{"error": "Couldn't authenticate you"})
}

func invalidToken(w http.ResponseWriter) {
	writeJSON(w, http.StatusUnauthorized, map[string]any{
		"error":             "invalid_token",
		"error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons.",
	})
}

func forbidden(w http.ResponseWriter) {
	writeJSON(w, http.StatusForbidden, map[string]any{"error": map[string]any{
		"title": "Forbidden", "message": "You do not have access to this page. Please contact the account owner of this help desk for further help.",
	}})
}

// forbiddenScope is the answer to a token whose scopes do not cover the call: text, not JSON.
func forbiddenScope(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusForbidden)
	_, _ = w.Write([]byte("Forbidden"))
}

func parameterMissing(w http.ResponseWriter, name string) {
	plainError(w, http.StatusBadRequest, "ParameterMissing", "Parameter "+name+" is required")
}

func invalidValue(w http.ResponseWriter, text string) {
	plainError(w, http.StatusBadRequest, "InvalidValue", text)
}

// invalid collects validation errors by field, for the 422 envelope with details.
type invalid map[string][]map[string]string

func (v invalid) add(field, code, text string) {
	v[field] = append(v[field], map[string]string{"description": text, "error": code})
}

func (v invalid) send(w http.ResponseWriter) {
	writeJSON(w, http.StatusUnprocessableEntity, map[string]any{
		"error": "RecordInvalid", "description": "Record validation errors", "details": v,
	})
}

// closedTicket refuses a change of a ticket that is closed for good.
func closedTicket(w http.ResponseWriter) {
	bad := invalid{}
	bad.add("status", "InvalidValue", "Status: closed prevents ticket update")
	bad.send(w)
}

func updateConflict(w http.ResponseWriter) {
	plainError(w, http.StatusConflict, "UpdateConflict", "Safe Update prevented the update due to outdated ticket data")
}
