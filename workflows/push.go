package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/activities"
)

// PushInput names an account whose dirty rows go to Brevo.
type PushInput struct {
	Account string `json:"account"`
	RunID   string `json:"run_id"` // of the Sync: names imports and rejects
	// Full looks at every contact in Brevo first, so that people deleted there are noticed.
	Full bool `json:"full"`
}

// PushResult counts contacts. Skipped and Rejected are by reason.
type PushResult struct {
	Sent      int64            `json:"sent"`
	Left      int64            `json:"left,omitempty"` // of those sent, who are no contacts any more
	Unchanged int64            `json:"unchanged"`
	Held      int64            `json:"held,omitempty"` // contacts in Brevo that a pilot keeps as they are
	Skipped   map[string]int64 `json:"skipped,omitempty"`
	Rejected  map[string]int64 `json:"rejected,omitempty"`
	Companies int64            `json:"companies"`
	// CompaniesRejected counts the companies that Brevo refused, by reason.
	CompaniesRejected map[string]int64 `json:"companies_rejected,omitempty"`
	Notice            string           `json:"notice,omitempty"`
	LeftOut           string           `json:"left_out,omitempty"` // what was left out of contacts, and of how many
}

// Push brings Brevo up to date with the mirror: look at what Brevo has, decide what each dirty contact needs, guard
// against a mass change, then leave lists, clear values, import, write the rest one by one, and last the companies.
// Each step decides afresh from the store, so any of them may be repeated, and what one leaves the next run finds.
func Push(ctx workflow.Context, in PushInput) (PushResult, error) {
	p := &pushRun{in: in, progress: newProgress(ctx, in.Account, "push"), base: activities.PushStep{Account: in.Account, RunID: in.RunID}}
	p.result.Skipped, p.result.Rejected = map[string]int64{}, map[string]int64{}
	if err := p.progress.serve(ctx); err != nil {
		return p.result, err
	}
	if err := p.leftovers(ctx); err != nil {
		return p.result, err
	}
	if in.Full {
		// Also when nothing changed in Zendesk: who was deleted or opted out in Brevo shows only there.
		if _, err := p.scan(ctx, true); err != nil {
			return p.result, err
		}
		p.looked = true
	}
	var work activities.Work
	if err := workflow.ExecuteActivity(storeCalls(ctx), account.CountWork, in.Account).Get(ctx, &work); err != nil {
		return p.result, err
	}
	if work.Contacts == 0 && work.Companies == 0 {
		return p.result, nil
	}
	if err := p.contacts(ctx, work); err != nil {
		return p.result, err
	}
	if err := p.companies(ctx); err != nil {
		return p.result, err
	}
	p.progress.phase(ctx, "done")
	return p.result, nil
}

// pushRun is the state of one Push.
type pushRun struct {
	in       PushInput
	base     activities.PushStep
	progress *progress
	result   PushResult
	looked   bool // at every contact, a moment ago
	preview  bool // it only looks
}

// leftovers ends what a run that was canceled or terminated left under way: imports that Brevo has are settled, those it
// never got are given up, for what they held was decided long ago.
func (p *pushRun) leftovers(ctx workflow.Context) error {
	var state activities.ImportsState
	if err := workflow.ExecuteActivity(storeCalls(ctx), brevo.DiscardOpenImports, p.in.Account).Get(ctx, &state); err != nil {
		return err
	}
	return p.settleImports(ctx, state)
}

// contacts repeats look, plan and writes while a step finds that what it decides from has grown too old: a pause may have
// lasted for days, and people unsubscribe meanwhile.
func (p *pushRun) contacts(ctx workflow.Context, work activities.Work) error {
	if work.Contacts == 0 {
		return nil
	}
	for {
		stale, err := p.round(ctx, work)
		if err != nil || !stale {
			return err
		}
	}
}

func (p *pushRun) round(ctx workflow.Context, work activities.Work) (stale bool, _ error) {
	bulk := p.in.Full || work.Contacts > activities.FewContacts
	if (bulk || work.Look) && !p.looked {
		if _, err := p.scan(ctx, bulk); err != nil {
			return false, err
		}
	}
	p.looked = false
	plan, err := p.plan(ctx, bulk)
	if err != nil || plan.Stale {
		return plan.Stale, err
	}
	return p.carryOut(ctx, plan)
}

