package main

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"zendesk-brevo/internal/control"
	"zendesk-brevo/workflows"
)

// summary is what a watched sync ends with.
type summary struct {
	Connector string         `json:"connector"`
	Account   string         `json:"account"`
	Type      string         `json:"type"`
	RunID     string         `json:"runId"`
	Status    string         `json:"status"` // completed, canceled, terminated, failed
	Error     string         `json:"error,omitempty"`
	StartedAt *time.Time     `json:"startedAt"`
	EndedAt   *time.Time     `json:"endedAt"`
	Seconds   float64        `json:"seconds"`
	Streams   []streamCount  `json:"streams"`
	Records   int64          `json:"records,omitempty"` // read by name
	Contacts  contactsOfARun `json:"contacts"`
	Companies int64          `json:"companies"`
	// CompaniesRejected counts the companies that Brevo refused, by reason.
	CompaniesRejected map[string]int64 `json:"companiesRejected"`

	Notices    []string `json:"notices"`
	unfinished bool     // without a result
}

// streamCount is what one resource brought.
type streamCount struct {
	Name    string `json:"name"`
	Rows    int64  `json:"rows"`
	Pages   int64  `json:"pages"`
	Changed int64  `json:"changed"`
	Skipped string `json:"skipped,omitempty"` // why it was not read
}

// contactsOfARun counts what became of the contacts that a run looked at.
type contactsOfARun struct {
	Sent      int64            `json:"sent"`
	Unchanged int64            `json:"unchanged"`
	Skipped   map[string]int64 `json:"skipped"`
	Rejected  map[string]int64 `json:"rejected"`
}

func newSummary(connector, account string, run execution, result workflows.SyncResult, now time.Time) *summary {
	s := &summary{
		Connector: connector, Account: account, Type: run.Kind, RunID: run.RunID,
		Streams: []streamCount{}, Records: result.Records, Companies: result.Push.Companies, CompaniesRejected: counted(result.Push.CompaniesRejected), Notices: orEmpty(result.Notices),
		Contacts: contactsOfARun{
			Sent: result.Push.Sent, Unchanged: result.Push.Unchanged,
			Skipped: counted(result.Push.Skipped), Rejected: counted(result.Push.Rejected),
		},
	}
	began, ended := result.StartedAt, result.EndedAt
	if began.IsZero() {
		s.unfinished, began, ended = true, run.StartedAt, now
	}
	s.StartedAt, s.EndedAt = utc(began), utc(ended)
	s.Seconds = float64(ended.Sub(began).Milliseconds()) / 1000
	for _, name := range control.Resources {
		if pulled, read := result.Streams[name]; read {
			s.Streams = append(s.Streams, streamCount{name, pulled.Rows, pulled.Pages, pulled.Changed, pulled.Skipped})
		}
	}
	return s
}

// text is the summary for people, with a line break at its end.
func (s *summary) text(p palette) string {
	var b strings.Builder
	took := span(time.Duration(s.Seconds * float64(time.Second)))
	title := control.Title(s.Type)
	switch s.Status {
	case control.RunCompleted:
		fmt.Fprintf(&b, "%s %s of %s completed in %s\n", p.good("✓"), title, s.Account, took)
	case control.RunFailed:
		fmt.Fprintf(&b, "%s %s of %s failed after %s: %s\n", p.bad("✗"), title, s.Account, took, s.Error)
	default:
		fmt.Fprintf(&b, "%s %s of %s was %s after %s\n", p.bad("✗"), title, s.Account, s.Status, took)
	}
	if s.unfinished {
		b.WriteString("What was read and sent stays; the next sync goes on from there. `starter status` shows how things stand.\n")
		return b.String()
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, stream := range s.Streams {
		if stream.Skipped != "" {
			fmt.Fprintf(w, "  %s\tskipped: %s\n", stream.Name, stream.Skipped)
			continue
		}
		fmt.Fprintf(w, "  %s\t%s, %s, %s changed\n", stream.Name, plural(stream.Rows, "row"), plural(stream.Pages, "page"), thousands(stream.Changed))
	}
	if s.Records > 0 {
		fmt.Fprintf(w, "  records\t%s read\n", thousands(s.Records))
	}
	fmt.Fprintf(w, "  contacts\t%s sent, %s unchanged\n", thousands(s.Contacts.Sent), thousands(s.Contacts.Unchanged))
	writeReasons(w, "  skipped", s.Contacts.Skipped)
	writeReasons(w, "  rejected", s.Contacts.Rejected)
	fmt.Fprintf(w, "  companies\t%s sent\n", thousands(s.Companies))
	writeReasons(w, "  rejected", s.CompaniesRejected)
	for i, notice := range s.Notices {
		label := ""
		if i == 0 {
			label = "notices"
		}
		fmt.Fprintf(w, "  %s\t%s\n", label, notice)
	}
	_ = w.Flush()
	if len(s.Contacts.Rejected)+len(s.CompaniesRejected) > 0 {
		b.WriteString("`starter rejects list` names the rejected records.\n")
	}
	return b.String()
}

// writeReasons writes nothing for an empty count.
func writeReasons(w *tabwriter.Writer, label string, counts map[string]int64) {
	if len(counts) > 0 {
		fmt.Fprintf(w, "%s\t%s (%s)\n", label, thousands(total(counts)), byReason(counts))
	}
}
