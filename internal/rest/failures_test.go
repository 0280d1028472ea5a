package rest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/freeport"
	"zendesk-brevo/internal/rest"
)

const (
	secret = "s3cret-token"
	person = "ada@example.com"
)

// gate makes a client whose log and secrets are under watch.
func gate(t *testing.T, base string, log io.Writer, change ...func(*rest.Config)) *rest.Client {
	t.Helper()
	cfg := rest.Config{
		Vendor: "acme", BaseURL: base, RequestIDHeader: "X-Request-Id",
		Authorize: func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+secret)
			return nil
		},
		Problem: func(body []byte) rest.Problem {
			return rest.Problem{Code: "E1", Detail: string(body), Fields: []string{"email"}}
		},
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&cfg)
	}
	c, err := rest.New(cfg)
	require.NoError(t, err)
	return c
}

// request carries personal data in its path, its query and its body: none of it may come out again.
func request() rest.Request {
	return rest.Request{
		Method: http.MethodPost, Route: "/contacts/{id}", Path: "/contacts/" + url.PathEscape(person),
		Query: url.Values{"email": {person}}, Body: map[string]string{"email": person},
	}
}

func assertSilent(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, leak := range []string{
			secret, person, url.QueryEscape(person), url.PathEscape(person), base64.StdEncoding.EncodeToString([]byte(person)), "vendor text",
		} {
			assert.NotContains(t, text, leak)
		}
	}
}

// answers holds what a vendor may answer and what the gate makes of it.
var answers = map[string]struct {
	serve   http.HandlerFunc
	status  int
	reason  string
	code    string
	arrived bool
	wait    time.Duration
}{
	"cut body": {
		serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "500")
			_, _ = w.Write([]byte(`{"vendor text":"` + person))
		},
		status: 200, reason: "body cut short", arrived: true,
	},
	"cut behind complete JSON": {
		serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "500")
			_, _ = w.Write([]byte(`{}`))
		},
		status: 200, reason: "body cut short", arrived: true,
	},
	"truncated JSON": {serve: write("application/json", `{"vendor text":"`+person), status: 200, reason: "body cut short", arrived: true},
	"not JSON":       {serve: write("text/plain", "vendor text "+person), status: 200, reason: "body is not the documented JSON", arrived: true},
	"other type":     {serve: write("application/json", `{"id":"`+person+`"}`), status: 200, reason: "body is not the documented JSON", arrived: true},
	"two values":     {serve: write("application/json", `{}{}`), status: 200, reason: "body is not the documented JSON", arrived: true},
	"HTML for JSON":  {serve: write("text/html", "<html>vendor text "+person), status: 200, reason: rest.ReasonHTML, arrived: true},
	"bad gzip": {
		serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte("vendor text " + person))
		},
		status: 200, reason: "body is not the documented JSON", arrived: true,
	},
	"redirect": {
		serve: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example/?"+person, http.StatusFound)
		},
		status: 302, code: "E1", reason: "redirected, which is not followed: check base_url",
	},
	"400":      {serve: refuse(400, ""), status: 400, code: "E1"},
	"401":      {serve: refuse(401, ""), status: 401, code: "E1"},
	"408":      {serve: refuse(408, ""), status: 408, code: "E1", arrived: true},
	"409":      {serve: refuse(409, ""), status: 409, code: "E1"},
	"429":      {serve: refuse(429, "34"), status: 429, code: "E1", wait: 34 * time.Second},
	"429 date": {serve: refuse(429, noon.Add(time.Minute).Format(http.TimeFormat)), status: 429, code: "E1", wait: time.Minute},
	"429 Unix": {serve: refuse(429, strconv.FormatInt(noon.Unix(), 10)), status: 429, code: "E1", wait: time.Hour},
	"429 huge": {serve: refuse(429, "1e300"), status: 429, code: "E1", wait: time.Hour},
	"429 far":  {serve: refuse(429, "Fri, 31 Dec 9999 23:59:59 GMT"), status: 429, code: "E1", wait: time.Hour},
	"429 odd":  {serve: refuse(429, "soon"), status: 429, code: "E1"},
	"429 past": {serve: refuse(429, noon.Add(-time.Minute).Format(http.TimeFormat)), status: 429, code: "E1"},
	"500":      {serve: refuse(500, ""), status: 500, code: "E1", arrived: true},
	"503":      {serve: refuse(503, "1.5"), status: 503, code: "E1", arrived: true, wait: 1500 * time.Millisecond},
}

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func write(contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(body))
	}
}

func refuse(status int, retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.Header().Set("X-Request-Id", "req-7")
		w.WriteHeader(status)
		_, _ = w.Write([]byte("vendor text " + person))
	}
}