func (p *pushRun) carryOut(ctx workflow.Context, plan activities.Plan) (stale bool, _ error) {
	if err := p.step(ctx, "leave lists", plan.Leave, brevo.LeaveLists); err != nil {
		return false, err
	}
	if err := p.write(ctx, "clear", activities.PlanClear, plan.Clear); err != nil {
		return false, err
	}
	if stale, err := p.imports(ctx, plan.Import); err != nil || stale {
		return stale, err
	}
	if err := p.write(ctx, "write", activities.PlanWrite, plan.Write+plan.Import); err != nil {
		return false, err
	}
	if plan.Import == 0 {
		return false, nil
	}
	lost, err := p.scan(ctx, false)
	if err != nil {
		return false, err
	}
	return false, p.write(ctx, "write", activities.PlanWrite, lost)
}

// scan mirrors Brevo's contacts: all of them, or those modified since the last look. It counts what an import accepted
// and did not make or write.
func (p *pushRun) scan(ctx workflow.Context, full bool) (lost int64, _ error) {
	p.progress.phase(ctx, "look at Brevo's contacts")
	in := activities.ScanInput{Account: p.in.Account, Full: full, Preview: p.preview, ScanID: fmt.Sprintf("%s/%d", p.in.RunID, workflow.Now(ctx).UnixNano())}
	for page := 1; ; page++ {
		var out activities.ScanResult
		summary := fmt.Sprintf("%s: Brevo contacts, page %d", p.in.Account, page)
		if err := workflow.ExecuteActivity(vendorCalls(ctx, summary), brevo.ScanContacts, in).Get(ctx, &out); err != nil {
			return 0, err
		}
		p.progress.add(ctx, "Brevo contacts", out.Rows)
		lost += out.Lost
		if out.End {
			return lost, nil
		}
		in.Offset, in.Since, in.StartedAt = out.Next, out.Since, out.StartedAt
	}
}

// plan decides what every dirty contact needs. It writes to nobody, and pauses the account when the run would clear,
// unlist or reject more people than the mass-change guard allows.
func (p *pushRun) plan(ctx workflow.Context, bulk bool) (activities.Plan, error) {
	p.progress.phase(ctx, "plan")
	var plan activities.Plan
	err := workflow.ExecuteActivity(vendorCalls(ctx, p.in.Account+": plan"), account.PlanContacts, activities.PlanInput{
		Account: p.in.Account, RunID: p.in.RunID, Bulk: bulk,
	}).Get(ctx, &plan)
	p.collect(ctx, "unchanged or skipped", plan.StepResult)
	if p.result.LeftOut == "" { // a later round plans what is left of the first
		p.result.LeftOut = plan.LeftOut
	}
	return plan, err
}

func (p *pushRun) imports(ctx workflow.Context, planned int64) (stale bool, _ error) {
	if planned == 0 {
		return false, nil
	}
	for round := 1; ; round++ {
		p.progress.phase(ctx, "import")
		var opened activities.Opened
		err := workflow.ExecuteActivity(vendorCalls(ctx, p.in.Account+": prepare imports"), brevo.OpenImports, activities.OpenImportsInput{
			PushStep: p.base, Round: round,
		}).Get(ctx, &opened)
		if err != nil {
			return false, err
		}
		p.collect(ctx, "imported", opened.StepResult)
		if opened.Imports == 0 || opened.Stale {
			return opened.Stale, nil
		}
		if stale, err := p.awaitImports(ctx, opened); err != nil || stale {
			return stale, err
		}
	}
}

// awaitImports sends what is open and waits for it. What Brevo refused as a whole comes back open, in halves.
func (p *pushRun) awaitImports(ctx workflow.Context, opened activities.Opened) (stale bool, _ error) {
	for {
		summary := fmt.Sprintf("%s: import %d contacts", p.in.Account, opened.Rows)
		var state activities.ImportsState
		if err := workflow.ExecuteActivity(vendorCalls(ctx, summary), brevo.SendImports, p.base).Get(ctx, &state); err != nil {
			return false, err
		}
		p.collect(ctx, "imported", state.StepResult)
		stale = stale || state.Stale
		if state.Running == 0 && state.Open == 0 {
			return stale, nil
		}
		if err := p.settleImports(ctx, state); err != nil {
			return false, err
		}
	}
}

