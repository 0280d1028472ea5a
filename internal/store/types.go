package store

import (
	"encoding/json"
	"errors"
	"time"

	"zendesk-brevo/mapping"
)

// Sentinel errors; every driver error is translated in one place.
var (
	// ErrCursorMoved: the page was fetched from a cursor that is no longer the stored one. Throw the page away.
	ErrCursorMoved = errors.New("cursor has moved")
	// ErrLocked: another process holds the SQLite file.
	ErrLocked = errors.New("store is locked by another process")
	// ErrNotFound: no such row.
	ErrNotFound = errors.New("not found")
	// ErrClaimLost: the claim ran out and somebody else may have taken it; what was to be recorded was not.
	ErrClaimLost = errors.New("claim was lost")
)

// Version orders the writes of one mirrored row: a write applies only if its pair is greater than the stored one.
type Version struct {
	UpdatedAt time.Time // the vendor's; for a deletion the time it was noticed
	AskedAt   time.Time // when the request that returned the row was sent
}

// UserRow is a mirrored user. Deleted users stay as rows with Active false.
type UserRow struct {
	mapping.User
	Version
	Phone164 string // the user's phone in E.164, empty when invalid
	// Quiet: the read shows a change of our own making, which is no news. It is not stored.
	Quiet bool
}

// OrganizationRow is a mirrored organization.
type OrganizationRow struct {
	mapping.Organization
	Version
	Deleted bool
}

// TicketRow is a mirrored ticket: numbers and enums only, never its text.
type TicketRow struct {
	ID int64
	Version
	RequesterID    int64
	OrganizationID int64
	Status         string // new, open, pending, hold, solved, closed, deleted
	Priority       string
	Channel        string
	Reopens        int // metric_set.reopens
	RatingID       int64
	Rating         string // legacy CSAT: good, bad; empty without a rating
	RatedAt        time.Time
	Fields         map[int64]any // mapped custom fields by id, nil values left out
	CreatedAt      time.Time
	SolvedAt       time.Time
	Merged         bool // into another ticket
	Ours           bool // made by an automation
}

// SurveyRow is one rated answer of the new CSAT.
type SurveyRow struct {
	ID string
	Version
	TicketID  int64
	UserID    int64
	Score     float64 // 0 to 100
	Category  string  // good, neutral, bad
	CreatedAt time.Time
	ExpiresAt time.Time // it may be edited until then
}

// Cursor is where a stream stands.
type Cursor struct {
	Stream    string
	Value     string // opaque; empty at the start of a stream
	PageSize  int    // in force for the next page
	Rows      int64  // rows read since the run began
	Pages     int64
	RunID     string
	AtEnd     bool      // the run has reached the stream's end
	Completed time.Time // when the stream last reached its end; zero when it never has
	Skipped   string    // why the stream was skipped in the latest run: the plan or role lacks it
	UpdatedAt time.Time
}

// Page is what one export page changes besides its rows.
type Page struct {
	Stream   string
	From     string // the cursor it was fetched from: compared before, and replaced with, the commit
	To       string
	PageSize int // to use for the next page
	End      bool
	Now      time.Time
}

// Applied counts what a write did.
type Applied struct {
	Rows    int // rows offered
	Changed int // rows whose content changed
	Stale   int // rows that lost against a newer version
}

// Run is one sync.
type Run struct {
	ID        string // workflow run id of the Sync
	Type      string // full, incremental, replay
	Streams   []string
	Since     time.Time // tickets and ratings created before it do not count; zero: all count
	StartedAt time.Time
	EndedAt   time.Time
	Status    string // running, completed, failed, canceled
	Stats     RunStats
}

// RunStats counts what a run did.
type RunStats struct {
	Rows      map[string]int64 `json:"rows,omitempty"`
	Pages     map[string]int64 `json:"pages,omitempty"`
	Sent      int64            `json:"sent"`
	Unchanged int64            `json:"unchanged"`
	Skipped   map[string]int64 `json:"skipped,omitempty"`
	Rejected  map[string]int64 `json:"rejected,omitempty"`
	Companies int64            `json:"companies"`
	// CompaniesRejected counts the companies that Brevo refused, by reason.
	CompaniesRejected map[string]int64 `json:"companies_rejected,omitempty"`

	Notices []string          `json:"notices,omitempty"`
	Left    map[string]string `json:"streams_skipped,omitempty"` // stream -> reason
	Pilot   bool              `json:"pilot,omitempty"`           // it wrote to the people of a pilot alone
}

// Kind is what a dirty mark or reject speaks of.
type Kind string

const (
	KindUser         Kind = "user"
	KindOrganization Kind = "organization"
)

// Dirty is a mark that a row's image in Brevo may be out of date.
type Dirty struct {
	ID      int64
	Version int64
}

// DeliveryState says how a contact stands in Brevo.
type DeliveryState string

