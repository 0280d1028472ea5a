package brevo_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
)

// account is a simulated account at noon of a standing clock, and a client of it.
func account(t *testing.T) (*brevosim.Server, *brevo.Client) {
	t.Helper()
	now := func() time.Time { return since }
	s := brevosim.New(brevosim.Options{Plan: brevosim.Unlimited, Clock: sim.NewClock(now, 1)})
	running, err := s.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, running.Close()) })
	c, err := brevo.New(brevo.Config{BaseURL: running.URL + "/v3", Credential: brevo.APIKey(brevosim.DefaultAPIKey), Now: now})
	require.NoError(t, err)
	return s, c
}

func TestWhatBecameOfAnEmailWithoutAnAnswer(t *testing.T) {
	for name, tc := range map[string]struct {
		fault sim.Fault
		there bool
	}{
		"it was sent": {sim.Fault{DropAfter: true}, true}, "it was not": {sim.Fault{DropBefore: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s, c := account(t)
			send := func(tag string) error {
				_, err := c.SendTemplate(t.Context(), brevo.TemplateEmail{
					TemplateID: 7, To: []brevo.Recipient{{Email: "ann@example.com"}}, Tags: []string{"csat", tag}, IdempotencyKey: tag,
				})
				return err
			}
			require.NoError(t, send("another"))
			s.Faults().Add(tc.fault)
			require.Error(t, send("k1"))
			for span, q := range map[string]brevo.EmailQuery{
				"with a day of margin": {Email: "ann@example.com", TemplateID: 7, Start: since.AddDate(0, 0, -1), End: since.AddDate(0, 0, 1)},
				"of the last 30 days":  {Email: "ann@example.com", Limit: 100},
			} {
				page, err := c.ListEmails(t.Context(), q)
				require.NoError(t, err, span)
				assert.True(t, page.End)
				assert.Equal(t, tc.there, slices.ContainsFunc(page.Emails, func(e brevo.SentEmail) bool {
					return slices.Contains(e.Tags, "k1") && e.TemplateID == 7 && e.Date.Equal(since)
				}), span)
			}
			assert.Empty(t, s.Log().Unknown())
		})
	}
}

func TestADeletedContactIsGone(t *testing.T) {
	s, c := account(t)
	id := s.SeedContact(brevosim.Contact{Email: "ann@example.com"})
	require.NoError(t, c.DeleteContact(t.Context(), brevo.ByID(id)))
	assert.Empty(t, s.Contacts())
	assert.True(t, brevo.IsNotFound(c.DeleteContact(t.Context(), brevo.ByEmail("ann@example.com"))))
}
