package brevo_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/rest"
)

func limits(limit, remaining, reset string) map[string]string {
	return map[string]string{
		"x-sib-ratelimit-limit": limit, "x-sib-ratelimit-remaining": remaining, "x-sib-ratelimit-reset": reset,
	}
}

func TestReadings(t *testing.T) {
	contacts := func(limit, remaining int, reset time.Duration) []budget.Reading {
		return []budget.Reading{{Bucket: brevo.BucketContacts, Limit: limit, Remaining: remaining, Reset: reset}}
	}
	other := func(limit, remaining int, reset time.Duration) []budget.Reading {
		return []budget.Reading{{Bucket: brevo.BucketOther, Limit: limit, Remaining: remaining, Reset: reset}}
	}
	for _, tc := range []struct {
		name   string
		hourly bool // a call of the bucket "other" instead of "contacts"
		status int
		header map[string]string
		want   []budget.Reading
	}{
		{name: "per second, reset in seconds", status: 200, header: limits("10", "9", "1"), want: contacts(10, 9, time.Second)},
		{name: "per second, reset in milliseconds", status: 200, header: limits("10", "3", "850"), want: contacts(10, 3, 850*time.Millisecond)},
		{name: "per second, part of a second", status: 200, header: limits("10", "3", "0.4"), want: contacts(10, 3, 400*time.Millisecond)},
		{name: "per second, huge reset", status: 200, header: limits("10", "3", "1793500000000"), want: contacts(10, 3, 5*time.Second)},
		{name: "per second, Advanced tier", status: 200, header: limits("20", "19", "1"), want: contacts(20, 19, time.Second)},
		{name: "the hour's count on a per-second bucket", status: 200, header: limits("36000", "35000", "1800"), want: contacts(10, 9, time.Second)},
		{name: "the hour's last calls", status: 200, header: limits("36000", "4", "1800"), want: contacts(10, 4, time.Second)},
		{name: "the hour is used up", status: 200, header: limits("36000", "0", "1800"), want: contacts(10, 0, 30*time.Minute)},
		{name: "hourly, seconds", hourly: true, status: 200, header: limits("100", "64", "1500"), want: other(100, 64, 25*time.Minute)},
		{name: "hourly, milliseconds", hourly: true, status: 200, header: limits("100", "64", "1500000"), want: other(100, 64, 25*time.Minute)},
		{name: "hourly, huge", hourly: true, status: 200, header: limits("100", "64", "1e300"), want: other(100, 64, time.Hour)},
		{name: "no reset", hourly: true, status: 200, header: map[string]string{"x-sib-ratelimit-remaining": "64"}, want: other(0, 64, 0)},
		{name: "negative reset", status: 200, header: limits("10", "3", "-1"), want: contacts(10, 3, 0)},
		{name: "a refusal counts too", status: 404, header: limits("10", "3", "1"), want: contacts(10, 3, time.Second)},
		{name: "never any headers: the guess is confirmed", status: 200, want: contacts(0, 9, 0)},
		{name: "never any headers, hourly", hourly: true, status: 200, want: other(0, 99, 0)},
		{name: "headers that are no numbers", status: 200, header: limits("ten", "NaN", "soon"), want: contacts(0, 9, 0)},
		{name: "a gateway's answer says nothing", status: 502},
		{name: "429 with headers", status: 429, header: limits("10", "0", "1"), want: contacts(10, 0, time.Second)},
		{name: "429 that claims something is left", hourly: true, status: 429, header: limits("100", "7", "600"), want: other(100, 0, 10*time.Minute)},
		{name: "429 with a reset of zero", status: 429, header: limits("10", "0", "0"), want: contacts(10, 0, 2*time.Second)},
		{name: "429 of the hour on a per-second bucket", status: 429, header: limits("36000", "0", "1200"), want: contacts(10, 0, 20*time.Minute)},
		{name: "429 without headers", status: 429, want: contacts(0, 0, 2*time.Second)},
		{name: "429 without headers, hourly", hourly: true, status: 429, want: other(0, 0, time.Hour)},
		{name: "429 with Retry-After", hourly: true, status: 429, header: map[string]string{"Retry-After": "30"}, want: other(0, 0, 30*time.Second)},
		{name: "429 with a Retry-After of days", status: 429, header: map[string]string{"Retry-After": "172800"}, want: contacts(0, 0, time.Hour)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v, meter := newVendor(t, tc.status, ""), &ledger{}
			v.header = tc.header
			c := v.client(t, func(cfg *brevo.Config) { cfg.Meter = meter })
			var err error
			if tc.hourly {
				_, err = c.GetCompany(t.Context(), companyID)
			} else {
				_, err = c.GetContact(t.Context(), brevo.ByID(1))
			}
			assert.Equal(t, tc.want, meter.readings)
			if tc.status == 429 {
				var e *rest.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, tc.want[0].Reset, e.RetryAfter, "the error tells the same wait")
			}
		})
	}
}

