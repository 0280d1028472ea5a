package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"
)

// Progress is what the ProgressQuery answers.
type Progress struct {
	Account   string           `json:"account"`
	Subject   string           `json:"subject"` // full, incremental, a stream's name, or push
	Phase     string           `json:"phase"`
	Rows      map[string]int64 `json:"rows,omitempty"`
	Pages     map[string]int64 `json:"pages,omitempty"`
	Expected  map[string]int64 `json:"expected,omitempty"` // approximate totals by the vendor's counts
	StartedAt time.Time        `json:"started_at"`
}

// progress keeps a run's Progress and shows it as the workflow's current details in the Temporal UI.
type progress struct{ Progress }

func newProgress(ctx workflow.Context, account, subject string) *progress {
	return &progress{Progress{
		Account: account, Subject: subject, StartedAt: workflow.Now(ctx),
		Rows: map[string]int64{}, Pages: map[string]int64{},
	}}
}

func (p *progress) serve(ctx workflow.Context) error {
	return workflow.SetQueryHandler(ctx, ProgressQuery, func() (Progress, error) { return p.Progress, nil })
}

func (p *progress) phase(ctx workflow.Context, name string) {
	p.Phase = name
	workflow.SetCurrentDetails(ctx, p.markdown())
}

func (p *progress) count(ctx workflow.Context, what string, rows, pages int64) {
	p.Rows[what], p.Pages[what] = rows, pages
	workflow.SetCurrentDetails(ctx, p.markdown())
}

// add counts rows of a step that has no pages.
func (p *progress) add(ctx workflow.Context, what string, n int64) {
	if n == 0 {
		return
	}
	p.Rows[what] += n
	workflow.SetCurrentDetails(ctx, p.markdown())
}

func (p *progress) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**: %s, %s\n", p.Account, p.Subject, p.Phase)
	if len(p.Rows) == 0 {
		return b.String()
	}
	b.WriteString("\n| what | rows | of about | pages |\n|---|--:|--:|--:|\n")
	for _, name := range workflow.DeterministicKeys(p.Rows) {
		fmt.Fprintf(&b, "| %s | %d | %s | %s |\n", name, p.Rows[name], orBlank(p.Expected[name]), orBlank(p.Pages[name]))
	}
	return b.String()
}

func orBlank(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n)
}
