package activities

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
	"zendesk-brevo/mapping"
)

// BackfillInput names the account whose first full sync to plan.
type BackfillInput struct {
	Account string `json:"account"`
}

// BackfillPlan is what a full sync takes and does, as far as a few requests can tell. It holds no personal data.
type BackfillPlan struct {
	Zendesk      ZendeskSide  `json:"zendesk"`
	Brevo        BrevoSide    `json:"brevo"`
	Seconds      int64        `json:"seconds"` // both sides: the one follows the other
	Binds        string       `json:"binds"`   // the limit that costs most of them; empty: none costs anything
	Missing      Outfit       `json:"missing"`
	Mailable     Mailable     `json:"mailable"`
	Capabilities []Capability `json:"capabilities"`
	Notices      []string     `json:"notices,omitempty"`
	// Paused is why the account stands still, which a plan minds as little as a connection test does.
	Paused string `json:"paused,omitempty"`
	// Asked are the requests that the plan itself took.
	Asked struct {
		Zendesk int64 `json:"zendesk"`
		Brevo   int64 `json:"brevo"`
	} `json:"asked"`
}

// ZendeskSide is what reading takes.
type ZendeskSide struct {
	Streams []StreamPlan `json:"streams"`
	Side
}

// BrevoSide is what writing takes.
type BrevoSide struct {
	Contacts  Figure `json:"contacts"`  // that may be written, by their roles
	Present   int64  `json:"present"`   // contacts that are in Brevo already
	Companies Figure `json:"companies"` // that are made
	Side
}

// Side is what a full sync asks of one vendor.
type Side struct {
	Requests []Requests `json:"requests"`
	Total    Figure     `json:"total"`
	Limits   []Limit    `json:"limits"`
	Seconds  int64      `json:"seconds"` // that the limits cost, and looks at imports
	Binds    string     `json:"binds"`
}

// Requests are the requests of one kind.
type Requests struct {
	What string `json:"what"`
	Figure
	Why string `json:"why,omitempty"` // the number is not certain
}

// StreamPlan is how much one stream brings.
type StreamPlan struct {
	Stream string `json:"stream"`
	Rows   Figure `json:"rows"`
	Pages  Figure `json:"pages"`
	// About: Zendesk counts more than 100,000 only once a day.
	About bool   `json:"about,omitempty"`
	Why   string `json:"why,omitempty"` // the number of rows is not certain
}

// Limit is a vendor's limit.
type Limit struct {
	Bucket  string `json:"bucket"`
	Name    string `json:"name"`
	Limit   int    `json:"limit"`   // requests in a window
	Ours    int64  `json:"ours"`    // of them, after the share that is left to others
	Window  string `json:"window"`  // minute, second or hour
	Seconds int64  `json:"seconds"` // that it costs
}

// Mailable says how many people could be e-mailed after the sync who cannot be now.
type Mailable struct {
	AtMost int64  `json:"at_most"`
	About  bool   `json:"about,omitempty"`
	Policy string `json:"policy"` // new_contacts
	Why    string `json:"why"`
}

// States of a Capability.
const (
	CapabilityYes     = "yes"
	CapabilityNo      = "no"
	CapabilityUnknown = "unknown"
)

// Capability is something that the account's plan or the credential gives, or does not.
type Capability struct {
	Name   string `json:"name"`
	State  string `json:"state"`
	Detail string `json:"detail,omitempty"`
}

// PlanBackfill plans a full sync with few requests, and writes nothing to either vendor. It also runs while the account is
// paused. What is wrong with the configuration it says, and goes on; a vendor that refuses the credentials ends it.
func (a *Account) PlanBackfill(ctx context.Context, in BackfillInput) (BackfillPlan, error) {
	c, err := a.connections.get(in.Account)
	if err != nil {
		return BackfillPlan{}, configurationError(err)
	}
	defer keepAlive(ctx)()
	ctx, asked := withTally(ctx)
	b := &backfill{
		connection: c, pre: &preflight{connection: c, dry: &dryRun{}}, file: filepath.Base(a.connections.opts.File.Path),
		out: BackfillPlan{Zendesk: ZendeskSide{Streams: []StreamPlan{}}},
	}
	if err := b.run(ctx); err != nil {
		return BackfillPlan{}, planless(ctx, err)
	}
	b.out.Asked.Zendesk, b.out.Asked.Brevo = asked.zendesk.Load(), asked.brevo.Load()
	return b.out, nil
}

// planless is why there is no plan, in words for a person who waits for it.
func planless(ctx context.Context, err error) error {
	var app *temporal.ApplicationError
	var call *rest.Error
	switch {
	case errors.As(err, &app), ctx.Err() != nil:
		return err
	case Classify(err) == Wait:
		return temporal.NewNonRetryableApplicationError(err.Error()+"; plan again then", ErrRateLimited, nil)
	case !errors.As(err, &call):
		return temporal.NewNonRetryableApplicationError(err.Error(), ErrStore, nil)
	}
	cause, fix := explain(err)
	return temporal.NewNonRetryableApplicationError(cause+"; "+fix, ErrRefused, nil)
}

// backfill gathers a plan.
type backfill struct {
	*connection
	pre  *preflight
	file string // the name of connectors.yaml
	out  BackfillPlan

	me      int64
	mapper  *mapping.Mapper
	counted map[mapping.Stream]zendesk.Count
	open    bool // some ticket is
	rated   bool // some rating counts
	surveys surveyLook
	// attributeRequests and listRequests are what preflight takes in Brevo.
	attributeRequests, listRequests int64
}

