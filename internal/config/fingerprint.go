package config

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
)

// Fingerprint identifies everything in the configuration that changes what is pulled or what is mapped; when it differs
// from the stored one, everyone is evaluated again. Credentials, schedules, budgets and logging do not count, and neither
// does the order of lines. It is 32 hexadecimal digits.
func (c *Connector) Fingerprint() string {
	sync := c.Sync
	sync.Roles = inOrder(sync.Roles)
	sync.Exclude = Exclude{
		Emails:   inOrder(sync.Exclude.Emails),
		Domains:  inOrder(sync.Exclude.Domains),
		Tags:     inOrder(sync.Exclude.Tags),
		Patterns: inOrder(sync.Exclude.Patterns),
	}
	rules := slices.Clone(c.FieldMapping)
	for i := range rules {
		rules[i].At = Position{}
	}
	slices.SortFunc(rules, func(a, b FieldRule) int { return strings.Compare(a.Source, b.Source) })
	counted := struct {
		Version                                                  int
		Account, Type, BaseURL                                   string
		Sync                                                     Sync
		Lists                                                    Lists
		ListFolder                                               string
		AdoptLists                                               bool
		Thresholds                                               Thresholds
		DefaultRegion                                            string
		FieldMapping                                             FieldMapping
		Overwrite                                                []string
		NewContacts, OnBrevoDeleted, OnUserMerged, OnUserDeleted string
		Pilot                                                    []string
	}{
		1, c.Account(), c.Type, c.BaseURL, sync, c.Lists, c.ListFolder, c.AdoptLists, c.Thresholds, c.DefaultRegion, rules,
		inOrder(c.Overwrite), c.NewContacts, c.OnBrevoDeleted, c.OnUserMerged, c.OnUserDeleted, inOrder(c.Pilot.Emails),
	}
	text, err := json.Marshal(counted)
	if err != nil {
		panic("config: a fingerprint holds only text, numbers and booleans: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// inOrder makes equal sets equal: sorted, and never nil, which JSON would tell apart from empty.
func inOrder(values []string) []string {
	sorted := append([]string{}, values...)
	slices.Sort(sorted)
	return sorted
}
