// Package mapping decides what Brevo should know about a customer: a Zendesk user with organization and measures in, a
// Brevo contact out. It is pure: no clock, no network, no store.
package mapping

import "time"

// Stream is one source of rows that attributes and lists depend on.
type Stream string

// The streams of a Zendesk account.
const (
	Users               Stream = "users"
	Tickets             Stream = "tickets"
	Organizations       Stream = "organizations"
	SatisfactionRatings Stream = "satisfaction_ratings"
)

// Customer is everything the mirror knows about one Zendesk user.
type Customer struct {
	User         User
	Organization *Organization // the default organization; nil without one, or when it is deleted or not yet mirrored
	Measures     Measures
	// PhoneHeldBy is the id of an older eligible user with the same number; 0 when nobody else holds it.
	PhoneHeldBy int64
}

// User is a Zendesk user. https://developer.zendesk.com/api-reference/ticketing/users/users/
type User struct {
	ID                int64
	Email             string // primary e-mail, lower-cased; empty when the user has none
	Name              string
	Phone             string // as Zendesk holds it
	SharedPhone       bool   // shared_phone_number
	Role              string // end-user, agent, admin
	TicketRestriction string
	Tags              []string
	OrganizationID    int64          // default organization; 0 without one
	Fields            map[string]any // user_fields by key, only those that are mapped
	Active            bool           // false once soft-deleted or merged into another user
	Suspended         bool
	ExternalID        string
	Locale            string
	TimeZone          string
	CreatedAt         time.Time
}

// Organization is a Zendesk organization. https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/
type Organization struct {
	ID          int64
	Name        string
	Tags        []string
	DomainNames []string
	ExternalID  string
	Fields      map[string]any // organization_fields by key, only those that are mapped
	CreatedAt   time.Time
}

// Measures are what a customer's tickets and ratings add up to. Deleted tickets, and tickets created before the
// connector's --since, do not count.
type Measures struct {
	OpenTickets  int       // in status new, open, pending or hold
	TotalTickets int       // not deleted
	Ratings      int       // rated answers behind AvgSatisfaction
	Satisfaction float64   // mean score, 0 to 100, unrounded; meaningless while Ratings is 0
	LastTicketAt time.Time // newest created_at; zero without tickets
	Channels     []string  // distinct via.channel, sorted
	LastChannel  string    // of the newest ticket
	LastStatus   string    // of the newest ticket
	LastRating   string    // good, neutral or bad: category of the newest rating
	LastRatingAt time.Time
	Reopens      int           // sum over tickets
	TicketFields map[int64]any // custom_fields by field id: the newest ticket that has a value
}
