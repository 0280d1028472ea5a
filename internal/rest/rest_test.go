package rest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/budget"
	"zendesk-brevo/internal/rest"
)

func TestParseBaseURL(t *testing.T) {
	for raw, want := range map[string]string{
		"https://x.zendesk.com":         "https://x.zendesk.com",
		"https://api.brevo.com/v3/":     "https://api.brevo.com/v3",
		"http://localhost:8080":         "http://localhost:8080",
		"http://127.0.0.1:8080/v3":      "http://127.0.0.1:8080/v3",
		"http://[::1]:8080":             "http://[::1]:8080",
		"http://127.9.9.9":              "http://127.9.9.9",
		"http://x.zendesk.com":          "",
		"http://localhost.evil.example": "",
		"http://127.0.0.1.evil.example": "",
		"http://10.0.0.1":               "",
		"http://0.0.0.0":                "",
		"ftp://x.zendesk.com":           "",
		"x.zendesk.com":                 "",
		"":                              "",
		"https://":                      "",
		"https://u:p4ss@x.zendesk.com":  "",
		"https://u:p4ss%zz@x.com":       "",
		"https://x.zendesk.com?a=p4ss":  "",
		"https://x.zendesk.com#p4ss":    "",
	} {
		u, err := rest.ParseBaseURL(raw)
		if want == "" {
			require.Error(t, err, raw)
			assert.NotContains(t, err.Error(), "p4ss")
			continue
		}
		require.NoError(t, err, raw)
		assert.Equal(t, want, u.String())
	}
}

func TestSameHost(t *testing.T) {
	c := gate(t, "https://x.zendesk.com/base", io.Discard)
	for link, want := range map[string]string{
		"https://x.zendesk.com/base/api/v2/users.json?page[after]=a": "/api/v2/users.json",
		"https://X.Zendesk.com/base/api/v2/users.json?page[after]=a": "/api/v2/users.json",
		"https://x.zendesk.com:443/base/a%2Fb?page%5Bafter%5D=a":     "/a%2Fb",
		"https://x.zendesk.com.evil.example/base/a?page[after]=a":    "",
		"https://evil.example/base/a?page[after]=a":                  "",
		"http://x.zendesk.com/base/a?page[after]=a":                  "",
		"https://x.zendesk.com:8443/base/a?page[after]=a":            "",
		"https://u:p@x.zendesk.com/base/a?page[after]=a":             "",
		"//x.zendesk.com/base/a?page[after]=a":                       "",
		"/base/a?page[after]=a":                                      "",
		"https://x.zendesk.com\x7f/base":                             "",
	} {
		path, query, err := c.SameHost(link)
		if want == "" {
			require.Error(t, err, link)
			assert.NotContains(t, err.Error(), "evil")
			continue
		}
		require.NoError(t, err, link)
		assert.Equal(t, want, path)
		assert.Equal(t, "a", query.Get("page[after]"))
	}
}

func TestPathsStayOnTheHost(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	defer server.Close()
	c := gate(t, server.URL, io.Discard)
	for _, path := range []string{"//evil.example/a", "https://evil.example/a", "evil", "@evil.example/a", ":80@evil.example", "/\x7f"} {
		_, err := c.Do(t.Context(), rest.Request{Method: http.MethodGet, Route: "/a", Path: path}, nil)
		require.Error(t, err, path)
		assert.NotContains(t, err.Error(), "evil")
	}
	assert.Zero(t, asked)
}

func TestRedirectsAreNotFollowedByAnyClient(t *testing.T) {
	asked := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	for _, own := range []*http.Client{nil, {}, http.DefaultClient} {
		c := gate(t, server.URL, io.Discard, func(cfg *rest.Config) { cfg.HTTP = own })
		_, err := c.Do(t.Context(), request(), nil)
		require.Error(t, err)
		assert.False(t, asked)
	}
	assert.Nil(t, http.DefaultClient.CheckRedirect, "the caller's client is left as it was")
}

// order records in which order the gate turns to whom.
type order struct{ steps []string }

func (o *order) Reserve(_ context.Context, needs ...budget.Need) error {
	o.steps = append(o.steps, "reserve "+needs[0].Bucket)
	return nil
}

func (o *order) Observe(_ context.Context, readings ...budget.Reading) {
	o.steps = append(o.steps, "observe "+readings[0].Bucket)
}

