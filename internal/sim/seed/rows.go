package seed

import "time"

// User is a Zendesk user (https://developer.zendesk.com/api-reference/ticketing/users/users/). Empty strings, zero ids
// and zero times are null on the wire. Slices and maps are shared: replace them, do not change them.
type User struct {
	ID                int64
	Name              string
	Email             string // primary
	OtherEmails       []string
	Phone             string
	SharedPhoneNumber bool
	Role              string // end-user, agent, admin
	CustomRoleID      int64
	TicketRestriction string
	Active            bool
	Suspended         bool
	Verified          bool
	ExternalID        string
	OrganizationID    int64 // the default organization
	Tags              []string
	Fields            map[string]any // by field key: nil, string, bool, float64, int64 or []string
	Locale            string
	TimeZone          string
	CreatedAt         time.Time
	UpdatedAt         time.Time
	LastLoginAt       time.Time
	DeletedForever    bool  // permanently deleted: name "Permanently Deleted User", no e-mail, no phone
	MergedInto        int64 // of a merge's loser; Zendesk shows it nowhere
}

// Organization is a Zendesk organization (https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/).
type Organization struct {
	ID          int64
	Name        string
	DomainNames []string
	ExternalID  string
	Details     string
	Notes       string
	Tags        []string
	Fields      map[string]any
	CreatedAt   time.Time
	UpdatedAt   time.Time
	DeletedAt   time.Time // only the incremental export shows deleted organizations
}

// Ticket is a Zendesk ticket (https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/).
type Ticket struct {
	ID                 int64
	ExternalID         string
	Channel            string // via.channel
	ViaRel             string // via.source.rel
	Type               string
	Subject            string
	Description        string
	Priority           string
	Status             string // new, open, pending, hold, solved, closed, deleted
	CustomStatusID     int64
	RequesterID        int64
	SubmitterID        int64
	AssigneeID         int64
	OrganizationID     int64
	GroupID            int64
	ProblemID          int64
	BrandID            int64
	FormID             int64
	FollowupIDs        []int64
	EmailCCIDs         []int64
	HasIncidents       bool
	FromMessaging      bool
	Archived           bool // closed for 120 days: GET /tickets leaves it out, the exports do not
	DueAt              time.Time
	Tags               []string
	CustomFields       []FieldValue
	Rating             Rating
	Metrics            MetricSet
	CreatedAt          time.Time
	UpdatedAt          time.Time
	GeneratedTimestamp int64 // Unix seconds; system updates move it and leave UpdatedAt
}

// FieldValue is the value of one custom ticket field: nil, string, bool or []string. Numbers travel as strings.
type FieldValue struct {
	ID    int64
	Value any
}

// Rating is a ticket's satisfaction rating. Score is unoffered, offered, good or bad; the rest is set for good and bad
// (times for offered too).
type Rating struct {
	ID        int64
	Score     string
	Stars     int // 1 to 5: what the new CSAT survey recorded; 4 and 5 are good
	Comment   string
	Reason    string
	ReasonID  int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Rated reports whether the requester gave a score.
func (r Rating) Rated() bool { return r.Score == "good" || r.Score == "bad" }

// MetricSet is a ticket's metrics (https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metrics/).
type MetricSet struct {
	ID                  int64
	Reopens             int
	Replies             int
	AssigneeStations    int
	GroupStations       int
	FirstReplyMinutes   int
	FirstResolution     int // minutes, calendar
	FullResolution      int
	AgentWait           int
	RequesterWait       int
	OnHold              int
	AssignedAt          time.Time
	InitiallyAssignedAt time.Time
	SolvedAt            time.Time
	StatusUpdatedAt     time.Time
	LatestCommentAt     time.Time
	LatestInternal      bool // the latest comment is a note that only agents see
	Added               int  // comments written since the account began
}

// FieldDefinition defines a field of tickets (no key), users or organizations.
type FieldDefinition struct {
	ID      int64
	Key     string
	Type    string // text, textarea, checkbox, date, integer, decimal, regexp, tagger, multiselect, partialcreditcard; system types on tickets
	Title   string
	Active  bool
	System  bool // not removable
	Regexp  string
	Tag     string // of a checkbox
	Options []FieldOption
}

// FieldOption is a choice of a drop-down: Value (the tag) travels in rows, Name is its label.
type FieldOption struct {
	ID    int64
	Name  string
	Value string
}

// CustomStatus is a custom ticket status.
type CustomStatus struct {
	ID       int64
	Category string
	Label    string
	Default  bool
}
