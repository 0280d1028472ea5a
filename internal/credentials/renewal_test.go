package credentials_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/credentials"
	"zendesk-brevo/internal/sim/zendesksim"
)

// TestRenewedTokensOutliveAnOutageOfTheStore: of all programs only the one that renewed has them, and no other renews meanwhile.
func TestRenewedTokensOutliveAnOutageOfTheStore(t *testing.T) {
	s := newSite(t, engines["sqlite"](t), zendesksim.Options{})
	o := s.options(t)
	s.connect(t, o)
	s.pass(29 * time.Minute)
	begun := s.now()
	db, err := sql.Open("sqlite", strings.TrimPrefix(s.url, "sqlite:"))
	require.NoError(t, err)
	defer db.Close()
	_, err = db.ExecContext(t.Context(), "CREATE TRIGGER away BEFORE UPDATE ON secrets BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
	require.NoError(t, err)
	o.Sleep = func(context.Context, time.Duration) error { s.pass(time.Second); return nil }
	c := s.worker(t, o)
	require.ErrorContains(t, call(t, c), "store renewed tokens")
	assert.Equal(t, 110*time.Second, s.now().Sub(begun), "it gives up before its lease ends")
	require.ErrorContains(t, call(t, c), "store renewed tokens")
	assert.Equal(t, 110*time.Second, s.now().Sub(begun), "later calls try once")

	impatient := s.options(t)
	impatient.Sleep = func(context.Context, time.Duration) error { return nil }
	_, err = s.worker(t, impatient).Me(t.Context())
	require.ErrorIs(t, err, credentials.ErrBusy, "the lease stays")

	_, err = db.ExecContext(t.Context(), "DROP TRIGGER away")
	require.NoError(t, err)
	require.NoError(t, call(t, c))
	require.NoError(t, call(t, s.worker(t, impatient)), "they are stored")
	assert.Equal(t, 1, s.sim.Granted("refresh_token"))
	s.pass(29 * time.Minute)
	require.NoError(t, call(t, s.worker(t, impatient)))
}

// TestAnAnswerWithoutARefreshToken keeps the old one, and the old scope.
func TestAnAnswerWithoutARefreshToken(t *testing.T) {
	s := newSite(t, engines["sqlite"](t), zendesksim.Options{})
	o := s.options(t)
	s.connect(t, o)
	var sent []string
	o.HTTP = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		var body struct {
			RefreshToken string `json:"refresh_token"`
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			return nil, err
		}
		sent = append(sent, body.RefreshToken)
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
			Body: io.NopCloser(bytes.NewBufferString(`{"access_token":"another","token_type":"bearer","expires_in":600}`)),
		}, nil
	})}
	credential := credentials.Zendesk(s.cfg, o)
	for range 2 {
		s.pass(29 * time.Minute)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.cfg.URL(), nil)
		require.NoError(t, err)
		require.NoError(t, credential.Authorize(t.Context(), r))
		assert.Equal(t, "Bearer another", r.Header.Get("Authorization"))
	}
	require.Len(t, sent, 2)
	assert.NotEmpty(t, sent[0])
	assert.Equal(t, sent[0], sent[1])
}

// TestNothingIsRenewedOnceAProgramEnds: a renewal in flight is waited for, and none begins after it.
func TestNothingIsRenewedOnceAProgramEnds(t *testing.T) {
	s := newSite(t, engines["sqlite"](t), zendesksim.Options{})
	o := s.options(t)
	o.Renewing = &sync.RWMutex{}
	s.connect(t, o)
	s.pass(29 * time.Minute)
	var held bool
	o.HTTP = &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		if held = !o.Renewing.TryLock(); !held {
			o.Renewing.Unlock()
		}
		return http.DefaultTransport.RoundTrip(r)
	})}
	c := s.worker(t, o)
	require.NoError(t, call(t, c))
	assert.True(t, held)
	assert.Equal(t, 1, s.sim.Granted("refresh_token"))
	o.Renewing.Lock()
	require.NoError(t, call(t, c), "what needs no renewal goes on")
	s.pass(29 * time.Minute)
	_, err := c.Me(t.Context())
	require.ErrorIs(t, err, credentials.ErrBusy)
	assert.Equal(t, 1, s.sim.Granted("refresh_token"))
}

// Two programs whose clocks differ may renew at the same time: the refresh token of the one ends with the call of the other, whose
// tokens are in the store a moment later.
func TestWhoLosesARenewalGoesOnWithTheTokensOfTheOther(t *testing.T) {
	s := newSite(t, engines["sqlite"](t), zendesksim.Options{})
	o := s.options(t)
	s.connect(t, o)
	s.pass(29 * time.Minute)
	before, err := o.Store.Secret(t.Context(), credentials.TokensName)
	require.NoError(t, err)
	require.NoError(t, call(t, s.worker(t, s.options(t))))
	renewed, err := o.Store.Secret(t.Context(), credentials.TokensName)
	require.NoError(t, err)
	require.NotEqual(t, before.Sealed, renewed.Sealed)

	require.NoError(t, o.Store.PutSecret(t.Context(), before), "not stored yet")
	waits := 0
	o.Sleep = func(ctx context.Context, _ time.Duration) error {
		if waits++; waits == 3 {
			return o.Store.PutSecret(ctx, renewed)
		}
		return nil
	}
	require.NoError(t, call(t, s.worker(t, o)))
	assert.Equal(t, 3, waits)
	kept, err := o.Store.Secret(t.Context(), credentials.TokensName)
	require.NoError(t, err)
	assert.Equal(t, renewed.Sealed, kept.Sealed)
}
