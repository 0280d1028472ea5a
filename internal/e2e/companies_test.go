package e2e_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/workflows"
)

func TestBackfillMakesTheAttributesListsAndCompaniesItNeedsAndNothingElse(t *testing.T) {
	w := seeded(t, small, 12)
	w.marketed()
	attributes := map[string]string{}
	for _, a := range w.brevo.Attributes() {
		attributes[a.Name] = a.Type
	}
	lists, companyAttributes := map[string]bool{}, map[string]bool{"zendesk_id": true}
	for _, l := range w.brevo.Lists() {
		lists[l.Name] = true
	}
	for _, a := range w.brevo.CompanyAttributes() {
		companyAttributes[a.InternalName] = true
	}
	w.sync(t, workflows.SyncInput{})

	for name, kind := range map[string]string{
		"ROLE": "text", "TICKET_RESTRICTION": "text", "TAGS": "text", "ORGANIZATION_ID": "text", "OPEN_TICKETS": "float", "TOTAL_TICKETS": "float",
		"CSAT_SCORE": "float", "LAST_SUPPORT_DATE": "date", "COMPANY_NAME": "text", "COMPANY_TAGS": "text",
	} {
		assert.NotContains(t, attributes, name)
		attributes[name] = kind
	}
	found := map[string]string{}
	for _, a := range w.brevo.Attributes() {
		found[a.Name] = a.Type
	}
	assert.Equal(t, attributes, found)
	folders := map[int64]string{}
	for _, f := range w.brevo.Folders() {
		folders[f.ID] = f.Name
	}
	for _, l := range w.brevo.Lists() {
		switch l.Name {
		case listAll, listOpen, listSatisfied:
			assert.Equal(t, "Zendesk", folders[l.FolderID])
		default:
			assert.True(t, lists[l.Name], "list %q", l.Name)
		}
	}
	assert.Len(t, w.brevo.Lists(), len(lists)+3)
	foundCompany := map[string]bool{}
	for _, a := range w.brevo.CompanyAttributes() {
		foundCompany[a.InternalName] = true
	}
	assert.Equal(t, companyAttributes, foundCompany)
	for _, c := range w.brevo.Companies() {
		id, err := strconv.ParseInt(c.Attributes["zendesk_id"].(string), 10, 64)
		require.NoError(t, err)
		o, _ := w.seed.Organizations.Get(id)
		assert.Equal(t, map[string]any{"name": o.Name, "zendesk_id": strconv.FormatInt(id, 10)}, c.Attributes)
	}
	assert.Empty(t, w.brevo.Events())
	assert.Empty(t, w.brevo.Emails())
}

func TestACompanyKeepsWhatAPersonAddedToIt(t *testing.T) {
	w := seeded(t, tiny, 6)
	want := expect(w.seed, w.portrait(t), wishes{})
	w.sync(t, workflows.SyncInput{})
	id := w.populated(t, 0)
	stranger := "a.friend@marketer.example"
	w.linkStranger(t, id, stranger)
	w.zendesk.UpdateOrganization(id, func(o *seed.Organization) { o.Name = "Renamed AG" })
	w.zendesk.UpdateUser(w.member(t, id), func(u *seed.User) { u.OrganizationID = 0 })
	w.later(2 * time.Minute)
	w.sync(t, incremental)
	got := w.portrait(t)
	f := want.look().companies[strconv.FormatInt(id, 10)]
	assert.Equal(t, "Renamed AG", got.companies[strconv.FormatInt(id, 10)].name)
	assert.ElementsMatch(t, append(f.members, stranger), got.companies[strconv.FormatInt(id, 10)].members)
}

// linkStranger is the marketer linking somebody to a company by hand.
func (w *world) linkStranger(t *testing.T, organization int64, email string) {
	t.Helper()
	contact := w.brevo.SeedContact(brevosim.Contact{Email: email})
	for _, c := range w.brevo.Companies() {
		if c.Attributes["zendesk_id"] != strconv.FormatInt(organization, 10) {
			continue
		}
		body := strings.NewReader(fmt.Sprintf(`{"linkContactIds":[%d]}`, contact))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, w.brevoURL+"/companies/link-unlink/"+c.ID, body)
		require.NoError(t, err)
		r.Header.Set("Api-Key", brevosim.DefaultAPIKey)
		r.Header.Set("Content-Type", "application/json")
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusNoContent, answer.StatusCode)
		return
	}
	t.Fatal("no such company")
}
