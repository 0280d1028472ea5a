// Package config reads what a person configures: connectors.yaml and the environment. Everything that is wrong is reported
// at once, with its line; what Load returns is complete, defaulted and valid.
package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Allowed values of the settings that choose between words.
const (
	TypeZendesk = "zendesk"

	RoleEndUser = "end-user"
	RoleAgent   = "agent"
	RoleAdmin   = "admin"

	NewContactsCreate    = "create"
	NewContactsBlocklist = "blocklist"
	NewContactsSkip      = "skip"

	OnBrevoDeletedSkip     = "skip"
	OnBrevoDeletedRecreate = "recreate"

	// OnUserKeep leaves the contact of a merged or deleted user in Brevo as it is.
	OnUserKeep = "keep"
	// OnUserDelete deletes the contact of a user who was merged into another, when this connector made it.
	OnUserDelete = "delete"

	AutomationsLive   = "live"
	AutomationsShadow = "shadow" // records what would have been done, does nothing
)

// DefaultBrevoURL is where Brevo's API v3 answers: https://developers.brevo.com/reference.
const DefaultBrevoURL = "https://api.brevo.com/v3"

// DefaultListFolder is the Brevo folder in which lists given by name are created.
const DefaultListFolder = "Zendesk"

// File is a whole connectors.yaml.
type File struct {
	Path       string
	Brevo      Brevo
	Connectors map[string]*Connector
	Ordered    []*Connector // the same connectors in the order of the file
}

// Brevo is the account that everything is written to. BaseURL has no trailing slash. Either APIKey or OAuth is set.
type Brevo struct {
	APIKey  Secret
	OAuth   BrevoOAuth
	BaseURL string
}

// UsesOAuth reports whether the OAuth app is the credential.
func (b Brevo) UsesOAuth() bool { return b.OAuth.ClientID != "" }

// BrevoOAuth is a machine-to-machine app: https://developers.brevo.com/docs/oauth-m2m-authentication.
type BrevoOAuth struct {
	ClientID     string
	ClientSecret Secret
	Scopes       []string
	TokenURL     string // below the host of BaseURL, unless it is written
}

// Connector is one Zendesk account and how it is brought into Brevo. All fields are defaulted and validated; text that
// Zendesk and Brevo compare without case (addresses, domains, tags, attribute names) is already in one case.
type Connector struct {
	Name      string
	Type      string // TypeZendesk
	Enabled   bool
	Subdomain string // lower case: "acme" of acme.zendesk.com
	BaseURL   string // no trailing slash; https unless the host is loopback
	Auth      Auth

	Sync           Sync
	Lists          Lists
	ListFolder     string // Brevo folder for lists given by name
	AdoptLists     bool   // permits list ids whose members the connector did not add
	Thresholds     Thresholds
	DefaultRegion  string       // ISO 3166 alpha-2 for national phone numbers; empty: they are left out
	FieldMapping   FieldMapping // in the order of the file; replaces the defaults it names
	Overwrite      []string     // attributes written even where a person edited them; upper case
	NewContacts    string       // create, blocklist, skip
	OnBrevoDeleted string       // skip, recreate
	OnUserMerged   string       // keep, delete
	OnUserDeleted  string       // keep
	Pilot          Pilot

	RateLimits RateLimits
	Schedule   Schedule
	Events     Events
	Webhooks   Webhooks

	AutomationsMode    string // live, shadow
	BuiltinAutomations bool
	Automations        []Automation

	Debug       bool
	LogLevel    LogLevel // already raised to verbose when Debug is set
	LogWebhooks bool
}

// Auth is how Zendesk is called: by API token when APIToken is set, else by OAuth client. Exactly one is set.
type Auth struct {
	Email    string // of the agent the token signs in as; from ZENDESK_EMAIL when the file has none
	APIToken Secret
	OAuth    OAuth
}

// UsesOAuth reports whether the OAuth client is the credential.
func (a Auth) UsesOAuth() bool { return a.OAuth.ClientID != "" }

// OAuth is a Zendesk OAuth client: https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/.
type OAuth struct {
	ClientID     string
	ClientSecret Secret   // unset: a public client, which a person has to connect
	Scopes       []string // of client credentials; `starter connect` asks for what is needed
}

// Sync says which resources are read, and which users become contacts. A resource switched off is neither read nor mapped.
type Sync struct {
	Users               bool
	Tickets             bool
	Organizations       bool
	SatisfactionRatings bool
	Roles               []string // end-user, agent, admin
	Exclude             Exclude
}

// Exclude names people who never become contacts. All values are lower case.
type Exclude struct {
	Emails   []string
	Domains  []string // without the @
	Tags     []string
	Patterns []string // beginnings of an address: "noreply@"
}

// Lists are the Brevo lists that people join while a condition holds; a zero ListRef is a list not used.
type Lists struct {
	AllCustomers       ListRef
	ActiveTickets      ListRef
	SatisfiedCustomers ListRef
}

// ListRef is a Brevo list by id (which must exist) or by name (created when missing). At most one of the two is set.
type ListRef struct {
	ID   int64
	Name string
}

// IsZero reports whether no list is meant.
func (r ListRef) IsZero() bool { return r == ListRef{} }

