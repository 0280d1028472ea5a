package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// Vendors are both vendors as a connector's steps call them: with its credentials, the rate budgets that all its callers
// share, and its log. They are for a program that must not send what it asks for through Temporal, such as a secret.
type Vendors struct {
	Zendesk *zendesk.Client
	Brevo   *brevo.Client
}

// Vendors returns the vendors of an account, or says what to change in connectors.yaml.
func (a *Activities) Vendors(account string) (*Vendors, error) {
	c, err := a.Account.connections.get(account)
	if err != nil {
		return nil, err
	}
	return &Vendors{Zendesk: c.zendesk, Brevo: c.brevo}, nil
}

// Identify returns the Zendesk user whom the connector's credentials stand for, after Brevo has accepted its own. It writes
// nothing. Both are asked with their cheapest calls; a user who may not read exports is an error.
func (v *Vendors) Identify(ctx context.Context) (zendesk.User, error) {
	me, err := v.Zendesk.Me(ctx)
	if err != nil {
		return zendesk.User{}, err
	}
	if reason := stranger(me.Row); reason != "" {
		return zendesk.User{}, configurationError(errors.New(reason))
	}
	// The attribute list is the cheapest call outside the bucket of a hundred calls an hour.
	_, err = v.Brevo.ListAttributes(ctx)
	return me.Row, err
}

// Misconfigured returns what to change in connectors.yaml, where an error is about that.
func Misconfigured(err error) (message string, ok bool) {
	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Type() == ErrConfiguration {
		return app.Message(), true
	}
	return "", false
}

// ExplainError puts a failed call to a vendor into words: what happened, and what to do about it.
func ExplainError(err error) (cause, fix string) { return explain(err) }

// WebhookPath is where the webhook server takes an account's deliveries, below PUBLIC_URL. With one connector it also takes
// them without the account.
func WebhookPath(account string) string { return webhookPath + "/" + account }

const webhookPath = "/webhooks/zendesk"

// LeadsHere reports whether an endpoint of a webhook has the path of the webhook server, whatever its host.
func LeadsHere(endpoint, account string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	path := strings.TrimSuffix(u.Path, "/")
	return strings.HasSuffix(path, webhookPath) || strings.HasSuffix(path, WebhookPath(account))
}

// leadingHere are the active webhooks that were installed from here; where none was, those with the right path.
func leadingHere(all []zendesk.Webhook, installed []store.Webhook, account string) (out []zendesk.Webhook) {
	for _, hook := range all {
		ours := slices.ContainsFunc(installed, func(w store.Webhook) bool { return w.ID == hook.ID })
		if hook.Status == "active" && (ours || len(installed) == 0 && LeadsHere(hook.Endpoint, account)) {
			out = append(out, hook)
		}
	}
	return out
}

// WebhookAccepted reports whether the webhook server counts by this word what it answered with 200: Zendesk reached it, and
// the signature was good.
func WebhookAccepted(result string) bool {
	return slices.Contains([]string{"delivered", "duplicate", "ignored", "scheduled"}, result)
}

// LastAccepted is when the webhook server last accepted something; zero while it never did.
func LastAccepted(results []store.WebhookResult) (at time.Time) {
	for _, r := range results {
		if WebhookAccepted(r.Result) && r.LastAt.After(at) {
			at = r.LastAt
		}
	}
	return at
}

// WebhookStatus is how many deliveries ended one way by Zendesk's account.
type WebhookStatus struct {
	Status string // success, failed, timeout, circuit broken ...
	N      int64
	LastAt time.Time
	Code   int    // what the endpoint answered to the latest, where that says more than Status; else 0
	latest string // its id
}

// Failed reports whether such deliveries are lost. The others succeeded or are still to be made.
func (s WebhookStatus) Failed() bool {
	return !slices.Contains([]string{webhookSuccess, "accepted", "unknown"}, s.Status)
}

const webhookSuccess = "success"

// Explain says what went wrong with deliveries that failed, and what to do.
func (s WebhookStatus) Explain() (cause, fix string) {
	switch {
	case s.Code != 0:
		return ExplainAnswer(s.Code)
	case s.Status == "timeout":
		return ExplainAnswer(http.StatusGatewayTimeout)
	case s.Status == "failed":
		return ExplainAnswer(http.StatusBadGateway)
	case s.Status == "throttled":
		return "Zendesk held events back because there were too many; the schedule brought what they told of", "a trial account may send 60 a minute"
	case s.Status == "circuit broken":
		return "Zendesk stopped sending for a while after many errors: those events are lost, and the schedule brought what they told of",
			"mend what the other failures name"
	}
	return "the webhook server answered with an error", "look at its log"
}

