package e2e_test

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"zendesk-brevo/internal/sim/seed"
)

// What Brevo should hold, worked out from the rows of the simulated Zendesk alone. Nothing of mapping/ or activities/ is
// used here: this is the other pair of eyes.

// portrait is what matters of a Brevo account. Contacts are by address, companies by zendesk_id.
type portrait struct {
	contacts  map[string]person
	companies map[string]firm
}

type person struct {
	attributes       map[string]any
	lists            []string // names, sorted
	unsubscribed     []string // names, sorted
	emailBlacklisted bool
	smsBlacklisted   bool
}

type firm struct {
	name    string
	members []string // addresses, sorted
}

// wishes are the choices of a configuration that change what is expected. The zero value is the default configuration.
type wishes struct {
	region          string  // default_region
	satisfied       float64 // thresholds.satisfied; 0: 80
	since           time.Time
	surveys         bool // the account uses the new CSAT: five points
	first, last     string
	fullName        string        // the one target of name; empty: two
	noTickets       bool          // tickets were never read to their end
	noOrganizations bool          // nor organizations
	agents          bool          // sync.roles holds agent
	believe         time.Duration // schedule.every: how long a deletion is not believed; 0: at once
	now             func() time.Time
	extra           func(h dossier) map[string]any
}

// dossier is one user with everything an attribute can come from.
type dossier struct {
	user         seed.User
	organization *seed.Organization
	tickets      []seed.Ticket // counted, the newest last
	phone        string        // the number that is theirs to have as SMS
	number       string        // the same, whoever has it as SMS in Brevo
}

const (
	listAll       = "Zendesk customers"
	listOpen      = "Open tickets"
	listSatisfied = "Satisfied customers"
)

// supportAttributes come from tickets and ratings: who is no contact any more loses them.
var supportAttributes = []string{"OPEN_TICKETS", "TOTAL_TICKETS", "CSAT_SCORE", "LAST_SUPPORT_DATE"}

// expectation follows one account through its syncs.
type expectation struct {
	account *seed.Account
	wishes  wishes
	base    map[string]person // what Brevo held before, by the address that the contact has now
	left    map[string]person // contacts of people who are no customers any more
	held    map[int64]string  // people whose deletion is not believed yet, with their addresses
	gone    map[int64]string  // people who left, with their addresses
	was     past
	want    portrait
}

// past is what an earlier look has found.
type past struct {
	emails map[int64]string // address of each user's contact
	firms  map[string]firm
}

func expect(account *seed.Account, before portrait, w wishes) *expectation {
	e := &expectation{account: account, wishes: w, base: maps.Clone(before.contacts), left: map[string]person{}, gone: map[int64]string{}, was: past{emails: map[int64]string{}}}
	e.look()
	return e
}

// look works out what Brevo should hold now.
func (e *expectation) look() portrait {
	customers := e.customers()
	address := map[string]bool{}
	for _, u := range customers {
		address[strings.ToLower(u.Email)] = true
	}
	is := map[int64]string{}
	for _, u := range customers {
		now := strings.ToLower(u.Email)
		is[u.ID] = now
		old, known := e.was.emails[u.ID]
		if known && old != now {
			e.moved(old, now, address[old])
		}
	}
	e.held = map[int64]string{}
	for id, old := range e.was.emails {
		switch _, still := is[id]; {
		case still || address[old]:
		case e.fresh(id):
			e.held[id], is[id] = old, old
		default:
			e.left[old], e.gone[id] = e.leaving(old), old
		}
	}
	for id, old := range e.gone {
		if u, _ := e.account.Users.Get(id); u.DeletedForever {
			e.left[old] = e.base[old]
		}
	}
	for email := range address {
		delete(e.left, email)
	}
	e.was.emails = is
	before := e.want
	e.want = portrait{contacts: maps.Clone(e.base), companies: map[string]firm{}}
	maps.Copy(e.want.contacts, e.left)
	members := slices.Clone(customers)
	for id, email := range e.held {
		u, _ := e.account.Users.Get(id)
		u.Email = email
		members = append(members, u)
		e.want.contacts[email] = before.contacts[email]
	}
	phones, numbers := e.phones()
	histories := e.histories()
	for _, u := range customers {
		email := strings.ToLower(u.Email)
		h := dossier{user: u, organization: e.organization(u), tickets: histories[u.ID], phone: phones[u.ID], number: numbers[u.ID]}
		e.want.contacts[email] = e.filled(h, e.base[email])
	}
	if !e.wishes.noOrganizations {
		e.firms(members)
	}
	return e.want
}

// fresh reports whether somebody was deleted too short a time ago for that to be believed.
func (e *expectation) fresh(id int64) bool {
	u, _ := e.account.Users.Get(id)
	return e.wishes.believe > 0 && !u.Active && !u.DeletedForever && e.wishes.now().Before(u.UpdatedAt.Add(e.wishes.believe))
}

