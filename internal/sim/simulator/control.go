package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/zendesksim"
)

// faultInput is sim.Fault in JSON, with the delay in milliseconds.
type faultInput struct {
	Method      string      `json:"method"`
	Path        string      `json:"path"`
	Query       string      `json:"query"`
	Skip        int         `json:"skip"`
	Times       int         `json:"times"`
	Status      int         `json:"status"`
	Header      http.Header `json:"header"`
	Body        string      `json:"body"`
	ContentType string      `json:"content_type"`
	CutAfter    int         `json:"cut_after"`
	Truncate    int         `json:"truncate"`
	DropBefore  bool        `json:"drop_before"`
	DropAfter   bool        `json:"drop_after"`
	DelayMS     int         `json:"delay_ms"`
}

func (f faultInput) fault() sim.Fault {
	return sim.Fault{
		Method: f.Method, Path: f.Path, Query: f.Query, Skip: f.Skip, Times: f.Times, Status: f.Status, Header: f.Header,
		Body: f.Body, ContentType: f.ContentType, CutAfter: f.CutAfter, Truncate: f.Truncate, DropBefore: f.DropBefore,
		DropAfter: f.DropAfter, Delay: time.Duration(f.DelayMS) * time.Millisecond,
	}
}

// withControl puts the control routes in front of a vendor:
//
//	GET    /_sim/log      the calls, oldest first
//	GET    /_sim/unknown  the calls to routes that the vendor does not have
//	DELETE /_sim/log      forget them
//	POST   /_sim/faults   add a fault (faultInput)
//	DELETE /_sim/faults   remove all faults
//	GET    /_sim/state    what the account holds; ?limit=n bounds the rows (default 20)
//
// Zendesk also has, for what no agent's call can do,
//
//	POST   /_sim/tickets/{id}/rating  the requester answers the survey: {"stars": 1 to 5, "comment": "..."}
//
// and Brevo
//
//	GET    /_sim/events   the events received, oldest first; ?since=RFC3339 leaves out those received before
func withControl(
	vendor http.Handler, log *sim.Log, faults *sim.Faults, state func(limit int) any, own func(*http.ServeMux),
) http.Handler {
	mux := http.NewServeMux()
	own(mux)
	mux.Handle("/", vendor)
	mux.HandleFunc("GET /_sim/log", func(w http.ResponseWriter, _ *http.Request) { reply(w, log.Calls()) })
	mux.HandleFunc("GET /_sim/unknown", func(w http.ResponseWriter, _ *http.Request) { reply(w, log.Unknown()) })
	mux.HandleFunc("DELETE /_sim/log", func(w http.ResponseWriter, _ *http.Request) {
		log.Reset()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("POST /_sim/faults", func(w http.ResponseWriter, r *http.Request) {
		var f faultInput
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if err := d.Decode(&f); err != nil {
			http.Error(w, "decode fault: "+err.Error(), http.StatusBadRequest)
			return
		}
		faults.Add(f.fault())
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /_sim/faults", func(w http.ResponseWriter, _ *http.Request) {
		faults.Clear()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("GET /_sim/state", func(w http.ResponseWriter, r *http.Request) {
		limit := 20
		if text := r.URL.Query().Get("limit"); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				http.Error(w, "limit must be a number", http.StatusBadRequest)
				return
			}
			limit = n
		}
		reply(w, state(limit))
	})
	return mux
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func zendeskState(s *zendesksim.Server) func(int) any {
	return func(int) any {
		a := s.Account()
		return map[string]any{
			"users": a.Users.Live(), "tickets": a.Tickets.Live(), "organizations": a.Organizations.Live(), "refusals": s.Refusals(),
		}
	}
}

func brevoState(s *brevosim.Server) func(int) any {
	return func(limit int) any {
		contacts, companies := s.Contacts(), s.Companies()
		return map[string]any{
			"contact_count": len(contacts), "contacts": contacts[:min(limit, len(contacts))],
			"company_count": len(companies), "companies": companies[:min(limit, len(companies))],
			"lists": s.Lists(), "attributes": s.Attributes(), "writes": s.Writes(), "misuses": s.Misuses(),
		}
	}
}

func zendeskControl(s *zendesksim.Server, csat zendesksim.CSAT) func(*http.ServeMux) {
	return func(mux *http.ServeMux) {
		mux.HandleFunc("POST /_sim/tickets/{id}/rating", func(w http.ResponseWriter, r *http.Request) {
			var in struct {
				Stars   int    `json:"stars"`
				Comment string `json:"comment"`
			}
			id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
			d := json.NewDecoder(r.Body)
			d.DisallowUnknownFields()
			switch {
			case err != nil:
				http.Error(w, "a ticket's id must be a number", http.StatusBadRequest)
			case d.Decode(&in) != nil || in.Stars < 1 || in.Stars > 5:
				http.Error(w, `a rating must look like {"stars": 1 to 5, "comment": "..."}`, http.StatusBadRequest)
			case csat == zendesksim.NoCSAT:
				http.Error(w, "the account has no survey", http.StatusConflict)
			case !s.RateTicket(id, in.Stars, in.Comment):
				http.Error(w, "no such ticket", http.StatusNotFound)
			default:
				w.WriteHeader(http.StatusNoContent)
			}
		})
	}
}

// receivedEvent is an event without the person's address, which its identifiers may hold.
type receivedEvent struct {
	Name       string    `json:"name"`
	TicketID   any       `json:"ticket_id"` // as it came among the event's properties; null: it did not
	ContactID  int64     `json:"contact_id"`
	ReceivedAt time.Time `json:"received_at"`
}

func brevoControl(s *brevosim.Server) func(*http.ServeMux) {
	return func(mux *http.ServeMux) {
		mux.HandleFunc("GET /_sim/events", func(w http.ResponseWriter, r *http.Request) {
			var since time.Time
			if text := r.URL.Query().Get("since"); text != "" {
				var err error
				if since, err = time.Parse(time.RFC3339, text); err != nil {
					http.Error(w, "since must be a time such as 2026-11-20T12:00:00Z", http.StatusBadRequest)
					return
				}
			}
			out := []receivedEvent{}
			for _, e := range s.Events() {
				if !e.ReceivedAt.Before(since) {
					out = append(out, receivedEvent{e.Name, e.Properties["ticket_id"], e.ContactID, e.ReceivedAt})
				}
			}
			reply(w, out)
		})
	}
}
