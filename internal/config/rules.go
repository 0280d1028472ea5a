package config

import (
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"
)

func notEmpty(text string) (string, string) {
	if text == "" {
		return "is empty", "write a value, or remove the line for the default"
	}
	return "", ""
}

// secretText refuses what a header cannot carry: a credential pasted with a line break in it.
func secretText(text string) (string, string) {
	if text == "" {
		return "is empty", "write ${NAME} and set that environment variable"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "contains a space or a line break", "copy the value again, on one line"
	}
	return "", ""
}

// brevoKey catches the SMTP key, which Brevo shows on the same page: https://developers.brevo.com/docs/getting-started.
func brevoKey(text string) (string, string) {
	if strings.HasPrefix(text, "xsmtpsib-") {
		return "is an SMTP key", "use an API key (it begins with xkeysib-) from Brevo's SMTP & API page"
	}
	return "", ""
}

var subdomainPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func subdomain(text string) (string, string) {
	if subdomainPattern.MatchString(text) {
		return "", ""
	}
	host := strings.ToLower(text)
	if _, after, found := strings.Cut(host, "://"); found {
		host = after
	}
	host, _, _ = strings.Cut(host, "/")
	host = strings.TrimSuffix(host, ".zendesk.com")
	if subdomainPattern.MatchString(host) && len(host) <= maxShown {
		return "is not a Zendesk subdomain", fmt.Sprintf("write %q", host)
	}
	return "is not a Zendesk subdomain", `write the part before .zendesk.com, in lower-case letters, digits and hyphens, such as "yourcompany"`
}

// baseURL accepts https, and http to the machine itself: certificates cannot be had there and nothing leaves it.
func baseURL(withPath bool) rule {
	return func(text string) (string, string) {
		u, err := url.Parse(text)
		if err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http") || strings.HasSuffix(u.Host, ":") {
			return "is not a URL", "write it like https://yourcompany.zendesk.com"
		}
		if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
			return "carries credentials, a query or a fragment", "write only https:// and the host"
		}
		if u.Scheme == "http" && !loopback(u.Hostname()) {
			return "would send credentials over plain http", "write https:// (http is accepted for localhost only)"
		}
		if !withPath && strings.Trim(u.Path, "/") != "" {
			return "has a path", "write only https:// and the host; /api/v2 is added"
		}
		return "", ""
	}
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func validEmail(text string) bool {
	parsed, err := mail.ParseAddress(text)
	return err == nil && parsed.Address == text && parsed.Name == ""
}

// email never repeats the text, which is personal data.
func email(text string) (string, string) {
	if !validEmail(text) {
		return "is not an e-mail address", "write it like name@example.com"
	}
	return "", ""
}

var domainPattern = regexp.MustCompile(`^[\pL\pN]([\pL\pN.-]*[\pL\pN])?$`)

func domain(text string) (string, string) {
	if !domainPattern.MatchString(text) || !strings.Contains(text, ".") || strings.Contains(text, "..") {
		return "is not a domain", "write it like example.com"
	}
	return "", ""
}

func word(text string) (string, string) {
	if text == "" || strings.ContainsFunc(text, unicode.IsSpace) {
		return "is empty or contains a space", "write it without spaces"
	}
	return "", ""
}

func role(text string) (string, string) {
	allowed := []string{RoleEndUser, RoleAgent, RoleAdmin}
	if !slices.Contains(allowed, text) {
		return "is not a Zendesk role", chooseFix(text, allowed)
	}
	return "", ""
}

var scopePattern = regexp.MustCompile(`^[a-z_]+(:(read|write))?$`)

func scope(text string) (string, string) {
	if !scopePattern.MatchString(text) {
		return "is not an OAuth scope", "write read, write, or one resource's, such as users:read"
	}
	return "", ""
}

var brevoScopePattern = regexp.MustCompile(`^[a-z_-]+(\.[a-z_-]+)*:(read|write)$`)

func brevoScope(text string) (string, string) {
	if !brevoScopePattern.MatchString(text) {
		return "is not a scope of Brevo", "write a resource and read or write, such as contacts:write"
	}
	return "", ""
}

var attributePattern = regexp.MustCompile(`^[A-Z0-9_]{1,50}$`)

func attribute(text string) (string, string) {
	if !attributePattern.MatchString(text) {
		return "is not a Brevo attribute name", "use letters, digits and underscores, such as COMPANY_NAME"
	}
	return "", ""
}

// region takes ISO 3166 codes; UK is the common slip for GB.
func region(text string) (string, string) {
	code := strings.ToUpper(text)
	if code == "" || phonenumbers.GetSupportedRegions()[code] {
		return "", ""
	}
	if code == "UK" {
		return "is not a country code", "write GB"
	}
	return "is not a country code", "write two letters such as US, GB or FR (ISO 3166)"
}

var prefixPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{0,50}$`)

func eventPrefix(text string) (string, string) {
	if !prefixPattern.MatchString(text) {
		return "has characters that Brevo event names cannot have", "use letters, digits, hyphens and underscores, up to 50"
	}
	return "", ""
}

func share(f float64) (string, string) {
	switch {
	case f > 1 && f <= 100:
		return fmt.Sprintf("is a share between 0 and 1, found %g", f), fmt.Sprintf("for %g%% write %g", f, f/100)
	case f <= 0 || f > 1:
		return fmt.Sprintf("is out of range: %g", f), "write a share above 0 and up to 1, such as 0.8"
	}
	return "", ""
}

func percentage(f float64) (string, string) {
	if f < 0 || f > 100 {
		return fmt.Sprintf("is out of range: %g", f), "write a number from 0 to 100"
	}
	return "", ""
}

func lower(text string) string { return strings.ToLower(text) }
func upper(text string) string { return strings.ToUpper(text) }
func asIs(text string) string  { return text }

func bareDomain(text string) string { return strings.TrimPrefix(strings.ToLower(text), "@") }
