package zendesk

import "time"

// ErasedName is the name of a user who was deleted for good; the address and the phone are gone with it.
// https://developer.zendesk.com/api-reference/ticketing/users/users/#permanently-delete-user
const ErasedName = "Permanently Deleted User"

// User is a person: an end user, an agent or an admin. Free text about the person (details, notes) is not decoded.
// https://developer.zendesk.com/api-reference/ticketing/users/users/
type User struct {
	ID                int64          `json:"id"`
	Name              string         `json:"name"`
	Email             string         `json:"email"` // the primary address; empty for people known by phone or messaging only
	Phone             string         `json:"phone"`
	SharedPhoneNumber bool           `json:"shared_phone_number"`
	Role              string         `json:"role"`   // end-user, agent, admin
	Active            bool           `json:"active"` // false once deleted or merged away; true when the answer does not say
	Suspended         bool           `json:"suspended"`
	Verified          bool           `json:"verified"`
	ExternalID        string         `json:"external_id"`
	OrganizationID    int64          `json:"organization_id"` // the default organization; 0: none
	TicketRestriction string         `json:"ticket_restriction"`
	Tags              []string       `json:"tags"`
	UserFields        map[string]any `json:"user_fields"` // by field key; values as encoding/json decodes them
	Locale            string         `json:"locale"`
	TimeZone          string         `json:"time_zone"`
	IANATimeZone      string         `json:"iana_time_zone"`
	CreatedAt         time.Time      `json:"created_at"`
	UpdatedAt         time.Time      `json:"updated_at"`
	LastLoginAt       time.Time      `json:"last_login_at"`
}

// Ticket is a ticket without its text.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/
type Ticket struct {
	ID                   int64         `json:"id"`
	ExternalID           string        `json:"external_id"`
	Via                  Via           `json:"via"`
	FromMessagingChannel bool          `json:"from_messaging_channel"`
	CreatedAt            time.Time     `json:"created_at"`
	UpdatedAt            time.Time     `json:"updated_at"`          // system updates do not move it
	GeneratedTimestamp   int64         `json:"generated_timestamp"` // Unix seconds; in exports only
	Type                 string        `json:"type"`                // problem, incident, question, task; empty: none
	Priority             string        `json:"priority"`            // urgent, high, normal, low; empty: none
	Status               string        `json:"status"`              // new, open, pending, hold, solved, closed; "deleted" in exports
	CustomStatusID       int64         `json:"custom_status_id"`
	RequesterID          int64         `json:"requester_id"`
	SubmitterID          int64         `json:"submitter_id"`
	AssigneeID           int64         `json:"assignee_id"`
	OrganizationID       int64         `json:"organization_id"`
	GroupID              int64         `json:"group_id"`
	BrandID              int64         `json:"brand_id"`
	TicketFormID         int64         `json:"ticket_form_id"`
	ProblemID            int64         `json:"problem_id"`
	FollowupIDs          []int64       `json:"followup_ids"`
	Tags                 []string      `json:"tags"`
	CustomFields         []CustomField `json:"custom_fields"`
	// SatisfactionRating is the legacy rating; nil when the answer has none, score "unoffered" when none was asked for.
	SatisfactionRating *SatisfactionRating `json:"satisfaction_rating"`
	// Metrics is there when the call asked for metric sets and Zendesk has one.
	Metrics *MetricSet `json:"metric_set"`
}

// Deleted reports whether the export returned a tombstone.
func (t *Ticket) Deleted() bool { return t.Status == "deleted" }

// Via is how a ticket came in. Channel is an open vocabulary: web, email, api, chat, voice, native_messaging ...
// https://developer.zendesk.com/documentation/ticketing/reference-guides/via-object-reference/
type Via struct {
	Channel string `json:"channel"`
}

// CustomField is one field value of a ticket, by the field's id: nil, string, bool, float64 or a list of strings.
// A drop-down gives its option's tag.
type CustomField struct {
	ID    int64 `json:"id"`
	Value any   `json:"value"`
}

// MetricSet counts what happened to a ticket. Zero times did not happen yet.
// https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metrics/
type MetricSet struct {
	TicketID            int64     `json:"ticket_id"`
	Reopens             int64     `json:"reopens"`
	Replies             int64     `json:"replies"`
	SolvedAt            time.Time `json:"solved_at"`
	AssignedAt          time.Time `json:"assigned_at"`
	CreatedAt           time.Time `json:"created_at"`
	UpdatedAt           time.Time `json:"updated_at"`
	ReplyTime           Minutes   `json:"reply_time_in_minutes"`
	FirstResolutionTime Minutes   `json:"first_resolution_time_in_minutes"`
	FullResolutionTime  Minutes   `json:"full_resolution_time_in_minutes"`
}

