// Package seed makes the content of a simulated Zendesk account out of a number: the same size and seed always give
// the same users, tickets and organizations, awkward rows included. A row is computed when it is asked for, so that an
// account of a million tickets costs a few megabytes; rows that a test changes are kept beside.
package seed

import (
	"iter"
	"strings"
	"time"
)

// Size says how large an account is and which time it covers.
type Size struct {
	Users         int
	Tickets       int
	Organizations int
	// SameSecond adds that many organizations, from index 150 on, that share one second of creation and update: more
	// than a page of them is what makes the time-based export overflow. Every hundredth position has a run of ten anyway.
	SameSecond int
	// Start and End bound the account's history. Zero means 2021-01-04 and 2026-10-01, UTC.
	Start, End time.Time
}

// Account is one Zendesk account. Its tables are safe for concurrent use; the slices of definitions must not be
// changed.
type Account struct {
	Size Size
	Seed uint64

	Users         *Table[User]
	Tickets       *Table[Ticket]
	Organizations *Table[Organization]

	UserFields         []FieldDefinition
	OrganizationFields []FieldDefinition
	TicketFields       []FieldDefinition
	CustomStatuses     []CustomStatus

	start, end int64 // Unix seconds of Size.Start and Size.End
	text       corpus
}

// First ids of the tables. Users, organizations and fields have ids of 14 digits, as young Zendesk accounts do; tickets
// count from 1.
const (
	firstUserID         = 26_001_000_000_017
	firstOrganizationID = 26_400_000_000_005
	firstTicketFieldID  = 26_700_000_000_003
	firstUserFieldID    = 26_710_000_000_003
	firstOrgFieldID     = 26_720_000_000_003
	firstStatusID       = 26_730_000_000_003
	firstRatingID       = 26_800_000_000_001
	firstGroupID        = 26_740_000_000_009
	idStep              = 16 // distance of two neighbouring user or organization ids
)

// The account has one brand and one ticket form.
const (
	BrandID = 26_750_000_000_021
	FormID  = 26_760_000_000_033
)

// New returns the account of the given size and seed.
func New(size Size, seed uint64) *Account {
	if size.Start.IsZero() {
		size.Start = time.Date(2021, 1, 4, 8, 0, 0, 0, time.UTC)
	}
	if size.End.IsZero() {
		size.End = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	}
	a := &Account{
		Size: size, Seed: seed, start: size.Start.Unix(), end: size.End.Unix(),
		UserFields: userFields(), OrganizationFields: organizationFields(), TicketFields: ticketFields(),
		CustomStatuses: customStatuses(), text: newCorpus(seed),
	}
	a.Users = newTable(source[User]{
		n: size.Users, first: firstUserID, step: idStep, fill: a.user, moved: func(i int) int64 { return a.userTimes(i).updated },
		id: func(u *User) int64 { return u.ID }, live: func(u *User) bool { return u.Active },
		born: func(i int) bool {
			k := kindAt(i)
			return k != SoftDeleted && k != DeletedForever && k != MergeLoser
		},
	})
	a.Organizations = newTable(source[Organization]{
		n: size.Organizations + size.SameSecond, first: firstOrganizationID, step: idStep, fill: a.organization,
		moved: func(i int) int64 { return a.organizationTimes(i).updated },
		id:    func(o *Organization) int64 { return o.ID }, live: func(o *Organization) bool { return o.DeletedAt.IsZero() },
		born: func(i int) bool { return !organizationDeleted(i) },
	})
	a.Tickets = newTable(source[Ticket]{
		n: size.Tickets, first: 1, step: 1, fill: a.ticket, moved: func(i int) int64 { return a.ticketTimes(i).generated },
		id: func(t *Ticket) int64 { return t.ID }, live: func(t *Ticket) bool { return t.Status != "deleted" },
		born: func(i int) bool { return ticketKindAt(i) != DeletedTicket },
	})
	return a
}

// Emails yields the primary e-mail addresses of the users, as Zendesk shows them, in order of user id.
func (a *Account) Emails() iter.Seq[string] {
	return func(yield func(string) bool) {
		for u := range a.Users.All() {
			if u.Email != "" && !yield(u.Email) {
				return
			}
		}
	}
}

// UserByEmail returns the active user who owns address as primary or further e-mail identity, in any case.
func (a *Account) UserByEmail(address string) (User, bool) {
	for u := range a.Users.All() {
		if !u.Active {
			continue
		}
		if strings.EqualFold(u.Email, address) {
			return u, true
		}
		for _, e := range u.OtherEmails {
			if strings.EqualFold(e, address) {
				return u, true
			}
		}
	}
	return User{}, false
}

// Owner returns the account's owner: an administrator, the first user.
func (a *Account) Owner() User {
	var u User
	a.user(0, &u)
	return u
}

// PlainAgent returns an agent who is not an administrator, if the account is large enough to have one.
func (a *Account) PlainAgent() (User, bool) {
	if a.Size.Users <= int(slotAgent) {
		return User{}, false
	}
	return a.Users.Get(a.Users.idAt(int(slotAgent)))
}
