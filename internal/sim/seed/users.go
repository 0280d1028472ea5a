package seed

import (
	"time"
)

type times struct{ created, updated, generated int64 }

// spread puts row i of n somewhere in its share of the account's time, so that ids and creation times grow together.
func (a *Account) spread(r *random, i, n int) int64 {
	span := a.end - a.start
	step := span / int64(max(n, 1))
	return a.start + span*int64(i)/int64(max(n, 1)) + int64(r.below(int(max(step, 1))))
}

func unix(s int64) time.Time { return time.Unix(s, 0).UTC() }

func (a *Account) userTimes(i int) times {
	switch kindAt(i) {
	case SameSecondPartner:
		i-- // both move in one second, with different ids
	case Owner:
		if i == 0 {
			return times{created: a.start, updated: a.end - 7200}
		}
	}
	r := a.random(1, uint64(i))
	created := a.spread(&r, i, a.Size.Users)
	updated := created
	if r.chance(70) {
		updated += int64(r.below(int(max(a.end-created, 1))))
	}
	return times{created: created, updated: updated}
}

var userTags = [][]string{{"newsletter"}, {"vip_customer", "newsletter"}, {"beta"}, {"wholesale", "région_sud"}}

func manyTags() []string {
	tags := make([]string, 60)
	for i := range tags {
		tags[i] = "campaign_" + pad(i, 3)
	}
	return tags
}

// user makes the user with index i.
func (a *Account) user(i int, u *User) {
	k := kindAt(i)
	ts := a.userTimes(i)
	r := a.random(4, uint64(i))
	*u = User{
		ID: firstUserID + int64(i)*idStep, Name: a.name(i, k), Email: a.email(i, k), Phone: a.phone(i, k),
		SharedPhoneNumber: k == SharedPhone || k == SharedAndDouble,
		Role:              "end-user", TicketRestriction: "requested", Active: true,
		Suspended: k == Suspended || k == SuspendedNoEmail || k == SuspendedAgent, Verified: k != Unverified,
		OrganizationID: a.userOrganization(&r, k), Fields: a.userFieldValues(&r, i, k),
		Locale: [...]string{"en-US", "de", "fr", "ja", "pt-BR"}[i%5], TimeZone: [...]string{"Eastern Time (US & Canada)", "Berlin", "Tokyo"}[i%3],
		CreatedAt: unix(ts.created), UpdatedAt: unix(ts.updated),
	}
	if r.chance(30) {
		u.LastLoginAt = unix(ts.created + int64(r.below(int(max(a.end-ts.created, 1)))))
	}
	if r.chance(20) || k == Tagged {
		u.Tags = userTags[r.below(len(userTags))]
	}
	switch k {
	case Owner, Admin:
		u.Role, u.TicketRestriction, u.OrganizationID = "admin", "", 0
	case Agent, SuspendedAgent:
		u.Role, u.TicketRestriction, u.OrganizationID = "agent", "groups", 0
	case SoftDeleted:
		u.Active, u.OrganizationID = false, 0
	case DeletedForever:
		u.Active, u.DeletedForever, u.OrganizationID, u.Tags, u.Fields = false, true, 0, nil, a.emptyUserFields()
	case MergeLoser:
		u.Active, u.OrganizationID, u.MergedInto = false, 0, u.ID+idStep
		if i+1 >= a.Size.Users {
			u.MergedInto = 0 // the winner does not fit into the account
		}
	case MergeWinner:
		u.OtherEmails = []string{a.local(i-1) + "@merged.example.org"}
	case ManyTags:
		u.Tags = manyTags()
	case ExternalIDOnly:
		u.ExternalID = "CRM-Äb" + itoa(i)
	}
	if u.ExternalID == "" && r.chance(15) && u.Active {
		u.ExternalID = "crm-" + itoa(i)
	}
}

// userOrganization gives two users in three an organization; deleted ones are left to the kind that asks for one.
func (a *Account) userOrganization(r *random, k Kind) int64 {
	n := a.Size.Organizations
	if n == 0 || k == NoOrganization {
		return 0
	}
	i := r.below(n)
	if k == OrganizationGone {
		i = i/orgDeletedEvery*orgDeletedEvery + orgDeletedAt
		if i >= n {
			i = orgDeletedAt
		}
		if i >= n {
			return 0
		}
		return firstOrganizationID + int64(i)*idStep
	}
	if organizationDeleted(i) {
		i = max(0, i-1)
	}
	if !r.chance(66) {
		return 0
	}
	return firstOrganizationID + int64(i)*idStep
}

func (a *Account) emptyUserFields() map[string]any {
	m := make(map[string]any, len(a.UserFields))
	for i := range a.UserFields {
		m[a.UserFields[i].Key] = nil
	}
	m["vip"] = false // a checkbox is never null
	return m
}

func (a *Account) userFieldValues(r *random, i int, k Kind) map[string]any {
	m := a.emptyUserFields()
	if k == EmptyFields {
		return m
	}
	all := k == FullFields
	set := func(key string, percent int, value any) {
		if r.chance(percent) || all {
			m[key] = value
		}
	}
	set("customer_type", 80, a.UserFields[0].Options[r.below(4)].Value)
	set("account_tier", 70, a.UserFields[1].Options[r.below(3)].Value)
	set("renewal_date", 40, unix(a.end+int64(r.below(400))*86400).Format("2006-01-02")+"T00:00:00Z")
	set("vip", 10, true)
	set("lifetime_value", 50, float64(r.below(1_000_000))/100)
	set("seats", 30, int64(r.below(500)))
	set("interests", 20, []string{"int_webinars", "int_events"}[:1+r.below(2)])
	set("loyalty_id", 10, "LY-"+pad(i%1_000_000, 6))
	set("background", 5, "Met at the trade fair.\nPrefers e-mail – „gerne auf Deutsch“.")
	return m
}
