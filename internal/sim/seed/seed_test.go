package seed_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
)

var size = seed.Size{Users: 1000, Tickets: 3000, Organizations: 300}

func TestTheSameNumberGivesTheSameAccount(t *testing.T) {
	a, b, other := seed.New(size, 7), seed.New(size, 7), seed.New(size, 8)
	assert.Equal(t, slices.Collect(a.Users.All()), slices.Collect(b.Users.All()))
	assert.Equal(t, slices.Collect(a.Tickets.All()), slices.Collect(b.Tickets.All()))
	assert.Equal(t, slices.Collect(a.Organizations.All()), slices.Collect(b.Organizations.All()))
	assert.NotEqual(t, slices.Collect(a.Tickets.All()), slices.Collect(other.Tickets.All()))
}

func user(t *testing.T, a *seed.Account, k seed.Kind) seed.User {
	t.Helper()
	ids := a.UsersOf(k)
	require.NotEmpty(t, ids, k)
	u, ok := a.Users.Get(ids[0])
	require.True(t, ok)
	assert.Equal(t, k, a.KindOf(u.ID))
	return u
}

func TestAwkwardUsers(t *testing.T) {
	a := seed.New(size, 1)
	assert.Empty(t, user(t, a, seed.NoEmail).Email)
	assert.NotEmpty(t, user(t, a, seed.NoEmail).Phone)
	assert.True(t, user(t, a, seed.SharedPhone).SharedPhoneNumber)
	assert.True(t, user(t, a, seed.Suspended).Suspended)
	assert.True(t, user(t, a, seed.Suspended).Active)
	assert.False(t, user(t, a, seed.SoftDeleted).Active)
	assert.NotEmpty(t, user(t, a, seed.SoftDeleted).Email)
	gone := user(t, a, seed.DeletedForever)
	assert.Equal(t, "Permanently Deleted User", gone.Name)
	assert.Empty(t, gone.Email+gone.Phone)
	loser, winner := user(t, a, seed.MergeLoser), user(t, a, seed.MergeWinner)
	assert.False(t, loser.Active)
	assert.Equal(t, winner.ID, loser.MergedInto)
	require.Len(t, winner.OtherEmails, 1)
	found, ok := a.UserByEmail(strings.ToUpper(winner.OtherEmails[0]))
	require.True(t, ok)
	assert.Equal(t, winner.ID, found.ID)
	assert.Equal(t, 250, utf8.RuneCountInString(user(t, a, seed.LongName).Name))
	assert.NotContains(t, strings.TrimSpace(user(t, a, seed.OneWordName).Name), " ")
	mixed := user(t, a, seed.MixedCaseEmail).Email
	assert.NotEqual(t, strings.ToLower(mixed), mixed)
	o, ok := a.Organizations.Get(user(t, a, seed.OrganizationGone).OrganizationID)
	require.True(t, ok)
	assert.False(t, o.DeletedAt.IsZero())
	assert.Equal(t, "admin", a.Owner().Role)
	agent, ok := a.PlainAgent()
	require.True(t, ok)
	assert.Equal(t, "agent", agent.Role)
	for u := range a.Users.All() {
		assert.True(t, utf8.ValidString(u.Name))
		if a.KindOf(u.ID) != seed.OrganizationGone && u.OrganizationID != 0 {
			o, ok := a.Organizations.Get(u.OrganizationID)
			require.True(t, ok)
			assert.True(t, o.DeletedAt.IsZero(), "only one kind of user names a deleted organization")
		}
	}
}

func TestPhones(t *testing.T) {
	a := seed.New(size, 1)
	parse := func(u seed.User, region string) (string, bool) {
		n, err := phonenumbers.Parse(u.Phone, region)
		if err != nil || !phonenumbers.IsValidNumber(n) {
			return "", false
		}
		return phonenumbers.Format(n, phonenumbers.E164), true
	}
	for _, k := range []seed.Kind{seed.InvalidPhone, seed.ShortPhone} {
		_, ok := parse(user(t, a, k), "US")
		assert.False(t, ok, k)
	}
	_, ok := parse(user(t, a, seed.NationalPhone), "")
	assert.False(t, ok, "needs a region")
	_, ok = parse(user(t, a, seed.NationalPhone), "US")
	assert.True(t, ok)
	_, ok = parse(user(t, a, seed.NationalPhoneUK), "GB")
	assert.True(t, ok)
	oldest, ok := parse(user(t, a, seed.DuplicatePhoneA), "")
	require.True(t, ok)
	for _, k := range []seed.Kind{seed.DuplicatePhoneB, seed.DuplicatePhoneC} {
		u := user(t, a, k)
		number, ok := parse(u, "")
		require.True(t, ok)
		assert.Equal(t, oldest, number)
		assert.True(t, u.CreatedAt.After(user(t, a, seed.DuplicatePhoneA).CreatedAt))
	}

	holders := map[string]int64{}
	for u := range a.Users.All() {
		switch a.KindOf(u.ID) {
		case seed.Ordinary, seed.Tagged, seed.PlusEmail, seed.DuplicatePhoneA, seed.SharedPhone:
		default:
			continue
		}
		if u.Phone == "" {
			continue
		}
		number, ok := parse(u, "")
		assert.True(t, ok, u.Phone)
		assert.Zero(t, holders[number], "ordinary phones are unique: %s", number)
		holders[number] = u.ID
	}
	assert.Greater(t, len(holders), 300)
}

