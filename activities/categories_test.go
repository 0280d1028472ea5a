package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/store"
)

// Brevo drops in silence what is no option of a category, so that is neither sent nor taken for delivered.
func TestACategoryIsSentItsOptionsOnly(t *testing.T) {
	for option, sent := range map[string]any{"agent": nil, "end-user": "end-user"} {
		t.Run(option, func(t *testing.T) {
			a := newAutomated(t, "    field_mapping: {role: KIND}\n")
			a.brevo.SeedAttributeDefinition(brevosim.Attribute{
				Name: "KIND", Category: "category", Type: "category", Options: []brevosim.Option{{Value: "1", Label: "One"}, {Value: option, Label: "Else"}},
			})
			notices := a.preflight(true).Notices
			assert.Contains(t, notices, "attribute KIND is a category in Brevo: a value that is none of its options is left out")
			stored, err := a.store.Attributes(t.Context())
			require.NoError(t, err)
			assert.Contains(t, stored, store.Attribute{Name: "KIND", Category: "category", Type: "category", Options: []string{"1", option, "One", "Else"}})

			id := a.customer("ada@customers.example")
			a.push(id)
			assert.Equal(t, sent, contactOf(a.workshop).Attributes["KIND"])
			people, err := a.store.Peek(t.Context(), []int64{id})
			require.NoError(t, err)
			assert.Equal(t, store.DeliverySent, people[0].Delivery.State)
			assert.Equal(t, sent, people[0].Delivery.Attributes["KIND"])
			if sent != nil {
				return
			}

			// Earlier versions took it for delivered. What a marketer chose meanwhile stays.
			d := people[0].Delivery
			d.Attributes["KIND"] = "end-user"
			claimed, err := a.store.Claim(t.Context(), []int64{id}, "earlier", time.Minute, a.now)
			require.NoError(t, err)
			require.Len(t, claimed, 1)
			require.NoError(t, a.store.Record(t.Context(), "earlier", []store.Result{{Delivery: d}}, a.now))
			a.brevo.EditAttribute("ada@customers.example", "KIND", "1")
			require.NoError(t, a.store.MarkDirty(t.Context(), store.KindUser, []int64{id}, a.now))
			a.push(id)
			assert.Equal(t, "1", contactOf(a.workshop).Attributes["KIND"])
			people, err = a.store.Peek(t.Context(), []int64{id})
			require.NoError(t, err)
			assert.NotContains(t, people[0].Delivery.Attributes, "KIND")
		})
	}
}
