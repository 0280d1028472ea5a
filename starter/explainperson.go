package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/mapping"
	"zendesk-brevo/workflows"
)

// explainedPerson is one person. Its names are stable; values are as Zendesk, we, and Brevo have them.
type explainedPerson struct {
	User       sourceRow            `json:"user"`
	Role       string               `json:"role"`
	Email      string               `json:"email"`
	Mirrored   bool                 `json:"mirrored"`
	Org        *sourceRow           `json:"organization"`
	OrgName    string               `json:"organizationName,omitempty"`
	Tickets    int                  `json:"ticketsCounted"`
	Ratings    int                  `json:"ratingsCounted"`
	Contact    bool                 `json:"contact"` // is brought over
	Skip       string               `json:"skip,omitempty"`
	SkipWhy    string               `json:"skipWhy,omitempty"`
	Sent       sentContact          `json:"sent"`
	Brevo      *heldContact         `json:"brevo"`     // as Brevo shows it now; null when it has none or could not be asked
	BrevoSeen  string               `json:"brevoSeen"` // live, none, unknown
	Attributes []explainedAttribute `json:"attributes"`
	Lists      []explainedList      `json:"lists"`
	Consent    consent              `json:"consent"`
	Company    *explainedCompany    `json:"company"`
	Rejects    []rejected           `json:"rejects"`
	Next       nextWrite            `json:"next"`
}

// sourceRow is a row of Zendesk.
type sourceRow struct {
	ID        int64      `json:"id"`
	UpdatedAt *time.Time `json:"updatedAt"` // in Zendesk
	ReadAt    *time.Time `json:"readAt"`
}

// sentContact is what Brevo last accepted, and how that stands.
type sentContact struct {
	State   string     `json:"state"` // see store.DeliveryState; empty: never sent
	Reason  string     `json:"reason"`
	At      *time.Time `json:"at"`
	Email   string     `json:"email"`
	BrevoID int64      `json:"brevoId"`
	Made    bool       `json:"made"` // the contact was made here
}

// heldContact is a contact as Brevo shows it.
type heldContact struct {
	ID           int64          `json:"id"`
	Email        string         `json:"email"`
	Blocklisted  bool           `json:"emailBlocklisted"`
	SMSBlocked   bool           `json:"smsBlocklisted"`
	Lists        []int64        `json:"lists"`
	Unsubscribed []int64        `json:"unsubscribed"`
	ModifiedAt   *time.Time     `json:"modifiedAt"`
	Attributes   map[string]any `json:"attributes"`
}

func heldOf(c *brevo.Contact) *heldContact {
	return &heldContact{
		ID: c.ID, Email: c.Email, Blocklisted: c.EmailBlacklisted, SMSBlocked: c.SMSBlacklisted, Lists: append([]int64{}, c.ListIDs...),
		Unsubscribed: append([]int64{}, c.ListUnsubscribed...), ModifiedAt: utc(c.ModifiedAt), Attributes: c.Attributes,
	}
}

type explainedAttribute struct {
	Name   string   `json:"name"`
	Value  any      `json:"value"` // what Zendesk says; null: nothing
	Sent   any      `json:"sent"`
	Held   any      `json:"brevo"`
	State  string   `json:"state"`
	Why    string   `json:"why,omitempty"`
	Source string   `json:"source"`
	Rule   string   `json:"rule"`
	Place  string   `json:"place"` // connectors.yaml:12, or default
	Rows   []string `json:"rows"`  // user/9, ticket/35: the newest first, at most 20
	OfRows int      `json:"rowCount"`
}

type explainedList struct {
	Key          string `json:"key"`
	ID           int64  `json:"id"`
	Name         string `json:"name"`
	Wanted       bool   `json:"wanted"`
	Added        bool   `json:"added"`  // by us
	Member       *bool  `json:"member"` // in Brevo now; null: not known
	Unsubscribed bool   `json:"unsubscribed"`
	Why          string `json:"why"`
}

type consent struct {
	Email        string   `json:"email"` // mailable, blocklisted, no_contact, unknown
	SMS          string   `json:"sms"`
	Unsubscribed []int64  `json:"unsubscribed"`
	Kept         []string `json:"kept"` // opt-outs that stay with the person, beyond any contact
}

type explainedCompany struct {
	State   string     `json:"state"`
	BrevoID string     `json:"brevoId"`
	SentAt  *time.Time `json:"sentAt"`
	Linked  bool       `json:"linked"`
}

