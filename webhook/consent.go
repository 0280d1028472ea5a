package main

import (
	"html/template"
	"net/http"
	"net/url"
	"regexp"

	"github.com/gin-gonic/gin"
)

// consentPath is where Zendesk sends the browser of who agreed to `starter connect`, where PUBLIC_URL is set.
const consentPath = "/oauth/callback"

var (
	consentValue = regexp.MustCompile(`^[A-Za-z0-9._~-]{1,512}$`)
	consentError = regexp.MustCompile(`^[a-z_]{3,40}$`)
	consentPage  = template.Must(template.New("").Parse(`<!doctype html><meta charset="utf-8"><title>Zendesk to Brevo</title>
{{if .}}<p>Copy this line, and paste it where <code>starter connect</code> waits, within two minutes:</p><pre>{{.}}</pre>
{{else}}<p>This page is for the answer to <code>starter connect</code>: open the address that it printed.</p>{{end}}`))
)

// consent shows the answer to an authorization to the person in whose browser it came, who gives it to the waiting starter. The
// code is of no use to anybody else: the starter alone has what it is exchanged with. It is neither kept nor logged here.
// https://www.rfc-editor.org/rfc/rfc7636
func (s *server) consent(c *gin.Context) {
	line, status := consentLine(c.Request.URL.Query()), http.StatusOK
	if line == "" {
		status = http.StatusBadRequest
	}
	for name, value := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff",
	} {
		c.Header(name, value)
	}
	c.Status(status)
	_ = consentPage.Execute(c.Writer, line)
}

// consentLine is what to paste; empty when the query is no answer.
func consentLine(q url.Values) string {
	out := url.Values{}
	for _, name := range []string{"code", "state"} {
		if consentValue.MatchString(q.Get(name)) {
			out.Set(name, q.Get(name))
		}
	}
	if consentError.MatchString(q.Get("error")) {
		out.Set("error", q.Get("error"))
	}
	if !out.Has("state") || out.Has("code") == out.Has("error") {
		return ""
	}
	return out.Encode()
}