func (b *backfill) run(ctx context.Context) error {
	p, standing, err := b.store.Paused(ctx)
	if err != nil {
		return fmt.Errorf("read pause: %w", err)
	}
	if standing {
		b.out.Paused = pauseInHistory(p)
	}
	for _, step := range []func(context.Context) error{
		b.preflightOfZendesk, b.capabilities, b.streams, b.preflightOfBrevo, b.people, b.brevoRequests, b.limits,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	b.out.Missing = b.pre.dry.found
	b.out.Missing.Notices = b.pre.notices
	b.out.Seconds = b.out.Zendesk.Seconds + b.out.Brevo.Seconds
	if b.out.Binds = b.out.Zendesk.Binds; b.out.Brevo.Seconds > b.out.Zendesk.Seconds && b.out.Brevo.Binds != "" {
		b.out.Binds = b.out.Brevo.Binds
	}
	return b.earlier(ctx)
}

// earlier says that the account is no new one: what has been sent and stayed the same is not sent again.
func (b *backfill) earlier(ctx context.Context) error {
	delivered, err := b.delivered(ctx)
	if err != nil || delivered == 0 {
		return err
	}
	b.out.Notices = append(b.out.Notices, "contacts were sent before: a full sync sends only what changed, so Brevo's figures are what it takes at most")
	return nil
}

func (b *backfill) preflightOfZendesk(ctx context.Context) error {
	ctx, sent := withTally(ctx)
	me, err := b.zendesk.Me(ctx)
	if err != nil {
		return err
	}
	if reason := stranger(me.Row); reason != "" {
		return temporal.NewNonRetryableApplicationError(reason, ErrRefused, nil)
	}
	b.me = me.Row.ID
	if err := b.pre.fields(ctx); err != nil {
		return err
	}
	if b.counted, err = b.pre.counts(ctx, untold); err != nil {
		return err
	}
	b.zendeskRequests("preflight", exactly(sent.zendesk.Load()), "")
	return nil
}

// preflightOfBrevo finds what the sync would make there, and what it could not use.
func (b *backfill) preflightOfBrevo(ctx context.Context) error {
	attributes, sentForAttributes := withTally(ctx)
	if err := b.pre.attributes(attributes); err != nil {
		return err
	}
	lists, sentForLists := withTally(ctx)
	if err := b.pre.lists(lists); err != nil {
		return err
	}
	if err := b.pre.automations(lists); err != nil {
		return err
	}
	found := &b.pre.dry.found
	b.attributeRequests = sentForAttributes.brevo.Load() + int64(len(found.Attributes))
	b.listRequests = sentForLists.brevo.Load() + int64(len(found.Lists))
	if found.Folder != "" {
		b.listRequests++
	}
	var err error
	if b.mapper, err = b.pre.compiled(ctx); err != nil {
		return err
	}
	for i := range found.Clashes {
		found.Clashes[i].Place = b.place(found.Clashes[i].By)
	}
	return nil
}

// place is the line of connectors.yaml that maps one of some sources; empty when only a default does.
func (b *backfill) place(sources []string) string {
	for _, source := range sources {
		rule, written := b.cfg.FieldMapping.Rule(source)
		if !written {
			rule, written = b.cfg.FieldMapping.Rule("user_fields.*")
			written = written && rule.Auto && len(source) > len("user_fields.") && source[:len("user_fields.")] == "user_fields."
		}
		if written {
			return fmt.Sprintf("%s:%d", b.file, rule.At.Line)
		}
	}
	return ""
}

// people says how many may be written, and how many of them could be e-mailed only because of that.
func (b *backfill) people(ctx context.Context) error {
	m := &b.out.Mailable
	m.Policy = b.cfg.NewContacts
	present, err := b.brevoContacts(ctx)
	if err != nil {
		return err
	}
	b.out.Brevo.Present = present
	var most int64
	if b.cfg.Sync.Users {
		roles, err := b.zendesk.CountUsers(ctx, b.cfg.Sync.Roles...)
		if err != nil && !untold(err) {
			return err
		}
		if err != nil {
			roles.Row = b.counted[mapping.Users] // of every role
		}
		most, m.About = roles.Row.Value, approximate(roles.Row)
	}
	piloted := b.cfg.Pilot.Active()
	if piloted {
		most, m.About = min(most, int64(len(b.cfg.Pilot.Emails))), false
	}
	b.out.Brevo.Contacts = between(0, most, most)
	switch {
	case b.cfg.NewContacts == config.NewContactsBlocklist:
		m.Why = "new_contacts: blocklist creates contacts blocklisted"
	case b.cfg.NewContacts == config.NewContactsSkip:
		m.Why = "new_contacts: skip creates no contacts"
		b.out.Brevo.Contacts = between(0, min(most, present), min(most, present))
	case piloted:
		m.AtMost, m.Why = most, "pilot.emails lets nobody else through"
	default:
		m.AtMost, m.Why = most, "users whose role is in sync.roles; those who are contacts already, who have no address, or who are suspended or excluded are among them"
	}
	return nil
}

// approximate reports whether Zendesk's count may be a day old, or capped while it is renewed.
// https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#count-tickets
func approximate(n zendesk.Count) bool { return n.Value >= countedDaily }

const countedDaily = 100_000

// limitOf is what headers told of a bucket, 0 when nothing has been asked of it.
func limitOf(known []store.Budget, bucket string) store.Budget {
	for _, b := range known {
		if b.Bucket == bucket {
			return b
		}
	}
	return store.Budget{}
}

func windowName(d time.Duration) string {
	switch d {
	case time.Second:
		return "second"
	case time.Hour:
		return "hour"
	}
	return "minute"
}
