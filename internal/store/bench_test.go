package store_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// benchTickets is one export page of tickets, ids from first on, of 8,400 requesters.
func benchTickets(r *rand.Rand, first int64, asked int) []store.TicketRow {
	rows := make([]store.TicketRow, 1000)
	for i := range rows {
		id := first + int64(i)
		rows[i] = store.TicketRow{
			ID: id, Version: version(int(id), asked), RequesterID: 1 + r.Int64N(8400), OrganizationID: 1 + id%1200,
			Status: "solved", Priority: "normal", Channel: "email", Reopens: int(id % 3),
			RatingID: 900000 + id, Rating: "good", RatedAt: at(int(id)), Fields: map[int64]any{360001: "billing"},
			CreatedAt: at(int(id) - 100), SolvedAt: at(int(id)),
		}
	}
	return rows
}

// BenchmarkCommitTickets commits pages of 1,000 tickets: "new" rows that the mirror does not know, "unchanged" rows
// whose content it has.
func BenchmarkCommitTickets(b *testing.B) {
	for name, address := range engines {
		for _, kind := range []string{"new", "unchanged"} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				a := open(b, address(b)).Account("acme")
				cursor, pages := "", 0
				commit := func(rows []store.TicketRow) {
					pages++
					next := strconv.Itoa(pages)
					_, err := a.CommitTickets(b.Context(), store.Page{Stream: "tickets", From: cursor, To: next, Now: t0}, rows)
					require.NoError(b, err)
					cursor = next
				}
				if kind == "unchanged" {
					commit(benchTickets(rand.New(rand.NewPCG(1, 1)), 1, 0))
				}
				for n := 0; b.Loop(); n++ {
					b.StopTimer()
					r, first := rand.New(rand.NewPCG(1, 1)), int64(1)
					if kind == "new" {
						first = int64(n)*1000 + 1
					}
					rows := benchTickets(r, first, n+1)
					b.StartTimer()
					commit(rows)
				}
				b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}

// BenchmarkPeek reads 500 of 8,400 customers with 34,000 tickets.
func BenchmarkPeek(b *testing.B) {
	for name, address := range engines {
		b.Run(name, func(b *testing.B) {
			a := open(b, address(b)).Account("acme")
			r := rand.New(rand.NewPCG(1, 1))
			for n := range 34 {
				_, err := a.ApplyTickets(b.Context(), benchTickets(r, int64(n)*1000+1, 0), t0)
				require.NoError(b, err)
			}
			users := make([]store.UserRow, 8400)
			for i := range users {
				id := int64(i) + 1
				users[i] = store.UserRow{Version: version(i, 0), User: mapping.User{
					ID: id, Email: fmt.Sprintf("user%d@example.com", id), Name: "Some Body", Role: "end-user", OrganizationID: id % 1200, Active: true,
				}}
			}
			_, err := a.ApplyUsers(b.Context(), users, t0)
			require.NoError(b, err)
			ids := make([]int64, 500)
			for n := 0; b.Loop(); n++ {
				for i := range ids {
					ids[i] = int64((n*500+i*7)%8400) + 1
				}
				found, err := a.Peek(b.Context(), ids)
				require.NoError(b, err)
				require.Len(b, found, 500)
			}
		})
	}
}

// benchContacts is one page of Brevo's contacts, ids from first on.
func benchContacts(first int64) []store.BrevoContact {
	rows := make([]store.BrevoContact, 1000)
	for i := range rows {
		id := first + int64(i)
		rows[i] = store.BrevoContact{
			ID: id, Email: fmt.Sprintf("user%d@example.com", id), Lists: []int64{3, 4}, ModifiedAt: at(int(id)),
			Attributes: map[string]any{"FIRSTNAME": "Some", "LASTNAME": "Body", "SMS": strconv.FormatInt(33600000000+id, 10)},
		}
	}
	return rows
}

// BenchmarkApplyBrevoContacts mirrors pages of 1,000 contacts: "new" ones that the mirror does not know, and "known" ones.
func BenchmarkApplyBrevoContacts(b *testing.B) {
	for name, address := range engines {
		for _, kind := range []string{"new", "known"} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				a := open(b, address(b)).Account("acme")
				for page := range int64(20) {
					require.NoError(b, a.ApplyBrevoContacts(b.Context(), beginLook(b, a, "s"), benchContacts(page*1000+1), t0))
				}
				for n := int64(0); b.Loop(); n++ {
					b.StopTimer()
					rows := benchContacts(n%20*1000 + 1)
					if kind == "new" {
						rows = benchContacts((20+n)*1000 + 1)
					}
					b.StartTimer()
					require.NoError(b, a.ApplyBrevoContacts(b.Context(), beginLook(b, a, "s"), rows, t0))
				}
				b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
