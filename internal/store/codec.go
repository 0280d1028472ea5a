package store

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// nanos is a time as the store keeps it: nanoseconds since 1970, 0 for the zero time.
func nanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

// moment is the time that nanos stored, in UTC.
func moment(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// clean drops NUL, which PostgreSQL's text cannot hold.
func clean(s string) string {
	if strings.IndexByte(s, 0) < 0 {
		return s
	}
	return strings.ReplaceAll(s, "\x00", "")
}

// encodeMap is JSON with sorted keys, empty for an empty map.
func encodeMap[K comparable, V any](m map[K]V) (string, error) {
	if len(m) == 0 {
		return "", nil
	}
	return encode(m)
}

// encodeList is JSON, empty for an empty list.
func encodeList[V any](list []V) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	return encode(list)
}

func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	return string(b), nil
}

// decode reads what encode wrote; an empty text leaves v as it is.
func decode(text string, v any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("decode stored JSON: %w", err)
	}
	return nil
}

// decodeValues reads a map of canonical values: string, float64, bool, []string.
func decodeValues[K comparable](text string) (map[K]any, error) {
	if text == "" {
		return nil, nil
	}
	var m map[K]any
	if err := decode(text, &m); err != nil {
		return nil, err
	}
	canonical(m)
	return m, nil
}

// canonical turns lists of strings back into []string, in place.
func canonical[K comparable](m map[K]any) {
	for k, v := range m {
		list, ok := v.([]any)
		if !ok || slices.ContainsFunc(list, func(e any) bool { _, isText := e.(string); return !isText }) {
			continue
		}
		texts := make([]string, len(list))
		for i, e := range list {
			texts[i] = e.(string)
		}
		m[k] = texts
	}
}

// fingerprint is a 64-bit FNV-1a hash of a row's values, stable across processes.
func fingerprint(values []any) int64 {
	h := uint64(14695981039346656037)
	add := func(n uint64) {
		for range 8 {
			h = (h ^ (n & 0xff)) * 1099511628211
			n >>= 8
		}
	}
	for _, v := range values {
		switch v := v.(type) {
		case string:
			add(uint64(len(v)))
			for i := range len(v) {
				h = (h ^ uint64(v[i])) * 1099511628211
			}
		case int64:
			add(uint64(v))
		case bool:
			if v {
				add(1)
			} else {
				add(0)
			}
		case float64:
			add(math.Float64bits(v))
		}
	}
	return int64(h)
}

// sorted returns the keys of a set in ascending order: rows are always touched in one order, so that two transactions
// on PostgreSQL do not wait for each other in a circle.
func sorted(set map[int64]struct{}) []int64 {
	out := make([]int64, 0, len(set))
	for id := range set {
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// distinct returns ids ascending and each once.
func distinct[V int64 | string](ids []V) []V {
	out := slices.Clone(ids)
	slices.Sort(out)
	return slices.Compact(out)
}
