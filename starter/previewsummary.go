package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/control"
)

// previewSummary is what a preview ends with. Its JSON is stable.
type previewSummary struct {
	Connector     string                       `json:"connector"`
	Account       string                       `json:"account"`
	Type          string                       `json:"type"` // preview
	RunID         string                       `json:"runId,omitempty"`
	Status        string                       `json:"status"` // completed, canceled, terminated, failed
	Error         string                       `json:"error,omitempty"`
	StartedAt     *time.Time                   `json:"startedAt,omitempty"`
	EndedAt       *time.Time                   `json:"endedAt"`
	Seconds       float64                      `json:"seconds,omitempty"`
	Streams       []streamCount                `json:"streams,omitempty"`
	Contacts      foreseenContacts             `json:"contacts"`
	Attributes    map[string]foreseenAttribute `json:"attributes"` // by name
	Lists         map[string]foreseenList      `json:"lists"`      // by name
	Companies     activities.CompaniesForeseen `json:"companies"`
	NewAttributes []string                     `json:"newAttributes"`
	NewLists      []string                     `json:"newLists"`
	MassChange    foreseenHarms                `json:"massChange"`
	Pilot         int                          `json:"pilot"` // how many people pilot.emails names; 0: everybody is written
	Notices       []string                     `json:"notices"`
	People        []foreseenPerson             `json:"people"`
}

type foreseenContacts struct {
	Created   int64            `json:"created"`
	Mailable  int64            `json:"mailable"` // of those created
	Changed   int64            `json:"changed"`
	Left      int64            `json:"left"`
	Deleted   int64            `json:"deleted"`
	Unchanged int64            `json:"unchanged"`
	Waiting   int64            `json:"waiting"`
	Skipped   map[string]int64 `json:"skipped"`
	Rejected  map[string]int64 `json:"rejected"`
}

type foreseenAttribute struct {
	Set   int64 `json:"set"`
	Clear int64 `json:"clear"`
}

type foreseenList struct {
	Add    int64 `json:"add"`
	Remove int64 `json:"remove"`
}

type foreseenHarms struct {
	Harms  int64 `json:"harms"`
	Of     int64 `json:"of"`
	Pauses bool  `json:"pauses"` // the sync would pause and ask
}

type foreseenPerson struct {
	UserID         int64           `json:"userId"`
	Email          string          `json:"email"`
	What           string          `json:"what"` // created, changed, left, deleted, unchanged, skipped, rejected, waiting
	Reason         string          `json:"reason,omitempty"`
	From           string          `json:"from,omitempty"` // the address before
	Attributes     []foreseenValue `json:"attributes"`
	Joins          []string        `json:"joins"`
	Leaves         []string        `json:"leaves"`
	Blocklisted    bool            `json:"blocklisted"`
	SMSBlocklisted bool            `json:"smsBlocklisted"`
	Mailable       bool            `json:"mailable"`
}

type foreseenValue struct {
	Name string `json:"name"`
	Old  any    `json:"old"`
	New  any    `json:"new"`
}

func newPreviewSummary(connector, account string, f *activities.Foreseen) *previewSummary {
	s := &previewSummary{
		Connector: connector, Account: account, Type: activities.Preview, Companies: f.Companies, Pilot: f.PilotFor,
		Contacts: foreseenContacts{
			f.Created, f.Mailable, f.Changed, f.Left, f.Deleted, f.Unchanged, f.Waiting, counted(f.Skipped), counted(f.Rejected),
		},
		Attributes: map[string]foreseenAttribute{}, Lists: map[string]foreseenList{},
		NewAttributes: orEmpty(f.NewAttributes), NewLists: orEmpty(f.NewLists), Notices: orEmpty(f.Notices),
		MassChange: foreseenHarms{f.Harms, f.HarmsOf, f.Pauses}, People: []foreseenPerson{},
	}
	for name, n := range f.ByAttribute {
		s.Attributes[name] = foreseenAttribute(n)
	}
	for name, n := range f.ByList {
		s.Lists[name] = foreseenList(n)
	}
	return s
}

func newPeople(people []activities.Difference) []foreseenPerson {
	out := make([]foreseenPerson, len(people))
	for i, d := range people {
		p := foreseenPerson{
			UserID: d.UserID, Email: d.Email, What: d.Kind, Reason: d.Reason, From: d.From, Attributes: []foreseenValue{},
			Joins: orEmpty(d.Joins), Leaves: orEmpty(d.Leaves), Blocklisted: d.Blocklist, SMSBlocklisted: d.BlocklistSMS, Mailable: d.Mailable,
		}
		for _, a := range d.Attributes {
			p.Attributes = append(p.Attributes, foreseenValue(a))
		}
		out[i] = p
	}
	return out
}