// settleImports polls until Brevo works on none of the account's imports any more. The gap grows: one poll serves all
// imports, and Brevo allows a hundred of them an hour. https://developers.brevo.com/docs/api-limits
func (p *pushRun) settleImports(ctx workflow.Context, state activities.ImportsState) error {
	running := state.Running
	for gap := activities.FirstPoll; running > 0; gap = activities.NextPoll(gap) {
		if err := workflow.NewTimerWithOptions(ctx, gap, workflow.TimerOptions{Summary: "wait for Brevo's import"}).Get(ctx, nil); err != nil {
			return err
		}
		var now activities.ImportsState
		if err := workflow.ExecuteActivity(vendorCalls(ctx, p.in.Account+": poll imports"), brevo.SettleImports, p.base).Get(ctx, &now); err != nil {
			return err
		}
		p.collect(ctx, "imported", now.StepResult)
		p.note(now.Notice)
		running = now.Running
	}
	return nil
}

func (p *pushRun) write(ctx workflow.Context, name, plan string, planned int64) error {
	if planned == 0 {
		return nil
	}
	return p.each(ctx, name, func(after int64) workflow.Future {
		return workflow.ExecuteActivity(vendorCalls(ctx, p.in.Account+": "+name+" contacts"), brevo.WriteContacts, activities.WriteInput{
			PushStep: p.base, Plan: plan, After: after,
		})
	})
}

func (p *pushRun) step(ctx workflow.Context, name string, planned int64, activity any) error {
	if planned == 0 {
		return nil
	}
	return p.each(ctx, name, func(after int64) workflow.Future {
		return workflow.ExecuteActivity(vendorCalls(ctx, p.in.Account+": "+name), activity, activities.WriteInput{
			PushStep: p.base, After: after,
		})
	})
}

// each repeats a step over ascending ids until it says that none is left.
func (p *pushRun) each(ctx workflow.Context, name string, run func(after int64) workflow.Future) error {
	p.progress.phase(ctx, name)
	for after := int64(0); ; {
		var out activities.StepResult
		if err := run(after).Get(ctx, &out); err != nil {
			return err
		}
		p.collect(ctx, name, out)
		if out.Next == 0 {
			return nil
		}
		after = out.Next
	}
}

func (p *pushRun) companies(ctx workflow.Context) error {
	p.progress.phase(ctx, "companies")
	gap := activities.FirstPoll
	for {
		var out activities.CompaniesState
		err := workflow.ExecuteActivity(vendorCalls(ctx, p.in.Account+": companies"), brevo.SyncCompanies, p.base).Get(ctx, &out)
		if err != nil {
			return err
		}
		p.result.Companies += out.Sent
		p.result.CompaniesRejected = out.Rejected
		p.note(out.Notice)
		p.progress.add(ctx, "companies", out.Sent)
		if out.Done {
			return nil
		}
		if err := workflow.NewTimerWithOptions(ctx, gap, workflow.TimerOptions{Summary: "wait for Brevo's import"}).Get(ctx, nil); err != nil {
			return err
		}
		gap = activities.NextPoll(gap)
	}
}

// note adds what a person should know, once.
func (p *pushRun) note(text string) {
	switch {
	case text == "" || strings.Contains(p.result.Notice, text):
	case p.result.Notice == "":
		p.result.Notice = text
	default:
		p.result.Notice += "; " + text
	}
}

func (p *pushRun) collect(ctx workflow.Context, name string, out activities.StepResult) {
	p.result.Sent += out.Sent
	p.result.Left += out.Left
	p.result.Unchanged += out.Unchanged
	p.result.Held += out.Held
	for _, reason := range workflow.DeterministicKeys(out.Skipped) {
		p.result.Skipped[reason] += out.Skipped[reason]
	}
	for _, reason := range workflow.DeterministicKeys(out.Rejected) {
		p.result.Rejected[reason] += out.Rejected[reason]
	}
	p.progress.add(ctx, name, out.Sent+out.Unchanged)
}