// Minutes is a duration by the calendar and by business hours; nil while it is not known.
type Minutes struct {
	Calendar *int64 `json:"calendar"`
	Business *int64 `json:"business"`
}

// Organization is a company that users belong to. DeletedAt is set in exports only.
// https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/
type Organization struct {
	ID                 int64          `json:"id"`
	Name               string         `json:"name"`
	DomainNames        []string       `json:"domain_names"`
	ExternalID         string         `json:"external_id"`
	GroupID            int64          `json:"group_id"`
	Tags               []string       `json:"tags"`
	OrganizationFields map[string]any `json:"organization_fields"` // by field key; values as encoding/json decodes them
	CreatedAt          time.Time      `json:"created_at"`
	UpdatedAt          time.Time      `json:"updated_at"`
	DeletedAt          time.Time      `json:"deleted_at"`
}

// SatisfactionRating is a legacy CSAT rating without its comment. Inside a ticket it has no more than an id, a score and
// a reason.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/
type SatisfactionRating struct {
	ID          int64     `json:"id"`
	TicketID    int64     `json:"ticket_id"`
	RequesterID int64     `json:"requester_id"`
	AssigneeID  int64     `json:"assignee_id"`
	GroupID     int64     `json:"group_id"`
	Score       string    `json:"score"` // unoffered, offered, good, bad; lists add ..._with_comment and so on
	ReasonID    int64     `json:"reason_id"`
	ReasonCode  int64     `json:"reason_code"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// SurveyResponse is an answer to the new CSAT survey, without what the person wrote.
// https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_survey_responses/
type SurveyResponse struct {
	ID          string         `json:"id"`
	ResponderID int64          `json:"responder_id"`
	ExpiresAt   time.Time      `json:"expires_at"` // until then the person may change the answers
	SubjectZRNs []string       `json:"subject_zrns"`
	Survey      Survey         `json:"survey"`
	Answers     []SurveyAnswer `json:"answers"`
}

// Survey names the survey that was answered.
type Survey struct {
	ID      string `json:"id"`
	Version int64  `json:"version"`
	State   string `json:"state"`
}

// SurveyAnswer is one answer: rating_scale with Rating and RatingCategory, closed_ended, open_ended or skipped.
type SurveyAnswer struct {
	Type           string         `json:"type"`
	Rating         int64          `json:"rating"`          // 1 is the worst
	RatingCategory string         `json:"rating_category"` // bad, neutral, good
	Question       SurveyQuestion `json:"question"`
	CreatedAt      time.Time      `json:"created_at"`
	UpdatedAt      time.Time      `json:"updated_at"`
}

// SurveyQuestion is the question that an answer belongs to. Options tells how many points its scale has.
type SurveyQuestion struct {
	ID      string         `json:"id"`
	Alias   string         `json:"alias"`
	Type    string         `json:"type"`
	SubType string         `json:"sub_type"`
	Options []SurveyOption `json:"options"`
}

// SurveyOption is one point of a scale.
type SurveyOption struct {
	ID     string `json:"id"`
	Rating int64  `json:"rating"`
}

// Field defines a custom field of tickets, users or organizations. Ticket values go by ID, the others by Key.
// https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_fields/
type Field struct {
	ID        int64         `json:"id"`
	Key       string        `json:"key"` // empty for ticket fields
	Type      string        `json:"type"`
	Title     string        `json:"title"`
	Active    bool          `json:"active"` // true when the answer does not say
	System    bool          `json:"system"`
	Removable bool          `json:"removable"` // ticket fields: false for Zendesk's own (subject, status ...)
	Tag       string        `json:"tag"`       // of a checkbox
	Options   []FieldOption `json:"custom_field_options"`
}

// FieldOption is one choice of a drop-down or multi-select: Value is the tag that rows hold, Name its label.
type FieldOption struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Count is an approximate number of rows. Above 100,000 it is refreshed once a day; while that happens RefreshedAt is
// zero and Value is capped at 100,000.
type Count struct {
	Value       int64     `json:"value"`
	RefreshedAt time.Time `json:"refreshed_at"`
}

// Webhook is a webhook of the account.
// https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
type Webhook struct {
	ID            string    `json:"id"`
	Name          string    `json:"name"`
	Endpoint      string    `json:"endpoint"`
	HTTPMethod    string    `json:"http_method"`
	RequestFormat string    `json:"request_format"`
	Status        string    `json:"status"` // active, inactive
	Subscriptions []string  `json:"subscriptions"`
	CreatedAt     time.Time `json:"created_at"`
}