// text is the summary for people, with a line break at its end.
func (s *previewSummary) text(p palette) string {
	var b strings.Builder
	took := span(time.Duration(s.Seconds * float64(time.Second)))
	switch {
	case s.Status == control.RunFailed:
		fmt.Fprintf(&b, "%s preview of %s failed after %s: %s\n", p.bad("✗"), s.Account, took, s.Error)
		return b.String()
	case s.Status != control.RunCompleted:
		fmt.Fprintf(&b, "%s preview of %s was %s after %s\n", p.bad("✗"), s.Account, s.Status, took)
		return b.String()
	case s.StartedAt == nil:
		fmt.Fprintf(&b, "%s the preview of %s that ended at %s: nothing was written; the next sync would\n", p.good("✓"), s.Account, clock(*s.EndedAt))
	default:
		fmt.Fprintf(&b, "%s preview of %s completed in %s: nothing was written; the next sync would\n", p.good("✓"), s.Account, took)
	}
	s.writeCounts(&b)
	for i := range s.People {
		s.People[i].write(&b, p)
	}
	return b.String()
}

func (s *previewSummary) writeCounts(b *strings.Builder) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, stream := range s.Streams {
		if stream.Skipped != "" {
			fmt.Fprintf(w, "  %s\tskipped: %s\n", stream.Name, stream.Skipped)
		}
	}
	c := &s.Contacts
	fmt.Fprintf(w, "  contacts\t%s\n", writesInWords(c.Created, c.Mailable, c.Changed, c.Left, c.Deleted))
	fmt.Fprintf(w, "  unchanged\t%s\n", thousands(c.Unchanged))
	if c.Waiting > 0 {
		fmt.Fprintf(w, "  waiting\t%s (deleted in Zendesk, or merged: not known yet)\n", thousands(c.Waiting))
	}
	writeReasons(w, "  skipped", c.Skipped)
	writeReasons(w, "  rejected", c.Rejected)
	for _, name := range slices.Sorted(maps.Keys(s.Lists)) {
		fmt.Fprintf(w, "  list %s\t%s join, %s leave\n", name, thousands(s.Lists[name].Add), thousands(s.Lists[name].Remove))
	}
	for _, name := range slices.Sorted(maps.Keys(s.Attributes)) {
		fmt.Fprintf(w, "  %s\t%s set, %s cleared\n", name, thousands(s.Attributes[name].Set), thousands(s.Attributes[name].Clear))
	}
	fmt.Fprintf(w, "  companies\t%s created, %s changed, %s linked, %s unlinked\n", thousands(s.Companies.Created), thousands(s.Companies.Changed),
		plural(s.Companies.Link, "contact"), thousands(s.Companies.Unlink))
	if len(s.NewAttributes) > 0 {
		fmt.Fprintf(w, "  new attributes\t%s\n", strings.Join(s.NewAttributes, ", "))
	}
	if len(s.NewLists) > 0 {
		fmt.Fprintf(w, "  new lists\t%s\n", strings.Join(s.NewLists, ", "))
	}
	if s.Pilot > 0 {
		fmt.Fprintf(w, "  pilot\ton: nobody but %s of pilot.emails\n", plural(int64(s.Pilot), "address"))
	}
	if s.MassChange.Pauses {
		fmt.Fprintf(w, "  pause\tthe sync would pause before its first write: it clears values of, takes off lists, or rejects %s of %s contacts\n",
			thousands(s.MassChange.Harms), thousands(s.MassChange.Of))
	}
	for i, notice := range s.Notices {
		label := ""
		if i == 0 {
			label = "notices"
		}
		fmt.Fprintf(w, "  %s\t%s\n", label, notice)
	}
	_ = w.Flush()
}

// writesInWords is "283 created (all of them can be e-mailed from then on), 96 changed".
func writesInWords(created, mailable, changed, left, deleted int64) string {
	parts := []string{thousands(created) + " created"}
	switch {
	case created > 0 && mailable == 0:
		parts[0] += " (blocklisted: none of them can be e-mailed)"
	case created > 0:
		parts[0] += fmt.Sprintf(" (%s can be e-mailed from then on)", thousands(mailable))
	}
	parts = append(parts, thousands(changed)+" changed")
	if left > 0 {
		parts = append(parts, thousands(left)+" leave lists and lose support data")
	}
	if deleted > 0 {
		parts = append(parts, thousands(deleted)+" deleted")
	}
	return strings.Join(parts, ", ")
}

func (d *foreseenPerson) write(b *strings.Builder, p palette) {
	what := d.What
	if d.Reason != "" {
		what += " (" + d.Reason + ")"
	}
	fmt.Fprintf(b, "\n%s  user %d: %s\n", p.bold(d.Email), d.UserID, what)
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	if d.From != "" {
		fmt.Fprintf(w, "  EMAIL\t%s -> %s\n", inWords(d.From), inWords(d.Email))
	}
	for _, a := range d.Attributes {
		fmt.Fprintf(w, "  %s\t%s -> %s\n", a.Name, inWords(a.Old), inWords(a.New))
	}
	for _, name := range d.Joins {
		fmt.Fprintf(w, "  list %s\tjoins\n", name)
	}
	for _, name := range d.Leaves {
		fmt.Fprintf(w, "  list %s\tleaves\n", name)
	}
	if d.Blocklisted || d.SMSBlocklisted {
		fmt.Fprintf(w, "  blocklisted\te-mail %t, SMS %t\n", d.Blocklisted, d.SMSBlocklisted)
	}
	_ = w.Flush()
}

// inWords is a value of an attribute; nothing is "-".
func inWords(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case string:
		return strconv.Quote(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}
