package zendesksim

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

// exportLag is how much of the present the incremental exports leave out.
const exportLag = time.Minute

const maxExportPage = 1000

// cutoff is the newest second that exports show.
func (s *Server) cutoff(now time.Time) int64 { return now.Add(-s.clock.Shorten(exportLag)).Unix() }

// exportCursor is the place after a row; empty marks the cursor of an empty page, which must differ from the one before.
type exportCursor struct {
	seed.Position
	empty bool
}

func (c exportCursor) String() string {
	tail := ""
	if c.empty {
		tail = "e"
	}
	return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%d.0||%d|%s", c.At, c.ID, tail))
}

func parseCursor(text string) (c exportCursor, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return c, false
	}
	parts := strings.Split(string(raw), "|")
	if len(parts) != 4 {
		return c, false
	}
	at, err1 := strconv.ParseInt(strings.TrimSuffix(parts[0], ".0"), 10, 64)
	id, err2 := strconv.ParseInt(parts[2], 10, 64)
	return exportCursor{seed.Position{At: at, ID: id}, parts[3] == "e"}, err1 == nil && err2 == nil
}

// exportStart reads start_time; it answers the request itself and returns false when it is missing, wrong or too recent.
func (s *Server) exportStart(x *exchange) (int64, bool) {
	text := x.query("start_time")
	if text == "" {
		parameterMissing(x.w, "start_time")
		return 0, false
	}
	start, err := strconv.ParseInt(text, 10, 64)
	if err != nil || start < 0 {
		invalidValue(x.w, "start_time must be a Unix time in seconds")
		return 0, false
	}
	if start > s.cutoff(x.now) {
		plainError(x.w, http.StatusBadRequest, "StartTimeTooRecent", "Too recent start_time. Use a start_time older than 60 seconds")
		return 0, false
	}
	return start, true
}

// exportPageSize reads per_page, 1000 by default and at most.
func exportPageSize(x *exchange) (int, bool) {
	text := x.query("per_page")
	if text == "" {
		return maxExportPage, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		invalidValue(x.w, "per_page must be a positive integer")
		return 0, false
	}
	return min(n, maxExportPage), true
}

// stream is what an export needs to know of its table: the name of the JSON array, and how to visit and render rows.
type stream struct {
	name string
	// each visits rows after p in export order and renders those it is told to: visit returns whether to render the row,
	// and whether to go on.
	each func(p seed.Position, visit func(at seed.Position, render func([]byte) []byte) bool)
	// sideloads renders what include= asks for beside the rows that were rendered.
	sideloads func(b []byte) []byte
}

// cursorPage serves one page of a cursor export
// (https://developer.zendesk.com/documentation/ticketing/managing-tickets/using-the-incremental-export-api/).
func (s *Server) cursorPage(x *exchange, st stream) {
	size, ok := exportPageSize(x)
	if !ok {
		return
	}
	var from exportCursor
	text := x.query("cursor")
	if text != "" {
		if from, ok = parseCursor(text); !ok {
			invalidValue(x.w, "cursor is invalid")
			return
		}
	} else {
		start, ok := s.exportStart(x)
		if !ok {
			return
		}
		from.Position = seed.Position{At: start - 1, ID: math.MaxInt64}
	}
	if s.emptyPageDue(text, from) {
		from.empty = true
		b := append([]byte(`{"`), st.name...)
		s.endCursorPage(x, append(b, `":[]`...), from.String(), st.name, false)
		return
	}
	buf := buffers.Get().(*[]byte)
	b := append(append((*buf)[:0], `{"`...), st.name...)
	b = append(b, `":[`...)
	n, last, more := 0, from, false
	cutoff := s.cutoff(x.now)
	st.each(from.Position, func(at seed.Position, render func([]byte) []byte) bool {
		if at.At > cutoff {
			return false
		}
		if n == size {
			more = true
			return false
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = render(b)
		last = exportCursor{Position: at}
		return true
	})
	b = append(b, ']')
	if st.sideloads != nil {
		b = st.sideloads(b)
	}
	after := last.String()
	if n == 0 {
		after = text // nothing new: the same place, or no cursor at all
	}
	s.endCursorPage(x, b, after, st.name, !more)
	*buf = b
	buffers.Put(buf)
}

// emptyPageDue puts an empty page after every third row position, once.
func (s *Server) emptyPageDue(text string, from exportCursor) bool {
	if !s.opts.EmptyPages || text == "" || from.empty || from.At >= s.account.Size.End.Unix() {
		return false
	}
	return (from.At+from.ID)%3 == 0
}

func (s *Server) endCursorPage(x *exchange, b []byte, after, name string, end bool) {
	if after == "" {
		b = append(b, `,"after_url":null,"after_cursor":null`...)
	} else {
		q := url.Values{"cursor": {after}}
		for _, keep := range []string{"per_page", "include", "exclude_deleted"} {
			if v := x.query(keep); v != "" {
				q.Set(keep, v)
			}
		}
		b = appendText(b, `,"after_url":`, x.self("/api/v2/incremental/"+name+"/cursor.json")+"?"+q.Encode())
		b = appendText(b, `,"after_cursor":`, after)
	}
	b = append(b, `,"before_url":null,"before_cursor":null,"end_of_stream":`...)
	b = append(strconv.AppendBool(b, end), '}')
	send(x.w, http.StatusOK, b)
}

// self is an absolute address on the host that the client asked.
func (x *exchange) self(path string) string {
	scheme := "http"
	if x.r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + x.r.Host + path
}

// timedPage serves one page of a time-based export. The next page starts at the second of the last row, so its rows come
// twice. A page that would end in the second it began with is enlarged until it reaches the next one, unless NoEnlarge is
// set.
func (s *Server) timedPage(x *exchange, st stream) {
	size, ok := exportPageSize(x)
	if !ok {
		return
	}
	start, ok := s.exportStart(x)
	if !ok {
		return
	}
	buf := buffers.Get().(*[]byte)
	b := append(append((*buf)[:0], `{"`...), st.name...)
	b = append(b, `":[`...)
	n, end, more, cutoff := 0, start, false, s.cutoff(x.now)
	st.each(seed.Position{At: start - 1, ID: math.MaxInt64}, func(at seed.Position, render func([]byte) []byte) bool {
		if at.At > cutoff {
			return false
		}
		stuck := end == start && !s.opts.NoEnlarge
		if n >= size && !stuck {
			more = true
			return false
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = render(b)
		end = at.At
		return true
	})
	b = append(b, ']')
	if st.sideloads != nil {
		b = st.sideloads(b)
	}
	b = appendInt(b, `,"count":`, int64(n))
	b = appendInt(b, `,"end_time":`, end)
	b = appendBool(b, `,"end_of_stream":`, !more)
	q := url.Values{"start_time": {strconv.FormatInt(end, 10)}}
	for _, keep := range []string{"per_page", "include"} {
		if v := x.query(keep); v != "" {
			q.Set(keep, v)
		}
	}
	b = appendText(b, `,"next_page":`, x.self("/api/v2/incremental/"+st.name+".json")+"?"+q.Encode())
	send(x.w, http.StatusOK, append(b, '}'))
	*buf = b
	buffers.Put(buf)
}
