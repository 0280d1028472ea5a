package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/zendesk"
)

// seeds are bodies that are worth changing.
var seeds = []string{
	solved("e1"), trigger("ticket.solved"), trigger("user.merged"), trigger("satisfaction_rating.good"),
	envelope("e2", "user.merged", "zen:user:7", `{"id":"7"}`, `{"user":{"id":"9"}}`),
	envelope("e3", "organization.created", "zen:organization:3", `{"id":"3"}`, `{}`),
	envelope("e4", "article.vote_created", "zen:article:5", `{"id":"5"}`, `{}`), "", "{}", "[]", `"x"`, "\x00", `{"event":"ticket.updated","id":123}`,
}

// genuine says, without the code under test, whether a request is one that acme's Zendesk has signed in the last 15 minutes.
func genuine(r *http.Request, body []byte) bool {
	given, stamps := r.Header.Values(zendesk.HeaderSignature), r.Header.Values(zendesk.HeaderSignatureTimestamp)
	if len(given) != 1 || len(stamps) != 1 {
		return false
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(append([]byte(stamps[0]), body...))
	at, err := time.Parse(time.RFC3339, stamps[0])
	return err == nil && given[0] == base64.StdEncoding.EncodeToString(mac.Sum(nil)) &&
		noon.Sub(at) <= 15*time.Minute && at.Sub(noon) <= time.Minute
}

// judge checks what no request may change: which answers there are, and that nothing happens but for what Zendesk signed.
func judge(t *testing.T, s *site, before int, r reply, genuine bool, about string) {
	t.Helper()
	woken := len(s.temporal.signals()) - before
	require.Contains(t, []int{200, 400, 401, 413}, r.status, about)
	require.True(t, genuine || r.status == 401 || r.status == 413, "%s: answered %d", about, r.status)
	require.True(t, woken == 0 || woken == 1 && r.status == 200 && genuine, "%s: answered %d and woke %d", about, r.status, woken)
	require.NotContains(t, s.log.String(), "panic", about)
}

// TestArbitraryRequests sends 10,000 requests that a generator has made of good ones.
func TestArbitraryRequests(t *testing.T) {
	const requests, seed = 10_000, 20260504
	s := newSite(t, func(in *setup) { in.level = config.LevelWarn })
	luck := rand.New(rand.NewPCG(seed, 0))
	statuses := map[int]int{}
	for n := range requests {
		about := fmt.Sprintf("request %d of seed %d", n, seed)
		d, body := arbitrary(luck)
		req := d.build(t, s.url)
		before := len(s.temporal.signals())
		r := do(t, http.DefaultClient, req)
		judge(t, s, before, r, genuine(req, body), about)
		statuses[r.status]++
	}
	for _, status := range []int{200, 400, 401, 413} {
		assert.NotZero(t, statuses[status], "the generator makes requests of every kind: %v", statuses)
	}
	assert.NotEmpty(t, s.temporal.signals())
}

// arbitrary makes a request, more often than not a bad one.
func arbitrary(luck *rand.Rand) (delivery, []byte) {
	body := damaged(luck, []byte(seeds[luck.IntN(len(seeds))]))
	if luck.IntN(500) == 0 {
		body = append(body, bytes.Repeat([]byte(" "), zendesk.MaxEventBody)...)
	}
	d := delivery{
		path: path, body: string(body), at: noon.Add(time.Duration(luck.IntN(40)-20) * time.Minute),
		secret: []string{secret, secret, secret, previous, "", zendesk.TestSecret}[luck.IntN(6)],
	}
	if luck.IntN(2) == 0 {
		d.at = noon
	}
	names := []string{
		zendesk.HeaderSignature, zendesk.HeaderSignatureTimestamp, zendesk.HeaderAccountID, zendesk.HeaderInvocationID, "Content-Type",
		"Content-Encoding", "X-Forwarded-For", "Content-Type", "Accept", "Cookie", "Authorization", "X-Http-Method-Override",
	}
	d.change = func(r *http.Request) {
		for range max(0, luck.IntN(5)-2) {
			name := names[luck.IntN(len(names))]
			switch luck.IntN(3) {
			case 0:
				r.Header.Del(name)
			case 1:
				r.Header.Add(name, printable(luck))
			default:
				r.Header.Set(name, string(printed(damaged(luck, []byte(r.Header.Get(name))))))
			}
		}
	}
	return d, body
}

// damaged changes a few bytes, or none.
func damaged(luck *rand.Rand, b []byte) []byte {
	for range max(0, luck.IntN(6)-2) {
		at := luck.IntN(len(b) + 1)
		switch luck.IntN(4) {
		case 0:
			b = slices.Insert(b, at, byte(luck.IntN(256)))
		case 1:
			b = b[:at]
		case 2:
			if at < len(b) {
				b[at] ^= 1 << luck.IntN(8)
			}
		default:
			b = slices.Insert(b, at, bytes.Repeat([]byte{`{["0:,`[luck.IntN(6)]}, luck.IntN(400))...)
		}
	}
	return b
}

func printable(luck *rand.Rand) string {
	b := make([]byte, luck.IntN(80))
	for i := range b {
		b[i] = byte(luck.IntN(256))
	}
	return string(printed(b))
}

// printed leaves what a header may hold.
func printed(b []byte) []byte {
	return slices.DeleteFunc(b, func(c byte) bool { return c < ' ' || c == 0x7f })
}

// FuzzDeliver looks for a request that is answered as none may be. With sign the fuzzer's body is genuine.
func FuzzDeliver(f *testing.F) {
	for _, body := range seeds {
		f.Add([]byte(body), "", "2026-05-04T12:00:00Z", path, true)
		f.Add([]byte(body), "c2lnbmVk", "2026-05-04T12:00:00Z", path, false)
	}
	f.Fuzz(func(t *testing.T, body []byte, signature, stamp, to string, sign bool) {
		s := newQuietSite(t, func(in *setup) { in.level = config.LevelWarn })
		req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
		if sign {
			signature = zendesk.Sign(secret, stamp, body)
		}
		req.Header[zendesk.HeaderSignature], req.Header[zendesk.HeaderSignatureTimestamp] = []string{signature}, []string{stamp}
		w := httptest.NewRecorder()
		s.server.routes().ServeHTTP(w, req)
		judge(t, s, 0, reply{status: w.Code}, genuine(req, body), "fuzzed request")

		// Where it is sent decides nothing but for whom it is.
		req.URL.Path, req.Body = to, http.NoBody
		w = httptest.NewRecorder()
		s.server.routes().ServeHTTP(w, req)
		require.Less(t, w.Code, http.StatusInternalServerError)
	})
}
