package brevosim

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Process is one asynchronous job of the account.
type Process struct {
	ID   int64
	Name string
	// Status is queued, processing, completed or failed.
	Status    string
	CreatedAt time.Time
	EndsAt    time.Time // when the clock alone would end it
	EndedAt   time.Time // zero while it runs
	Rows      int       // of an import
	// Rejects are the rows that an import refused, by the name of the file that lists them, as CSV lines without header.
	Rejects map[string][]string
	// Unlisted are refused rows that no file shows.
	Unlisted int
	// NotifyURL was asked for and is never called: what the vendor sends there is not documented.
	NotifyURL string
	// OwnerMailed says that the account owner got an e-mail about this import, because disableNotification was not set.
	OwnerMailed bool

	ofCompanies bool

	columns []string // of the files of refused rows; nil when the job is no contact import
	polls   int
	fails   bool
	run     func(*Process)
}

// rejectFiles are the files of an import, by the kind of refusal.
var rejectFiles = []string{
	"invalid_emails", "duplicate_contact_id", "duplicate_ext_id", "duplicate_email_id", "duplicate_phone_id",
	"duplicate_whatsapp_id", "duplicate_landline_number_id",
}

type processBook struct {
	all      []*Process // by rising id
	failures int        // how many of the next processes fail
}

const firstProcess = 101

func newProcessBook() processBook { return processBook{} }

func (b *processBook) start(name string, now time.Time, takes time.Duration, run func(*Process)) *Process {
	p := &Process{
		ID: firstProcess + int64(len(b.all)), Name: name, Status: "queued", CreatedAt: now, EndsAt: now.Add(takes),
		Rejects: map[string][]string{}, run: run,
	}
	if b.failures > 0 {
		b.failures--
		p.fails = true
	}
	b.all = append(b.all, p)
	return p
}

func (b *processBook) find(id int64) *Process {
	if id < firstProcess || id >= firstProcess+int64(len(b.all)) {
		return nil
	}
	return b.all[id-firstProcess]
}

// settle moves every process to where it is at now. A process acts on the account when it ends, not when it was
// accepted. It runs before every request, so that nothing needs a goroutine.
func (s *Server) settle(now time.Time) {
	for _, p := range s.processes.all {
		switch {
		case !p.EndedAt.IsZero():
		case !now.Before(p.EndsAt):
			p.end(p.EndsAt)
		case now.Sub(p.CreatedAt) >= p.EndsAt.Sub(p.CreatedAt)/2:
			p.Status = "processing"
		}
	}
}

func (p *Process) end(at time.Time) {
	p.EndedAt, p.Status = at, "completed"
	if p.fails {
		p.Status = "failed"
		return
	}
	p.run(p)
}

// poll counts a look at p, which may end it.
func (s *Server) poll(p *Process, now time.Time) {
	p.polls++
	if p.EndedAt.IsZero() && s.opts.ImportPolls > 0 && p.polls >= s.opts.ImportPolls {
		p.end(now)
	}
}

func (s *Server) processRoutes() {
	s.handle("GET /processes", s.listProcesses)
	s.handle("GET /processes/{processId}", s.getProcess)
}

func (s *Server) getProcess(q *query) reply {
	id, err := strconv.ParseInt(q.PathValue("processId"), 10, 64)
	p := s.processes.find(id)
	if err != nil || p == nil || (p.ofCompanies && s.opts.CompanyImports == HiddenImports) {
		return *failure(http.StatusNotFound, "invalid_parameter", "processId is invalid")
	}
	s.poll(p, q.now)
	return reply{http.StatusOK, s.processItem(p, q.Host)}
}

func (s *Server) listProcesses(q *query) reply {
	limit, offset, bad := window(q.URL.Query(), listPage, maxListPage)
	if bad != nil {
		return *bad
	}
	all := slices.Clone(s.processes.all)
	if s.opts.CompanyImports != ListedImports {
		all = slices.DeleteFunc(all, func(p *Process) bool { return p.ofCompanies })
	}
	if q.URL.Query().Get("sort") != "asc" {
		slices.Reverse(all)
	}
	items := []map[string]any{}
	for _, p := range slice(all, limit, offset) {
		s.poll(p, q.now)
		items = append(items, s.processItem(p, q.Host))
	}
	return reply{http.StatusOK, map[string]any{"processes": items, "count": len(all)}}
}

// processItem shows where the files of rejected rows are, on the host that the caller used. They are not counts, and a
// completed import may well have refused rows.
func (s *Server) processItem(p *Process, host string) map[string]any {
	item := map[string]any{"id": p.ID, "name": p.Name, "status": cmp.Or(s.opts.ProcessWords[p.Status], p.Status)}
	if p.Status != "completed" || p.columns == nil {
		return item
	}
	files := map[string]any{}
	for _, name := range rejectFiles {
		files[name] = nil
		if len(p.Rejects[name]) > 0 {
			files[name] = fmt.Sprintf("http://%s/files/%d/%s.csv", host, p.ID, name)
		}
	}
	item["info"] = map[string]any{"import": files}
	item["export_url"] = nil
	return item
}

// serveFile hands out the CSV of refused rows to anybody. They lie on a file host of their own in the real account, so
// a client that shows its API key there has given it away.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("Api-Key") != "" {
		s.misuse("%s carried the API key", r.URL.Path)
	}
	id, name, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/files/"), "/")
	n, err := strconv.ParseInt(id, 10, 64)
	p := s.processes.find(n)
	if err != nil || p == nil || len(p.Rejects[strings.TrimSuffix(name, ".csv")]) == 0 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	lines := append([]string{csvLine(p.columns)}, p.Rejects[strings.TrimSuffix(name, ".csv")]...)
	_, _ = w.Write([]byte(strings.Join(lines, "\n") + "\n"))
}

// csvLine writes cells with the semicolons that the vendor asks for in imports.
func csvLine(cells []string) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma = ';'
	_ = w.Write(cells) // a strings.Builder does not fail
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}
