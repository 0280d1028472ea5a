package activities

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/zendesk"
)

// explain puts a failed call into words: what happened, and what to do about it.
func explain(err error) (cause, fix string) {
	var (
		call   *rest.Error
		person *credentials.Problem
	)
	if errors.As(err, &person) {
		return person.Cause, person.Fix
	}
	if !errors.As(err, &call) {
		return err.Error(), "try again in a minute"
	}
	cause, fix = advise(err, call)
	if fix == "" {
		fix = "try again in a minute; if it stays, look at the vendor's status page"
	}
	if _, refused := refusedIP(err); refused {
		return cause, fix
	}
	return call.Error(), fix
}

// pauseMessage is what a pause for a refused call says: the cause, the one thing to do, and how to go on.
func pauseMessage(err error) string {
	var (
		call   *rest.Error
		person *credentials.Problem
	)
	if errors.As(err, &person) || !errors.As(err, &call) {
		return err.Error() // which ends with what to do
	}
	cause, fix := advise(err, call)
	return cause + ": " + fix + "; then run `starter resume`"
}

// advise names the cause of a failed call as a person would, and its fix; both are empty where time alone may heal it.
func advise(err error, call *rest.Error) (cause, fix string) {
	vendor := vendorName(call.Vendor)
	if ip, refused := refusedIP(err); refused {
		named := ""
		if ip.IsValid() {
			named = " " + ip.String()
		}
		return fmt.Sprintf("%s refuses this machine's IP address%s (%d)", vendor, named, call.Status), "allow it in " + ipSettings[vendor]
	}
	switch {
	case call.Status == http.StatusPaymentRequired, call.Code == brevo.CodeNoCredits:
		return fmt.Sprintf("%s asks for more credit or a larger plan (%d)", vendor, call.Status), "settle it in the vendor's billing page"
	case call.Status == 0:
		return vendor + " cannot be reached", "check base_url, the network and HTTPS_PROXY from the worker's host"
	case call.Reason == rest.ReasonHTML && call.Status != http.StatusNotFound && call.Status < http.StatusInternalServerError, call.Status >= 300 && call.Status <= 399:
		return fmt.Sprintf("something between this machine and %s answered in its place (%d)", vendor, call.Status),
			"check base_url and HTTPS_PROXY from the worker's host, and what stands between"
	case vendor == vendorBrevo:
		return adviseBrevo(call)
	}
	return adviseZendesk(call)
}

func adviseBrevo(call *rest.Error) (cause, fix string) {
	if call.Route == brevo.TokenRoute && call.Status < http.StatusInternalServerError {
		return fmt.Sprintf("Brevo refused the OAuth app (%d%s)", call.Status, codeOf(call)), "check client_id, client_secret and scopes under brevo.oauth"
	}
	switch {
	case call.Code == brevo.CodeUnderValidation:
		return fmt.Sprintf("Brevo has yet to validate the account (%d)", call.Status), "finish the account's validation in Brevo, or ask Brevo's support"
	case call.Status == http.StatusUnauthorized, call.Code == brevo.CodeUnauthorized:
		return fmt.Sprintf("Brevo refused the API key (%d)", call.Status), "put a valid key into brevo.api_key"
	case call.Status == http.StatusForbidden, call.Code == brevo.CodePermissionDenied:
		return fmt.Sprintf("Brevo refuses %s %s (%d)", call.Method, call.Route, call.Status), "the plan, the owner of the key, or the OAuth app lacks the permission: add it in Brevo"
	case call.Status == http.StatusNotFound:
		return "Brevo does not know the address (404)", "check brevo.base_url in connectors.yaml"
	}
	return "", ""
}

// adviseZendesk never asks for a new API token: nobody can make one since 2026-10-27.
// https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/
func adviseZendesk(call *rest.Error) (cause, fix string) {
	switch {
	case call.Route == routeToken && call.Status < http.StatusInternalServerError:
		return fmt.Sprintf("Zendesk refused the OAuth client (%d%s)", call.Status, codeOf(call)), "check client_id, client_secret and scopes under auth.oauth"
	case call.Status == http.StatusUnauthorized:
		return "Zendesk refused the credentials (401)", "check auth in connectors.yaml; API tokens can no longer be created and " +
			"end on 2027-04-30, so connect an OAuth client if the token is gone"
	case call.Status == http.StatusForbidden:
		return "Zendesk refused the connected user (403)", "connect an active administrator, and give the credential the scope that is missing"
	case call.Status == http.StatusNotFound:
		return "Zendesk does not know the address (404)", "check subdomain and base_url in connectors.yaml, and that the plan includes it"
	}
	return "", ""
}

// codeOf is the vendor's error code for a message, after a space; empty when there is none.
func codeOf(call *rest.Error) string {
	if call.Code == "" {
		return ""
	}
	return " " + call.Code
}

// ipSettings are where each vendor keeps the addresses that it lets in.
// https://developers.brevo.com/docs/ip-security and https://support.zendesk.com/hc/en-us/articles/4408894156186
var ipSettings = map[string]string{
	vendorBrevo:   "Brevo under Security > Authorized IPs",
	vendorZendesk: "Zendesk Admin Center under Account > Security > Advanced > IP Restrictions",
}

// refusedIP reports that a vendor keeps this host out by its address, and the address that it sees where it names it.
func refusedIP(err error) (netip.Addr, bool) {
	if ip, refused := brevo.IsUnknownIP(err); refused {
		return ip, true
	}
	return zendesk.IsRefusedIP(err)
}

const (
	vendorBrevo   = "Brevo"
	vendorZendesk = "Zendesk"
)

func vendorName(vendor string) string {
	if vendor == "brevo" {
		return vendorBrevo
	}
	return vendorZendesk
}
