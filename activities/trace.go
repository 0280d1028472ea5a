package activities

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// Trace is everything that the store tells of one person: what of Zendesk counts, what was sent, what Brevo held when it was last
// looked at, and what the next push will do. It holds personal data.
type Trace struct {
	User         store.UserRow
	Found        bool // in the mirror
	Organization *store.OrganizationRow
	Tickets      []store.CountedTicket // the newest last
	Ratings      []store.CountedRating
	Delivery     store.Delivery
	Held         *store.BrevoContact // by the latest look at Brevo; nil: none was seen

	Skip       string // why the person is no contact: a reason as status counts it; empty: is one
	SkipRule   string // the setting behind it; empty where none decides
	MergedInto int64
	Attributes []TracedAttribute
	Lists      []TracedList
	Company    *store.Company // nil: none is known
	Linked     bool           // the contact is linked to it
	Rejects    []store.Reject
	// CompanyRejects are those of the person's organization.
	CompanyRejects []store.Reject
	Next           NextWrite
	// Kept are opt-outs that no contact holds, and that stay with the person: list:30, owed:email.
	Kept []string
}

// NextWrite is what the next push does about a person, as things stand.
type NextWrite struct {
	Marked  bool   // something changed since the latest write; without a mark no push looks
	State   string // how the delivery stands afterwards
	Reason  string
	Create  bool
	Waits   bool // too early to say what became of the user
	Set     []string
	Clear   []string
	Join    []int64
	Leave   []int64
	NewMail string // the address the contact is given
}

// TracePerson tells of one person from the store alone, by the code that decides what is written. It writes nothing. An id that is not
// known gives a Trace that is not Found.
func TracePerson(ctx context.Context, cfg *config.Connector, account *store.Account, now func() time.Time, user int64) (Trace, error) {
	t := &tracer{connection: &connection{cfg: cfg, store: account, now: now}}
	if err := t.read(ctx, user); err != nil {
		return Trace{}, err
	}
	return t.out, nil
}

// tracer gathers one Trace.
type tracer struct {
	*connection
	judge  *judge
	ruling ruling
	there  map[string]store.Attribute // in Brevo, as preflight found them
	out    Trace
}

func (t *tracer) read(ctx context.Context, user int64) error {
	var err error
	if t.judge, err = t.connection.judge(ctx); err != nil {
		return err
	}
	claimed, err := t.store.Peek(ctx, []int64{user})
	if err != nil {
		return err
	}
	rulings, err := t.judge.rule(ctx, claimed)
	if err != nil {
		return err
	}
	t.ruling = rulings[0]
	if err := t.rows(ctx, user); err != nil {
		return err
	}
	if t.there, err = t.inBrevo(ctx); err != nil {
		return err
	}
	t.verdict()
	t.attributes()
	if err := t.lists(ctx); err != nil {
		return err
	}
	return t.company(ctx)
}

// rows reads the rows behind the values.
func (t *tracer) rows(ctx context.Context, user int64) error {
	users, err := t.store.Users(ctx, []int64{user})
	if err != nil {
		return err
	}
	t.out.User, t.out.Found = users[user], t.ruling.claimed.Found
	t.out.User.ID = user
	if id := t.out.User.OrganizationID; id != 0 {
		organizations, err := t.store.Organizations(ctx, []int64{id})
		if err != nil {
			return err
		}
		if o, ok := organizations[id]; ok {
			t.out.Organization = &o
		}
	}
	if t.out.Tickets, t.out.Ratings, err = t.store.Counted(ctx, user); err != nil {
		return err
	}
	if t.out.Rejects, err = t.store.RejectsOf(ctx, store.KindUser, user); err != nil || t.out.User.OrganizationID == 0 {
		return err
	}
	t.out.CompanyRejects, err = t.store.RejectsOf(ctx, store.KindOrganization, t.out.User.OrganizationID)
	return err
}

func (t *tracer) inBrevo(ctx context.Context) (map[string]store.Attribute, error) {
	stored, err := t.store.Attributes(ctx)
	if err != nil {
		return nil, err
	}
	out := map[string]store.Attribute{}
	for _, a := range stored {
		out[a.Name] = a
	}
	return out, nil
}

// verdict says whether the person is a contact, and what comes next.
func (t *tracer) verdict() {
	s, d := &t.ruling.situation, &t.ruling.decision
	t.out.Delivery, t.out.Held = t.ruling.claimed.Delivery, s.found
	t.out.Skip, t.out.MergedInto = s.skip, s.merged
	if s.skip == "" && d.state != store.DeliverySent {
		t.out.Skip = d.reason
	}
	if d.reason == reasonPilot {
		t.out.Skip = reasonPilot
	}
	if t.out.Skip == mapping.OtherRole || t.out.Skip == mapping.Excluded {
		t.out.SkipRule = t.judge.mapper.SkipRule(t.out.User.User)
	}
	for name := range store.OptOuts(s.had.Refused) {
		t.out.Kept = append(t.out.Kept, name)
	}
	slices.Sort(t.out.Kept)
	t.out.Next = NextWrite{
		Marked: t.ruling.claimed.Dirty != 0, State: string(d.state), Reason: d.reason, Create: d.create, Waits: d.wait,
		Clear: d.clear, Join: d.add, Leave: d.remove,
	}
	for name := range d.set {
		t.out.Next.Set = append(t.out.Next.Set, name)
	}
	slices.Sort(t.out.Next.Set)
	if d.from != "" {
		t.out.Next.NewMail = d.email
	}
}

