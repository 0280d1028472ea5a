package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
	"zendesk-brevo/workflows"
)

var small = seed.Size{Users: 420, Tickets: 1300, Organizations: 90}

func TestBackfillMakesBrevoSayWhatZendeskSays(t *testing.T) {
	for number := range uint64(3) {
		t.Run(fmt.Sprintf("seed %d", number+1), func(t *testing.T) {
			w := seeded(t, small, number+1)
			want := expect(w.seed, w.portrait(t), wishes{})
			w.sync(t, workflows.SyncInput{})
			w.assertAs(t, want.want)
			w.assertQuiet(t, workflows.SyncInput{})
			w.assertAs(t, want.want)
		})
	}
}

func TestBackfillIntoAMarketersAccountChangesOnlyWhatIsOurs(t *testing.T) {
	w := seeded(t, small, 4)
	w.marketed()
	want := expect(w.seed, w.portrait(t), wishes{})
	w.sync(t, workflows.SyncInput{})
	w.assertAs(t, want.want)
	w.assertQuiet(t, workflows.SyncInput{})
	w.assertAs(t, want.want)
}

func TestBackfillOfTheDemosAccount(t *testing.T) {
	if testing.Short() {
		t.Skip("the demo's size takes a while")
	}
	w := seeded(t, seed.Size{Users: 8400, Tickets: 34_200, Organizations: 1200}, 7)
	w.marketed()
	want := expect(w.seed, w.portrait(t), wishes{})
	start := time.Now()
	w.sync(t, workflows.SyncInput{})
	t.Logf("synced in %v", time.Since(start))
	calls := len(w.zendesk.Log().Calls())
	t.Logf("%d requests to Zendesk", calls)
	assert.LessOrEqual(t, calls, 64, "requests to Zendesk")
	assert.Empty(t, w.woken, "34,200 historical tickets are no news")
	assert.Empty(t, w.brevo.Events())
	w.assertAs(t, want.want)
	w.assertQuiet(t, workflows.SyncInput{})
	w.assertAs(t, want.want)
}

func TestBackfillWithOtherAccountsAndConfigurations(t *testing.T) {
	for name, c := range map[string]struct {
		zendesk func(*zendesksim.Options)
		brevo   func(*brevosim.Options)
		yaml    string
		wishes  wishes
	}{
		"empty pages between full ones": {zendesk: func(o *zendesksim.Options) { o.EmptyPages = true }},
		"new CSAT":                      {zendesk: func(o *zendesksim.Options) { o.CSAT = zendesksim.NewCSAT }, wishes: wishes{surveys: true}},
		"a French account":              {brevo: func(o *brevosim.Options) { o.NamesLocale = "fr" }, wishes: wishes{first: "PRENOM", last: "NOM"}},
		"phones of the United States":   {yaml: "default_region: US", wishes: wishes{region: "US"}},
		"the phone in two places": {yaml: "field_mapping: {phone: [SMS, WHATSAPP]}", wishes: wishes{extra: func(h dossier) map[string]any {
			return map[string]any{"WHATSAPP": h.number}
		}}},
		"agents too":                    {yaml: "sync: {roles: [end-user, agent]}", wishes: wishes{agents: true}},
		"a low threshold":               {yaml: "thresholds: {satisfied: 40}", wishes: wishes{satisfied: 40}},
		"the source text's own mapping": {yaml: sourceTextMapping, wishes: wishes{fullName: "FULLNAME", extra: sourceTextFields}},
		"every user field":              {yaml: "field_mapping: {\"user_fields.*\": auto}", wishes: wishes{extra: everyUserField}},
		"ticket fields":                 {yaml: ticketFieldMapping, wishes: wishes{extra: ticketFields}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := seeded(t, small, 5, func(zo *zendesksim.Options, bo *brevosim.Options) {
				if c.zendesk != nil {
					c.zendesk(zo)
				}
				if c.brevo != nil {
					c.brevo(bo)
				}
			})
			w.configure(c.yaml)
			w.marketed()
			want := expect(w.seed, w.portrait(t), c.wishes)
			out := w.sync(t, workflows.SyncInput{})
			told := strings.Join(out.Notices, "\n")
			assert.Equal(t, c.wishes.region == "", strings.Contains(told, "phone left out: a national number, set default_region (contacts: "), told)
			w.assertAs(t, want.want)
			w.assertQuiet(t, workflows.SyncInput{})
		})
	}
}
