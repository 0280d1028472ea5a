package brevo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"zendesk-brevo/internal/brevo"
)

// No value of any body can hold a false opt-out or the order to erase attributes.
func TestABlocklistingCannotBeLifted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flag := func(name string) brevo.Blocklist { return brevo.Blocklist(rapid.Bool().Draw(t, name)) }
		for _, body := range []any{
			brevo.CreateContact{Email: "a@example.com", EmailBlacklisted: flag("a"), SMSBlacklisted: flag("b")},
			brevo.UpdateContact{EmailBlacklisted: flag("c"), SMSBlacklisted: flag("d")},
		} {
			data, err := json.Marshal(body)
			require.NoError(t, err)
			assert.NotRegexp(t, `(?i)black\w*":\s*false`, string(data))
		}
	})
	v := newVendor(t, 202, `{"processId":1}`)
	_, err := v.client(t).ImportContacts(t.Context(), brevo.Import{
		Rows: []brevo.ImportRow{{Email: "a@example.com"}}, ListIDs: []int64{1}, EmailBlacklist: false, SMSBlacklist: false,
	})
	require.NoError(t, err)
	assert.NotContains(t, strings.ToLower(v.only(t).body), "blacklist")
	assert.NotContains(t, v.only(t).body, "emptyContactsAttributes")
}

// Every opt-out of a request type is a Blocklist: a plain bool or pointer slipped in later would let a false through.
func TestEveryOptOutFieldIsABlocklist(t *testing.T) {
	for _, body := range []any{brevo.CreateContact{}, brevo.UpdateContact{}, brevo.Import{}} {
		typ := reflect.TypeOf(body)
		found := 0
		for i := range typ.NumField() {
			f := typ.Field(i)
			if strings.Contains(strings.ToLower(f.Name), "black") {
				found++
				assert.Equal(t, reflect.TypeFor[brevo.Blocklist](), f.Type, "%s.%s", typ, f.Name)
			}
			assert.NotRegexp(t, `(?i)empty|unset|merge`, f.Name, "%s can erase or merge", typ)
		}
		assert.Equal(t, 2, found, typ)
	}
}

func TestCredentialsDoNotPrint(t *testing.T) {
	for _, c := range []brevo.Credential{
		brevo.APIKey(testKey),
		brevo.Bearer(func(context.Context) (string, error) { return testKey, nil }),
	} {
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "credential", c, "config", brevo.Config{Credential: c})
		printed := fmt.Sprintf("%v %+v %#v", c, brevo.Config{Credential: c}, c) + log.String()
		assert.NotContains(t, printed, testKey)
		assert.Contains(t, printed, "[redacted]")
	}
}

func TestBearerSignsEveryCallWithAFreshToken(t *testing.T) {
	v := newVendor(t, 200, `{"id":1}`)
	issued := 0
	c := v.client(t, func(cfg *brevo.Config) {
		cfg.Credential = brevo.Bearer(func(context.Context) (string, error) {
			issued++
			return "token-" + strconv.Itoa(issued), nil
		})
	})
	for range 2 {
		_, err := c.GetCompany(t.Context(), companyID)
		require.NoError(t, err)
	}
	assert.Equal(t, "Bearer token-2", v.calls[1].header.Get("Authorization"))
	assert.Empty(t, v.calls[1].header.Get("Api-Key"))
}

func TestATokenThatCannotBeHadStopsTheCall(t *testing.T) {
	v := newVendor(t, 200, `{}`)
	cause := errors.New("invalid_scope")
	c := v.client(t, func(cfg *brevo.Config) {
		cfg.Credential = brevo.Bearer(func(context.Context) (string, error) { return "", cause })
	})
	_, err := c.GetCompany(t.Context(), companyID)
	require.ErrorIs(t, err, cause)
	assert.Zero(t, v.count())
}

func TestNewRefuses(t *testing.T) {
	good := brevo.Config{BaseURL: "https://api.brevo.com/v3", Credential: brevo.APIKey(testKey)}
	for name, change := range map[string]func(*brevo.Config){
		"no credential":   func(c *brevo.Config) { c.Credential = brevo.Credential{} },
		"an empty key":    func(c *brevo.Config) { c.Credential = brevo.APIKey("") },
		"no token source": func(c *brevo.Config) { c.Credential = brevo.Bearer(nil) },
		"plain http":      func(c *brevo.Config) { c.BaseURL = "http://api.brevo.com/v3" },
		"no URL":          func(c *brevo.Config) { c.BaseURL = "" },
		"a share above 1": func(c *brevo.Config) { c.Share = 1.1 },
		"a share below 0": func(c *brevo.Config) { c.Share = -0.1 },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := good
			change(&cfg)
			_, err := brevo.New(cfg)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), testKey)
		})
	}
	_, err := brevo.New(good)
	require.NoError(t, err)
}

