package control

import (
	"context"
	"fmt"
	"time"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/store"
)

// OAuthClients is where Zendesk keeps OAuth clients.
const OAuthClients = "Zendesk Admin Center > Apps and integrations > APIs > OAuth clients"

// apiTokensEnd is when Zendesk ends every API token. It makes none since 2026-10-27.
// https://developer.zendesk.com/documentation/api-basics/authentication/oauth-migration/
var apiTokensEnd = time.Date(2027, 4, 30, 0, 0, 0, 0, time.UTC)

// APITokenWarning says that the days of an API token are counted, and what to do.
func APITokenWarning(now time.Time) string {
	left := fmt.Sprintf("in %d days", max(0, int(apiTokensEnd.Sub(now).Hours()/24)))
	if left == "in 1 days" {
		left = "in 1 day"
	}
	return fmt.Sprintf("Zendesk ends all API tokens on %s (%s) and makes none since 2026-10-27: make an OAuth client under %s, put it into auth.oauth, and run `starter connect` again",
		apiTokensEnd.Format(time.DateOnly), left, OAuthClients)
}

// Lifted is what became of a pause when the account was connected.
type Lifted struct {
	Resumed  *Pause // the pause that ended
	Paused   *Pause // the pause that still stands
	Warnings []string
}

// LiftPause ends a pause that connecting is the remedy for.
func LiftPause(ctx context.Context, account *store.Account) (Lifted, error) {
	stood, standing, err := account.Paused(ctx)
	if err != nil || !standing {
		return Lifted{}, err
	}
	pause := &Pause{Kind: stood.Kind, Message: stood.Message, At: UTC(stood.At)}
	if stood.Kind != activities.PauseCredentials && stood.Kind != activities.PauseDisconnected {
		return Lifted{Paused: pause}, nil
	}
	if err := account.ClearPause(ctx, stood.Kind); err != nil {
		return Lifted{}, err
	}
	out := Lifted{Resumed: pause}
	if stood.Kind == activities.PauseDisconnected {
		out.Warnings = append(out.Warnings, "disconnecting removed the schedule and the webhooks: run `starter schedule apply`, and if you want them `starter webhooks install`")
	}
	return out, nil
}
