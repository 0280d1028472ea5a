package zendesksim

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	maxListPage    = 100
	maxOffsetPages = 100 // and so 10,000 records
)

// list is what a list endpoint needs to know of its rows.
type list struct {
	name  string
	path  string // such as /api/v2/users
	total func() int
	// each visits the rows with a greater id that belong to the list, in order of id; render appends one.
	each  func(after int64, visit func(id int64, render func([]byte) []byte) bool)
	extra func(b []byte) []byte // sideloads
}

// serveList serves a page of a list in the mode that the request asks for: with page[size] by cursor, else by offset
// (https://developer.zendesk.com/api-reference/introduction/pagination/).
func (s *Server) serveList(x *exchange, l list) {
	q := x.r.URL.Query()
	if q.Has("page[size]") || q.Has("page[after]") {
		s.cursorList(x, l, q)
		return
	}
	s.offsetList(x, l, q)
}

// cursorPage reads page[size] and page[after]; it answers the request itself when they are not valid.
func cursorPage(x *exchange, q url.Values) (size int, after int64, ok bool) {
	size, err := strconv.Atoi(q.Get("page[size]"))
	if q.Get("page[size]") == "" {
		size, err = maxListPage, nil
	}
	if err != nil || size < 1 || size > maxListPage {
		listError(x.w, http.StatusBadRequest, "InvalidPaginationParameter", "page[size] must be between 1 and 100")
		return 0, 0, false
	}
	if after, ok = decodeID(q.Get("page[after]")); !ok {
		listError(x.w, http.StatusBadRequest, "InvalidPaginationParameter", "page[after] is not valid")
	}
	return size, after, ok
}

func (s *Server) cursorList(x *exchange, l list, q url.Values) {
	size, after, ok := cursorPage(x, q)
	if !ok {
		return
	}
	switch sort := q.Get("sort"); {
	case sort == "-id":
		l.each = descending(l.each)
	case sort != "" && sort != "id", q.Has("page[before]"):
		listError(x.w, http.StatusBadRequest, "InvalidSort", "sort is not valid")
		return
	}
	b := append(append([]byte(`{"`), l.name...), `":[`...)
	n, last, more := 0, after, false
	l.each(after, func(id int64, render func([]byte) []byte) bool {
		if n == size {
			more = true
			return false
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b, last = render(b), id
		return true
	})
	b = append(b, ']')
	if l.extra != nil {
		b = l.extra(b)
	}
	b = appendBool(b, `,"meta":{"has_more":`, more)
	if n == 0 {
		b = append(b, `,"after_cursor":null,"before_cursor":null},"links":{"prev":null,"next":null}}`...)
		send(x.w, http.StatusOK, b)
		return
	}
	b = appendText(b, `,"after_cursor":`, encodeID(last))
	b = appendText(b, `,"before_cursor":`, encodeID(after))
	b = append(b, `},"links":{"prev":null,"next":`...)
	if more {
		b = appendString(b, s.nextLink(x, l.path, q, encodeID(last)))
	} else {
		b = append(b, "null"...)
	}
	send(x.w, http.StatusOK, append(b, '}', '}'))
}

// descending visits the rows of a list with smaller ids, from the greatest; after 0 all of them.
func descending(each func(int64, func(int64, func([]byte) []byte) bool)) func(int64, func(int64, func([]byte) []byte) bool) {
	return func(before int64, visit func(int64, func([]byte) []byte) bool) {
		var ids []int64
		each(0, func(id int64, _ func([]byte) []byte) bool {
			if before == 0 || id < before {
				ids = append(ids, id)
			}
			return true
		})
		for on := true; on && len(ids) > 0; ids = ids[:len(ids)-1] {
			each(ids[len(ids)-1]-1, func(id int64, render func([]byte) []byte) bool {
				on = visit(id, render)
				return false
			})
		}
	}
}

// nextLink keeps the filters of the request. The vendor sends brackets encoded or not: here they take turns.
func (s *Server) nextLink(x *exchange, path string, q url.Values, after string) string {
	next := url.Values{}
	for k, v := range q {
		next[k] = v
	}
	next.Set("page[after]", after)
	text := next.Encode()
	if s.requests.Load()%2 == 0 {
		text = strings.NewReplacer("%5B", "[", "%5D", "]").Replace(text)
	}
	return x.self(path+".json") + "?" + text
}

func encodeID(id int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "id:%d", id))
}