func TestABucketThatCountsInMillisecondsKeepsDoingSo(t *testing.T) {
	v, meter := newVendor(t, 200, `{"id":1}`), &ledger{}
	c := v.client(t, func(cfg *brevo.Config) { cfg.Meter = meter })
	for _, reset := range []string{"1800", "9000000000", "1800", "1500000", "1800"} {
		v.header = limits("100", "64", reset)
		_, err := c.GetCompany(t.Context(), companyID)
		require.NoError(t, err)
	}
	v.header = limits("10", "3", "1")
	_, err := c.GetContact(t.Context(), brevo.ByID(1))
	require.NoError(t, err)
	var resets []time.Duration
	for _, r := range meter.readings {
		resets = append(resets, r.Reset)
	}
	assert.Equal(t, []time.Duration{
		30 * time.Minute, time.Hour, 30 * time.Minute, // a value that fits no unit is no evidence
		25 * time.Minute, 1800 * time.Millisecond, // in the last seconds of the hour
		time.Second, // another bucket
	}, resets)
}

func TestAnswersWithoutHeadersAreIgnoredOnceHeadersWereSeen(t *testing.T) {
	v, meter := newVendor(t, 200, `{"id":1}`), &ledger{}
	c := v.client(t, func(cfg *brevo.Config) { cfg.Meter = meter })
	v.header = limits("600", "500", "1500")
	_, err := c.GetCompany(t.Context(), companyID)
	require.NoError(t, err)
	v.header = nil
	_, err = c.GetCompany(t.Context(), companyID)
	require.NoError(t, err)
	require.Len(t, meter.readings, 1)
	assert.Equal(t, 500, meter.readings[0].Remaining)

	_, err = c.GetContact(t.Context(), brevo.ByID(1))
	require.NoError(t, err)
	assert.Len(t, meter.readings, 2, "another bucket has not shown headers yet")
}

func TestNeedsCarryTheGuessOfTheirFamily(t *testing.T) {
	want := map[string]budget.Need{
		brevo.BucketContacts:    {Bucket: brevo.BucketContacts, Share: 1, Guess: 10, Period: time.Second},
		brevo.BucketEvents:      {Bucket: brevo.BucketEvents, Share: 1, Guess: 10, Period: time.Second},
		brevo.BucketEventsBatch: {Bucket: brevo.BucketEventsBatch, Share: 1, Guess: 100, Period: time.Hour},
		brevo.BucketSMTP:        {Bucket: brevo.BucketSMTP, Share: 1, Guess: 1000, Period: time.Second},
		brevo.BucketEmails:      {Bucket: brevo.BucketEmails, Share: 1, Guess: 2, Period: time.Second},
		brevo.BucketOther:       {Bucket: brevo.BucketOther, Share: 1, Guess: 100, Period: time.Hour},
	}
	got := map[string]budget.Need{}
	for _, e := range endpoints() {
		v, meter := newVendor(t, e.status, e.answer), &ledger{}
		_, err := e.call(t.Context(), v.client(t, func(cfg *brevo.Config) { cfg.Meter = meter }))
		require.NoError(t, err, e.name)
		got[meter.needs[0].Bucket] = meter.needs[0]
	}
	assert.Equal(t, want, got)
}

func TestSentEmailsAreCountedByTheSecondAndByTheHour(t *testing.T) {
	for name, tc := range map[string]struct {
		header map[string]string
		want   budget.Reading
	}{
		"General":  {limits("2", "1", "1"), budget.Reading{Limit: 2, Remaining: 1, Reset: time.Second}},
		"Advanced": {limits("3", "2", "1"), budget.Reading{Limit: 3, Remaining: 2, Reset: time.Second}},
		"Extended": {limits("18000", "17990", "1800"), budget.Reading{Limit: 5, Remaining: 4, Reset: time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			v, meter := newVendor(t, 200, `{"count":0}`), &ledger{}
			v.header = tc.header
			_, err := v.client(t, func(cfg *brevo.Config) { cfg.Meter = meter }).ListEmails(t.Context(), brevo.EmailQuery{TemplateID: 1})
			require.NoError(t, err)
			tc.want.Bucket = brevo.BucketEmails
			assert.Equal(t, []budget.Reading{tc.want}, meter.readings)
		})
	}
}

func TestAnExhaustedBudgetReachesTheCallerAndNotTheVendor(t *testing.T) {
	v := newVendor(t, 200, `{}`)
	c := v.client(t, func(cfg *brevo.Config) { cfg.Meter = spent{} })
	_, err := c.GetCompany(t.Context(), companyID)
	var exhausted *budget.Exhausted
	require.True(t, errors.As(err, &exhausted))
	assert.Equal(t, brevo.BucketOther, exhausted.Bucket)
	assert.Zero(t, v.count())
}
