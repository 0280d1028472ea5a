package seed_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/seed"
)

// exported walks a table's export order and returns the ids.
func exported(t *testing.T, a *seed.Account) []int64 {
	t.Helper()
	var ids []int64
	last := seed.Position{At: math.MinInt64}
	a.Tickets.EachMovedAfter(seed.Position{}, func(at seed.Position, row *seed.Ticket) bool {
		assert.True(t, at.At > last.At || at.At == last.At && at.ID > last.ID)
		assert.Equal(t, row.ID, at.ID)
		last, ids = at, append(ids, row.ID)
		return true
	})
	return ids
}

func TestChangedRowsMoveToTheEndOfTheExport(t *testing.T) {
	a := seed.New(seed.Size{Users: 50, Tickets: 200}, 1)
	before := exported(t, a)
	require.Len(t, before, 200)

	first, _ := a.Tickets.Get(before[0])
	first.Subject = "changed"
	at := a.Tickets.Put(first, a.Size.End.Unix()+100)
	assert.Equal(t, a.Size.End.Unix()+100, at)
	after := exported(t, a)
	assert.Equal(t, append(before[1:len(before):len(before)], before[0]), after)
	got, _ := a.Tickets.Get(first.ID)
	assert.Equal(t, "changed", got.Subject)

	at = a.Tickets.Put(first, 5)
	assert.Equal(t, a.Size.End.Unix()+100, at, "the export never goes back")

	added := seed.Ticket{ID: a.Tickets.NextID(), Status: "new"}
	a.Tickets.Put(added, a.Size.End.Unix()+200)
	assert.Equal(t, added.ID, exported(t, a)[200])
	assert.Equal(t, 201, a.Tickets.Len())
	assert.Greater(t, a.Tickets.NextID(), added.ID)
}

func TestRowsInOrderOfID(t *testing.T) {
	a := seed.New(seed.Size{Users: 30}, 1)
	id := a.Users.NextID()
	a.Users.Put(seed.User{ID: id, Name: "New", Active: true}, a.Size.End.Unix()+1)
	var last int64
	n := 0
	for u := range a.Users.All() {
		assert.Greater(t, u.ID, last)
		last = u.ID
		n++
	}
	assert.Equal(t, 31, n)
	assert.Equal(t, id, last)
	n = 0
	a.Users.EachAfter(a.Owner().ID, func(*seed.User) bool { n++; return n < 5 })
	assert.Equal(t, 5, n)
	a.Users.EachAfter(id, func(*seed.User) bool { t.Error("nothing follows the last"); return false })
	_, ok := a.Users.Get(id + 1)
	assert.False(t, ok)
}

func TestLiveCountFollowsChanges(t *testing.T) {
	a := seed.New(seed.Size{Users: 100, Tickets: 10}, 1)
	live := a.Users.Live()
	assert.Equal(t, 97, live, "one of each: soft deleted, deleted for ever, merged")
	u := a.Owner()
	u.Active = false
	a.Users.Put(u, a.Size.End.Unix())
	assert.Equal(t, live-1, a.Users.Live())

	b, n := seed.New(seed.Size{Users: 500, Tickets: 1000, Organizations: 100}, 2), [3]int{}
	for u := range b.Users.All() {
		if u.Active {
			n[0]++
		}
	}
	for row := range b.Tickets.All() {
		if row.Status != "deleted" {
			n[1]++
		}
	}
	for o := range b.Organizations.All() {
		if o.DeletedAt.IsZero() {
			n[2]++
		}
	}
	assert.Equal(t, n, [3]int{b.Users.Live(), b.Tickets.Live(), b.Organizations.Live()})
}

func TestSameSecondOrganizations(t *testing.T) {
	a := seed.New(seed.Size{Organizations: 400, SameSecond: 1300}, 1)
	perSecond := map[int64]int{}
	for o := range a.Organizations.All() {
		perSecond[o.UpdatedAt.Unix()]++
	}
	most := 0
	for _, n := range perSecond {
		most = max(most, n)
	}
	assert.GreaterOrEqual(t, most, 1300)

	a = seed.New(seed.Size{Organizations: 1100}, 1)
	x, _ := a.Organizations.Get(a.SameSecondOrganizations()[0])
	y, _ := a.Organizations.Get(a.SameSecondOrganizations()[9])
	assert.Equal(t, x.UpdatedAt, y.UpdatedAt)
	assert.Equal(t, x.CreatedAt, y.CreatedAt)
	assert.Len(t, a.DeletedOrganizations(), 28)
}

func TestAMillionTicketsFitIntoLittleMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	a := seed.New(seed.Size{Users: 250_000, Tickets: 1_000_000, Organizations: 30_000}, 1)
	n := 0
	a.Tickets.EachMovedAfter(seed.Position{At: a.Size.End.Unix() - 86_400}, func(seed.Position, *seed.Ticket) bool { n++; return true })
	assert.Positive(t, n)
	runtime.GC()
	runtime.ReadMemStats(&after)
	assert.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(32<<20))
	runtime.KeepAlive(a)
}
