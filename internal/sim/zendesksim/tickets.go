package zendesksim

import (
	"net/http"

	"zendesk-brevo/internal/sim/seed"
)

// listTickets leaves out deleted and archived tickets.
func listTickets(s *Server, x *exchange) {
	shape, side := s.ticketShape(x, false), s.newSideloads(x)
	metrics := &metricSets{s: s, on: shape.metrics}
	external := x.query("external_id")
	keep := func(t *seed.Ticket) bool {
		return t.Status != "deleted" && !t.Archived && (external == "" || t.ExternalID == external)
	}
	s.serveList(x, list{
		name: "tickets", path: v2 + "/tickets",
		total: func() int { return countRows(s.account.Tickets, keep) },
		each: func(after int64, visit func(int64, func([]byte) []byte) bool) {
			s.account.Tickets.EachAfter(after, func(t *seed.Ticket) bool {
				return !keep(t) || visit(t.ID, func(b []byte) []byte {
					side.ticket(t)
					metrics.add(t)
					return s.appendTicket(b, t, shape)
				})
			})
		},
		extra: func(b []byte) []byte { return metrics.append(side.append(b)) },
	})
}

// countRows counts the rows that keep keeps.
func countRows[T any](t *seed.Table[T], keep func(*T) bool) int {
	n := 0
	t.EachAfter(0, func(row *T) bool {
		if keep(row) {
			n++
		}
		return true
	})
	return n
}

// metricSets gathers the metrics of a list's tickets: there they come as an array of their own, besides standing in the
// tickets as in the export. Readers of both forms are met in the field.
type metricSets struct {
	s    *Server
	on   bool
	rows []byte
}

func (m *metricSets) add(t *seed.Ticket) {
	if !m.on {
		return
	}
	if len(m.rows) > 0 {
		m.rows = append(m.rows, ',')
	}
	m.rows = m.s.appendMetricSet(m.rows, t)
}

func (m *metricSets) append(b []byte) []byte {
	if !m.on {
		return b
	}
	b = append(b, `,"metric_sets":[`...)
	return append(append(b, m.rows...), ']')
}

func countTickets(s *Server, x *exchange) { s.count(x, s.account.Tickets.Live()) }

func showManyTickets(s *Server, x *exchange) {
	wanted, ok := ids(x, "ids")
	if !ok {
		return
	}
	shape, side := s.ticketShape(x, false), s.newSideloads(x)
	metrics := &metricSets{s: s, on: shape.metrics}
	var rows []byte
	n := 0
	for _, id := range wanted {
		t, ok := s.account.Tickets.Get(id)
		if !ok || t.Status == "deleted" {
			continue
		}
		if n++; n > 1 {
			rows = append(rows, ',')
		}
		side.ticket(&t)
		metrics.add(&t)
		rows = s.appendTicket(rows, &t, shape)
	}
	sendMany(x, "tickets", n, rows, func(b []byte) []byte { return metrics.append(side.append(b)) })
}

// showTicket knows no deleted tickets, unlike the export.
func showTicket(s *Server, x *exchange) {
	t, ok := s.account.Tickets.Get(pathID(x))
	if !ok || t.Status == "deleted" {
		recordNotFound(x.w)
		return
	}
	s.sendTicket(x, http.StatusOK, &t)
}

func (s *Server) sendTicket(x *exchange, status int, t *seed.Ticket) {
	shape, side := s.ticketShape(x, false), s.newSideloads(x)
	metrics := &metricSets{s: s, on: shape.metrics}
	side.ticket(t)
	metrics.add(t)
	b := s.appendTicket([]byte(`{"ticket":`), t, shape)
	send(x.w, status, append(metrics.append(side.append(b)), '}'))
}

func listTicketFields(s *Server, x *exchange) {
	s.sendFields(x, "ticket_fields", s.account.TicketFields)
}

// sendFields sends all definitions: these lists are whole when no page is asked for.
func (s *Server) sendFields(x *exchange, kind string, defs []seed.FieldDefinition) {
	out := make([]map[string]any, 0, len(defs))
	for i := range defs {
		out = append(out, s.fieldDefinition(kind, &defs[i], i))
	}
	body := map[string]any{kind: out}
	if x.r.URL.Query().Has("page[size]") {
		body["meta"] = map[string]any{"has_more": false, "after_cursor": nil, "before_cursor": nil}
		body["links"] = map[string]any{"next": nil, "prev": nil}
	} else {
		body["next_page"], body["previous_page"], body["count"] = nil, nil, len(out)
	}
	writeJSON(x.w, http.StatusOK, body)
}

func listCustomStatuses(s *Server, x *exchange) {
	out := []map[string]any{}
	for _, c := range s.account.CustomStatuses {
		out = append(out, map[string]any{
			"id": c.ID, "status_category": c.Category, "agent_label": c.Label, "end_user_label": c.Label, "description": "",
			"end_user_description": "", "active": true, "default": c.Default, "created_at": s.created(), "updated_at": s.created(),
		})
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"custom_statuses": out})
}
