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
func withControl(vendor http.Handler, log *sim.Log, faults *sim.Faults, state func(limit int) any) http.Handler {
	mux := http.NewServeMux()
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
