package brevosim

import (
	"time"

	"zendesk-brevo/internal/sim"
)

// Plan is the rate-limit tier of the account (https://developers.brevo.com/docs/api-limits).
type Plan string

// The tiers of the vendor's table, and one without limits and without rate-limit headers.
const (
	General   Plan = "general"
	Advanced  Plan = "advanced"
	Extended  Plan = "extended"
	Unlimited Plan = "unlimited"
)

// ResetUnit is how x-sib-ratelimit-reset counts. The vendor says "typically seconds"; milliseconds and replies without
// any such header have been met in the field.
type ResetUnit string

// The three things that production clients report.
const (
	Seconds      ResetUnit = "seconds"
	Milliseconds ResetUnit = "milliseconds"
	Absent       ResetUnit = "absent"
)

// CompanyPaging is what the parameter page of GET /companies may mean.
type CompanyPaging string

// Three readings of "index of the first document of the page".
const (
	PageFromOne  CompanyPaging = "page number from 1"
	PageFromZero CompanyPaging = "page number from 0"
	PageByRow    CompanyPaging = "index of the first company, from 0"
)

// ImportVisibility says which routes show a process.
type ImportVisibility string

// The published schema of GET /processes names no company import.
const (
	ListedImports   ImportVisibility = "listed"
	UnlistedImports ImportVisibility = "only by id"
	HiddenImports   ImportVisibility = "nowhere"
)

// Options describe the simulated account. The zero value is an English one on the General plan with the key DefaultAPIKey.
type Options struct {
	APIKey string
	// ClientID and ClientSecret are a machine-to-machine app of the account, AppScopes what it may do; default: what a new app may.
	ClientID     string
	ClientSecret string
	AppScopes    []string
	TokenTTL     time.Duration // of its access tokens, by the clock whatever its speed; default an hour
	Plan         Plan
	Clock        *sim.Clock

	// AllowedIPs are addresses or CIDR ranges; calls from elsewhere are refused as from an unknown IP. Empty allows all.
	AllowedIPs []string
	ResetUnit  ResetUnit
	// NamesLocale decides what the account calls first and last name: en, fr, de, es, it, pt.
	NamesLocale string
	// Zone is the account's time zone, in which timestamps are written; default +05:30.
	Zone *time.Location
	// AccountEmail is the account's own contact, which cannot be deleted.
	AccountEmail string

	// ImportDelay is the vendor time from the acceptance of an import to its end; the clock's speed shortens it. The
	// process is queued for the first half and processing for the second. Zero: it has ended at the next request.
	ImportDelay time.Duration
	// MissingReferences answers 404 where a write of a contact names a list or an attribute that does not exist, instead of 400
	// and silence: the vendor lists 404 for both routes and does not say what it is about.
	MissingReferences bool
	// StrictRemovals answers 400 where one of the contacts to be taken off a list is not on it, and takes nobody off: the vendor lists
	// 400 for the route and does not say what it is about. The code is one of those that are sentences.
	StrictRemovals bool
	// ProcessWords are other words for the statuses of processes: the vendor's vocabulary is open.
	ProcessWords map[string]string
	// ReportsKnown lists the contacts that an import leaves alone, because it is not to update any, among its refused rows. What
	// becomes of them is not documented.
	ReportsKnown bool
	// ImportPolls, when set, ends an import at that many looks at its process even before ImportDelay has passed.
	ImportPolls int
	// MaxImportBytes bounds jsonBody and fileBody; default 10 MB as documented.
	MaxImportBytes int
	// MaxImportRows bounds the rows of one import; 0, as the vendor states no number, allows any.
	MaxImportRows int
	// SilentBadPhones drops import rows with an impossible phone number without listing them in any file.
	SilentBadPhones bool

	// CompanyPageMax is the largest page of GET /companies (undocumented); default 100. Larger limits are cut to it, or
	// refused with RefuseLargePages.
	CompanyPageMax   int
	RefuseLargePages bool
	// CompanyPaging is what page means in GET /companies (undocumented); default PageFromOne.
	CompanyPaging CompanyPaging
	// CompanyListLag is the vendor time after which a company that an import made shows up in GET /companies.
	CompanyListLag time.Duration
	// CompanyAttributePrefix begins the internal names of attributes that are created.
	CompanyAttributePrefix string
	// CompanyImports is where the processes of company imports can be seen (undocumented); default ListedImports.
	CompanyImports ImportVisibility
	// StrictLinks answers 400 where a contact to be linked or unlinked does not exist, instead of passing it over: the vendor lists
	// 400 for the route and nothing else. With MissingReferences it answers 404, as its other routes do.
	StrictLinks bool

	// EventLag is the vendor time after which an accepted event shows up in GET /events.
	EventLag time.Duration
	// BareEvents leaves the properties of events out of GET /events: the published schema requires no member of a row.
	BareEvents bool
	// EmailLag is the vendor time after which a sent e-mail shows up in GET /smtp/emails.
	EmailLag time.Duration
	// DedupEmails answers a repeated Idempotency-Key with the first message id and sends nothing.
	DedupEmails bool
	// TemplateIDs are the templates that exist; nil: every positive id does.
	TemplateIDs []int64

	// MaxCalls and MaxCallBody bound the request log (calls, bytes of each body); 0 keeps everything.
	MaxCalls    int
	MaxCallBody int
}

// DefaultAPIKey opens an account whose options name no key.
const DefaultAPIKey = "xkeysib-simulated"

func (o Options) withDefaults() Options {
	if o.APIKey == "" {
		o.APIKey = DefaultAPIKey
	}
	if o.AppScopes == nil {
		o.AppScopes = []string{"contacts:read", "contacts:write", "crm:read", "crm:write"}
	}
	if o.TokenTTL == 0 {
		o.TokenTTL = time.Hour
	}
	if o.Plan == "" {
		o.Plan = General
	}
	if o.Clock == nil {
		o.Clock = sim.NewClock(nil, 1)
	}
	if o.ResetUnit == "" {
		o.ResetUnit = Seconds
	}
	if o.Zone == nil {
		o.Zone = time.FixedZone("IST", (5*60+30)*60)
	}
	if o.AccountEmail == "" {
		o.AccountEmail = "owner@simulated.example"
	}
	if o.MaxImportBytes == 0 {
		o.MaxImportBytes = 10_000_000
	}
	if o.CompanyPageMax == 0 {
		o.CompanyPageMax = 100
	}
	if o.CompanyPaging == "" {
		o.CompanyPaging = PageFromOne
	}
	if o.CompanyImports == "" {
		o.CompanyImports = ListedImports
	}
	return o
}
