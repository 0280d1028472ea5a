package main

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/seal"
	"zendesk-brevo/internal/store"
)

// status sends a delivery that the secret has signed, and returns what it is answered.
func (s *site) status(t testing.TB, secret string) int {
	t.Helper()
	d := s.request(trigger("ticket.solved"))
	d.secret = secret
	return s.send(t, d).status
}

func TestTwoSecretsWhileRotating(t *testing.T) {
	s := newSite(t, func(in *setup) {
		in.env.ZendeskWebhookSecret = config.Secrets{config.NewSecret(secret), config.NewSecret(previous)}
	})
	assert.Equal(t, 200, s.status(t, secret))
	assert.Equal(t, 200, s.status(t, previous))
	assert.Equal(t, 401, s.status(t, "a third"))
}

// TestReplacedSecretEnds: the stored one that is being replaced is good until its time is up, whether or not the store answers.
func TestReplacedSecretEnds(t *testing.T) {
	s := newSite(t, without)
	s.vault.put("acme", Secret{Value: secret}, Secret{Value: previous, Until: noon.Add(time.Minute)})
	assert.Equal(t, 200, s.status(t, secret))
	s.vault.fail(errors.New("no route to host"))
	assert.Equal(t, 200, s.status(t, previous))
	s.clock.move(time.Minute)
	assert.Equal(t, 401, s.status(t, previous))
	assert.Equal(t, 200, s.status(t, secret))
}

// TestSecretInstalledWhileRunning works for the first delivery that it signs, unless forged ones had the store asked in the
// same second.
func TestSecretInstalledWhileRunning(t *testing.T) {
	s := newSite(t, without)
	assert.Equal(t, 401, s.status(t, secret))
	s.vault.put("acme", Secret{Value: secret})
	assert.Equal(t, 401, s.status(t, secret), "asked a moment ago")
	s.clock.move(time.Second)
	assert.Equal(t, 200, s.status(t, secret))
	s.vault.put("acme")
	assert.Equal(t, 200, s.status(t, secret), "what fits is not asked for")
	assert.Equal(t, 2, s.vault.questions())
}

func TestForgeriesDoNotFloodTheStore(t *testing.T) {
	s := newSite(t)
	for range 100 {
		assert.Equal(t, 401, s.status(t, "forged"))
	}
	assert.Equal(t, 1, s.vault.questions())
}

// TestDeliveriesThatWaitForOneAnswer: the events of one action come at once, the first ones after an installation too.
func TestDeliveriesThatWaitForOneAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowVault{answer: []Secret{{Value: secret}}}
		s := newQuietSite(t, without, func(in *setup) { in.stored, in.now = slow, time.Now })
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				d := s.request(trigger("ticket.solved"))
				d.at = time.Now()
				assert.Equal(t, 200, s.call(t, d).status)
			})
		}
		all.Wait()
		assert.Equal(t, 1, slow.asked)
	})
}

type slowVault struct {
	answer []Secret
	asked  int
}

func (v *slowVault) Secrets(context.Context, string) ([]Secret, error) {
	v.asked++
	time.Sleep(time.Second) // of a test on made-up time
	return v.answer, nil
}

// TestStoreAway: what the secrets of the environment have signed is accepted; what they have not may have been signed by one
// that is stored, so it is asked for again; what was read once is not forgotten.
func TestStoreAway(t *testing.T) {
	s := newSite(t)
	away := errors.New("no route to host")
	s.vault.fail(away)
	assert.Equal(t, 200, s.status(t, secret))
	d := s.request(trigger("ticket.solved"))
	d.secret = previous
	assertUnavailable(t, s.send(t, d))
	d.change = func(r *http.Request) { r.Header = http.Header{} }
	assert.Equal(t, 401, s.send(t, d).status, "nothing could make this one good")

	s.vault.fail(nil)
	s.vault.put("acme", Secret{Value: previous})
	s.clock.move(time.Second)
	assert.Equal(t, 200, s.status(t, previous))

	s.vault.fail(away)
	s.clock.move(time.Second)
	assert.Equal(t, 200, s.status(t, previous))
	assert.Equal(t, 401, s.status(t, "forged"))
	assert.Contains(t, s.log.String(), "stored signing secrets can be read again")
}

// TestSecretsAreAskedForByThemselves: every 30 seconds, and sooner after an error.
func TestSecretsAreAskedForByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newQuietSite(t, without, one, func(in *setup) { in.now = time.Now })
		s.vault.fail(errors.New("no route to host"))
		ctx, stop := context.WithCancel(t.Context())
		go s.server.ring.run(ctx)
		inForce := func() []string {
			synctest.Wait()
			secrets, _ := s.server.ring.inForce("acme")
			return secrets
		}
		assert.Empty(t, inForce())
		s.vault.fail(nil)
		s.vault.put("acme", Secret{Value: secret})
		time.Sleep(5 * time.Second)
		assert.Equal(t, []string{secret}, inForce())
		s.vault.put("acme", Secret{Value: previous})
		time.Sleep(29 * time.Second)
		assert.Equal(t, []string{secret}, inForce())
		time.Sleep(time.Second)
		assert.Equal(t, []string{previous}, inForce())
		stop()
		synctest.Wait()
	})
}

