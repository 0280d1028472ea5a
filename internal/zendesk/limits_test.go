package zendesk_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/zendesk"
)

func TestNeedsOfRoutes(t *testing.T) {
	account := budget.Need{Bucket: "zendesk:account", Share: 0.5, Guess: 200, Period: time.Minute}
	exports := budget.Need{Bucket: "zendesk:incremental-exports", Share: 0.25, Guess: 10, Period: time.Minute}
	search := budget.Need{Bucket: "zendesk:search", Share: 0.5, Guess: 100, Period: time.Minute}
	tickets := budget.Need{Bucket: "zendesk:ticket-update", Share: 0.5, Guess: 100, Period: time.Minute}
	users := budget.Need{Bucket: "zendesk:create-update-user", Share: 0.5, Guess: 1, Period: time.Second}
	guide := budget.Need{Bucket: "zendesk:help-center", Share: 0.5, Guess: 200, Period: time.Minute}
	for name, c := range map[string]struct {
		call func(ctx context.Context, c *zendesk.Client) error
		want []budget.Need
	}{
		"tickets export": {func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.ExportTickets(ctx, zendesk.ExportQuery{}))
		}, []budget.Need{account, exports}},
		"users export": {func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.ExportUsers(ctx, zendesk.ExportQuery{}))
		}, []budget.Need{account, exports}},
		"companies export": {func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ExportOrganizations(ctx, noon, 0)) }, []budget.Need{account, exports}},
		"search": {func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.SearchTickets(ctx, zendesk.SearchQuery{}))
		}, []budget.Need{account, search}},
		"users search": {func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.SearchUsers(ctx, zendesk.SearchQuery{}))
		}, []budget.Need{account, search}},
		"survey responses": {func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.ListSurveyResponses(ctx, zendesk.SurveyQuery{}))
		}, []budget.Need{guide}},
		"one ticket": {func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ShowTicket(ctx, 1)) }, []budget.Need{account}},
		"change of a ticket": {func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.UpdateTicket(ctx, 1, zendesk.TicketInput{}))
		}, []budget.Need{account, tickets}},
		"new ticket": {func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.CreateTicket(ctx, zendesk.TicketInput{}))
		}, []budget.Need{account}},
		"ticket's new tags": {func(ctx context.Context, c *zendesk.Client) error {
			return c.AddTicketTags(ctx, 1, []string{"a"})
		}, []budget.Need{account, tickets}},
		"ticket's old tags": {func(ctx context.Context, c *zendesk.Client) error {
			return c.RemoveTicketTags(ctx, 1, []string{"a"})
		}, []budget.Need{account, tickets}},
		"user's new tags": {func(ctx context.Context, c *zendesk.Client) error {
			return c.AddUserTags(ctx, 1, []string{"a"})
		}, []budget.Need{account, users}},
		"user's old tags": {func(ctx context.Context, c *zendesk.Client) error {
			return c.RemoveUserTags(ctx, 1, []string{"a"})
		}, []budget.Need{account, users}},
		"change of a user": {func(ctx context.Context, c *zendesk.Client) error {
			return ignore(c.UpdateUser(ctx, 1, zendesk.UserInput{}))
		}, []budget.Need{account, users}},
		"one user": {func(ctx context.Context, c *zendesk.Client) error { return ignore(c.ShowUser(ctx, 1)) }, []budget.Need{account}},
		"comments": {func(ctx context.Context, c *zendesk.Client) error { return ignore(c.HasComment(ctx, 1, "x")) }, []budget.Need{account}},
		"me":       {func(ctx context.Context, c *zendesk.Client) error { return ignore(c.Me(ctx)) }, []budget.Need{account}},
	} {
		t.Run(name, func(t *testing.T) {
			m := &meter{refuse: &budget.Exhausted{}}
			client, _ := connect(t, nil, func(cfg *zendesk.Config) {
				cfg.Meter, cfg.Shares = m, zendesk.Shares{Account: 0.5, Exports: 0.25}
			})
			require.Error(t, c.call(t.Context(), client))
			assert.Equal(t, [][]budget.Need{c.want}, m.needs)
		})
	}
}