type nextWrite struct {
	Marked bool     `json:"marked"` // something changed since the latest write
	Create bool     `json:"create"`
	Waits  bool     `json:"waits"`
	Held   bool     `json:"held"` // back, by the pilot
	Set    []string `json:"set"`
	Clear  []string `json:"clear"`
	Join   []int64  `json:"join"`
	Leave  []int64  `json:"leave"`
	Email  string   `json:"email,omitempty"` // the new address
}

// rowsShown bounds how many rows behind one value are named.
const rowsShown = 20

func (x *explainer) person(ctx context.Context, id int64) error {
	t, err := activities.TracePerson(ctx, x.cfg, x.account, x.now, id)
	if err != nil {
		return err
	}
	p := explainedPerson{
		User: sourceRow{id, utc(t.User.UpdatedAt), utc(t.User.AskedAt)}, Role: t.User.Role, Email: t.User.Email, Mirrored: t.Found,
		Tickets: len(t.Tickets), Ratings: len(t.Ratings), Contact: t.Skip == "", Skip: t.Skip, SkipWhy: x.skipWhy(&t),
		Sent: sentContact{
			string(t.Delivery.State), t.Delivery.Reason, utc(t.Delivery.SentAt), t.Delivery.Email, t.Delivery.BrevoID, t.Delivery.Made,
		},
		Attributes: []explainedAttribute{}, Lists: []explainedList{}, Rejects: []rejected{},
		Next: nextWrite{
			t.Next.Marked, t.Next.Create, t.Next.Waits, t.Skip == "pilot", append([]string{}, t.Next.Set...), append([]string{}, t.Next.Clear...),
			append([]int64{}, t.Next.Join...), append([]int64{}, t.Next.Leave...), t.Next.NewMail,
		},
	}
	if o := t.Organization; o != nil {
		p.Org, p.OrgName = &sourceRow{o.ID, utc(o.UpdatedAt), utc(o.AskedAt)}, o.Name
	}
	if c := t.Company; c != nil {
		p.Company = &explainedCompany{c.State, c.BrevoID, utc(c.SentAt), t.Linked}
	}
	for _, r := range slices.Concat(t.Rejects, t.CompanyRejects) {
		p.Rejects = append(p.Rejects, rejected{r.Kind, r.ID, r.Reason, utc(r.At), r.RunID, r.Detail})
	}
	x.look(ctx, &p, &t)
	for i := range t.Attributes {
		p.Attributes = append(p.Attributes, x.attribute(&t.Attributes[i], p.Brevo))
	}
	for _, l := range t.Lists {
		p.Lists = append(p.Lists, listOf(l, p.Brevo))
	}
	p.Consent = consentOf(&p, &t)
	x.report.People = append(x.report.People, p)
	return nil
}

// look asks Brevo for the contact, by the id and the addresses that are known.
func (x *explainer) look(ctx context.Context, p *explainedPerson, t *activities.Trace) {
	emails := []string{t.Delivery.Email}
	if t.User.Email != t.Delivery.Email {
		emails = append(emails, t.User.Email)
	}
	if t.Delivery.BrevoID == 0 && strings.Join(emails, "") == "" {
		p.BrevoSeen = "none"
		return
	}
	ctx, cancel := context.WithTimeout(ctx, vendorWithin)
	defer cancel()
	held, found, err := activities.LookAt(ctx, x.vendors.Brevo, t.Delivery.BrevoID, emails...)
	switch {
	case err != nil:
		p.BrevoSeen = "unknown"
		x.missed("what Brevo holds now", err)
	case !found:
		p.BrevoSeen = "none"
	default:
		p.BrevoSeen, p.Brevo = "live", heldOf(&held)
	}
}

func (x *explainer) attribute(a *activities.TracedAttribute, held *heldContact) explainedAttribute {
	out := explainedAttribute{
		Name: a.Name, Value: a.Value, Sent: a.Sent, State: string(a.State), Why: a.Why, Source: a.Source, Rule: a.Rule, Place: "default",
		Rows: []string{}, OfRows: len(a.Rows),
	}
	if a.Line > 0 {
		out.Place = x.file.Path + ":" + strconv.Itoa(a.Line)
	}
	for _, row := range a.Rows[:min(len(a.Rows), rowsShown)] {
		out.Rows = append(out.Rows, row.Kind+"/"+row.ID)
	}
	if held != nil {
		out.Held = held.Attributes[a.Name]
		if a.State == activities.AttributeSent && a.Why == "" && !activities.SameValue(a.Name, out.Held, a.Sent) {
			out.Why = "somebody has changed it in Brevo since"
		}
	}
	return out
}