// String is the id or the quoted name, for messages.
func (r ListRef) String() string {
	switch {
	case r.ID != 0:
		return strconv.FormatInt(r.ID, 10)
	case r.Name != "":
		return strconv.Quote(r.Name)
	default:
		return ""
	}
}

// Thresholds: Satisfied is the lowest CSAT_SCORE (0 to 100) of a satisfied customer.
type Thresholds struct{ Satisfied float64 }

// Pilot limits every Brevo write and action to these people (lower case) while it is not empty.
type Pilot struct{ Emails []string }

// Active reports whether the pilot limits anything.
func (p Pilot) Active() bool { return len(p.Emails) > 0 }

// RateLimits are the shares (above 0, up to 1) of Zendesk's request budgets that the connector may use; the rest is left to
// people and other apps.
type RateLimits struct {
	ZendeskShare float64
	ExportShare  float64
}

// Schedule: Every is the gap between incremental syncs.
type Schedule struct{ Every time.Duration }

// Events tunes what a recorded change may cause: nothing when it is older than MaxAge; Settle is how long a ticket must be
// quiet; Prefix goes before every Brevo event name.
type Events struct {
	MaxAge time.Duration
	Settle time.Duration
	Prefix string
}

// Webhooks: a delivery signed longer than MaxAge ago is refused.
type Webhooks struct{ MaxAge time.Duration }

// Account is the key of everything stored for this connector: the Zendesk subdomain.
func (c *Connector) Account() string { return c.Subdomain }

// URL is the base URL of the Zendesk account, without a trailing slash.
func (c *Connector) URL() string { return c.BaseURL }

// DefaultConnector is a connector on which nothing optional is set: what an entry with only a subdomain means. The
// credentials are missing.
func DefaultConnector(name, subdomain string) *Connector {
	c := &Connector{
		Name:      name,
		Type:      TypeZendesk,
		Enabled:   true,
		Subdomain: subdomain,
		Sync: Sync{
			Users: true, Tickets: true, Organizations: true, SatisfactionRatings: true,
			Roles:   []string{RoleEndUser},
			Exclude: Exclude{Patterns: []string{"mailer-daemon@", "postmaster@", "noreply@", "no-reply@"}},
		},
		ListFolder:         DefaultListFolder,
		Thresholds:         Thresholds{Satisfied: 80},
		NewContacts:        NewContactsCreate,
		OnBrevoDeleted:     OnBrevoDeletedSkip,
		OnUserMerged:       OnUserKeep,
		OnUserDeleted:      OnUserKeep,
		RateLimits:         RateLimits{ZendeskShare: 0.8, ExportShare: 0.8},
		Schedule:           Schedule{Every: 5 * time.Minute},
		Events:             Events{MaxAge: 24 * time.Hour, Settle: 2 * time.Second},
		Webhooks:           Webhooks{MaxAge: 15 * time.Minute},
		AutomationsMode:    AutomationsLive,
		BuiltinAutomations: true,
		LogLevel:           LevelInfo,
	}
	if subdomain != "" {
		c.BaseURL = zendeskURL(subdomain)
	}
	return c
}

func zendeskURL(subdomain string) string { return "https://" + subdomain + ".zendesk.com" }

// Connector returns the connector a command was asked to work on. An empty name means the only enabled one. A name that is
// not in the file, or is switched off, is an error that says what to type instead.
func (f *File) Connector(name string) (*Connector, error) {
	if name == "" {
		for _, c := range f.Ordered {
			if c.Enabled {
				return c, nil // Load refuses a second one
			}
		}
		return nil, fmt.Errorf("no connector in %s is enabled: set enabled: true on one of %s", f.Path, strings.Join(f.names(), ", "))
	}
	c, ok := f.Connectors[name]
	if !ok {
		known := f.names()
		hint := ""
		if near := nearest(name, known); near != "" {
			hint = fmt.Sprintf("did you mean %q? ", near)
		}
		return nil, fmt.Errorf("no connector %s in %s: %sknown: %s", shownKey(name), f.Path, hint, strings.Join(known, ", "))
	}
	if !c.Enabled {
		return nil, fmt.Errorf("connector %q is switched off in %s: set enabled: true on it", name, f.Path)
	}
	return c, nil
}

func (f *File) names() []string {
	names := make([]string, 0, len(f.Ordered))
	for _, c := range f.Ordered {
		names = append(names, c.Name)
	}
	return names
}

// FieldMapping is the field_mapping block in the order of the file.
type FieldMapping []FieldRule

// FieldRule is one line of field_mapping: where a source goes. Exactly one of Targets, Off and Auto is set.
type FieldRule struct {
	Source  string
	Targets []string // Brevo attributes, upper case
	Off     bool     // null in the file: a default switched off
	Auto    bool     // every active field behind a wildcard source, under its own name
	At      Position
}

// Rule finds the rule of a source.
func (m FieldMapping) Rule(source string) (FieldRule, bool) {
	i := slices.IndexFunc(m, func(r FieldRule) bool { return r.Source == source })
	if i < 0 {
		return FieldRule{}, false
	}
	return m[i], true
}