func TestReadingsOfHeaders(t *testing.T) {
	const s = time.Second
	account := func(limit, remaining int, reset time.Duration) budget.Reading {
		return budget.Reading{Bucket: "zendesk:account", Limit: limit, Remaining: remaining, Reset: reset}
	}
	exports := func(limit, remaining int, reset time.Duration) budget.Reading {
		return budget.Reading{Bucket: "zendesk:incremental-exports", Limit: limit, Remaining: remaining, Reset: reset}
	}
	refusing := func(r budget.Reading) budget.Reading { r.Refused = true; return r }
	silentAccount, silentExports := budget.Reading{Bucket: "zendesk:account", Granted: true}, budget.Reading{Bucket: "zendesk:incremental-exports", Granted: true}
	untoldAccount, untoldExports := budget.Reading{Bucket: "zendesk:account", Silent: true}, budget.Reading{Bucket: "zendesk:incremental-exports", Silent: true}
	for name, c := range map[string]struct {
		status int
		header string
		want   []budget.Reading
	}{
		"none":                   {200, "", []budget.Reading{silentAccount, silentExports}},
		"account only":           {200, "X-Rate-Limit: 400\nX-Rate-Limit-Remaining: 390", []budget.Reading{account(400, 390, 0), silentExports}},
		"odd case":               {200, "x-rAtE-limit: 400\nX-RATE-LIMIT-REMAINING:  390 ", []budget.Reading{account(400, 390, 0), silentExports}},
		"garbage":                {200, "X-Rate-Limit: many\nX-Rate-Limit-Remaining: -1", []budget.Reading{silentAccount, silentExports}},
		"with reset":             {200, "X-Rate-Limit: 400\nX-Rate-Limit-Remaining: 390\nratelimit-limit: 700\nratelimit-remaining: 650\nratelimit-reset: 42", []budget.Reading{account(700, 650, 42*s), silentExports}},
		"exports":                {200, "zendesk-ratelimit-incremental-exports: total=10; remaining=9; resets=2", []budget.Reading{exports(10, 9, 2*s), silentAccount}},
		"odd spacing":            {200, "ZENDESK-RATELIMIT-INCREMENTAL-EXPORTS:total = 10 ;REMAINING=9;  resets= 2", []budget.Reading{exports(10, 9, 2*s), silentAccount}},
		"no remaining":           {200, "zendesk-ratelimit-incremental-exports: total=10", []budget.Reading{silentAccount, silentExports}},
		"any other":              {200, "zendesk-ratelimit-tickets-index: total=20000; remaining=19999; resets=60", []budget.Reading{{Bucket: "zendesk:tickets-index", Limit: 20000, Remaining: 19999, Reset: 60 * s}, silentAccount, silentExports}},
		"search by index":        {200, "zendesk-ratelimit-search-index: total=100; remaining=99; resets=60", []budget.Reading{{Bucket: "zendesk:search", Limit: 100, Remaining: 99, Reset: 60 * s}, silentAccount, silentExports}},
		"a reset in Unix time":   {200, "X-Rate-Limit-Remaining: 390\nX-Rate-Limit: 400\nratelimit-remaining: 390\nratelimit-limit: 400\nratelimit-reset: 1777896000", []budget.Reading{account(400, 390, 0), silentExports}},
		"resets beyond a number": {200, "zendesk-ratelimit-incremental-exports: total=10; remaining=9; resets=9223372036854775807", []budget.Reading{exports(10, 9, 0), silentAccount}},
		"refused, nothing said":  {429, "Retry-After: 34", []budget.Reading{refusing(exports(0, 0, 34*s)), untoldAccount}},
		"refused by the bucket": {
			429, "Retry-After: 34\nzendesk-ratelimit-incremental-exports: total=10; remaining=0; resets=33", []budget.Reading{refusing(exports(10, 0, 33*s)), untoldAccount},
		},
		"refused by the account": {
			429, "Retry-After: 34\nX-Rate-Limit: 400\nX-Rate-Limit-Remaining: 0", []budget.Reading{refusing(account(400, 0, 34*s)), untoldExports},
		},
		"refused with full buckets": {
			429, "Retry-After: 34\nX-Rate-Limit: 400\nX-Rate-Limit-Remaining: 390\nzendesk-ratelimit-incremental-exports: total=10; remaining=9; resets=33",
			[]budget.Reading{account(400, 390, 0), refusing(exports(0, 0, 34*s))},
		},
		"refused by both": {
			429, "ratelimit-limit: 400\nratelimit-remaining: 0\nratelimit-reset: 20\nzendesk-ratelimit-incremental-exports: total=10; remaining=0",
			[]budget.Reading{refusing(account(400, 0, 20*s)), refusing(exports(10, 0, 10*s))},
		},
		"refused until Unix time": {429, "Retry-After: 1777896000", []budget.Reading{refusing(exports(0, 0, time.Hour)), untoldAccount}},
		"maintenance":             {503, "Retry-After: 5", []budget.Reading{refusing(exports(0, 0, 5*s)), untoldAccount}},
		"away":                    {503, "", []budget.Reading{untoldAccount, untoldExports}},
		"waiting without need":    {200, "Retry-After: 5", []budget.Reading{silentAccount, silentExports}},
		"refused without word":    {429, "", []budget.Reading{refusing(exports(0, 0, 10*s)), untoldAccount}},
	} {
		t.Run(name, func(t *testing.T) {
			m := &meter{}
			header := map[string]string{}
			for line := range strings.Lines(c.header) {
				key, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ":")
				header[key] = value
			}
			client, _ := connect(t, map[string]answer{ticketsPath: {
				status: c.status, header: header, body: `{"tickets":[],"end_of_stream":true}`,
			}}, func(cfg *zendesk.Config) { cfg.Meter = m })
			_, err := client.ExportTickets(t.Context(), zendesk.ExportQuery{})
			require.Equal(t, c.status != 200, err != nil)
			require.Len(t, m.readings, 1)
			byBucket := func(a, b budget.Reading) int { return strings.Compare(a.Bucket, b.Bucket) }
			slices.SortFunc(c.want, byBucket)
			slices.SortFunc(m.readings[0], byBucket)
			assert.Equal(t, c.want, m.readings[0])
		})
	}
}

func TestHelpCenterHasItsOwnBucket(t *testing.T) {
	m := &meter{}
	c, _ := connect(t, map[string]answer{"/api/v2/guide/survey_responses": {
		header: map[string]string{"X-Rate-Limit": "400", "X-Rate-Limit-Remaining": "399"}, body: `{"survey_responses":[]}`,
	}}, func(cfg *zendesk.Config) { cfg.Meter = m })
	_, err := c.ListSurveyResponses(t.Context(), zendesk.SurveyQuery{})
	require.NoError(t, err)
	assert.Equal(t, [][]budget.Reading{{{Bucket: "zendesk:help-center", Limit: 400, Remaining: 399}}}, m.readings)
}
