package seed

// Every fortieth organization, beginning with the eighth, is deleted.
const (
	orgDeletedEvery = 40
	orgDeletedAt    = 7
	sameSecondAt    = 150 // where the run of Size.SameSecond begins
)

func organizationDeleted(i int) bool { return i%orgDeletedEvery == orgDeletedAt }

// sameSecondRun maps the organizations that share one second of creation and update onto the first of them: ten around
// every hundredth position of the export, so that page boundaries of 100 and of 1000 fall into a run, and
// Size.SameSecond more.
func (a *Account) sameSecondRun(i int) (int, bool) {
	if n := a.Size.SameSecond; n > 0 && i >= sameSecondAt {
		if i < sameSecondAt+n {
			return sameSecondAt, true
		}
	}
	if i >= 95 && (i+5)%100 < 10 {
		return i - (i+5)%100, true
	}
	return i, false
}

// organizationTimes grows with i in both columns: the export order of the seed is the order of ids.
func (a *Account) organizationTimes(i int) times {
	first, shared := a.sameSecondRun(i)
	n := a.Size.Organizations + a.Size.SameSecond
	r := a.random(5, uint64(first))
	updated := a.spread(&r, first, n)
	created := updated
	if !shared {
		created -= int64(r.below(90 * 86400))
	}
	return times{created: max(created, a.start), updated: updated}
}

// SameSecondOrganizations returns the ids of the seeded organizations that share their second with another one.
func (a *Account) SameSecondOrganizations() []int64 {
	var ids []int64
	for i := range a.Size.Organizations + a.Size.SameSecond {
		if _, ok := a.sameSecondRun(i); ok {
			ids = append(ids, a.Organizations.idAt(i))
		}
	}
	return ids
}

var companyWords = [...]string{"Bergamot", "Cobalt", "Driftwood", "Ember", "Foxglove", "Granite", "Halcyon", "Juniper", "Larkspur", "Meridian"}

var companyForms = [...]string{"GmbH", "Ltd", "S.à r.l.", "Inc.", "AB", "& Söhne KG", "株式会社", "B.V."}

// organization makes the organization with index i.
func (a *Account) organization(i int, o *Organization) {
	r := a.random(6, uint64(i))
	ts := a.organizationTimes(i)
	word := companyWords[r.below(len(companyWords))]
	*o = Organization{
		ID:   firstOrganizationID + int64(i)*idStep,
		Name: word + " " + itoa(i) + " " + companyForms[r.below(len(companyForms))], // names are unique in Zendesk
		Tags: [][]string{nil, {"premium"}, {"premium", "eu"}, {"partner"}}[r.below(4)], Details: "", Notes: "",
		CreatedAt: unix(ts.created), UpdatedAt: unix(ts.updated),
		Fields: map[string]any{"org_tier": nil, "org_arr": nil, "org_since": nil, "org_region": nil, "org_partner": r.chance(10)},
	}
	if r.chance(60) {
		o.DomainNames = []string{ascii(word) + itoa(i) + ".example.com"}
	}
	if r.chance(30) {
		o.ExternalID = "ACC-" + pad(i, 6)
	}
	if r.chance(70) {
		o.Fields["org_tier"] = a.OrganizationFields[0].Options[r.below(2)].Value
		o.Fields["org_arr"] = float64(r.below(10_000_000)) / 100
	}
	if r.chance(40) {
		o.Fields["org_since"] = unix(ts.created).Format("2006-01-02") + "T00:00:00+00:00"
		o.Fields["org_region"] = [...]string{"EMEA", "AMER", "APAC"}[r.below(3)]
	}
	if organizationDeleted(i) {
		o.DeletedAt = o.UpdatedAt
	}
}

// DeletedOrganizations returns the ids of the organizations that the seed made as deleted.
func (a *Account) DeletedOrganizations() []int64 {
	var ids []int64
	for i := range a.Size.Organizations + a.Size.SameSecond {
		if organizationDeleted(i) {
			ids = append(ids, a.Organizations.idAt(i))
		}
	}
	return ids
}
