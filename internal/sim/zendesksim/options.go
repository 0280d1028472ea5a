package zendesksim

import (
	"time"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/seed"
)

// Plan decides the account's rate limits (https://developer.zendesk.com/api-reference/introduction/rate-limits/).
type Plan string

// The plans of the vendor's table. HighVolume is any plan with that add-on; Unlimited states limits that nobody meets.
const (
	Team           Plan = "team"
	Growth         Plan = "growth"
	Professional   Plan = "professional"
	Enterprise     Plan = "enterprise"
	EnterprisePlus Plan = "enterprise-plus"
	HighVolume     Plan = "high-volume"
	Unlimited      Plan = "unlimited"
)

// CSAT is the satisfaction survey that is in use: an account has at most one.
type CSAT string

// The two systems of the vendor, and none.
const (
	LegacyCSAT CSAT = "legacy" // /satisfaction_ratings
	NewCSAT    CSAT = "new"    // /guide/survey_responses
	NoCSAT     CSAT = "none"
)

// Options describe the simulated account. Only Account is required.
type Options struct {
	Account   *seed.Account
	Subdomain string // default "acme"; it stands in the url of every record
	Plan      Plan   // default Professional
	CSAT      CSAT   // default LegacyCSAT
	Clock     *sim.Clock
	// Speed makes the default clock's rate windows and export lag that much shorter; with a Clock of your own it is
	// ignored.
	Speed float64

	// Email and Token are a credential that is accepted as "Email/token:Token"; defaults: the account owner's address and
	// DefaultToken. The token also works with the address of any other active user, whose role then decides.
	Email string
	Token string
	// Bearer are OAuth access tokens that act as the account's owner with the scopes read and write.
	Bearer []string
	// ClientID and ClientSecret are the account's OAuth client; without a secret it is a public one. By client credentials it acts
	// as the owner, else as who consents: see ConsentAs.
	ClientID     string
	ClientSecret string
	RedirectURIs []string      // of the client
	ClientScopes []string      // that it may be granted; nil: whatever is asked for
	TokenTTL     time.Duration // of access tokens, by the clock whatever its speed; default 30 min
	RefreshTTL   time.Duration // of refresh tokens; default 30 days
	// EternalTokens are access tokens without an end and without a refresh token, as older clients have them.
	EternalTokens bool

	// EmptyPages puts empty pages that are not the last between the pages of the cursor exports.
	EmptyPages bool
	// NoEnlarge keeps time-based export pages at their size even when one second overflows them: end_time then equals
	// start_time and a client that trusts it never gets on.
	NoEnlarge bool
	// CountRefreshing answers counts above 100,000 as during their background refresh: capped, refreshed_at null.
	CountRefreshing bool
	// RatingAsList shows a single rating as a list of one, as the vendor's OpenAPI document has it; client libraries in use
	// expect an object.
	RatingAsList bool
	// ForbidOrganizations answers 403 on organization routes, as for a restricted custom role.
	ForbidOrganizations bool
	NoHelpCenter        bool // Help Center routes answer 404 InvalidEndpoint
	EventsAPI           bool // an admin has activated the events of users; else their route answers 403

	// WebhooksByHand leaves webhooks to FlushWebhooks and DrainWebhooks; else they are sent as they fall due.
	WebhooksByHand bool
	// WebhookTimeout is how long an endpoint has to answer, by the real clock; 0 is Zendesk's 12 s shortened by Speed.
	WebhookTimeout time.Duration

	MaxCalls    int // bounds of the request log (calls, bytes of each body); 0 keeps everything
	MaxCallBody int
}

// DefaultToken is the API token of an account whose options name none.
const DefaultToken = "simulated-zendesk-token"

func (o Options) withDefaults() Options {
	if o.Subdomain == "" {
		o.Subdomain = "acme"
	}
	if o.Plan == "" {
		o.Plan = Professional
	}
	if o.CSAT == "" {
		o.CSAT = LegacyCSAT
	}
	if o.Clock == nil {
		o.Clock = sim.NewClock(nil, o.Speed)
	}
	if o.Token == "" {
		o.Token = DefaultToken
	}
	if o.Email == "" {
		o.Email = o.Account.Owner().Email
	}
	if o.TokenTTL == 0 {
		o.TokenTTL = 30 * time.Minute
	}
	if o.RefreshTTL == 0 {
		o.RefreshTTL = 30 * 24 * time.Hour
	}
	return o
}

// Known reports whether p is one of the plans.
func (p Plan) Known() bool {
	_, ok := perMinute[p]
	return ok
}
