package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/activities"
)

// PullInput names a stream. Where it stands is in the store, so the input is the same however often the run goes on
// under a new history; the counts only carry the display over.
type PullInput struct {
	Account  string     `json:"account"`
	Stream   string     `json:"stream"`
	Expected int64      `json:"expected,omitempty"` // rows by the vendor's approximate count; 0 when unknown
	So       PullResult `json:"so_far"`
	// Replay reads what changed from Since to Until once more.
	Replay bool      `json:"replay,omitempty"`
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"`
}

// PullResult counts what a stream brought.
type PullResult struct {
	Rows    int64  `json:"rows"`
	Pages   int64  `json:"pages"`
	Changed int64  `json:"changed"`
	Notice  string `json:"notice,omitempty"`
	Skipped string `json:"skipped,omitempty"` // why the account's plan or role does not give this stream
}

// Pull reads one stream to its end, a page an activity. Every page commits its rows together with the new cursor, so
// nothing but the store decides where the next attempt, worker or run goes on.
func Pull(ctx workflow.Context, in PullInput) (PullResult, error) {
	p := newProgress(ctx, in.Account, in.Stream)
	if in.Expected > 0 {
		p.Expected = map[string]int64{in.Stream: in.Expected}
	}
	if err := p.serve(ctx); err != nil {
		return in.So, err
	}
	p.phase(ctx, "pull")
	for {
		p.count(ctx, in.Stream, in.So.Rows, in.So.Pages)
		var page activities.PageResult
		summary := fmt.Sprintf("%s: %s, page %d", in.Account, in.Stream, in.So.Pages+1)
		err := workflow.ExecuteActivity(vendorCalls(ctx, summary), zendesk.FetchPage, activities.PageInput{
			Account: in.Account, Stream: in.Stream, Replay: in.Replay, Since: in.Since, Until: in.Until,
		}).Get(ctx, &page)
		if err != nil {
			return in.So, err
		}
		in.So.Rows += page.Rows
		in.So.Pages++
		in.So.Changed += page.Changed
		in.So.Skipped = page.Skipped
		if page.Notice != "" {
			in.So.Notice = page.Notice
		}
		if page.End {
			p.Phase = "done"
			p.count(ctx, in.Stream, in.So.Rows, in.So.Pages)
			return in.So, nil
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			return in.So, workflow.NewContinueAsNewError(ctx, Pull, in)
		}
	}
}