// moved follows a contact to a new address, together with what the marketer had put into it.
func (e *expectation) moved(old, now string, taken bool) {
	b, was := e.base[old]
	if _, there := e.base[now]; !was || there || taken {
		return
	}
	delete(e.base, old)
	e.base[now] = b
}

// leaving is the contact of somebody who is no customer any more: it stays, without what support knew.
func (e *expectation) leaving(email string) person {
	p := e.want.contacts[email]
	base := e.base[email]
	p.attributes = maps.Clone(p.attributes)
	for _, name := range supportAttributes {
		delete(p.attributes, name)
	}
	p.lists = slices.Clone(base.lists)
	return p
}

// customers are the users who become contacts: end users, active, not suspended, with an address that can exist and
// that a person reads.
func (e *expectation) customers() []seed.User {
	var out []seed.User
	for u := range e.account.Users.All() {
		if e.eligible(u) && deliverable(strings.ToLower(u.Email)) {
			out = append(out, u)
		}
	}
	return out
}

func (e *expectation) eligible(u seed.User) bool {
	if e.wishes.agents && u.Role == "agent" {
		u.Role = "end-user"
	}
	return eligible(u)
}

func eligible(u seed.User) bool {
	email := strings.ToLower(u.Email)
	for _, machine := range []string{"mailer-daemon@", "postmaster@", "noreply@", "no-reply@"} {
		if strings.HasPrefix(email, machine) {
			return false
		}
	}
	return u.Active && !u.Suspended && email != "" && u.Role == "end-user"
}

var oneDot = regexp.MustCompile(`^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$`)

func deliverable(email string) bool { return oneDot.MatchString(email) }

// phones gives each customer the number that is theirs: valid, not shared, and of its holders the oldest's. A number that
// a contact of the marketer's or one who left holds stays there.
func (e *expectation) phones() (free, all map[int64]string) {
	oldest := map[string]seed.User{}
	for u := range e.account.Users.All() {
		number := e164(u.Phone, e.wishes.region)
		if number == "" || u.SharedPhoneNumber || !e.eligible(u) {
			continue
		}
		first, held := oldest[number]
		if !held || cmp.Or(u.CreatedAt.Compare(first.CreatedAt), cmp.Compare(u.ID, first.ID)) < 0 {
			oldest[number] = u
		}
	}
	elsewhere := map[string]string{}
	for _, others := range []map[string]person{e.base, e.left} {
		for email, p := range others {
			if number, ok := p.attributes["SMS"].(string); ok {
				elsewhere[number] = email
			}
		}
	}
	free, all = map[int64]string{}, map[int64]string{}
	for number, u := range oldest {
		holder, held := elsewhere[number]
		all[u.ID] = number
		if !held || holder == strings.ToLower(u.Email) {
			free[u.ID] = number
		}
	}
	return free, all
}

// e164 is a valid number without an extension as Brevo shows it, digits without the plus; else nothing.
func e164(raw, region string) string {
	number, err := phonenumbers.Parse(raw, region)
	if err != nil || !phonenumbers.IsValidNumber(number) || number.GetExtension() != "" {
		return ""
	}
	return strings.TrimPrefix(phonenumbers.Format(number, phonenumbers.E164), "+")
}

// organization is the user's default one, nil without one or when it is deleted.
func (e *expectation) organization(u seed.User) *seed.Organization {
	o, ok := e.account.Organizations.Get(u.OrganizationID)
	if !ok || !o.DeletedAt.IsZero() {
		return nil
	}
	return &o
}

// histories are the tickets that count, by requester, the newest last.
func (e *expectation) histories() map[int64][]seed.Ticket {
	out := map[int64][]seed.Ticket{}
	for t := range e.account.Tickets.All() {
		if t.Status != "deleted" {
			out[t.RequesterID] = append(out[t.RequesterID], t)
		}
	}
	for _, tickets := range out {
		slices.SortFunc(tickets, func(a, b seed.Ticket) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	}
	return out
}

// firms are the organizations that exist, with the customers whose default one each is; the deleted ones that had become
// companies stay behind without anybody.
func (e *expectation) firms(customers []seed.User) {
	for o := range e.account.Organizations.All() {
		if o.DeletedAt.IsZero() {
			e.want.companies[strconv.FormatInt(o.ID, 10)] = firm{name: o.Name}
		}
	}
	for id, f := range e.was.firms {
		if _, live := e.want.companies[id]; !live {
			e.want.companies[id] = firm{name: f.name}
		}
	}
	e.was.firms = maps.Clone(e.want.companies)
	for _, u := range customers {
		id := strconv.FormatInt(u.OrganizationID, 10)
		if o, ok := e.account.Organizations.Get(u.OrganizationID); !ok || !o.DeletedAt.IsZero() {
			continue
		}
		if f, ok := e.want.companies[id]; ok {
			f.members = append(f.members, strings.ToLower(u.Email))
			e.want.companies[id] = f
		}
	}
	for _, f := range e.want.companies {
		slices.Sort(f.members)
	}
}
