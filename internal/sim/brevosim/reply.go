package brevosim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// reply is an answer: a status and, unless nil, a body that is sent as JSON.
type reply struct {
	status int
	body   any
}

func (a reply) write(w http.ResponseWriter) {
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	data, err := json.Marshal(a.body)
	if err != nil {
		panic(err) // every body is built here from plain values
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	_, _ = w.Write(data)
}

var noContent = reply{status: http.StatusNoContent}

// failure is the vendor's usual error body.
func failure(status int, code, message string) *reply {
	return &reply{status, map[string]any{"code": code, "message": message}}
}

func invalid(message string) reply {
	return *failure(http.StatusBadRequest, "invalid_parameter", message)
}

func missing(message string) reply {
	return *failure(http.StatusBadRequest, "missing_parameter", message)
}

func notFound(message string) reply {
	return *failure(http.StatusNotFound, "document_not_found", message)
}

func created(id int64) reply { return reply{http.StatusCreated, map[string]any{"id": id}} }

// stampLayout is how the vendor writes times: milliseconds and the account's offset.
const stampLayout = "2006-01-02T15:04:05.000Z07:00"

func (s *Server) stamp(t time.Time) string { return t.In(s.opts.Zone).Format(stampLayout) }

// window reads limit and offset. A limit over the maximum is refused, as the vendor's schema says.
func window(q url.Values, defaultLimit, maxLimit int) (limit, offset int, bad *reply) {
	limit, ok1 := number(q, "limit", defaultLimit)
	offset, ok2 := number(q, "offset", 0)
	if !ok1 || !ok2 || limit < 0 || offset < 0 || limit > maxLimit {
		return 0, 0, failure(http.StatusBadRequest, "out_of_range", "Limit or offset is out of range, limit may be at most "+strconv.Itoa(maxLimit))
	}
	return limit, offset, nil
}

func number(q url.Values, name string, fallback int) (int, bool) {
	if q.Get(name) == "" {
		return fallback, true
	}
	n, err := strconv.Atoi(q.Get(name))
	return n, err == nil
}

// inOrder puts rows, the oldest first, into the order asked for: the newest first unless sort is asc. It is false for an order
// that the vendor does not know.
func inOrder[T any](q url.Values, rows []T) bool {
	switch q.Get("sort") {
	case "", "desc":
		slices.Reverse(rows)
	case "asc":
	default:
		return false
	}
	return true
}

// slice cuts one page out of all.
func slice[T any](all []T, limit, offset int) []T {
	if offset >= len(all) {
		return []T{}
	}
	return all[offset:min(len(all), offset+limit)]
}

// since reads a time parameter; absent gives the zero time.
func since(q url.Values, name string) (time.Time, *reply) {
	text := q.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	// An unescaped plus sign arrives as a space, which the vendor does not forgive either.
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, failure(http.StatusBadRequest, "invalid_parameter", name+" must be a date-time such as 2024-01-31T12:00:00.000Z")
	}
	return t, nil
}

// ids reads a list of numbers given by repetition or with commas.
func ids(q url.Values, name string) ([]int64, bool) {
	var out []int64
	for _, value := range q[name] {
		for _, text := range strings.Split(value, ",") {
			id, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil {
				return nil, false
			}
			out = append(out, id)
		}
	}
	return out, true
}
