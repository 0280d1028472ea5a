package e2e_test

import (
	"slices"
	"testing"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

// seeded is a world whose Zendesk account is made of another number.
func seeded(t *testing.T, size seed.Size, number uint64, opts ...option) *world {
	t.Helper()
	account := seed.New(size, number)
	opts = append(opts, func(zo *zendesksim.Options, _ *brevosim.Options) { zo.Account = account })
	w := newWorld(t, size, opts...)
	w.seed = account
	w.configure("")
	return w
}

// marketed lets a marketer have been at work in Brevo: every fourth person is a contact already, and one of the customers'
// phones belongs to somebody else.
func (w *world) marketed() brevosim.Marketer {
	var phone string
	for _, id := range w.seed.UsersOf(seed.DuplicatePhoneA)[:1] {
		u, _ := w.seed.Users.Get(id)
		phone = u.Phone
	}
	emails := slices.DeleteFunc(slices.Collect(w.seed.Emails()), func(e string) bool { return !deliverable(e) })
	return w.brevo.SeedMarketer(emails, phone)
}