func TestOrderOfACall(t *testing.T) {
	o := &order{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		o.steps = append(o.steps, "send "+r.Header.Get("Content-Type")+" "+string(body))
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	clock := noon
	c := gate(t, server.URL, io.Discard, func(cfg *rest.Config) {
		cfg.Meter, cfg.Now = o, func() time.Time { return clock }
		cfg.Authorize = func(context.Context, *http.Request) error {
			o.steps, clock = append(o.steps, "sign"), clock.Add(time.Minute)
			return nil
		}
		cfg.Readings = func(_ *http.Response, needs []budget.Need) []budget.Reading {
			return []budget.Reading{{Bucket: needs[0].Bucket}}
		}
	})
	meta, err := c.Do(t.Context(), rest.Request{
		Method: http.MethodPost, Route: "/a", Body: map[string]int{"n": 1}, Needs: []budget.Need{{Bucket: "b"}},
	}, nil)
	require.Error(t, err)
	assert.Equal(t, []string{"reserve b", "sign", `send application/json {"n":1}`, "observe b"}, o.steps)
	assert.Equal(t, noon.Add(time.Minute), meta.SentAt, "asked_at is when the request left, after waiting and signing")
}

func TestAnswersThatSucceed(t *testing.T) {
	for name, c := range map[string]struct {
		serve http.HandlerFunc
		want  int
	}{
		"json":             {write("application/json", `{"id":7}`), 7},
		"json with a tail": {write("application/json", "{\"id\":7} \n\n"), 7},
		"no content":       {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(c.serve)
			defer server.Close()
			var out struct{ ID int }
			_, err := gate(t, server.URL, io.Discard).Do(t.Context(), request(), &out)
			require.NoError(t, err)
			assert.Equal(t, c.want, out.ID)
			_, err = gate(t, server.URL, io.Discard).Do(t.Context(), request(), nil)
			assert.NoError(t, err)
		})
	}
}

// Where an answer is expected, none is no success, whatever its status: it would read as "nothing there".
func TestAnAnswerThatIsEmptyFails(t *testing.T) {
	for name, serve := range map[string]http.HandlerFunc{
		"empty": write("application/json", ""), "white space": write("application/json", " \n"),
		"accepted": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) },
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(serve)
			defer server.Close()
			var out struct{ ID int }
			_, err := gate(t, server.URL, io.Discard).Do(t.Context(), request(), &out)
			var call *rest.Error
			require.ErrorAs(t, err, &call)
			assert.True(t, call.MayHaveArrived())
			assert.Equal(t, "body is not the documented JSON: it is empty", call.Reason)
			_, err = gate(t, server.URL, io.Discard).Do(t.Context(), request(), nil)
			assert.NoError(t, err, "nobody expects anything")
		})
	}
}

// A proxy's page says nothing of what became of a call, also where a status alone is expected.
func TestAPageIsNoSuccess(t *testing.T) {
	for name, out := range map[string]any{"no answer expected": nil, "an answer expected": &struct{ ID int }{}} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(write("text/html; charset=utf-8", "<html>Please sign in"))
			defer server.Close()
			_, err := gate(t, server.URL, io.Discard).Do(t.Context(), request(), out)
			var call *rest.Error
			require.ErrorAs(t, err, &call)
			assert.Equal(t, rest.ReasonHTML, call.Reason)
			assert.True(t, call.MayHaveArrived())
		})
	}
	t.Run("the type of no body", func(t *testing.T) {
		server := httptest.NewServer(write("text/html", ""))
		defer server.Close()
		_, err := gate(t, server.URL, io.Discard).Do(t.Context(), request(), nil)
		require.NoError(t, err)
	})
}

func TestUploadsGoAsTheyAre(t *testing.T) {
	var got, contentType string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got, contentType = string(body), r.Header.Get("Content-Type")
	}))
	defer server.Close()
	_, err := gate(t, server.URL, io.Discard).Do(t.Context(), rest.Request{
		Method: http.MethodPost, Route: "/a", Body: &rest.Upload{ContentType: "text/csv", Data: []byte("a;b")},
		Header: http.Header{"idempotency-key": {"k"}},
	}, nil)
	require.NoError(t, err)
	assert.Equal(t, "a;b", got)
	assert.Equal(t, "text/csv", contentType)
}

func TestStreamKeepsOnlyItsOwnWords(t *testing.T) {
	server := httptest.NewServer(write("application/json", strings.Repeat("x", 1<<16)))
	defer server.Close()
	var log bytes.Buffer
	c := gate(t, server.URL, &log)
	_, err := c.Stream(t.Context(), request(), func(io.Reader) error { return &rest.Malformed{Why: "row 3 has no id"} })
	assert.ErrorContains(t, err, "body is not the documented JSON: row 3 has no id")
	_, err = c.Stream(t.Context(), request(), func(io.Reader) error { return errors.New(person) })
	require.ErrorContains(t, err, "body is not the documented JSON")
	assertSilent(t, err.Error(), log.String())
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	peers := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peers[r.RemoteAddr] = true
		_, _ = w.Write([]byte(strings.Repeat(" ", 8000) + `{"id":1}`))
	}))
	defer server.Close()
	c := gate(t, server.URL, io.Discard)
	for range 5 {
		_, err := c.Do(t.Context(), request(), nil)
		require.NoError(t, err)
	}
	assert.Len(t, peers, 1)
}
