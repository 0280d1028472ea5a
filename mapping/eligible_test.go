package mapping_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"zendesk-brevo/mapping"
)

func TestSkip(t *testing.T) {
	m := compile(t, mapping.Config{Exclude: mapping.Exclude{
		Emails: []string{"Boss@Example.com"}, Domains: []string{"@Internal.example"}, Tags: []string{"Do_Not_Sync"},
	}})
	for _, tc := range []struct {
		name   string
		change func(*mapping.User)
		want   string
	}{
		{"customer", func(*mapping.User) {}, ""},
		{"deleted", func(u *mapping.User) { u.Active = false; u.Email = "" }, mapping.Inactive},
		{"suspended", func(u *mapping.User) { u.Suspended = true }, mapping.Suspended},
		{"no e-mail", func(u *mapping.User) { u.Email = " " }, mapping.NoEmail},
		{"agent", func(u *mapping.User) { u.Role = "agent" }, mapping.OtherRole},
		{"address", func(u *mapping.User) { u.Email = "boss@example.com" }, mapping.Excluded},
		{"domain", func(u *mapping.User) { u.Email = "x@INTERNAL.example" }, mapping.Excluded},
		{"another domain", func(u *mapping.User) { u.Email = "x@notinternal.example" }, ""},
		{"subdomain", func(u *mapping.User) { u.Email = "x@a.internal.example" }, ""},
		{"tag", func(u *mapping.User) { u.Tags = []string{"a", "do_not_sync"} }, mapping.Excluded},
		{"mailer-daemon", func(u *mapping.User) { u.Email = "mailer-daemon@example.com" }, mapping.Excluded},
		{"postmaster", func(u *mapping.User) { u.Email = "postmaster@example.com" }, mapping.Excluded},
		{"noreply", func(u *mapping.User) { u.Email = "NoReply@example.com" }, mapping.Excluded},
		{"no-reply", func(u *mapping.User) { u.Email = "no-reply@example.com" }, mapping.Excluded},
		{"only resembles", func(u *mapping.User) { u.Email = "x.noreply@example.com" }, ""},
		{"impossible address is no skip", func(u *mapping.User) { u.Email = "x" }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			u := customer(t).User
			tc.change(&u)
			assert.Equal(t, tc.want, m.Skip(u))
		})
	}
}

func TestTheSettingBehindASkipIsNamed(t *testing.T) {
	m := compile(t, mapping.Config{Roles: []string{"end-user", "admin"}, Exclude: mapping.Exclude{
		Emails: []string{"Boss@Example.com"}, Domains: []string{"@Internal.example"}, Tags: []string{"Do_Not_Sync"},
	}})
	for want, change := range map[string]func(*mapping.User){
		"": func(*mapping.User) {},
		"role agent is not in sync.roles [admin, end-user]": func(u *mapping.User) { u.Role = "agent" },
		"the address is in sync.exclude.emails":             func(u *mapping.User) { u.Email = "boss@example.com" },
		`"internal.example" is in sync.exclude.domains`:     func(u *mapping.User) { u.Email = "x@internal.example" },
		`"do_not_sync" is in sync.exclude.tags`:             func(u *mapping.User) { u.Tags = []string{"a", "Do_not_sync"} },
		`"noreply@" is in sync.exclude.patterns`:            func(u *mapping.User) { u.Email = "NoReply@example.com" },
	} {
		u := customer(t).User
		change(&u)
		assert.Equal(t, want, m.SkipRule(u))
		assert.Equal(t, want != "", m.Skip(u) != "")
	}
	u := customer(t).User
	u.Suspended = true
	assert.Empty(t, m.SkipRule(u), "no setting decides that")
}

func TestSourcesAreDescribed(t *testing.T) {
	assert.Equal(t, "requested tickets that are new, open, pending or on hold", mapping.Describe("open_tickets"))
	assert.Contains(t, mapping.Describe("user_fields.tier"), "custom user field")
	assert.Contains(t, mapping.Describe("ticket_fields.Order number.label"), "custom ticket field")
	assert.Contains(t, mapping.Describe("organization.fields.size"), "default organization")
	assert.Empty(t, mapping.Describe("shoe_size"))
}

func TestRolesAndPatternsCanBeChosen(t *testing.T) {
	m := compile(t, mapping.Config{Roles: []string{"agent", "admin"}, Exclude: mapping.Exclude{Patterns: []string{"Robot"}}})
	u := customer(t).User
	assert.Equal(t, mapping.OtherRole, m.Skip(u))
	u.Role = "admin"
	assert.Empty(t, m.Skip(u))
	u.Email = "noreply@example.com"
	assert.Empty(t, m.Skip(u), "own patterns replace the defaults")
	u.Email = "robot7@example.com"
	assert.Equal(t, mapping.Excluded, m.Skip(u))
}

func TestReject(t *testing.T) {
	m := compile(t, mapping.Config{})
	for email, want := range map[string]string{
		"a@b.example":                          "",
		"A.B+tag@Sub.B.Example":                "",
		"josé@exámple.es":                      "",
		`"a b@c"@d.example`:                    mapping.InvalidEmail, // legal once, accepted nowhere
		`"ab@c"@d.example`:                     "",
		"a..b@c.example":                       "",
		"plain":                                mapping.InvalidEmail,
		"@b.example":                           mapping.InvalidEmail,
		"a@":                                   mapping.InvalidEmail,
		"a@localhost":                          mapping.InvalidEmail,
		"a@@b.example":                         mapping.InvalidEmail,
		"a@b..example":                         mapping.InvalidEmail,
		"a@.example":                           mapping.InvalidEmail,
		"a@b.example.":                         mapping.InvalidEmail,
		"a@-b.example":                         mapping.InvalidEmail,
		"a b@c.example":                        mapping.InvalidEmail,
		"a@b.example, c@d.example":             mapping.InvalidEmail,
		"a,b@c.example":                        mapping.InvalidEmail,
		"a\x00@b.example":                      mapping.InvalidEmail,
		strings.Repeat("a", 65) + "@b.example": mapping.InvalidEmail,
		"a@" + strings.Repeat("b.", 130) + "examp": mapping.InvalidEmail,
	} {
		assert.Equal(t, want, m.Reject(mapping.User{Email: email}), email)
	}
}

func TestPhone(t *testing.T) {
	for _, tc := range []struct {
		name, region, raw, want string
	}{
		{"E.164", "", "+34612345678", "+34612345678"},
		{"written for people", "", "+1 (415) 555-2671", "+14155552671"},
		{"00 without a region", "", "0034 612 34 56 78", "+34612345678"},
		{"00 where it is not dialled", "US", "0034612345678", "+34612345678"},
		{"national", "es", "612 34 56 78", "+34612345678"},
		{"national with trunk prefix", "DE", "030 123456", "+4930123456"},
		{"abroad in spite of a region", "DE", "+34 612 34 56 78", "+34612345678"},
		{"extension", "", "+1 415 555 2671 ext. 5", ""},
		{"extension after 00", "US", "0034 612 34 56 78 x 45", ""},
		{"national without a region", "", "(415) 555-2671", ""},
		{"too short", "", "+1 555", ""},
		{"words", "US", "call me", ""},
		{"anonymous caller", "", "+266696687", ""},
		{"empty", "US", "  ", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, ok := compile(t, mapping.Config{DefaultRegion: tc.region}).Phone(tc.raw)
			assert.Equal(t, tc.want, got)
			assert.Equal(t, tc.want != "", ok)
		})
	}
}