func TestWhatBrevoWouldRefuseIsNotSent(t *testing.T) {
	many := make([]string, brevo.MaxListMembers+1)
	event := brevo.Event{Name: "x", Identifiers: brevo.EventContact{ContactID: 1}}
	big := map[string]any{"text": strings.Repeat("x", 40_000)}
	bulky := event
	bulky.Properties = big
	for name, call := range map[string]func(ctx context.Context, c *brevo.Client) (any, error){
		"151 members": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.AddToList(ctx, 1, brevo.Members{Emails: many}))
		},
		"no members": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.RemoveFromList(ctx, 1, brevo.Members{}))
		},
		"mixed members": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.AddToList(ctx, 1, brevo.Members{IDs: []int64{1}, Emails: many[:1]}))
		},
		"contact page": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.ListContacts(ctx, brevo.ContactQuery{Limit: 1001}))
		},
		"contact ids": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.ListContacts(ctx, brevo.ContactQuery{IDs: make([]int64, 21)}))
		},
		"process page": func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.ListProcesses(ctx, 51, 0, "")) },
		"event page": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.ListEvents(ctx, brevo.EventQuery{Limit: 10_001}))
		},
		"e-mail page": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.ListEmails(ctx, brevo.EmailQuery{TemplateID: 1, Limit: 1001}))
		},
		"e-mails of all": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.ListEmails(ctx, brevo.EmailQuery{}))
		},
		"half a range of e-mails": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.ListEmails(ctx, brevo.EmailQuery{Email: "a@example.com", End: since}))
		},
		"e-mails backwards": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.ListEmails(ctx, brevo.EmailQuery{Email: "a@example.com", Start: since, End: since.AddDate(0, 0, -1)}))
		},
		"e-mails of more than a month": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.ListEmails(ctx, brevo.EmailQuery{Email: "a@example.com", Start: since, End: since.AddDate(0, 1, 1)}))
		},
		"delete nobody": func(ctx context.Context, c *brevo.Client) (any, error) {
			return none(c.DeleteContact(ctx, brevo.ByEmail("")))
		},
		"half a range": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.ListEvents(ctx, brevo.EventQuery{Start: time.Unix(1, 0)}))
		},
		"nobody": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.CreateContact(ctx, brevo.CreateContact{}))
		},
		"two addresses": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.CreateContact(ctx, brevo.CreateContact{Email: "a@x.example", Attributes: map[string]any{"email": "b@x.example"}}))
		},
		"empty id": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.GetContact(ctx, brevo.ByEmail("")))
		},
		"dots": func(ctx context.Context, c *brevo.Client) (any, error) {
			return none(c.UpdateContact(ctx, brevo.ByEmail(".."), brevo.UpdateContact{}))
		},
		"dots of one": func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.GetCompany(ctx, ".")) },
		"no row": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.ImportContacts(ctx, brevo.Import{ListIDs: []int64{1}}))
		},
		"no list": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.ImportContacts(ctx, brevo.Import{Rows: make([]brevo.ImportRow, 1)}))
		},
		"nameless": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.CreateCompany(ctx, brevo.CreateCompany{}))
		},
		"nothing linked": func(ctx context.Context, c *brevo.Client) (any, error) {
			return none(c.LinkUnlink(ctx, companyID, nil, nil))
		},
		"nothing to set": func(ctx context.Context, c *brevo.Client) (any, error) {
			return none(c.UpdateCompany(ctx, companyID, nil))
		},
		"empty file": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.ImportCompanies(ctx, nil, brevo.CompanyMapping{}))
		},
		"long label": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.CreateCompanyAttribute(ctx, strings.Repeat("é", 51), brevo.CompanyText))
		},
		"long option": func(ctx context.Context, c *brevo.Client) (any, error) {
			return none(c.CreateAttribute(ctx, "normal", "X", brevo.AttributeSpec{MultiCategoryOptions: []string{strings.Repeat("é", 201)}}))
		},
		"event's name": func(ctx context.Context, c *brevo.Client) (any, error) {
			return none(c.CreateEvent(ctx, brevo.Event{Name: "ticket.solved", Identifiers: event.Identifiers}))
		},
		"event of nobody": func(ctx context.Context, c *brevo.Client) (any, error) {
			return none(c.CreateEvent(ctx, brevo.Event{Name: "x"}))
		},
		"event's size": func(ctx context.Context, c *brevo.Client) (any, error) {
			return none(c.CreateEvent(ctx, brevo.Event{Name: "x", Identifiers: event.Identifiers, Properties: map[string]any{"a": big, "b": big}}))
		},
		"no events": func(ctx context.Context, c *brevo.Client) (any, error) { return one(c.CreateEvents(ctx, nil)) },
		"201 events": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.CreateEvents(ctx, make([]brevo.Event, 201)))
		},
		"batch's size": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.CreateEvents(ctx, []brevo.Event{bulky, bulky, bulky, bulky, bulky, bulky, bulky, bulky, bulky, bulky, bulky, bulky, bulky}))
		},
		"e-mail sans key": func(ctx context.Context, c *brevo.Client) (any, error) {
			return one(c.SendTemplate(ctx, brevo.TemplateEmail{TemplateID: 1, To: make([]brevo.Recipient, 1)}))
		},
		"unwritable value": func(ctx context.Context, c *brevo.Client) (any, error) {
			return none(c.CreateEvent(ctx, brevo.Event{Name: "x", Identifiers: event.Identifiers, Properties: map[string]any{"f": func() {}}}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, 200, `{}`)
			_, err := call(t.Context(), v.client(t))
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "@")
			assert.Zero(t, v.count())
		})
	}
}