func listOf(l activities.TracedList, held *heldContact) explainedList {
	out := explainedList{Key: l.Key, ID: l.ID, Name: l.Name, Wanted: l.Wanted, Added: l.Added, Unsubscribed: l.Unsubscribed, Why: l.Why}
	if held != nil && l.ID != 0 {
		member := slices.Contains(held.Lists, l.ID)
		out.Member = &member
		out.Unsubscribed = out.Unsubscribed || slices.Contains(held.Unsubscribed, l.ID)
	}
	return out
}

// consentOf is by Brevo's word now; where Brevo was not reached, by the latest look.
func consentOf(p *explainedPerson, t *activities.Trace) consent {
	out := consent{Email: "no_contact", SMS: "no_contact", Unsubscribed: []int64{}, Kept: append([]string{}, t.Kept...)}
	word := func(blocked bool) string {
		if blocked {
			return "blocklisted"
		}
		return "mailable"
	}
	switch {
	case p.Brevo != nil:
		out.Email, out.SMS, out.Unsubscribed = word(p.Brevo.Blocklisted), word(p.Brevo.SMSBlocked), p.Brevo.Unsubscribed
	case p.BrevoSeen == "unknown" && t.Held != nil:
		out.Email, out.SMS = word(t.Held.EmailBlacklisted), word(t.Held.SMSBlacklisted)
		out.Unsubscribed = append(out.Unsubscribed, t.Held.Unsubscribed...)
	case p.BrevoSeen == "unknown":
		out.Email, out.SMS = "unknown", "unknown"
	}
	return out
}

// skipWhy says in words why somebody is no contact, and which setting decides.
func (x *explainer) skipWhy(t *activities.Trace) string {
	switch {
	case t.Skip == "":
		return ""
	case t.SkipRule != "":
		return t.SkipRule
	case t.Skip == "merged" && t.MergedInto != 0:
		return fmt.Sprintf("merged into user %d in Zendesk", t.MergedInto)
	case t.Skip == "pilot":
		return "pilot.emails limits everything to " + plural(int64(len(x.cfg.Pilot.Emails)), "address") + ", and this is none of them"
	case t.Skip == mapping.Inactive && t.Next.Waits:
		return "deleted in Zendesk a moment ago; it is acted on after schedule.every, because it may turn out to be a merge"
	case !t.Found:
		return "not in the mirror"
	}
	return reasonText(t.Skip)
}

// storiesShown bounds how many tickets' stories are told.
const storiesShown = 10

// stories tells what rules made of what happened, of the ticket asked about, else of the person and of their newest tickets.
func (x *explainer) stories(ctx context.Context, ids []int64) error {
	var subjects []string
	for _, id := range ids {
		subjects = append(subjects, "user/"+strconv.FormatInt(id, 10))
		tickets, err := x.account.TicketsOf(ctx, id, 1000)
		if err != nil {
			return x.storeFailure(err)
		}
		for _, ticket := range tickets {
			subjects = append(subjects, "ticket/"+strconv.FormatInt(ticket, 10))
		}
	}
	if x.report.Ticket != 0 {
		subjects = []string{"ticket/" + strconv.FormatInt(x.report.Ticket, 10)}
	}
	recorded, err := x.account.RecordedSubjects(ctx, subjects)
	if err != nil {
		return x.storeFailure(err)
	}
	x.report.Older = max(0, len(recorded)-storiesShown)
	pages := []string{workflows.SyncID(x.cfg.Account())}
	for _, subject := range recorded[:min(len(recorded), storiesShown)] {
		kind, text, _ := strings.Cut(subject, "/")
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("read subject: %w", err)
		}
		in := activities.ExplainInput{Kind: kind, ID: id}
		got, err := activities.Explain(ctx, x.cfg, x.account, x.now, in)
		if err != nil {
			return x.storeFailure(err)
		}
		x.report.Stories = append(x.report.Stories, x.explanationOf(in, &got))
		page := workflows.UserID(x.cfg.Account(), id)
		if kind == "ticket" {
			page = workflows.TicketID(x.cfg.Account(), id)
		}
		pages = append(pages, page)
	}
	x.report.Workflows, err = x.workflowLinks(pages...)
	return err
}
