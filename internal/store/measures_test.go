package store_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// expected computes a user's measures by passing over all tickets for each of them.
func expected(user int64, tickets []store.TicketRow, surveys []store.SurveyRow, since time.Time) mapping.Measures {
	var m mapping.Measures
	counts := func(at time.Time) bool { return since.IsZero() || !at.Before(since) }
	type rated struct {
		id, category string
		score        float64
		at           time.Time
	}
	var ratings []rated
	byID := map[int64]store.TicketRow{}
	for _, k := range tickets {
		byID[k.ID] = k
	}
	answered := map[int64]bool{}
	for _, v := range surveys {
		k, mirrored := byID[v.TicketID]
		answered[v.TicketID] = true
		for_ := v.UserID
		if mirrored {
			for_ = k.RequesterID
		}
		if for_ == user && k.Status != "deleted" && counts(v.CreatedAt) {
			ratings = append(ratings, rated{v.ID, v.Category, v.Score, v.CreatedAt})
		}
	}
	var newest time.Time
	newestField := map[int64]store.TicketRow{}
	for _, k := range tickets {
		if k.RequesterID != user || k.Status == "deleted" {
			continue
		}
		if k.Rating != "" && !answered[k.ID] && counts(k.RatedAt) {
			ratings = append(ratings, rated{fmt.Sprint(k.ID), k.Rating, map[string]float64{"good": 100, "bad": 0}[k.Rating], k.RatedAt})
		}
		if !counts(k.CreatedAt) {
			continue
		}
		m.TotalTickets++
		m.Reopens += k.Reopens
		if slices.Contains([]string{"new", "open", "pending", "hold"}, k.Status) {
			m.OpenTickets++
		}
		if k.Channel != "" && !slices.Contains(m.Channels, k.Channel) {
			m.Channels = append(m.Channels, k.Channel)
		}
		if k.CreatedAt.After(newest) {
			newest, m.LastTicketAt, m.LastChannel, m.LastStatus = k.CreatedAt, k.CreatedAt, k.Channel, k.Status
		}
		for f, v := range k.Fields {
			if last, ok := newestField[f]; !ok || k.CreatedAt.After(last.CreatedAt) {
				newestField[f] = k
				if m.TicketFields == nil {
					m.TicketFields = map[int64]any{}
				}
				m.TicketFields[f] = v
			}
		}
	}
	slices.Sort(m.Channels)
	for _, r := range ratings {
		m.Ratings++
		m.Satisfaction += r.score
		if r.at.After(m.LastRatingAt) {
			m.LastRating, m.LastRatingAt = r.category, r.at
		}
	}
	if m.Ratings > 0 {
		m.Satisfaction /= float64(m.Ratings)
	}
	return m
}

// world draws tickets and survey answers whose times are all different: ties are another test's.
func world(r *rapid.T) ([]store.TicketRow, []store.SurveyRow) {
	times := rapid.Permutation(func() []int {
		out := make([]int, 60)
		for i := range out {
			out[i] = i
		}
		return out
	}()).Draw(r, "times")
	next := func() time.Time { n := times[0]; times = times[1:]; return at(n) }
	tickets := make([]store.TicketRow, rapid.IntRange(0, 15).Draw(r, "tickets"))
	for i := range tickets {
		k := store.TicketRow{
			ID: int64(i + 1), Version: version(1, 1), CreatedAt: next(), RequesterID: rapid.Int64Range(1, 3).Draw(r, "requester"),
			Status:  rapid.SampledFrom([]string{"new", "open", "pending", "hold", "solved", "closed", "deleted"}).Draw(r, "status"),
			Channel: rapid.SampledFrom([]string{"", "web", "email", "chat"}).Draw(r, "channel"), Reopens: rapid.IntRange(0, 3).Draw(r, "reopens"),
			Rating: rapid.SampledFrom([]string{"", "good", "bad"}).Draw(r, "rating"),
			Fields: rapid.MapOf(rapid.Int64Range(1, 2), rapid.OneOf(rapid.Just[any]("x"), rapid.Just[any](1.5), rapid.Just[any]([]string{"p", "q"}))).Draw(r, "fields"),
		}
		if k.Rating != "" {
			k.RatedAt = next()
		}
		tickets[i] = k
	}
	surveys := make([]store.SurveyRow, rapid.IntRange(0, 8).Draw(r, "surveys"))
	for i := range surveys {
		surveys[i] = store.SurveyRow{
			ID: fmt.Sprint("s", i), Version: version(1, 1), CreatedAt: next(), TicketID: rapid.Int64Range(1, 20).Draw(r, "ticket"),
			UserID: rapid.Int64Range(1, 3).Draw(r, "user"), Score: float64(rapid.SampledFrom([]int{0, 25, 50, 75, 100}).Draw(r, "score")),
			Category: rapid.SampledFrom([]string{"good", "neutral", "bad"}).Draw(r, "category"),
		}
	}
	return tickets, surveys
}

func TestMeasures(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		run := 0
		rapid.Check(t, func(r *rapid.T) {
			run++
			a, c := s.Account(fmt.Sprint("acme-", run)), t.Context()
			tickets, surveys := world(r)
			since := rapid.SampledFrom([]time.Time{{}, at(0), at(20), at(40)}).Draw(r, "since")
			_, err := a.BeginRun(c, store.Run{ID: "r", Type: "full", Since: since, StartedAt: t0})
			require.NoError(r, err)
			_, err = a.ApplySurveys(c, surveys, t0)
			require.NoError(r, err)
			_, err = a.ApplyTickets(c, tickets, t0)
			require.NoError(r, err)
			found, err := a.Peek(c, []int64{1, 2, 3})
			require.NoError(r, err)
			for _, f := range found {
				assert.Equal(r, expected(f.Customer.User.ID, tickets, surveys, since), f.Customer.Measures)
			}
		})
	})
}

