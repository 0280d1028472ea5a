package activities

import (
	"time"

	"zendesk-brevo/internal/budget"
)

// Figure is a number of a plan. It is exact where AtLeast and AtMost are Planned too.
type Figure struct {
	Planned int64  `json:"planned"` // what is to be expected when nothing goes wrong
	AtLeast int64  `json:"at_least"`
	AtMost  *int64 `json:"at_most"` // nil: nobody can tell
}

// Exact reports whether the number is certain.
func (f Figure) Exact() bool {
	return f.AtMost != nil && f.AtLeast == f.Planned && *f.AtMost == f.Planned
}

// Holds reports whether n lies within the bounds.
func (f Figure) Holds(n int64) bool { return n >= f.AtLeast && (f.AtMost == nil || n <= *f.AtMost) }

func exactly(n int64) Figure { return Figure{Planned: n, AtLeast: n, AtMost: &n} }

// between is a number whose bounds are known; it is planned as what lies within them.
func between(least, planned, most int64) Figure {
	return Figure{Planned: min(max(planned, least), most), AtLeast: least, AtMost: &most}
}

func atLeast(least, planned int64) Figure {
	return Figure{Planned: max(planned, least), AtLeast: least}
}

func (f Figure) plus(g Figure) Figure {
	sum := Figure{Planned: f.Planned + g.Planned, AtLeast: f.AtLeast + g.AtLeast}
	if f.AtMost != nil && g.AtMost != nil {
		most := *f.AtMost + *g.AtMost
		sum.AtMost = &most
	}
	return sum
}

// each applies a rising function to a number and its bounds.
func (f Figure) each(of func(int64) int64) Figure {
	out := Figure{Planned: of(f.Planned), AtLeast: of(f.AtLeast)}
	if f.AtMost != nil {
		most := of(*f.AtMost)
		out.AtMost = &most
	}
	return out
}

// cursorPages are the pages in which a stream's rows come when the first has this size: at least the one that says that
// there is nothing.
func cursorPages(rows int64, size, largest int) int64 {
	pages := int64(1)
	for rows -= int64(size); rows > 0; rows -= int64(size) {
		size = min(grown(size), largest)
		pages++
	}
	return pages
}

// timedPages are the pages of an export by time: each page begins with the second in which the last one ended, so that at
// least one of its rows comes twice.
func timedPages(rows int64, size int) int64 {
	pages := int64(1)
	for rows -= int64(size); rows > 0; rows -= int64(size - 1) {
		size = grown(size)
		pages++
	}
	return pages
}

// parts are the requests that carry n things at most size at a time.
func parts(n, size int64) int64 { return (n + size - 1) / size }

// importsOf are the imports into which so many contacts fall whose lists are combined in so many ways, each import holding
// contacts with the same lists only. Every combination is taken to occur, and to leave its last import half full.
func importsOf(contacts, combinations int64) int64 {
	if contacts == 0 || combinations == 0 {
		return 0
	}
	return max(min(contacts, combinations), (contacts+combinations*importRows/2)/importRows)
}

// companyLookups are the requests that find companies that were made, by page. What Brevo takes page 1 for shows on the way.
func companyLookups(companies int64) Figure {
	pages := parts(companies, companyPage)
	if pages <= 1 {
		return exactly(pages)
	}
	return between(pages, pages+1, pages+1)
}

// allowance is a vendor's limit as this product uses it.
type allowance struct {
	per    int64 // requests in a window, after the share that is left to others
	window time.Duration
	left   int64         // of the window under way
	reset  time.Duration // until that window ends; 0: none is under way
}

func allowanceOf(limit int, share float64, window time.Duration) allowance {
	per := int64(limit - budget.Need{Share: share}.Floor(limit))
	return allowance{per: per, window: window, left: per}
}

// waits is how long requests that may go one by one wait for windows, when the first finds a whole one.
func (a allowance) waits(requests int64) time.Duration {
	if a.per <= 0 || requests <= a.per {
		return 0
	}
	return time.Duration((requests-1)/a.per) * a.window
}

// spend is how long a run waits for windows when each request is sent as soon as a window has room, and what it asks again:
// where a window ends in the middle of the lookups, the look before them, and the page at which they go on.
func (a allowance) spend(before, lookups, after int64) (looks, pages int64, waits time.Duration) {
	left, reset := a.left, a.reset
	if reset <= 0 {
		left, reset = a.per, a.window
	}
	send := func(requests int64) (turned bool) {
		for range requests {
			if left == 0 {
				waits += reset
				left, reset, turned = a.per, a.window, true
			}
			left--
		}
		return turned
	}
	send(before)
	for done := range lookups {
		if !send(1) {
			continue
		}
		again := int64(1)
		if done < keptFrom {
			again = done
		}
		send(again + 1)
		looks, pages = looks+1, pages+again
	}
	send(after)
	return looks, pages, waits
}

// keptFrom is how many pages a look through the companies must have read to go on where it was.
const keptFrom = 3
