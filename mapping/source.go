package mapping

import (
	"strconv"
	"time"
)

// The types of Brevo attributes that mapping writes. https://developers.brevo.com/reference/create-attribute
const (
	Text    = "text"
	Float   = "float"
	Boolean = "boolean"
	Date    = "date"
)

// typeByDefinition stands in the registry for sources whose type the Zendesk field decides.
const typeByDefinition = "by field"

// Source is a value that field_mapping can name.
type Source struct {
	Name           string
	Description    string
	Type           string   // text, float, boolean, date, or "by field": the Zendesk field's type decides
	Streams        []Stream // all must have reached their end once before the value may be written
	DefaultTargets []string // attributes it fills when field_mapping does not name it

	// value gives text as string or []string (joined by commas), numbers as float64, days as time.Time, nothing as nil.
	// It is nil for patterns and for the sources that Map treats itself: email, name and phone.
	value func(c *Customer) any
}

// Pattern sources stand for many: KEY, ID and title are taken from the account's field definitions.
const (
	sourceEmail            = "email"
	sourceName             = "name"
	sourcePhone            = "phone"
	sourceAuto             = "user_fields.*"
	prefixUserField        = "user_fields."
	prefixTicketField      = "ticket_fields."
	prefixOrganizationFld  = "organization.fields."
	suffixLabel            = ".label"
	patternUserField       = "user_fields.KEY"
	patternTicketField     = "ticket_fields.ID-or-title"
	patternOrganizationFld = "organization.fields.KEY"
)

var (
	fromUsers         = []Stream{Users}
	fromTickets       = []Stream{Tickets}
	fromOrganizations = []Stream{Organizations}
	fromRatings       = []Stream{Tickets, SatisfactionRatings} // legacy ratings come with the tickets
)

// Sources is the registry: every source there is, in the order of the documentation.
func Sources() []Source {
	var all []Source
	for _, part := range [][]Source{userSources(), ticketSources(), organizationSources(), fieldSources()} {
		all = append(all, part...)
	}
	return all
}

func userSources() []Source {
	text := func(name, description string, value func(*Customer) any, targets ...string) Source {
		return Source{Name: name, Description: description, Type: Text, Streams: fromUsers, DefaultTargets: targets, value: value}
	}
	return []Source{
		text(sourceEmail, "primary e-mail, lower-cased; it identifies the contact, so it can be copied but not switched off", nil, "EMAIL"),
		text(sourceName, "full name; two targets take the first word and the rest, one target the whole name", nil, FirstName, LastName),
		text("first_name", "first word of the name", func(c *Customer) any { first, _ := SplitName(c.User.Name); return first }),
		text("last_name", "the name without its first word; absent for one word", func(c *Customer) any { _, last := SplitName(c.User.Name); return last }),
		text(sourcePhone, "phone in E.164; left out when invalid, with an extension, shared, held by an older user, or national without default_region", nil, SMS),
		text("role", "end-user, agent or admin", func(c *Customer) any { return c.User.Role }, "ROLE"),
		text("ticket_restriction", "which tickets the user may see", func(c *Customer) any { return c.User.TicketRestriction }, "TICKET_RESTRICTION"),
		text("tags", "tags of the user, joined by commas", func(c *Customer) any { return c.User.Tags }, "TAGS"),
		text("organization_id", "id of the default organization", func(c *Customer) any { return identifier(c.User.OrganizationID) }, "ORGANIZATION_ID"),
		text("id", "Zendesk's id of the user", func(c *Customer) any { return identifier(c.User.ID) }),
		text("external_id", "your own id of the user, as Zendesk holds it", func(c *Customer) any { return c.User.ExternalID }),
		text("locale", "language of the user: en-US", func(c *Customer) any { return c.User.Locale }),
		text("time_zone", "time zone of the user", func(c *Customer) any { return c.User.TimeZone }),
		{Name: "created_at", Description: "day the user was created", Type: Date, Streams: fromUsers, value: func(c *Customer) any { return c.User.CreatedAt }},
	}
}