func TestSurveyReplacesLegacyRating(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		_, err := a.ApplyTickets(c, []store.TicketRow{
			{ID: 1, RequesterID: 5, Status: "solved", Rating: "good", RatedAt: at(1), CreatedAt: t0},
			{ID: 2, RequesterID: 5, Status: "solved", Rating: "good", CreatedAt: at(2)},
		}, t0)
		require.NoError(t, err)
		measures := func() mapping.Measures {
			found, err := a.Peek(c, []int64{5})
			require.NoError(t, err)
			return found[0].Customer.Measures
		}
		m := measures()
		assert.Equal(t, 100.0, m.Satisfaction)
		assert.Equal(t, at(2), m.LastRatingAt, "a rating without a time is dated by its ticket")
		_, err = a.ApplySurveys(c, []store.SurveyRow{{ID: "x", TicketID: 1, UserID: 5, Score: 25, Category: "bad", CreatedAt: at(3)}}, t0)
		require.NoError(t, err)
		m = measures()
		assert.Equal(t, 2, m.Ratings)
		assert.Equal(t, 62.5, m.Satisfaction)
		assert.Equal(t, "bad", m.LastRating)
	})
}

func TestPeek(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		user := mapping.User{
			ID: 1, Email: "ann@example.com", Name: "Ann Ünüc☃de", Phone: "+33 1", SharedPhone: true, Role: "end-user", TicketRestriction: "requested",
			Tags: []string{"vip", "eu"}, OrganizationID: 10, Fields: map[string]any{"tier": "gold", "seats": 12.0, "many": []string{"a"}},
			Active: true, Suspended: true, ExternalID: "x", Locale: "fr", TimeZone: "Paris", CreatedAt: at(-9),
		}
		organization := mapping.Organization{
			ID: 10, Name: "Ten", Tags: []string{"big"}, DomainNames: []string{"example.com"}, ExternalID: "o", Fields: map[string]any{"k": true}, CreatedAt: at(-99),
		}
		rows := []store.UserRow{{User: user, Version: version(1, 1)}, {User: mapping.User{ID: 2, OrganizationID: 11}, Version: version(1, 1)}}
		_, err := a.ApplyUsers(c, rows, t0)
		require.NoError(t, err)
		orgs := []store.OrganizationRow{{Organization: organization, Version: version(1, 2)}, {Organization: mapping.Organization{ID: 11}, Deleted: true, Version: version(1, 1)}}
		_, err = a.ApplyOrganizations(c, orgs, t0)
		require.NoError(t, err)
		found, err := a.Peek(c, []int64{1, 2})
		require.NoError(t, err)
		require.Len(t, found, 2)
		assert.Equal(t, mapping.Customer{User: user, Organization: &organization}, found[0].Customer)
		assert.True(t, found[0].Found)
		assert.Nil(t, found[1].Customer.Organization, "a deleted organization is none")
		versions, err := a.DirtyVersions(c, store.KindUser, []int64{1})
		require.NoError(t, err)
		assert.Equal(t, versions[1], found[0].Dirty)
		got, err := a.Organizations(c, []int64{10, 11, 12})
		require.NoError(t, err)
		assert.Equal(t, map[int64]store.OrganizationRow{10: orgs[0], 11: orgs[1]}, got)
		users, _, organizations, err := a.Counts(c)
		require.NoError(t, err)
		assert.Equal(t, []int64{1, 1}, []int64{users, organizations}, "2 is not active, 11 is deleted")
	})
}

func TestPhones(t *testing.T) {
	forEachEngine(t, func(t *testing.T, s *store.Store) {
		a, c := s.Account("acme"), t.Context()
		var rows []store.UserRow
		for id := int64(1); id <= 1203; id++ {
			rows = append(rows, store.UserRow{User: mapping.User{ID: id, Phone: "0700", CreatedAt: at(int(-id))}, Version: version(1, 1)})
		}
		rows[0].Phone, rows[0].Phone164 = "+331", "+331"
		rows[1202].Phone, rows[1202].Phone164 = "+331", "+331"
		_, err := a.ApplyUsers(c, rows, t0)
		require.NoError(t, err)
		holders, err := a.PhoneHolders(c, []string{"+331", "+339", ""})
		require.NoError(t, err)
		assert.Equal(t, map[string][]store.UserRow{"+331": {rows[1202], rows[0]}}, holders, "the oldest first")

		clean(t, a)
		normalize := func(raw string) string { return map[string]string{"+331": "+331", "0700": "+46700"}[raw] }
		changed, err := a.RefreshPhones(c, normalize, t0)
		require.NoError(t, err)
		assert.Equal(t, 1201, changed)
		marked, err := a.CountDirty(c, store.KindUser)
		require.NoError(t, err)
		assert.EqualValues(t, 1201, marked)
		changed, err = a.RefreshPhones(c, normalize, t0)
		require.NoError(t, err)
		assert.Zero(t, changed)

		row := rows[5]
		row.Phone164, row.Version = "+46700", version(1, 9)
		applied, err := a.ApplyUsers(c, []store.UserRow{row}, t0)
		require.NoError(t, err)
		assert.Equal(t, store.Applied{Rows: 1}, applied, "the refreshed row is what a page will bring")
	})
}
