package main

import (
	"bufio"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"time"
)

const (
	// loopbackCallback is fixed, because it stands in Zendesk as part of a redirect URL.
	loopbackCallback = "127.0.0.1:8765"
	callbackPath     = "/oauth/callback"
)

// answer is what an authorization came to. It shows nothing of itself.
type answer struct {
	code    string
	refusal string          // Zendesk's word for why there is no code
	told    chan<- *failure // who waits to show the outcome; nil: nobody
}

// Format keeps every verb from printing the code.
func (answer) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("[redacted]")) }

// LogValue keeps slog from printing the code.
func (answer) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// tell lets the browser show how it ended.
func (a answer) tell(err error) {
	if a.told == nil {
		return
	}
	var f *failure
	if err != nil && !errors.As(err, &f) {
		f = &failure{text: "interrupted"}
	}
	a.told <- f
}

// answers gathers what comes by the browser or is pasted.
type answers struct {
	state string
	came  chan answer
	bad   chan error // why a pasted line is none
	ended chan error // no answer can come any more
}

func newAnswers(state string) *answers {
	return &answers{state: state, came: make(chan answer), bad: make(chan error), ended: make(chan error, 1)}
}

// Reasons why a text is no answer.
var (
	errNoAnswer = errors.New("that is neither an address with a code nor a code: paste the whole address of the last page")
	errOther    = errors.New("that answer belongs to another attempt: open the address above, and paste what follows from it")
)

var (
	codePattern    = regexp.MustCompile(`^[A-Za-z0-9._~-]{6,512}$`)
	refusalPattern = regexp.MustCompile(`^[a-z_]{3,40}$`)
)

// parse reads an answer's query. A code alone cannot be told from that of another attempt, and needs not: without this attempt's
// verifier Zendesk does not exchange it.
func (s *answers) parse(text string) (answer, error) {
	text = strings.Trim(strings.TrimSpace(text), `"'<>`)
	if codePattern.MatchString(text) {
		return answer{code: text}, nil
	}
	if _, query, found := strings.Cut(text, "?"); found {
		text = query
	}
	text, _, _ = strings.Cut(text, "#")
	q, err := url.ParseQuery(text)
	if err != nil {
		return answer{}, errNoAnswer
	}
	return s.judge(q)
}

func (s *answers) judge(q url.Values) (answer, error) {
	code, refusal := q.Get("code"), q.Get("error")
	switch {
	case !codePattern.MatchString(code) && !refusalPattern.MatchString(refusal):
		return answer{}, errNoAnswer
	case subtle.ConstantTimeCompare([]byte(q.Get("state")), []byte(s.state)) != 1:
		return answer{}, errOther
	case refusal != "":
		return answer{refusal: refusal}, nil
	}
	return answer{code: code}, nil
}

// read takes pasted lines. alone says that nothing else can bring an answer, so that the end of the lines is the end.
func (s *answers) read(from io.Reader, alone bool) {
	if from == nil {
		return
	}
	go func() {
		lines := bufio.NewScanner(from)
		for lines.Scan() {
			if strings.TrimSpace(lines.Text()) == "" {
				continue
			}
			found, err := s.parse(lines.Text())
			if err != nil {
				s.bad <- err
				continue
			}
			s.came <- found
			return
		}
		if alone {
			s.ended <- failed("nothing was pasted that Zendesk's answer could be read from: run `starter connect` on a terminal, or give it the address of the last page on stdin")
		}
	}()
}

// listen takes the browser's answer on this host; it returns how to stop and the address.
func (s *answers) listen(ctx context.Context, at string) (stop func(), address string, err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", at)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, "", failed("%s is in use by another program, perhaps another `starter connect`: stop that, or run `starter connect --paste`", at)
	}
	if err != nil {
		return nil, "", failed("cannot listen at %s: run `starter connect --paste`", at)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+callbackPath, s.callback)
	web := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
	go func() { _ = web.Serve(listener) }()
	return func() {
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second) // for the page that says how it ended
		defer cancel()
		if web.Shutdown(grace) != nil {
			_ = web.Close()
		}
	}, listener.Addr().String(), nil
}

var callbackPage = template.Must(template.New("").Parse(`<!doctype html><meta charset="utf-8"><title>Zendesk to Brevo</title><h1>{{.Title}}</h1><p>{{.Text}}</p>`))

// callback is the page that Zendesk sends the browser to. It shows how it ended.
func (s *answers) callback(w http.ResponseWriter, r *http.Request) {
	show := func(status int, title, text string) {
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'")
		w.WriteHeader(status)
		_ = callbackPage.Execute(w, struct{ Title, Text string }{title, text})
	}
	found, err := s.judge(r.URL.Query())
	if err != nil {
		show(http.StatusBadRequest, "Not connected", "This is no answer to the `starter connect` that waits: open the address that it printed.")
		return
	}
	told := make(chan *failure, 1)
	found.told = told
	select {
	case s.came <- found:
	case <-r.Context().Done():
		return
	}
	if f := <-told; f != nil {
		show(http.StatusBadRequest, "Not connected", f.text)
		return
	}
	show(http.StatusOK, "Connected", "Zendesk is connected. You can close this page.")
}