// company tells of the company of the person's organization.
func (t *tracer) company(ctx context.Context) error {
	id := t.out.User.OrganizationID
	if id == 0 {
		return nil
	}
	companies, err := t.store.Companies(ctx, []int64{id})
	if err != nil {
		return err
	}
	if c, ok := companies[id]; ok {
		t.out.Company = &c
		t.out.Linked = t.out.Delivery.BrevoID != 0 && slices.Contains(c.Contacts, t.out.Delivery.BrevoID)
	}
	return nil
}

// TracedList is one configured list, and why the person is on it or not.
type TracedList struct {
	Key, Name    string
	ID           int64 // 0: not made yet
	Wanted       bool
	Added        bool // by us
	Member       bool // by the latest look at Brevo
	Unsubscribed bool
	Why          string
}

func (t *tracer) lists(ctx context.Context) error {
	stored, err := t.store.Lists(ctx)
	if err != nil {
		return err
	}
	s := &t.ruling.situation
	for _, rule := range t.judge.mapper.Lists() {
		l := TracedList{Key: rule.Key, Wanted: t.out.Skip == "" && slices.Contains(s.want.Lists, rule.Key)}
		for _, known := range stored {
			if known.Key == rule.Key {
				l.ID, l.Name = known.ID, known.Name
			}
		}
		l.Added = l.ID != 0 && slices.Contains(t.out.Delivery.Lists, l.ID)
		if s.found != nil && l.ID != 0 {
			l.Member, l.Unsubscribed = slices.Contains(s.found.Lists, l.ID), slices.Contains(s.found.Unsubscribed, l.ID)
		}
		_, kept := s.had.Refused[store.ListKey(l.ID)]
		l.Unsubscribed = l.Unsubscribed || kept
		l.Why = t.whyListed(rule, &l)
		t.out.Lists = append(t.out.Lists, l)
	}
	for _, id := range t.out.Delivery.Lists {
		if !slices.ContainsFunc(t.out.Lists, func(l TracedList) bool { return l.ID == id }) {
			t.out.Lists = append(t.out.Lists, TracedList{
				ID: id, Added: true, Member: s.found != nil && slices.Contains(s.found.Lists, id), Unsubscribed: s.found != nil && slices.Contains(s.found.Unsubscribed, id),
				Why: "put there by an automation or an earlier configuration; it stays so",
			})
		}
	}
	return nil
}

// whyListed puts a list's condition into words, and what stands against it.
func (t *tracer) whyListed(rule mapping.ListRule, l *TracedList) string {
	var why string
	m := t.ruling.claimed.Customer.Measures
	switch {
	case t.out.Skip != "":
		why = "only contacts are on lists"
	case !slices.Contains(t.ruling.situation.want.ManagedLists, rule.Key):
		why = "not decided: " + t.unread(rule.Streams)
	case rule.Key == mapping.AllCustomers:
		why = "everybody brought over"
	case rule.Key == mapping.ActiveTickets:
		why = fmt.Sprintf("open tickets: %d", m.OpenTickets)
	case m.Ratings == 0:
		why = "no ratings"
	default:
		why = fmt.Sprintf("satisfaction %s, threshold %s", number(math.Round(m.Satisfaction*10)/10), number(t.cfg.Thresholds.Satisfied))
	}
	switch {
	case l.Wanted && l.Unsubscribed:
		why += "; the person unsubscribed from it and is not put back"
	case l.Wanted && l.Member && !l.Added:
		why += "; somebody else put the person there, so we never take them off"
	case l.Wanted && l.ID == 0:
		why += "; the list is made by the next sync"
	}
	return why
}

// unread names the streams that have not been read to their end once.
func (t *tracer) unread(streams []mapping.Stream) string {
	var names []string
	for _, s := range streams {
		if !t.judge.ready(s) {
			names = append(names, string(s))
		}
	}
	return strings.Join(names, " and ") + " not read to the end yet"
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// LookAt reads from Brevo the contact of a person: by the id it was delivered under, else by address. There is none when found
// is false.
func LookAt(ctx context.Context, b *brevo.Client, brevoID int64, emails ...string) (contact brevo.Contact, found bool, err error) {
	who := []brevo.Identifier{}
	if brevoID != 0 {
		who = append(who, brevo.ByID(brevoID))
	}
	for _, email := range emails {
		if email != "" {
			who = append(who, brevo.ByEmail(email))
		}
	}
	for _, one := range who {
		contact, err = b.GetContact(ctx, one)
		if err == nil {
			return contact, true, nil
		}
		if !brevo.IsNotFound(err) {
			return brevo.Contact{}, false, err
		}
	}
	return brevo.Contact{}, false, nil
}