func ticketSources() []Source {
	number := func(name, description string, streams []Stream, value func(Measures) float64, targets ...string) Source {
		return Source{
			Name: name, Description: description, Type: Float, Streams: streams, DefaultTargets: targets,
			value: func(c *Customer) any { return value(c.Measures) },
		}
	}
	return []Source{
		number("open_tickets", "requested tickets that are new, open, pending or on hold", fromTickets, func(m Measures) float64 { return float64(m.OpenTickets) }, "OPEN_TICKETS"),
		number("total_tickets", "requested tickets that are not deleted", fromTickets, func(m Measures) float64 { return float64(m.TotalTickets) }, "TOTAL_TICKETS"),
		{Name: "avg_satisfaction", Description: "mean satisfaction, 0 to 100 with one decimal; absent without ratings", Type: Float, Streams: fromRatings, DefaultTargets: []string{"CSAT_SCORE"}, value: func(c *Customer) any {
			if c.Measures.Ratings == 0 {
				return nil
			}
			return score(c.Measures.Satisfaction)
		}},
		{Name: "last_ticket_date", Description: "day the newest ticket was created", Type: Date, Streams: fromTickets, DefaultTargets: []string{"LAST_SUPPORT_DATE"}, value: func(c *Customer) any { return c.Measures.LastTicketAt }},
		{Name: "channels", Description: "channels of all tickets, joined by commas: chat,email,web", Type: Text, Streams: fromTickets, value: func(c *Customer) any { return c.Measures.Channels }},
		{Name: "last_channel", Description: "channel of the newest ticket", Type: Text, Streams: fromTickets, value: func(c *Customer) any { return c.Measures.LastChannel }},
		{Name: "last_status", Description: "status of the newest ticket", Type: Text, Streams: fromTickets, value: func(c *Customer) any { return c.Measures.LastStatus }},
		number("reopens", "how often tickets were reopened, over all tickets", fromTickets, func(m Measures) float64 { return float64(m.Reopens) }),
		number("ratings", "rated answers behind avg_satisfaction", fromRatings, func(m Measures) float64 { return float64(m.Ratings) }),
		{Name: "last_rating", Description: "good, neutral or bad: the newest rating", Type: Text, Streams: fromRatings, value: func(c *Customer) any { return c.Measures.LastRating }},
		{Name: "last_rating_date", Description: "day of the newest rating", Type: Date, Streams: fromRatings, value: func(c *Customer) any { return c.Measures.LastRatingAt }},
	}
}

func organizationSources() []Source {
	source := func(name, description, typ string, value func(*Organization) any, targets ...string) Source {
		return Source{
			Name: name, Description: description, Type: typ, Streams: fromOrganizations, DefaultTargets: targets,
			value: func(c *Customer) any {
				if c.Organization == nil {
					return nil
				}
				return value(c.Organization)
			},
		}
	}
	return []Source{
		source("organization.name", "name of the default organization", Text, func(o *Organization) any { return o.Name }, "COMPANY_NAME"),
		source("organization.tags", "its tags, joined by commas", Text, func(o *Organization) any { return o.Tags }, "COMPANY_TAGS"),
		source("organization.domain_names", "its domains, joined by commas", Text, func(o *Organization) any { return o.DomainNames }),
		source("organization.external_id", "your own id of the organization, as Zendesk holds it", Text, func(o *Organization) any { return o.ExternalID }),
		source("organization.created_at", "day the organization was created", Date, func(o *Organization) any { return o.CreatedAt }),
	}
}

func fieldSources() []Source {
	source := func(name, description, typ string, streams []Stream) Source {
		return Source{Name: name, Description: description, Type: typ, Streams: streams}
	}
	return []Source{
		source(patternUserField, "custom user field by its key; a drop-down gives its tag", typeByDefinition, fromUsers),
		source(patternUserField+suffixLabel, "the label of a drop-down or multi-select user field", Text, fromUsers),
		source(sourceAuto, "`auto` maps every active user field to an attribute named after its key", typeByDefinition, fromUsers),
		source(patternOrganizationFld, "custom field of the default organization by its key", typeByDefinition, fromOrganizations),
		source(patternOrganizationFld+suffixLabel, "the label of a drop-down or multi-select organization field", Text, fromOrganizations),
		source(patternTicketField, "custom ticket field, from the newest ticket that has a value", typeByDefinition, fromTickets),
		source(patternTicketField+suffixLabel, "the label of a drop-down or multi-select ticket field", Text, fromTickets),
	}
}

// Describe says what the value of a source is, whether the registry has it by name or by pattern; empty for no source.
func Describe(name string) string {
	if kind, _, ok := customField(name); ok {
		name = map[string]string{KindUser: patternUserField, KindOrganization: patternOrganizationFld, KindTicket: patternTicketField}[kind]
	}
	for _, source := range Sources() {
		if source.Name == name {
			return source.Description
		}
	}
	return ""
}

// identifier writes a Zendesk id as text: a number would lose digits beyond 2^53. No id is nothing.
func identifier(id int64) any {
	if id == 0 {
		return nil
	}
	return strconv.FormatInt(id, 10)
}

// day writes the UTC day of t, or nothing for the zero time.
func day(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.DateOnly)
}
