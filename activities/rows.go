package activities

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/mapping"
)

// wantedFields are the custom fields that the mapping uses; no other custom field is stored.
type wantedFields struct {
	userKeys, organizationKeys map[string]bool
	ticketIDs                  map[int64]bool
}

func newWantedFields(m *mapping.Mapper) wantedFields {
	users, organizations, tickets := m.Fields()
	w := wantedFields{map[string]bool{}, map[string]bool{}, map[int64]bool{}}
	for _, key := range users {
		w.userKeys[key] = true
	}
	for _, key := range organizations {
		w.organizationKeys[key] = true
	}
	for _, id := range tickets {
		w.ticketIDs[id] = true
	}
	return w
}

func (w wantedFields) user(u *zendesk.User, askedAt time.Time, m *mapping.Mapper) store.UserRow {
	row := store.UserRow{
		User: mapping.User{
			ID: u.ID, Email: strings.ToLower(strings.TrimSpace(u.Email)), Name: u.Name, Phone: u.Phone, SharedPhone: u.SharedPhoneNumber,
			Role: u.Role, TicketRestriction: u.TicketRestriction, Tags: u.Tags, OrganizationID: u.OrganizationID,
			Fields: keep(u.UserFields, w.userKeys), Active: u.Active, Suspended: u.Suspended, ExternalID: u.ExternalID,
			Locale: u.Locale, TimeZone: u.TimeZone, CreatedAt: u.CreatedAt,
		},
		Version: store.Version{UpdatedAt: u.UpdatedAt, AskedAt: askedAt},
	}
	if e164, ok := m.Phone(u.Phone); ok {
		row.Phone164 = e164
	}
	return row
}

// mergedTag marks a ticket that was closed because it was merged into another one.
// https://support.zendesk.com/hc/en-us/articles/4408882445594
const mergedTag = "closed_by_merge"

// ourTickets begins the external id of every ticket that an automation makes: so it is known for ours, and found again,
// whoever reads it first.
const ourTickets = "zendesk-brevo:"

func (w wantedFields) ticket(t *zendesk.Ticket, askedAt time.Time) store.TicketRow {
	row := store.TicketRow{
		ID: t.ID, Version: store.Version{UpdatedAt: t.UpdatedAt, AskedAt: askedAt},
		RequesterID: t.RequesterID, OrganizationID: t.OrganizationID, Status: strings.ToLower(t.Status), Priority: t.Priority,
		Channel: t.Via.Channel, CreatedAt: t.CreatedAt,
	}
	row.Merged = slices.Contains(t.Tags, mergedTag)
	row.Ours = strings.HasPrefix(t.ExternalID, ourTickets)
	if t.FromMessagingChannel {
		row.Channel = "messaging"
	}
	if t.Metrics != nil {
		row.Reopens, row.SolvedAt = int(t.Metrics.Reopens), t.Metrics.SolvedAt
	}
	if r := t.SatisfactionRating; r != nil && (r.Score == "good" || r.Score == "bad") {
		row.RatingID, row.Rating, row.RatedAt = r.ID, r.Score, t.UpdatedAt
	}
	for _, field := range t.CustomFields {
		if field.Value != nil && w.ticketIDs[field.ID] {
			if row.Fields == nil {
				row.Fields = map[int64]any{}
			}
			row.Fields[field.ID] = field.Value
		}
	}
	return row
}

func (w wantedFields) organizations(rows []zendesk.Organization, askedAt time.Time) []store.OrganizationRow {
	out := make([]store.OrganizationRow, len(rows))
	for i := range rows {
		o := &rows[i]
		out[i] = store.OrganizationRow{
			Organization: mapping.Organization{
				ID: o.ID, Name: o.Name, Tags: o.Tags, DomainNames: o.DomainNames, ExternalID: o.ExternalID,
				Fields: keep(o.OrganizationFields, w.organizationKeys), CreatedAt: o.CreatedAt,
			},
			Version: store.Version{UpdatedAt: later(o.UpdatedAt, o.DeletedAt), AskedAt: askedAt},
			Deleted: !o.DeletedAt.IsZero(),
		}
	}
	return out
}

// surveyRows keeps the rated answers about tickets.
func surveyRows(rows []zendesk.SurveyResponse, askedAt time.Time) []store.SurveyRow {
	var out []store.SurveyRow
	for i := range rows {
		ticket, ok := surveyedTicket(rows[i].SubjectZRNs)
		if !ok {
			continue
		}
		for _, answer := range rows[i].Answers {
			points, rated := score(answer)
			if answer.Type != "rating_scale" || !rated {
				continue
			}
			out = append(out, store.SurveyRow{
				ID: rows[i].ID, Version: store.Version{UpdatedAt: later(answer.CreatedAt, answer.UpdatedAt), AskedAt: askedAt},
				TicketID: ticket, UserID: rows[i].ResponderID, Score: points, Category: answer.RatingCategory,
				CreatedAt: answer.CreatedAt, ExpiresAt: rows[i].ExpiresAt,
			})
			break
		}
	}
	return out
}

// surveyedTicket is the ticket that a survey was about. https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_survey_responses/
func surveyedTicket(zrns []string) (int64, bool) {
	for _, zrn := range zrns {
		if id, ok := strings.CutPrefix(zrn, "zen:ticket:"); ok {
			n, err := strconv.ParseInt(id, 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// score puts an answer on a scale from 0 to 100, whatever number of points its question has. Where that number is not told, or
// the rating is none of them, the category is what counts; rated is false where there is none either.
func score(a zendesk.SurveyAnswer) (_ float64, rated bool) {
	if points := int64(len(a.Question.Options)); points > 1 && a.Rating >= 1 && a.Rating <= points {
		return float64(a.Rating-1) / float64(points-1) * 100, true
	}
	switch a.RatingCategory {
	case "good":
		return 100, true
	case "neutral":
		return 50, true
	case "bad":
		return 0, true
	}
	return 0, false
}

func keep(fields map[string]any, wanted map[string]bool) map[string]any {
	var out map[string]any
	for key, value := range fields {
		if value != nil && wanted[key] {
			if out == nil {
				out = map[string]any{}
			}
			out[key] = value
		}
	}
	return out
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
