package brevosim_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
)

func TestSeedMarketer(t *testing.T) {
	emails := make([]string, 32)
	for i := range emails {
		emails[i] = fmt.Sprintf("p%d@example.com", i)
	}
	a := open(t, brevosim.Options{NamesLocale: "fr"})
	m := a.SeedMarketer(emails, "+33611111111")
	require.Len(t, m.Contacts, 8)
	assert.Len(t, a.Contacts(), 9, "and the holder of the phone")
	assert.Equal(t, []string{"p8@example.com", "p24@example.com"}, m.Blocklisted)
	assert.True(t, m.Contacts["p8@example.com"].EmailBlacklisted)
	assert.Len(t, m.Unsubscribed, 2)
	assert.Equal(t, "Marketed0", m.Contacts["p0@example.com"].Attributes["PRENOM"])
	assert.Equal(t, 10.0, m.Contacts["p4@example.com"].Attributes["LOYALTY"])
	assert.Len(t, m.Lists[0].Contacts, 4, "two members on both lists, two blocklisted ones")
	for email, want := range m.Contacts {
		assert.Equal(t, want, a.contact(email))
	}
	got := a.call("POST", "/contacts", obj{"email": "p1@example.com", "attributes": obj{"SMS": "+33611111111"}})
	assert.Equal(t, 400, got.Status, "the phone is taken")

	b := open(t, brevosim.Options{NamesLocale: "fr"})
	assert.Equal(t, m, b.SeedMarketer(emails, "+33611111111"), "the same every time")
}
