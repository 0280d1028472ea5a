package sim

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// Forever, as Fault.Times, makes a fault last until Faults.Clear.
const Forever = -1

// Fault is one way in which an answer goes wrong. Matching calls are counted from the moment the fault is added: the
// first Skip pass, the next Times meet the fault (0 means 1), the rest pass again.
type Fault struct {
	Method string // empty matches every method
	// Path is a prefix of the request path; with a '*' in it, a pattern of the whole path in which '*' stands for any
	// text; with a final '$', the whole path. Empty matches every path.
	Path  string
	Query string // text that the raw query must contain; empty matches every query
	Skip  int    // matching calls that pass first
	Times int    // calls that meet the fault; 0 means once, Forever until cleared

	Delay time.Duration // wait of the base clock before anything else happens

	DropBefore bool // close the connection; the request is not processed
	DropAfter  bool // process the request, then close the connection without an answer
	CutAfter   int  // send this many bytes of the real body, then close the connection; -1 sends the header alone
	Truncate   int  // send this many bytes of the real body with a matching Content-Length: well-formed HTTP, cut JSON

	Status      int  // answer with this status without processing the request; 0 leaves the real answer
	Processed   bool // with Status: process the request, and throw its own answer away
	Header      http.Header
	Body        string
	ContentType string // of Body; default application/json
}

// Name says in a word or two what the fault does; it is what the request log shows.
func (f *Fault) Name() string {
	switch {
	case f.DropBefore:
		return "drop before"
	case f.DropAfter:
		return "drop after"
	case f.CutAfter != 0:
		return "cut"
	case f.Truncate != 0:
		return "truncate"
	case f.Status != 0:
		return "status"
	default:
		return "delay"
	}
}

func (f *Fault) matches(r *http.Request) bool {
	if f.Method != "" && !strings.EqualFold(f.Method, r.Method) {
		return false
	}
	return matchPath(f.Path, r.URL.Path) && strings.Contains(r.URL.RawQuery, f.Query)
}

// matchPath reports whether path has the prefix, or fits the '*' or '$' pattern, that Fault.Path describes.
func matchPath(pattern, path string) bool {
	if whole, ok := strings.CutSuffix(pattern, "$"); ok && !strings.Contains(pattern, "*") {
		return path == whole
	}
	first, rest, ok := strings.Cut(strings.TrimSuffix(pattern, "$"), "*")
	if !strings.HasPrefix(path, first) {
		return false
	}
	if !ok {
		return true
	}
	path = path[len(first):]
	parts := strings.Split(rest, "*")
	for _, p := range parts[:len(parts)-1] {
		i := strings.Index(path, p)
		if i < 0 {
			return false
		}
		path = path[i+len(p):]
	}
	return strings.HasSuffix(path, parts[len(parts)-1])
}

// Faults is the list of faults in force. The zero value has none. It is safe for concurrent use.
type Faults struct {
	mu    sync.Mutex
	rules []*rule
}

type rule struct {
	fault Fault
	seen  int
	fired int
}

// Add puts faults in force, after those already there: of several that match a call, the first one that is due wins,
// and only the counters up to it move.
func (fs *Faults) Add(faults ...Fault) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, f := range faults {
		if f.Times == 0 {
			f.Times = 1
		}
		fs.rules = append(fs.rules, &rule{fault: f})
	}
}

// Clear removes every fault.
func (fs *Faults) Clear() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.rules = nil
}

// Fired returns how many calls have met a fault since the last Clear.
func (fs *Faults) Fired() int {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	n := 0
	for _, r := range fs.rules {
		n += r.fired
	}
	return n
}

// next returns the fault that this call meets, or nil.
func (fs *Faults) next(r *http.Request) *Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for _, ru := range fs.rules {
		if !ru.fault.matches(r) {
			continue
		}
		if ru.fault.Times != Forever && ru.seen >= ru.fault.Skip+ru.fault.Times {
			continue
		}
		ru.seen++
		if ru.seen > ru.fault.Skip {
			ru.fired++
			f := ru.fault
			return &f
		}
	}
	return nil
}
