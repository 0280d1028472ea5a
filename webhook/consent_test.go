package main

import (
	"html"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheAnswerOfAConsentIsShown to the person in whose browser it comes, and nowhere else.
func TestTheAnswerOfAConsentIsShown(t *testing.T) {
	s := newSite(t, func(in *setup) { require.NoError(t, in.env.AllowedCIDRs.UnmarshalText([]byte("192.0.2.0/24"))) })
	for query, line := range map[string]string{
		"?code=0123abcdef&state=ABC":                             "code=0123abcdef&state=ABC",
		"?state=ABC&code=0123abcdef&more=x":                      "code=0123abcdef&state=ABC",
		"?error=access_denied&error_description=no%20&state=ABC": "error=access_denied&state=ABC",
		"":                               "",
		"?code=0123abcdef":               "",
		"?state=ABC":                     "",
		"?code=%3Cscript%3E&state=ABC":   "",
		"?code=a&state=%22onload":        "",
		"?code=a&error=denied&state=ABC": "",
	} {
		r := get(t, s.url+"/oauth/callback"+query)
		if line == "" {
			assert.Equal(t, 400, r.status, query)
			assert.Contains(t, r.body, "This page is for the answer to <code>starter connect</code>")
			assert.NotContains(t, r.body, "<script")
			continue
		}
		assert.Equal(t, 200, r.status, query)
		assert.Contains(t, r.body, "<pre>"+html.EscapeString(line)+"</pre>")
		assert.Equal(t, "no-store", r.header.Get("Cache-Control"))
		assert.Equal(t, "no-referrer", r.header.Get("Referrer-Policy"))
		assert.Equal(t, "default-src 'none'; frame-ancestors 'none'", r.header.Get("Content-Security-Policy"))
	}
	assert.NotContains(t, s.log.String(), "0123abcdef")
	assert.Empty(t, s.counted("acme"))
}