// TestLaterAnswerCounts: a question that was asked before another and answered after it tells what was, not what is.
func TestLaterAnswerCounts(t *testing.T) {
	late := &crossing{begun: make(chan struct{}), release: make(chan struct{})}
	s := newQuietSite(t, without, func(in *setup) { in.stored = late })
	var first sync.WaitGroup
	first.Go(func() { s.server.ring.load(t.Context(), "acme") })
	<-late.begun
	s.server.ring.load(t.Context(), "acme")
	close(late.release)
	first.Wait()
	secrets, known := s.server.ring.inForce("acme")
	assert.True(t, known)
	assert.Equal(t, []string{secret}, secrets)
}

// crossing answers the first question last.
type crossing struct {
	mu             sync.Mutex
	n              int
	begun, release chan struct{}
}

func (v *crossing) Secrets(context.Context, string) ([]Secret, error) {
	v.mu.Lock()
	v.n++
	first := v.n == 1
	v.mu.Unlock()
	if !first {
		return []Secret{{Value: secret}}, nil
	}
	close(v.begun)
	<-v.release
	return nil, nil
}

// sealed is a store in which a signing secret of acme is sealed.
func sealed(t *testing.T, key, value string) *lateStore {
	t.Helper()
	st, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "connector.db"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = st.Close() })
	box, err := seal.New(key)
	require.NoError(t, err)
	put := func(account, name, value string, until time.Time) {
		id, text, err := box.Seal(value, account+"/"+name)
		require.NoError(t, err)
		require.NoError(t, st.Account(account).PutSecret(t.Context(), store.Secret{Name: name, KeyID: id, Sealed: text, CreatedAt: noon, ExpiresAt: until}))
	}
	put("acme", "webhook_signing/01J", value, time.Time{})
	put("acme", "webhook_signing/01J/previous", previous, noon.Add(time.Minute))
	put("acme", "webhook_signing/01G", "expired", noon.Add(-time.Minute))
	put("acme", "oauth/token", "another kind", time.Time{})
	put("other", "webhook_signing/01H", "other's", time.Time{})
	return &lateStore{st: st}
}

func TestSealedSecrets(t *testing.T) {
	key, stranger := seal.Generate(), seal.Generate()
	for name, test := range map[string]struct {
		key    string
		status int
		told   string
	}{
		"the key":        {key, 200, ""},
		"a rotated key":  {stranger + "," + key, 200, ""},
		"another key":    {stranger, 401, "ENCRYPTION_KEY that is not set here"},
		"without a key":  {"", 401, "set it to the key that the secret was sealed with"},
		"key of no good": {"short", 0, "starter keygen"},
	} {
		t.Run(name, func(t *testing.T) {
			st, log, now := sealed(t, key, secret), &diary{}, func() time.Time { return noon }
			source, err := storedSecrets(config.NewSecret(test.key), st, config.NewLogger(log, config.LogText, config.LevelInfo), now)
			if test.status == 0 {
				require.ErrorContains(t, err, test.told)
				return
			}
			require.NoError(t, err)
			s := newSite(t, without, func(in *setup) { in.stored = source })
			assert.Equal(t, test.status, s.status(t, secret))
			assert.Equal(t, test.status, s.status(t, previous))
			for _, bad := range []string{"expired", "another kind", "other's"} {
				assert.Equal(t, 401, s.status(t, bad), bad)
			}
			if test.told == "" {
				assert.Empty(t, log.String())
				return
			}
			told := log.String()
			assert.Contains(t, told, test.told)
			assert.Contains(t, told, "webhook_signing/01J")
			assert.NotContains(t, told, "webhook_signing/01G", "nobody misses what has expired")
			s.clock.move(time.Minute)
			assert.Equal(t, 401, s.status(t, secret))
			assert.Equal(t, told, log.String(), "told once")
		})
	}
}

// TestKeylessDoesNotWaitForTheStore: nothing that is stored could be opened.
func TestKeylessDoesNotWaitForTheStore(t *testing.T) {
	away := &lateStore{}
	for key, want := range map[string]int{"": 401, seal.Generate(): 503} {
		source, err := storedSecrets(config.NewSecret(key), away, config.NewLogger(&diary{}, config.LogText, config.LevelInfo), time.Now)
		require.NoError(t, err)
		s := newSite(t, func(in *setup) { in.stored = source })
		assert.Equal(t, want, s.status(t, previous))
		assert.Equal(t, 200, s.status(t, secret))
	}
}
