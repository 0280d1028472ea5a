package sim

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// maxRequestBody bounds what a simulator reads of a request; no vendor route takes more than 8 MB.
const maxRequestBody = 32 << 20

// Middleware logs every call and applies the faults that are due, in front of next. Next finds the whole request body
// in r.Body; the request id in its response header (requestIDs) becomes the call's RequestID.
func Middleware(log *Log, faults *Faults, clock *Clock, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBody))
		if err != nil {
			panic(http.ErrAbortHandler) // the client went away in the middle of its request
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		call := &Call{At: clock.Now(), Method: r.Method, Path: r.URL.Path, RawQuery: r.URL.RawQuery}
		log.start(call, body)
		w.Header().Set("Date", call.At.Format(http.TimeFormat))
		r = r.WithContext(withEntry(r.Context(), log, call))

		f := faults.next(r)
		if f != nil {
			log.change(call, func(c *Call) { c.Fault = f.Name() })
		}
		// The log has the status before the client has: a test may look as soon as its answer is there.
		rec := &statusRecorder{ResponseWriter: w, sent: func(status int) {
			log.change(call, func(c *Call) { c.Status, c.RequestID = status, requestID(w.Header()) })
		}}
		if f == nil {
			next.ServeHTTP(rec, r)
			if !rec.done {
				rec.WriteHeader(http.StatusOK) // a handler that wrote nothing has answered 200
			}
			return
		}
		f.apply(rec, r, next)
	})
}

// requestIDs are the headers in which the vendors number their answers.
var requestIDs = []string{"X-Request-Id", "Sib-Request-Id"}

func requestID(h http.Header) string {
	for _, name := range requestIDs {
		if id := h.Get(name); id != "" {
			return id
		}
	}
	return ""
}

// apply answers r the wrong way. Closing a connection is a panic with http.ErrAbortHandler, which net/http turns into
// just that.
func (f *Fault) apply(w *statusRecorder, r *http.Request, next http.Handler) {
	if f.Delay > 0 {
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
	}
	switch {
	case f.DropBefore:
		panic(http.ErrAbortHandler)
	case f.DropAfter:
		next.ServeHTTP(newBuffer(), r)
		panic(http.ErrAbortHandler)
	case f.CutAfter != 0, f.Truncate != 0:
		f.shorten(w, r, next)
	case f.Status != 0:
		if f.Processed {
			next.ServeHTTP(newBuffer(), r)
		}
		ct := f.ContentType
		if ct == "" {
			ct = "application/json"
		}
		w.Header().Set("Content-Type", ct)
		for k, v := range f.Header {
			w.Header()[http.CanonicalHeaderKey(k)] = v
		}
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, f.Body)
	default:
		next.ServeHTTP(w, r)
	}
}

// shorten sends the beginning of the real answer: a cut one promises all of it and hangs up, a truncated one is whole
// as far as HTTP can tell.
func (f *Fault) shorten(w *statusRecorder, r *http.Request, next http.Handler) {
	b := newBuffer()
	next.ServeHTTP(b, r)
	maps.Copy(w.Header(), b.header)
	body := b.body.Bytes()
	n, total := f.Truncate, min(f.Truncate, len(body))
	if f.CutAfter != 0 {
		n, total = max(0, f.CutAfter), len(body)
	}
	w.Header().Set("Content-Length", strconv.Itoa(total))
	w.WriteHeader(b.status)
	_, _ = w.Write(body[:min(n, len(body))])
	if f.CutAfter == 0 {
		return
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
	panic(http.ErrAbortHandler)
}

// statusRecorder tells of the status before it is sent.
type statusRecorder struct {
	http.ResponseWriter
	sent func(status int)
	done bool
}

func (s *statusRecorder) WriteHeader(code int) {
	if !s.done && code >= http.StatusOK {
		s.done = true
		s.sent(code)
	}
	s.ResponseWriter.WriteHeader(code)
}

func (s *statusRecorder) Write(b []byte) (int, error) {
	if !s.done {
		s.WriteHeader(http.StatusOK)
	}
	return s.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (s *statusRecorder) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// buffer is an answer that has not been sent.
type buffer struct {
	header http.Header
	body   bytes.Buffer
	status int
}

func newBuffer() *buffer { return &buffer{header: http.Header{}, status: http.StatusOK} }

func (b *buffer) Header() http.Header         { return b.header }
func (b *buffer) WriteHeader(code int)        { b.status = code }
func (b *buffer) Write(p []byte) (int, error) { return b.body.Write(p) }