func TestEmailsAreUniqueAndInOrder(t *testing.T) {
	a := seed.New(size, 1)
	seen := map[string]bool{}
	emails := slices.Collect(a.Emails())
	for _, e := range emails {
		assert.False(t, seen[strings.ToLower(e)], e)
		seen[strings.ToLower(e)] = true
	}
	assert.Equal(t, emails, slices.Collect(a.Emails()))
	assert.Greater(t, len(emails), 900)
}

func TestAwkwardTickets(t *testing.T) {
	a := seed.New(size, 1)
	of := func(k seed.TicketKind) seed.Ticket {
		ids := a.TicketsOf(k)
		require.NotEmpty(t, ids, k)
		row, ok := a.Tickets.Get(ids[1])
		require.True(t, ok)
		return row
	}
	assert.Equal(t, "deleted", of(seed.DeletedTicket).Status)
	assert.NotContains(t, of(seed.DeletedTicket).Description, seed.TextMarker)
	assert.Contains(t, of(seed.MergedTicket).Tags, "closed_by_merge")
	assert.True(t, of(seed.MessagingTicket).FromMessaging)
	assert.Equal(t, "quantum_fax", of(seed.UnknownChannel).Channel)
	assert.NotEqual(t, a.CustomStatusFor("open"), of(seed.CustomStatusTicket).CustomStatusID)
	assert.Empty(t, of(seed.BareTicket).Priority)
	assert.Greater(t, of(seed.SystemUpdated).GeneratedTimestamp, of(seed.SystemUpdated).UpdatedAt.Unix())
	assert.Equal(t, 3, of(seed.ReopenedTicket).Metrics.Reopens)
	assert.Equal(t, "bad", of(seed.BadTicket).Rating.Score)
	assert.True(t, of(seed.ChangedRating).Rating.UpdatedAt.After(of(seed.ChangedRating).Rating.CreatedAt))
	requester, _ := a.Users.Get(of(seed.AgentRequester).RequesterID)
	assert.Equal(t, "agent", requester.Role)

	archived, channels, statuses := 0, map[string]bool{}, map[string]bool{}
	for row := range a.Tickets.All() {
		assert.False(t, row.UpdatedAt.Before(row.CreatedAt))
		assert.GreaterOrEqual(t, row.GeneratedTimestamp, row.UpdatedAt.Unix())
		assert.False(t, time.Unix(row.GeneratedTimestamp, 0).After(a.Size.End))
		requester, ok := a.Users.Get(row.RequesterID)
		assert.True(t, ok)
		assert.Zero(t, requester.MergedInto, "tickets of a merged user point to the winner")
		assert.Equal(t, row.Rating.Rated(), row.Rating.Stars > 0)
		assert.Equal(t, row.Rating.Score == "good", row.Rating.Stars >= 4)
		channels[row.Channel], statuses[row.Status] = true, true
		if row.Archived {
			archived++
		}
	}
	assert.Greater(t, archived, 1000)
	for _, c := range []string{"email", "web", "api", "chat", "voice", "native_messaging", "sample_ticket"} {
		assert.True(t, channels[c], c)
	}
	for _, s := range []string{"new", "open", "pending", "hold", "solved", "closed", "deleted"} {
		assert.True(t, statuses[s], s)
	}
}

func TestSmallAccounts(t *testing.T) {
	for users := range 60 {
		a := seed.New(seed.Size{Users: users, Tickets: 40, Organizations: users % 10}, 3)
		assert.Len(t, slices.Collect(a.Users.All()), users)
		for row := range a.Tickets.All() {
			if users > 0 {
				_, ok := a.Users.Get(row.RequesterID)
				require.True(t, ok)
			}
		}
	}
}