func TestAnswersThatFail(t *testing.T) {
	for name, c := range answers {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.serve)
			defer server.Close()
			var log bytes.Buffer
			client := gate(t, server.URL, &log, func(cfg *rest.Config) { cfg.Now = func() time.Time { return noon } })
			var out struct{ ID int }
			_, err := client.Do(t.Context(), request(), &out)
			var e *rest.Error
			require.ErrorAs(t, err, &e)
			assert.Equal(t, c.status, e.Status)
			assert.Equal(t, c.reason, e.Reason)
			assert.Equal(t, c.code, e.Code)
			assert.Equal(t, c.wait, e.RetryAfter)
			assert.Equal(t, c.arrived, e.MayHaveArrived())
			assert.Equal(t, "/contacts/{id}", e.Route)
			assert.NoError(t, e.Unwrap())
			assertSilent(t, err.Error(), log.String())
			assert.Contains(t, log.String(), "/contacts/{id}")
		})
	}
}

func TestErrorText(t *testing.T) {
	server := httptest.NewServer(refuse(422, ""))
	defer server.Close()
	_, err := gate(t, server.URL, io.Discard).Do(t.Context(), request(), nil)
	assert.EqualError(t, err, "acme POST /contacts/{id}: 422 E1 (request req-7)")
	var e *rest.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "vendor text "+person, e.Detail)
	assert.Equal(t, []string{"email"}, e.Fields)
}

func TestCodesThatAreSentencesAreDropped(t *testing.T) {
	for code, want := range map[string]string{
		"RecordInvalid": "RecordInvalid", "duplicate_parameter": "duplicate_parameter", "a.b:c-d": "a.b:c-d",
		"Couldn't do it for " + person: "", person: "", "": "",
	} {
		server := httptest.NewServer(refuse(422, ""))
		client := gate(t, server.URL, io.Discard, func(cfg *rest.Config) {
			cfg.Problem = func([]byte) rest.Problem { return rest.Problem{Code: code} }
		})
		_, err := client.Do(t.Context(), request(), nil)
		server.Close()
		var e *rest.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, want, e.Code)
		assertSilent(t, err.Error())
	}
}

func TestNoAnswer(t *testing.T) {
	hang := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		// The server notices that the caller went away only once the body is read.
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer hang.Close()
	hangUp := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer hangUp.Close()
	tls := httptest.NewTLSServer(http.NotFoundHandler())
	defer tls.Close()

	for name, c := range map[string]struct {
		base    string
		change  func(*rest.Config)
		ctx     func(context.Context) (context.Context, context.CancelFunc)
		reason  string
		cause   error
		arrived bool
	}{
		"refused":                   {base: "http://" + freeport.Address(t), reason: "connection refused"},
		"no such host":              {base: "https://nowhere.invalid", change: func(cfg *rest.Config) { cfg.HTTP = dialling(&net.DNSError{Err: person, IsNotFound: true}) }, reason: "host not found"},
		"dial fails":                {base: "https://x.example", change: func(cfg *rest.Config) { cfg.HTTP = dialling(errors.New(person)) }, reason: "could not connect"},
		"certificate":               {base: tls.URL, reason: "certificate or TLS not accepted"},
		"plain server behind https": {base: "https" + hangUp.URL[len("http"):], reason: "certificate or TLS not accepted"},
		"hangs up":                  {base: hangUp.URL, reason: "body cut short", arrived: true},
		"client timeout": {
			base: hang.URL, change: func(cfg *rest.Config) { cfg.HTTP = &http.Client{Timeout: 20 * time.Millisecond} },
			reason: "timeout", arrived: true,
		},
		"caller's deadline": {
			base: hang.URL, reason: "timeout", cause: context.DeadlineExceeded, arrived: true,
			ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 20*time.Millisecond)
			},
		},
		"canceled": {
			base: hang.URL, reason: "canceled", cause: context.Canceled, arrived: true,
			ctx: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				cancel()
				return ctx, cancel
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if c.ctx != nil {
				var cancel context.CancelFunc
				ctx, cancel = c.ctx(ctx)
				defer cancel()
			}
			var log bytes.Buffer
			client := gate(t, c.base, &log, func(cfg *rest.Config) {
				if c.change != nil {
					c.change(cfg)
				}
			})
			_, err := client.Do(ctx, request(), nil)
			var e *rest.Error
			require.ErrorAs(t, err, &e)
			assert.Zero(t, e.Status)
			assert.Equal(t, c.reason, e.Reason)
			assert.Equal(t, c.arrived, e.MayHaveArrived())
			assert.Equal(t, c.cause, e.Unwrap())
			assertSilent(t, err.Error(), log.String())
		})
	}
}

// dialling is a client that never gets a connection.
func dialling(err error) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		},
	}}
}
