package main

import (
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

type explainFlags struct {
	email  string
	ticket int64
	json   bool
}

func (a *app) explainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain" + connectorArg,
		Short: "Say where everything of a person comes from, what was sent, and why",
		Long: "Say of one person, or of the requester of a ticket, where each value in Brevo comes from, what was sent and when, what Brevo\n" +
			"holds now, which lists and why, or why they are no contact; and which automations acted, wait, or were stopped. It reads the\n" +
			"store, asks Brevo for the contact, and Zendesk for people the store does not know. Nothing is written, and neither Temporal\n" +
			"nor a worker is needed. The output is personal data: mind where it goes.",
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.check(cmd.Flags().Changed) },
		RunE:    func(cmd *cobra.Command, args []string) error { return a.explain(cmd.Context(), args, f) },
	}
	cmd.Flags().StringVar(&f.email, "email", "", "the person's e-mail address")
	cmd.Flags().Int64Var(&f.ticket, "ticket", 0, "the id of a ticket, whose requester is meant")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return a.withConnector(cmd)
}

func (f *explainFlags) check(changed func(string) bool) (err error) {
	switch {
	case changed("email") == changed("ticket"):
		return usage("write --email ADDRESS or --ticket ID")
	case changed("ticket") && f.ticket < 1:
		return usage("a ticket's id is a number above 0, as in its address in Zendesk")
	case changed("email"):
		f.email, err = plainAddress(f.email)
	}
	return err
}

// plainAddress is an e-mail address as the store has it.
func plainAddress(text string) (string, error) {
	text = strings.TrimSpace(text)
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || strings.ContainsAny(text, `" `) {
		return "", usage("--email must be one e-mail address, such as ann@example.com")
	}
	return strings.ToLower(text), nil
}

// What explain can say of whom it was asked about. These words are stable.
const (
	foundKnown     = "known"     // in the mirror
	foundForgotten = "forgotten" // by starter forget, and kept out
	foundUnread    = "not_read"  // in Zendesk, and not in the mirror yet
	foundInBrevo   = "brevo"     // a contact in Brevo, and nobody in Zendesk
	foundNowhere   = "nowhere"
	foundUnclear   = "unclear" // a vendor could not be asked
)

// personReport is what `explain` shows. Its names are stable.
type personReport struct {
	Connector string            `json:"connector"`
	Account   string            `json:"account"`
	Email     string            `json:"email,omitempty"`
	Ticket    int64             `json:"ticket,omitempty"`
	Found     string            `json:"found"`
	Says      string            `json:"says,omitempty"` // of who is not known: what that means, and what to do
	Paused    string            `json:"paused,omitempty"`
	People    []explainedPerson `json:"people"`
	Zendesk   []zendeskUser     `json:"zendesk"`         // found by its search, when the store knows nobody
	Brevo     *heldContact      `json:"brevo,omitempty"` // when the store knows nobody
	Stories   []*explanation    `json:"stories"`
	Older     int               `json:"olderStories"` // recorded of older tickets, and not shown
	Workflows []workflowLink    `json:"workflows"`
	Unknown   []string          `json:"unknown"` // what could not be looked up, and why
}

// zendeskUser is somebody whom Zendesk knows and the mirror does not.
type zendeskUser struct {
	ID        int64      `json:"id"`
	Email     string     `json:"email"`
	Role      string     `json:"role"`
	Active    bool       `json:"active"`
	Suspended bool       `json:"suspended"`
	UpdatedAt *time.Time `json:"updatedAt"`
}

// explainer gathers a report.
type explainer struct {
	*app
	account *store.Account
	vendors *activities.Vendors
	report  *personReport
}

func (a *app) explain(ctx context.Context, args []string, f explainFlags) error {
	if err := a.load(args); err != nil {
		return err
	}
	account, err := a.account(ctx) // it is made where there is none: calls count against the budgets in it
	if err != nil {
		return err
	}
	vendors, err := a.vendors()
	if err != nil {
		return err
	}
	x := &explainer{app: a, account: account, vendors: vendors, report: &personReport{
		Connector: a.cfg.Name, Account: a.cfg.Account(), Email: f.email, Ticket: f.ticket,
		People: []explainedPerson{}, Zendesk: []zendeskUser{}, Stories: []*explanation{}, Unknown: []string{},
	}}
	if err := x.gather(ctx); err != nil {
		return err
	}
	if f.json {
		err = a.printJSON(x.report)
	} else {
		a.printf("%s", x.report.text(a.now(), a.palette()))
	}
	if err == nil && x.report.Found != foundKnown {
		return &failure{code: exitFailed}
	}
	return err
}

func (x *explainer) gather(ctx context.Context) error {
	pause, standing, err := x.account.Paused(ctx)
	if err != nil {
		return x.storeFailure(err)
	}
	if standing {
		x.report.Paused = pause.Message
	}
	ids, err := x.whom(ctx)
	if err != nil {
		return x.storeFailure(err)
	}
	for _, id := range ids {
		if err := x.person(ctx, id); err != nil {
			return x.storeFailure(err)
		}
	}
	switch {
	case len(ids) > 0:
		x.report.Found = foundKnown
	case x.report.Ticket == 0 && x.forgotten(ctx, 0):
	case x.report.Ticket != 0:
		x.strangeTicket(ctx)
	default:
		x.stranger(ctx)
	}
	return x.stories(ctx, ids)
}

