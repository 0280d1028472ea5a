package brevo_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rest"
)

func TestRejectFilesAreParsedTolerantly(t *testing.T) {
	for name, tc := range map[string]struct {
		file string
		want [][]string
	}{
		"semicolons and a header": {"EMAIL;SMS\na@example.com;+331\n", [][]string{{"EMAIL", "SMS"}, {"a@example.com", "+331"}}},
		"commas, none":            {"a@example.com,bad\r\nb@example.com,bad\r\n", [][]string{{"a@example.com", "bad"}, {"b@example.com", "bad"}}},
		"one column":              {"a@example.com\nb@example.com", [][]string{{"a@example.com"}, {"b@example.com"}}},
		"tabs":                    {"a@example.com\tx, y\n", [][]string{{"a@example.com", "x, y"}}},
		"byte order mark":         {"\xef\xbb\xbfEMAIL\na@example.com\n", [][]string{{"EMAIL"}, {"a@example.com"}}},
		"quotes":                  {`"a@example.com";"x;""y"""` + "\n", [][]string{{"a@example.com", `x;"y`}}},
		"a quote that never closes": {
			"a@example.com;\"x\nb@example.com;y\n\n", [][]string{{"a@example.com", "x"}, {"b@example.com", "y"}},
		},
		"uneven rows": {"a;b\nc\n", [][]string{{"a", "b"}, {"c"}}},
		"empty":       {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, 200, tc.file)
			got, err := v.client(t).FetchRejects(t.Context(), v.URL+"/files/78.csv")
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestRejectFilesAreAskedForWithoutTheKey(t *testing.T) {
	v, meter := newVendor(t, 200, "a\n"), &ledger{}
	c := v.client(t, func(cfg *brevo.Config) { cfg.Meter = meter })
	_, err := c.FetchRejects(t.Context(), v.URL+"/up%20load/78.csv?X-Amz-Signature=a%2Fb%20c&X-Amz-Date=1")
	require.NoError(t, err)
	r := v.only(t)
	assert.Equal(t, "/up%20load/78.csv", r.path)
	assert.Equal(t, "X-Amz-Signature=a%2Fb%20c&X-Amz-Date=1", r.query, "a signed query travels as it stands")
	assert.Empty(t, r.header.Get("Api-Key"))
	assert.Empty(t, r.header.Get("Authorization"))
	assert.Empty(t, meter.needs)
}

func TestRejectFileAddressesAreHTTPS(t *testing.T) {
	loopback := newVendor(t, 200, "")
	remote, err := brevo.New(brevo.Config{BaseURL: "https://api.brevo.com/v3", Credential: brevo.APIKey(testKey)})
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		client  *brevo.Client
		address string
	}{
		"plain http elsewhere":                  {loopback.client(t), "http://files.example.com/78.csv"},
		"loopback while the API is elsewhere":   {remote, loopback.URL + "/78.csv"},
		"a file of this machine":                {loopback.client(t), "file:///etc/passwd"},
		"no URL":                                {loopback.client(t), "://"},
		"credentials in it go nowhere, no host": {loopback.client(t), "https:///78.csv"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tc.client.FetchRejects(t.Context(), tc.address)
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "78.csv")
		})
	}
	assert.Zero(t, loopback.count())
}

func TestRejectFileRedirects(t *testing.T) {
	target := newVendor(t, 200, "a@example.com\n")
	for name, tc := range map[string]struct {
		location string
		ok       bool
	}{
		"to another allowed host": {target.URL + "/x.csv", true},
		"to plain http elsewhere": {"http://files.example.com/x.csv", false},
		"to itself for ever":      {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			hops := 0
			hopping := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				hops++
				http.Redirect(w, r, tc.location+"?hop", http.StatusFound)
			}))
			defer hopping.Close()
			got, err := target.client(t).FetchRejects(t.Context(), hopping.URL+"/78.csv")
			assert.LessOrEqual(t, hops, 4)
			if !tc.ok {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, [][]string{{"a@example.com"}}, got)
		})
	}
}

func TestARejectFileThatCannotBeHad(t *testing.T) {
	for name, tc := range map[string]struct {
		status    int
		header    map[string]string
		body      string
		want      int
		temporary bool
		text      string
	}{
		"address ran out":        {status: 403, body: "<Error>/78.csv</Error>", want: 403, text: "fetch reject file: 403"},
		"gone":                   {status: 404, want: 404, text: "fetch reject file: 404"},
		"key asked for":          {status: 401, want: 401, text: "fetch reject file: 401"},
		"redirected nowhere":     {status: 302, want: 302, text: "302"},
		"host down for a moment": {status: 503, want: 503, temporary: true, text: "fetch reject file: 503"},
		"host too busy":          {status: 429, want: 429, temporary: true, text: "429"},
		"host too slow":          {status: 408, want: 408, temporary: true, text: "408"},
		"cut":                    {status: 200, header: map[string]string{"Content-Length": "500"}, body: "a@ex", want: 200, temporary: true, text: "cut short"},
		"a page":                 {status: 200, header: map[string]string{"Content-Type": "text/html; charset=utf-8"}, body: "Sign in", want: 200, temporary: true, text: "a page was answered instead"},
		"a page by its text":     {status: 200, header: map[string]string{"Content-Type": "text/csv"}, body: "\xef\xbb\xbf\n <!doctype html>", want: 200, temporary: true, text: "200 a page"},
		"the host's own error":   {status: 200, body: "<?xml version=\"1.0\"?><Error>/78.csv</Error>", want: 200, temporary: true, text: "200 a page"},
		"too large":              {status: 200, body: strings.Repeat("a@example.com\n", (32<<20)/14+2), want: 200, text: "larger than 32 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t, tc.status, tc.body)
			v.header = tc.header
			rows, err := v.client(t).FetchRejects(t.Context(), v.URL+"/78.csv")
			var file *brevo.RejectFileError
			require.ErrorAs(t, err, &file)
			assert.Equal(t, tc.want, file.Status)
			assert.Equal(t, tc.temporary, file.Temporary)
			assert.Nil(t, rows)
			assert.Contains(t, err.Error(), tc.text)
			assert.NotContains(t, err.Error(), "78.csv")
			assert.NotContains(t, err.Error(), v.URL)
			assert.False(t, errors.As(err, new(*rest.Error)), "nobody may take it for an answer of the API")
			assert.False(t, brevo.IsNotFound(err))
		})
	}
	t.Run("nobody there", func(t *testing.T) {
		v, gone := newVendor(t, 200, ""), newVendor(t, 200, "")
		gone.Close()
		_, err := v.client(t).FetchRejects(t.Context(), gone.URL+"/78.csv")
		var file *brevo.RejectFileError
		require.ErrorAs(t, err, &file)
		assert.Zero(t, file.Status)
		assert.True(t, file.Temporary)
		assert.EqualError(t, err, "fetch reject file: connection refused")
	})
	t.Run("no address", func(t *testing.T) {
		_, err := newVendor(t, 200, "").client(t).FetchRejects(t.Context(), "http://files.example.com/78.csv")
		var file *brevo.RejectFileError
		require.ErrorAs(t, err, &file)
		assert.False(t, file.Temporary)
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		v := newVendor(t, 200, "")
		_, err := v.client(t).FetchRejects(ctx, v.URL+"/78.csv")
		require.ErrorIs(t, err, context.Canceled)
	})
}