// ExplainAnswer says what it means that Zendesk was answered so by the endpoint of a webhook, and what to do.
func ExplainAnswer(code int) (cause, fix string) {
	switch {
	case code == http.StatusUnauthorized:
		return "the webhook server refused the signature (401): it uses another store or another ENCRYPTION_KEY",
			"give it the STORE_URL and ENCRYPTION_KEY of the starter; if they are the same, run `starter webhooks rotate`"
	case code == http.StatusForbidden:
		return "Zendesk's address was refused (403)", "let ALLOWED_CIDRS hold Zendesk's networks, and TRUSTED_PROXIES the proxy before the webhook server"
	case code == http.StatusNotFound, code == http.StatusMethodNotAllowed:
		return fmt.Sprintf("PUBLIC_URL leads to something else, or to a webhook server without this connector (%d)", code),
			"check PUBLIC_URL, the proxy before the webhook server, and its connectors.yaml"
	case code >= 300 && code <= 399:
		return fmt.Sprintf("PUBLIC_URL redirects (%d), which Zendesk does not follow", code), "set PUBLIC_URL to the address it redirects to"
	case code == http.StatusServiceUnavailable, code == http.StatusTooManyRequests:
		return fmt.Sprintf("the webhook server was not ready (%d)", code), "look at its /readyz: it needs Temporal and, at first, the store"
	case code == http.StatusGatewayTimeout:
		return "no answer came within Zendesk's 12 seconds", "check that the webhook server runs, that PUBLIC_URL can be reached from the internet, and its load"
	case code == http.StatusBadGateway:
		return "Zendesk could not connect", "check that the webhook server runs, and that PUBLIC_URL can be reached from the internet with a valid certificate"
	}
	return fmt.Sprintf("the webhook server, or a proxy before it, answered %d", code), "look at its log"
}

// WebhookLog is Zendesk's own log of a webhook. It reaches seven days back.
type WebhookLog struct {
	Statuses []WebhookStatus // the most frequent first
	Whole    bool            // false: there is more than was read, and this is the newest of it
}

// LastFailure returns the status of the latest delivery that failed; ok is false when none did.
func (l WebhookLog) LastFailure() (latest WebhookStatus, ok bool) {
	for _, s := range l.Statuses {
		if s.Failed() && s.LastAt.After(latest.LastAt) {
			latest, ok = s, true
		}
	}
	return latest, ok
}

// LastSuccess is when a delivery last succeeded; zero when none did.
func (l WebhookLog) LastSuccess() time.Time {
	for _, s := range l.Statuses {
		if s.Status == webhookSuccess {
			return s.LastAt
		}
	}
	return time.Time{}
}

// ReadWebhookLog reads up to so many pages of 100 of a webhook's log, the newest first.
func ReadWebhookLog(ctx context.Context, z *zendesk.Client, id string, pages int) (WebhookLog, error) {
	var log WebhookLog
	by := map[string]WebhookStatus{}
	for q := (zendesk.InvocationQuery{PageSize: 100, Sort: "-latest_completed_at"}); pages > 0 && !log.Whole; pages-- {
		page, err := z.ListInvocations(ctx, id, q)
		if err != nil {
			return WebhookLog{}, err
		}
		for _, v := range page.Rows {
			s := by[v.Status]
			s.Status, s.N = v.Status, s.N+1
			at := v.LatestCompletedAt
			if at.IsZero() {
				at = v.CreatedAt
			}
			if s.latest == "" || at.After(s.LastAt) {
				s.LastAt, s.latest = at, v.ID
			}
			by[v.Status] = s
		}
		q.Cursor, log.Whole = page.Cursor, page.End
	}
	for _, s := range by {
		if s.Status == "client error" || s.Status == "server error" {
			s.Code = answered(ctx, z, id, s.latest)
		}
		log.Statuses = append(log.Statuses, s)
	}
	slices.SortFunc(log.Statuses, func(a, b WebhookStatus) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Status, b.Status))
	})
	return log, nil
}

// answered is what the endpoint answered to an invocation's last attempt. It is 0 where that cannot be told: the status
// alone says enough to go on.
func answered(ctx context.Context, z *zendesk.Client, id, invocation string) (code int) {
	attempts, err := z.ListInvocationAttempts(ctx, id, invocation)
	if err != nil {
		return 0
	}
	var at time.Time
	for _, attempt := range attempts {
		if !attempt.CreatedAt.Before(at) {
			at, code = attempt.CreatedAt, attempt.ResponseCode
		}
	}
	return code
}

// How long deliveries may fail, or arrive elsewhere, before a webhook counts as silent. The webhook server writes its counts
// down every few seconds.
const (
	failingFor   = time.Hour
	elsewhereFor = 10 * time.Minute
)

// silent says why an active webhook brings nothing; empty when it does, or when nothing happened that it could have brought.
// Zendesk's log may be closed to the credential: then nothing is known, and nothing is said.
func (c *connection) silent(ctx context.Context, hook zendesk.Webhook, accepted time.Time) (cause, fix string) {
	log, err := ReadWebhookLog(ctx, c.zendesk, hook.ID, 1)
	if err != nil {
		return "", ""
	}
	success, now := log.LastSuccess(), c.now()
	good := accepted
	if success.After(good) {
		good = success
	}
	failure, failed := log.LastFailure()
	switch {
	case failed && failure.LastAt.After(good) && now.Sub(good) > failingFor:
		cause, fix = failure.Explain()
		return fmt.Sprintf("the webhook %s is silent: %s", hook.ID, cause), fix
	case !success.IsZero() && now.Sub(success) > elsewhereFor && accepted.Before(success.Add(-failingFor)):
		return fmt.Sprintf("the webhook %s is silent here: Zendesk delivers to %s, and nothing of it is counted in this store", hook.ID, hook.Endpoint),
			"give the webhook server the STORE_URL of the worker, or run `starter webhooks install` with the right PUBLIC_URL"
	}
	return "", ""
}