const (
	DeliveryNone     DeliveryState = ""         // never sent
	DeliverySent     DeliveryState = "sent"     // Brevo accepted Attributes and Lists
	DeliverySkipped  DeliveryState = "skipped"  // not a contact; Reason says why
	DeliveryRejected DeliveryState = "rejected" // Brevo refused it; Reason says why
	DeliveryLeft     DeliveryState = "left"     // was sent, is no contact any more: lists left, support attributes cleared
	DeliveryGone     DeliveryState = "gone"     // was sent, then deleted in Brevo
)

// Delivery is what Brevo last accepted for one Zendesk user.
type Delivery struct {
	UserID     int64
	State      DeliveryState
	Reason     string
	Email      string
	BrevoID    int64
	Attributes map[string]any // canonical: string, float64, bool, []string
	Lists      []int64        // lists we added the contact to, ascending
	// Refused are the attribute values (and "EMAIL") that Brevo would not take; the wish stays open, and is not
	// repeated while the value is the same.
	Refused map[string]any
	SentAt  time.Time
	Made    bool // the contact in Brevo was made by this connector; false: it was somebody else's before
}

// Claimed is a user whose contact the caller may write until the lease ends.
type Claimed struct {
	Customer  mapping.Customer
	UpdatedAt time.Time // of the user in Zendesk
	Found     bool      // false: the mirror has no such user (yet)
	Dirty     int64     // the mark's version when read; 0 when it was not marked
	Delivery  Delivery
}

// ImportState is the life of a bulk import.
type ImportState string

const (
	ImportOpen    ImportState = "open"    // planned, claims held, not yet accepted by Brevo
	ImportRunning ImportState = "running" // Brevo gave a process id
	ImportSettled ImportState = "settled"
)

// Import is one bulk import of contacts and the rows it carries.
type Import struct {
	ID        string // made by the caller: stable across retries
	RunID     string
	State     ImportState
	ProcessID int64 // 0 until Brevo named one, -1 while it is being asked
	Lists     []int64
	Blocklist bool // emailBlacklist for all its rows: new people under new_contacts: blocklist
	Rows      int
	CreatedAt time.Time
	// StartedAt is when Brevo accepted it; of an open one, when Brevo was last asked for it or for what it was split from, and zero
	// when nothing of it can have arrived.
	StartedAt time.Time
}

// ImportRow is one contact of an import: what will have been delivered when it ends well.
type ImportRow struct {
	Delivery                 // Attributes as they will stand after the import
	Send      map[string]any // the attributes this import carries
	Dirty     int64
	DecidedAt time.Time `json:",omitzero"`
	Create    bool      `json:",omitempty"` // no contact was known when it was decided
}

// BrevoContact is what the mirror knows of a contact in Brevo, whoever made it.
type BrevoContact struct {
	ID               int64
	Email            string // lower-cased
	EmailBlacklisted bool
	SMSBlacklisted   bool
	Lists            []int64
	Unsubscribed     []int64        // listUnsubscribed
	Attributes       map[string]any // only those whose ownership must be decided (first name, last name, SMS)
	ModifiedAt       time.Time
}

// Company is a Zendesk organization's image in Brevo.
type Company struct {
	OrganizationID int64
	State          string // intent: creation was begun; sent: BrevoID is known; gone; refused; empty: none
	BrevoID        string
	ProcessID      int64 // of the import that makes or changes it, 0 without one, -1 while its answer has not come
	Attributes     map[string]any
	Contacts       []int64   // Brevo contact ids we linked, ascending
	Unsure         []int64   // ascending; linking or unlinking them was asked for, and nobody knows whether it was done
	IntentAt       time.Time // when Brevo was last asked for what is not known to be done
	SentAt         time.Time // when it last arrived
}

// Attribute is a Brevo attribute as preflight found or made it.
type Attribute struct {
	Name     string
	Category string // normal, category, ...
	Type     string // text, float, boolean, date, ...
	Ours     bool   // made by this connector
	// Options are the values, and then the labels, that an attribute of the category "category" takes.
	Options []string
}

// List is a Brevo list as preflight found or made it.
type List struct {
	Key     string // all_customers, active_tickets, satisfied_customers
	ID      int64
	Name    string
	Ours    bool // made by this connector
	Adopted bool
}

// Field is a Zendesk custom field definition.
type Field struct {
	Kind    string // ticket, user, organization
	ID      int64
	Key     string // empty for ticket fields
	Type    string
	Title   string
	Active  bool
	Options map[string]string // tag -> label
}

// Reject is one record that could not be brought over, and why.
type Reject struct {
	Kind   Kind            `json:"kind"`
	ID     int64           `json:"id"`
	Reason string          `json:"reason"` // short, stable: invalid_email, refused
	Detail string          `json:"detail"` // the vendor's words; may hold personal data
	RunID  string          `json:"run_id"`
	At     time.Time       `json:"at"`
	Extra  json.RawMessage `json:"extra,omitempty"`
}

// Pause stands while an account must not be worked on.
type Pause struct {
	Kind    string // credentials, credit, mass_change, operator
	Message string // what happened and what to do
	At      time.Time
}

// Contacted is the latest outcome of a call to a vendor.
type Contacted struct {
	Vendor  string
	OK      bool
	At      time.Time
	Message string // the error's text when not OK
}
