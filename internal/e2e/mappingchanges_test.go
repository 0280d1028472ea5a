package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/workflows"
)

func TestAChangedMappingSendsExactlyWhatDiffers(t *testing.T) {
	for name, c := range map[string]struct {
		yaml   string
		wishes wishes
		in     workflows.SyncInput
	}{
		"a second target": {"field_mapping: {role: [ROLE, SUPPORT_ROLE]}", wishes{extra: func(h dossier) map[string]any {
			return map[string]any{"SUPPORT_ROLE": h.user.Role}
		}}, incremental},
		"another threshold":       {"thresholds: {satisfied: 50}", wishes{satisfied: 50}, incremental},
		"another default region":  {"default_region: US", wishes{region: "US"}, incremental},
		"a custom field":          {"field_mapping: {user_fields.account_tier: ACCOUNT_TIER}", wishes{extra: func(h dossier) map[string]any { return map[string]any{"ACCOUNT_TIER": h.user.Fields["account_tier"]} }}, workflows.SyncInput{}},
		"the source text's block": {sourceTextMapping, wishes{fullName: "FULLNAME", extra: sourceTextFields}, workflows.SyncInput{}},
		"ticket fields":           {ticketFieldMapping, wishes{extra: ticketFields}, workflows.SyncInput{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := seeded(t, small, 10)
			want := expect(w.seed, w.portrait(t), wishes{})
			w.sync(t, workflows.SyncInput{})
			w.assertAs(t, want.want)
			before := want.want.contacts

			w.configure(c.yaml)
			want.wishes = c.wishes
			want.look()
			for email, p := range want.want.contacts { // what is no longer mapped stays as it was
				for attribute, value := range before[email].attributes {
					if _, mapped := p.attributes[attribute]; !mapped {
						p.attributes[attribute] = value
					}
				}
			}
			differing := map[string]bool{}
			for email, p := range want.want.contacts {
				if len(p.diff(email, before[email])) > 0 {
					differing[email] = true
				}
			}
			w.later(time.Minute)
			out := w.sync(t, c.in)
			w.assertAs(t, want.want)
			assert.NotEmpty(t, differing)
			assert.EqualValues(t, len(differing), out.Push.Sent)
			w.assertQuiet(t, workflows.SyncInput{})
		})
	}
}
