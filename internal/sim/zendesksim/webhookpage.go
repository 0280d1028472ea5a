package zendesksim

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// sendPage sends the page of rows that the request asks for by cursor; keys tell the rows apart. Without page[size] it
// sends up to a hundred, with the members of offset pagination as well.
func (s *Server) sendPage(x *exchange, name string, rows []any, keys []string) {
	q := x.r.URL.Query()
	size := maxListPage
	if text := q.Get("page[size]"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxListPage {
			listError(x.w, http.StatusBadRequest, "InvalidPaginationParameter", "page[size] must be between 1 and 100")
			return
		}
		size = n
	}
	total := len(rows)
	if text := q.Get("page[after]"); text != "" {
		key, err := base64.RawURLEncoding.DecodeString(text)
		at := slices.Index(keys, string(key))
		if err != nil || at < 0 {
			listError(x.w, http.StatusBadRequest, "InvalidPaginationParameter", "page[after] is not valid")
			return
		}
		rows, keys = rows[at+1:], keys[at+1:]
	}
	more := len(rows) > size
	rows, keys = rows[:min(size, len(rows))], keys[:min(size, len(keys))]
	meta, links := map[string]any{"has_more": more}, map[string]any{}
	if more {
		cursor := base64.RawURLEncoding.EncodeToString([]byte(keys[size-1]))
		meta["after_cursor"], links["next"] = cursor, s.nextLink(x, strings.TrimSuffix(x.r.URL.Path, ".json"), q, cursor)
	}
	out := map[string]any{name: rows, "meta": meta, "links": links}
	if !q.Has("page[size]") {
		out["count"], out["next_page"], out["previous_page"] = total, nil, nil
	}
	writeJSON(x.w, http.StatusOK, out)
}
