package config

import (
	"net/url"
	"strings"
)

func (d *decoder) brevo(v value, b *Brevo) {
	written := d.section(v, "brevo", []key{
		{"api_key", d.secret(&b.APIKey, brevoKey)},
		{"oauth", func(v value) { d.brevoOAuth(v, &b.OAuth) }},
		{"base_url", d.text(&b.BaseURL, baseURL(true))},
	})
	b.BaseURL = strings.TrimRight(b.BaseURL, "/")
	if b.OAuth.TokenURL == "" {
		b.OAuth.TokenURL = tokenURL(b.BaseURL)
	}
	switch {
	case written == nil:
	case written["api_key"] && written["oauth"]:
		d.problem(v.at, "keep one of them", "brevo has both api_key and oauth")
	case !written["api_key"] && !written["oauth"]:
		d.keyFromEnv(v.at, `api_key: "${NAME}" under brevo`, b)
	}
}

// brevoOAuth asks by default for what a new app may do: https://developers.brevo.com/docs/oauth-scopes.
func (d *decoder) brevoOAuth(v value, o *BrevoOAuth) {
	o.Scopes = []string{"contacts:read", "contacts:write", "crm:read", "crm:write"}
	written := d.section(v, v.path, []key{
		{"client_id", d.text(&o.ClientID, notEmpty)},
		{"client_secret", d.secret(&o.ClientSecret)},
		{"scopes", d.texts(&o.Scopes, asIs, brevoScope)},
		{"token_url", d.text(&o.TokenURL, baseURL(true))},
	})
	for _, name := range []string{"client_id", "client_secret"} {
		if written != nil && !written[name] {
			d.missing(v.at, "copy it from what `brevo app create --m2m` printed", "brevo.oauth.%s is missing", name)
		}
	}
	if len(o.Scopes) == 0 {
		d.problem(v.at, "name the scopes, or remove the line", "brevo.oauth.scopes is empty: the token would carry all that the app may do")
	}
}

// tokenURL is where the host of the API gives out tokens.
func tokenURL(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host + "/realms/partner/oauth/token"
}

// keyFromEnv serves configurations that say nothing of Brevo. add is what to write instead, where the file lacks it.
func (d *decoder) keyFromEnv(at Position, add string, b *Brevo) {
	text, ok := d.variable(at, "BREVO_API_KEY")
	if !ok {
		return
	}
	if text = strings.TrimSpace(text); text == "" {
		d.problem(at, "set the environment variable BREVO_API_KEY (or put it in .env), or add "+add+" for a variable of your own", "brevo.api_key is missing")
		return
	}
	for _, r := range []rule{secretText, brevoKey} {
		if message, fix := r(text); message != "" {
			d.problem(at, fix, "the environment variable BREVO_API_KEY %s", message)
			return
		}
	}
	b.APIKey = NewSecret(text)
}
