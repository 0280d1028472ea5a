package e2e_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/workflows"
)

func TestBadPhonesAndAddressesAreRepairedOrRejectedAndNotTriedAgain(t *testing.T) {
	for name, silent := range map[string]bool{"named in a file": false, "not named anywhere": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := seeded(t, small, 11, func(_ *zendesksim.Options, bo *brevosim.Options) { bo.SilentBadPhones = silent })
			w.marketed()
			base := w.portrait(t)
			var refused []seed.User
			for u := range w.seed.Users.All() {
				if w.seed.KindOf(u.ID) == seed.Ordinary && eligible(u) && e164(u.Phone, "") != "" && len(refused) < 3 {
					w.brevo.RefusePhone(u.Phone)
					refused = append(refused, u)
				}
			}
			require.Len(t, refused, 3)
			// Zendesk keeps addresses that only Brevo finds impossible.
			bad := w.seed.UsersOf(seed.UnicodeName)[0]
			w.zendesk.UpdateUser(bad, func(u *seed.User) { u.Email = "two..dots@example.com" })
			want := expect(w.seed, base, wishes{})
			for _, u := range refused {
				delete(want.want.contacts[strings.ToLower(u.Email)].attributes, "SMS")
			}
			unmakable(want, bad, "two..dots@example.com")

			out := w.sync(t, workflows.SyncInput{})
			w.assertAs(t, want.want)
			assert.NotZero(t, out.Push.Rejected["invalid_email"], "%v", out.Push.Rejected)
			w.assertQuiet(t, workflows.SyncInput{})
			w.assertIdle(t)
			w.assertAs(t, want.want)
		})
	}
}

// unmakable takes a person whom Brevo does not accept out of what is wanted.
func unmakable(want *expectation, id int64, email string) {
	delete(want.want.contacts, email)
	delete(want.was.emails, id)
	for key, f := range want.want.companies {
		f.members = without(f.members, email)
		want.want.companies[key] = f
	}
}

func without(all []string, one string) (out []string) {
	for _, s := range all {
		if s != one {
			out = append(out, s)
		}
	}
	return out
}
