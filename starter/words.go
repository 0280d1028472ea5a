package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// palette colours words on a terminal; the zero palette leaves them as they are.
type palette struct{ on bool }

func (a *app) palette() palette { return palette{a.colour} }

func (p palette) good(text string) string { return p.paint("32", text) }
func (p palette) bad(text string) string  { return p.paint("31", text) }
func (p palette) warn(text string) string { return p.paint("33", text) }
func (p palette) bold(text string) string { return p.paint("1", text) }

func (p palette) paint(code, text string) string {
	if !p.on {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// thousands writes 34200 as "34,200".
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	var groups []string
	for len(digits) > 3 {
		groups = append([]string{digits[len(digits)-3:]}, groups...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, groups...), ",")
}

// span writes a duration in the two largest units: "850ms", "34s", "2m05s", "3h12m", "2d4h".
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "0s"
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + "ms"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + "s"
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/time.Second)
	case d < day:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	case d >= 30*day:
		return fmt.Sprintf("%dd", d/day)
	}
	return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
}

// seconds rounds up, so that a wait never reads "0 s".
func seconds(d time.Duration) int64 { return int64(math.Ceil(d.Seconds())) }

// clock is a moment in RFC 3339, UTC, to the second.
func clock(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// ago is how long before now a moment was.
func ago(now, t time.Time) string {
	d := now.Sub(t)
	if d < time.Second {
		return "just now"
	}
	return span(d) + " ago"
}

// plural is "1 page" or "2 pages".
func plural(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	if strings.HasSuffix(one, "s") {
		one += "e"
	}
	return thousands(n) + " " + one + "s"
}

// byReason lists counts by reason, largest first: "no_email 12, suspended 3".
func byReason(counts map[string]int64) string {
	parts := make([]string, 0, len(counts))
	for _, reason := range reasons(counts) {
		name := reason
		if name == "" {
			name = "unspecified"
		}
		parts = append(parts, name+" "+thousands(counts[reason]))
	}
	return strings.Join(parts, ", ")
}

// reasons are the keys of a count, largest count first.
func reasons(counts map[string]int64) []string {
	return slices.SortedFunc(maps.Keys(counts), func(x, y string) int {
		if counts[x] != counts[y] {
			return int(min(1, max(-1, counts[y]-counts[x])))
		}
		return strings.Compare(x, y)
	})
}

func total(counts map[string]int64) int64 {
	var n int64
	for _, of := range counts {
		n += of
	}
	return n
}

// short says why a step waits: "waiting 34 s: Zendesk export budget". The reason of a pause is a text of its own.
func (h hold) short() string {
	switch {
	case h.Paused:
		return "paused"
	case h.Limit:
		return fmt.Sprintf("waiting %d s: %s", seconds(h.Left), h.Reason)
	}
	return fmt.Sprintf("trying again in %d s (attempt %d failed): %s", seconds(h.Left), h.Attempt-1, h.Reason)
}

// key is text without what changes from second to second.
func (h hold) key() string { return fmt.Sprint(h.Paused, h.Limit, h.Attempt, h.Reason) }

// eta is how long the rest of a stream takes at its rate; 0 when that cannot be said.
func (s stream) eta() time.Duration {
	if s.State != streamReading || s.Expected <= s.Rows || s.Rate < 0.1 {
		return 0
	}
	return time.Duration(float64(s.Expected-s.Rows) / s.Rate * float64(time.Second))
}

// text is a stream's numbers: "12,000 of ~34,200 rows, 12 pages, 950 rows/s, ETA 24s", or why it waits. Beside a name it
// fits a terminal of 80 columns.
func (s stream) text() string {
	rows := plural(s.Rows, "row")
	if s.Expected > 0 && s.State == streamReading {
		rows = fmt.Sprintf("%s of ~%s", thousands(s.Rows), plural(s.Expected, "row"))
	}
	switch {
	case s.State != streamReading:
		return strings.Join([]string{rows, plural(s.Pages, "page"), s.State}, ", ")
	case len(s.Holds) > 0:
		return rows + ", " + s.Holds[0].short()
	}
	parts := []string{rows, plural(s.Pages, "page")}
	if s.Rate >= 1 {
		parts = append(parts, thousands(int64(s.Rate))+" rows/s")
	}
	if eta := s.eta(); eta > 0 {
		parts = append(parts, "ETA "+span(time.Duration(seconds(eta))*time.Second))
	}
	return strings.Join(parts, ", ")
}