// whom finds the people asked about in the store.
func (x *explainer) whom(ctx context.Context) ([]int64, error) {
	if x.report.Ticket == 0 {
		return x.account.PeopleByEmail(ctx, x.report.Email)
	}
	rows, err := x.account.Tickets(ctx, []int64{x.report.Ticket})
	if err != nil {
		return nil, err
	}
	if row, ok := rows[x.report.Ticket]; ok && row.RequesterID != 0 {
		return []int64{row.RequesterID}, nil
	}
	return nil, nil
}

// vendorWithin bounds a call to a vendor: a look is worth so much patience.
const vendorWithin = 20 * time.Second

// missed notes that something could not be looked up.
func (x *explainer) missed(what string, err error) {
	cause, fix := activities.ExplainError(err)
	x.report.Unknown = append(x.report.Unknown, fmt.Sprintf("%s: %s: %s", what, oneLine(cause), fix))
}

// forgotten reports, and says, that the address or a user is kept out.
func (x *explainer) forgotten(ctx context.Context, user int64) bool {
	at, out, err := x.account.ForgottenAt(ctx, x.report.Email, user)
	if err != nil {
		x.missed("whether the person was forgotten", err)
	}
	if out {
		x.report.Found = foundForgotten
		x.report.Says = "forgotten on " + clock(at) + ", and kept out of the store and of Brevo since: starter forget --email ADDRESS --undo lifts that"
	}
	return out
}

// strangeTicket asks Zendesk for a ticket that the mirror does not have.
func (x *explainer) strangeTicket(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, vendorWithin)
	defer cancel()
	got, err := x.vendors.Zendesk.ShowTicket(ctx, x.report.Ticket)
	switch {
	case err == nil && got.Row.RequesterID != 0 && x.forgotten(ctx, got.Row.RequesterID):
	case zendesk.IsRecordNotFound(err):
		x.report.Found, x.report.Says = foundNowhere, "Zendesk has no such ticket: check its number"
	case err != nil:
		x.missed("whether Zendesk has the ticket", err)
		x.report.Found, x.report.Says = foundUnclear, "the ticket is not in the mirror"
	case !x.cfg.Sync.Tickets:
		x.report.Found, x.report.Says = foundUnread, "Zendesk has the ticket, and tickets are not read: sync.tickets is false"
	default:
		if got.Row.Requester != nil {
			x.report.Zendesk = append(x.report.Zendesk, userOf(got.Row.Requester))
		}
		x.report.Found = foundUnread
		x.report.Says = fmt.Sprintf("Zendesk has the ticket, and it has not been read yet: starter sync --ticket %d --wait", x.report.Ticket)
	}
}

func userOf(u *zendesk.User) zendeskUser {
	return zendeskUser{ID: u.ID, Email: strings.ToLower(u.Email), Role: u.Role, Active: u.Active, Suspended: u.Suspended, UpdatedAt: utc(u.UpdatedAt)}
}

// stranger asks both vendors about an address that the mirror does not have.
func (x *explainer) stranger(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, vendorWithin)
	defer cancel()
	held, found, brevoErr := activities.LookAt(ctx, x.vendors.Brevo, 0, x.report.Email)
	if brevoErr != nil {
		x.missed("whether Brevo has a contact with the address", brevoErr)
	} else if found {
		x.report.Brevo = heldOf(&held)
	}
	page, err := x.vendors.Zendesk.SearchUsers(ctx, zendesk.SearchQuery{Query: "email:" + x.report.Email})
	if err != nil {
		x.missed("whether Zendesk has the address", err)
		x.report.Found, x.report.Says = foundUnclear, "nobody with this address is in the mirror"
		return
	}
	for i := range page.Rows {
		x.report.Zendesk = append(x.report.Zendesk, userOf(&page.Rows[i]))
	}
	switch {
	case len(page.Rows) > 0:
		x.report.Found, x.report.Says = foundUnread, x.unread(page.Rows)
	case found:
		x.report.Found, x.report.Says = foundInBrevo, "a contact in Brevo that comes from nobody in Zendesk: nothing is written to it. "+searchLags
	default:
		x.report.Found, x.report.Says = foundNowhere, "nobody in Zendesk has this address. "+searchLags
	}
}

// searchLags: https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/
const searchLags = "Zendesk's search lags behind by a minute or two: for somebody made just now, ask again"

// unread says why somebody whom Zendesk finds is not in the mirror under that address.
func (x *explainer) unread(users []zendesk.User) string {
	i := slices.IndexFunc(users, func(u zendesk.User) bool { return strings.EqualFold(u.Email, x.report.Email) })
	switch {
	case !x.cfg.Sync.Users:
		return "Zendesk has the person, and users are not read: sync.users is false"
	case i < 0:
		return fmt.Sprintf("in Zendesk it is a further address of user %d; contacts go by the primary one: starter explain --email with that", users[0].ID)
	case !slices.Contains(x.cfg.Sync.Roles, users[i].Role):
		return fmt.Sprintf("Zendesk has the person, who is not brought over: role %s is not in sync.roles [%s]", users[i].Role, strings.Join(x.cfg.Sync.Roles, ", "))
	}
	return fmt.Sprintf("Zendesk has the person, who has not been read yet: starter sync --user %d --wait", users[i].ID)
}
