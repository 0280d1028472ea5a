package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
)

// The names of stored signing secrets, which the webhook server reads.
const signingPrefix = "webhook_signing/"

func signingName(id string) string { return signingPrefix + id }

func previousName(id string) string { return signingName(id) + "/previous" }

// overlap is how much longer than webhooks.max_age a replaced secret stays valid: for retries, and clocks that differ.
const overlap = 10 * time.Minute

// put seals a secret and stores it; expires is zero for the one in force.
func (w *webhooks) put(ctx context.Context, name, secret string, expires time.Time) error {
	keyID, sealed, err := w.box.Seal(secret, w.cfg.Account()+"/"+name)
	if err != nil {
		return err
	}
	err = w.account.PutSecret(ctx, store.Secret{Name: name, KeyID: keyID, Sealed: sealed, CreatedAt: w.now(), ExpiresAt: expires})
	if err != nil {
		return w.storeFailure(err)
	}
	return nil
}

// stored is the secret in force as the store has it, empty when there is none; sealed is why ENCRYPTION_KEY does not open it.
func (w *webhooks) stored(ctx context.Context, id string) (secret string, sealed, err error) {
	rows, err := w.account.Secrets(ctx, signingName(id))
	if err != nil {
		return "", nil, w.storeFailure(err)
	}
	for _, row := range rows {
		if row.Name == signingName(id) {
			secret, sealed = w.box.Open(row.KeyID, row.Sealed, w.cfg.Account()+"/"+row.Name)
		}
	}
	return secret, sealed, nil
}

// keep stores the secret with which Zendesk signs now. One that was in force before stays valid for a while: what it signed
// may still be on its way. It comes first, so that a crash between the two forgets nothing.
func (w *webhooks) keep(ctx context.Context, id, current, before string) error {
	if before != "" && before != current {
		if err := w.put(ctx, previousName(id), before, w.now().Add(w.cfg.Webhooks.MaxAge+overlap)); err != nil {
			return err
		}
	}
	return w.put(ctx, signingName(id), current, time.Time{})
}

// learn stores the secret that Zendesk shows; it also seals one that is stored already with the first ENCRYPTION_KEY.
func (w *webhooks) learn(ctx context.Context, id string) error {
	shown, err := w.zendesk.ShowSigningSecret(ctx, id)
	if err != nil {
		return w.refused("read the signing secret of webhook "+id, err)
	}
	before, sealed, err := w.stored(ctx, id)
	if err != nil {
		return err
	}
	if sealed != nil {
		w.warnf("starter: the stored secret of webhook %s was sealed with another ENCRYPTION_KEY: it is replaced, and the webhook server needs the key of now", id)
	}
	if err := w.keep(ctx, id, shown.Reveal(), before); err != nil {
		return err
	}
	return w.tidy(ctx, id)
}

// tidy deletes a replaced secret that has expired.
func (w *webhooks) tidy(ctx context.Context, id string) error {
	rows, err := w.account.Secrets(ctx, previousName(id))
	for _, row := range rows {
		if err == nil && !row.ExpiresAt.After(w.now()) {
			err = w.account.DeleteSecrets(ctx, row.Name)
		}
	}
	if err != nil {
		return w.storeFailure(err)
	}
	return nil
}

// retryAfter is longer than the second in which the webhook server looks only once for a secret that it does not know.
const retryAfter = 2 * time.Second

// verify lets Zendesk send a signed test and looks at the answer.
func (w *webhooks) verify(ctx context.Context, hook store.Webhook) error {
	for last := false; ; last = true {
		status, err := w.try(ctx, hook.ID, hook.Endpoint)
		switch {
		case err != nil:
			return err
		case status >= 200 && status <= 299:
			w.say("Zendesk reached %s, and the webhook server accepted its signature.\n", hook.Endpoint)
			return nil
		case !last && (status == http.StatusUnauthorized || status == http.StatusServiceUnavailable):
			if err := w.sleep(ctx, retryAfter); err != nil {
				return err
			}
		default:
			cause, fix := activities.ExplainAnswer(status)
			if status == http.StatusUnauthorized {
				fix = "give it the STORE_URL and ENCRYPTION_KEY of the starter"
			}
			return failed("webhook %s stays in Zendesk, but its test did not come through: %s: %s; then run `%s`, which tests again",
				hook.ID, cause, fix, installOf(hook.Kind))
		}
	}
}

// try returns what the endpoint answered to a test of a type that it ignores.
func (w *webhooks) try(ctx context.Context, id, endpoint string) (int, error) {
	payload, err := json.Marshal(map[string]any{
		"type": "zen:event-type:connector.test", "id": "test-" + rand.Text(), "time": clock(w.now()), "subject": "zen:connector:test",
		"zendesk_event_version": "2022-11-06", "detail": map[string]any{}, "event": map[string]any{},
	})
	if err != nil {
		return 0, err
	}
	test, err := w.zendesk.TestWebhook(ctx, id, endpoint, string(payload))
	var call *rest.Error
	switch {
	case err == nil:
		return test.Status, nil
	case errors.As(err, &call) && call.Status >= 200 && call.Status <= 299:
		// An answer without the endpoint's status: there was none.
		return http.StatusBadGateway, nil
	}
	return 0, w.refused("test webhook "+id, err)
}
