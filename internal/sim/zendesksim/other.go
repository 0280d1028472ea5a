package zendesksim

import (
	"net/http"
)

// showSettings sends the part of the account's settings that tells which features are on.
func showSettings(s *Server, x *exchange) {
	writeJSON(x.w, http.StatusOK, map[string]any{"settings": map[string]any{
		"active_features": map[string]any{
			"customer_satisfaction": s.opts.CSAT == LegacyCSAT, "csat_reason_code": s.opts.CSAT == LegacyCSAT,
			"user_tagging": true, "ticket_tagging": true, "voice": true, "chat": true, "organization_access_enabled": true,
		},
		"api":     map[string]any{"accepted_api_agreement": true, "api_password_access": "false", "api_token_access": "true"},
		"tickets": map[string]any{"custom_statuses_enabled": true},
		"user":    map[string]any{"tagging": true},
		"limits":  map[string]any{"attachment_size": 52428800},
	}})
}

// listUserEvents knows no events; it tells whether the account's admin has activated the Events API
// (https://developer.zendesk.com/api-reference/ticketing/users/events-api/events-api/).
func listUserEvents(s *Server, x *exchange) {
	switch _, known := s.account.Users.Get(pathID(x)); {
	case !s.opts.EventsAPI:
		forbidden(x.w)
	case !known:
		recordNotFound(x.w)
	default:
		writeJSON(x.w, http.StatusOK, map[string]any{
			"events": []any{}, "meta": map[string]any{"has_more": false, "after_cursor": nil, "before_cursor": nil}, "links": []any{},
		})
	}
}

func listArticles(s *Server, x *exchange) {
	if s.opts.NoHelpCenter {
		invalidEndpoint(x.w)
		return
	}
	writeJSON(x.w, http.StatusOK, map[string]any{
		"articles": []any{map[string]any{
			"id": 26_900_000_000_001, "title": "Where is my parcel?", "locale": "en-us", "draft": false, "vote_sum": 3, "vote_count": 5,
			"created_at": s.created(), "updated_at": s.created(),
		}},
		"meta":  map[string]any{"has_more": false, "after_cursor": nil, "before_cursor": nil},
		"links": map[string]any{"next": nil, "prev": nil},
	})
}