func decodeID(text string) (int64, bool) {
	if text == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return 0, false
	}
	digits, ok := strings.CutPrefix(string(raw), "id:")
	id, err := strconv.ParseInt(digits, 10, 64)
	return id, ok && err == nil
}

// offsetPage reads page and per_page. It answers the request itself beyond the cap of 10,000 records.
func offsetPage(x *exchange, q url.Values) (page, size int, ok bool) {
	page, size = 1, maxListPage
	for name, at := range map[string]*int{"page": &page, "per_page": &size} {
		if text := q.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 1 {
				invalidValue(x.w, name+" must be a positive integer")
				return 0, 0, false
			}
			*at = n
		}
	}
	return page, min(size, maxListPage), true
}

func (s *Server) offsetList(x *exchange, l list, q url.Values) {
	page, size, ok := offsetPage(x, q)
	if !ok {
		return
	}
	if page > maxOffsetPages || page*size > maxOffsetPages*maxListPage {
		listError(x.w, http.StatusBadRequest, "InvalidPaginationDepth", "Number of pages exceeds the maximum of 100: use cursor pagination")
		return
	}
	b := append(append([]byte(`{"`), l.name...), `":[`...)
	skip, n := (page-1)*size, 0
	more := false
	l.each(0, func(_ int64, render func([]byte) []byte) bool {
		if skip > 0 {
			skip--
			return true
		}
		if n == size {
			more = true
			return false
		}
		if n++; n > 1 {
			b = append(b, ',')
		}
		b = render(b)
		return true
	})
	b = append(b, ']')
	if l.extra != nil {
		b = l.extra(b)
	}
	send(x.w, http.StatusOK, appendOffsetEnd(b, x, l.path, q, page, more, l.total()))
}

func appendOffsetEnd(b []byte, x *exchange, path string, q url.Values, page int, more bool, total int) []byte {
	link := func(key string, ok bool, to int) {
		if !ok {
			b = append(append(b, key...), "null"...)
			return
		}
		next := url.Values{}
		for k, v := range q {
			next[k] = v
		}
		next.Set("page", strconv.Itoa(to))
		b = appendText(b, key, x.self(path+".json")+"?"+next.Encode())
	}
	link(`,"next_page":`, more, page+1)
	link(`,"previous_page":`, page > 1, page-1)
	return append(appendInt(b, `,"count":`, int64(total)), '}')
}

// ids reads a comma-separated list of at most 100 ids; it answers the request itself when there are more or none.
func ids(x *exchange, name string) ([]int64, bool) {
	text := x.query(name)
	if text == "" {
		parameterMissing(x.w, name)
		return nil, false
	}
	parts := strings.Split(text, ",")
	if len(parts) > maxListPage {
		plainError(x.w, http.StatusBadRequest, "TooManyValues", "You may request at most 100 records")
		return nil, false
	}
	var out []int64
	for _, p := range parts {
		id, err := strconv.ParseInt(strings.TrimSpace(p), 10, 64)
		if err != nil {
			invalidValue(x.w, name+" must be numbers")
			return nil, false
		}
		out = append(out, id)
	}
	return out, true
}

// pathID reads the id of the path; what is not a number names no record.
func pathID(x *exchange) int64 {
	id, err := strconv.ParseInt(x.r.PathValue("id"), 10, 64)
	if err != nil {
		return -1
	}
	return id
}

// count answers a count route. Above 100,000 the vendor's number is a day old at times.
func (s *Server) count(x *exchange, n int) {
	if n > 100_000 && s.opts.CountRefreshing {
		writeJSON(x.w, http.StatusOK, map[string]any{"count": map[string]any{"value": 100_000, "refreshed_at": nil}})
		return
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"count": map[string]any{
		"value": n, "refreshed_at": x.now.Format("2006-01-02T15:04:05Z"),
	}})
}

// appendMany appends show_many's body: the records found, in the order asked for.
func sendMany(x *exchange, name string, n int, rows []byte, extra func([]byte) []byte) {
	b := append(append([]byte(`{"`), name...), `":[`...)
	b = append(append(b, rows...), ']')
	if extra != nil {
		b = extra(b)
	}
	b = append(b, `,"next_page":null,"previous_page":null`...)
	send(x.w, http.StatusOK, append(appendInt(b, `,"count":`, int64(n)), '}'))
}
