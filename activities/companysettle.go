package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
)

const (
	// processUnknown is the ProcessID of a company that an import was to carry whose answer never came.
	processUnknown = -1
	// processGrace is how long a process may be unknown to Brevo before it counts as ended; Brevo documents no process of
	// a company import.
	processGrace = 5 * time.Minute
	// answerGrace is how long a call whose end nobody knows may still be under way, and what it carries at work where no list shows it.
	answerGrace = rest.DefaultTimeout + 2*time.Minute
	// processPatience is how long a run waits for one import.
	processPatience = time.Hour
	// importTries is how many imports may fail on a company in one run.
	importTries        = 2
	reasonImportFailed = "import_failed"
)

// fate is what became of the import that carries a company.
type fate int

const (
	fateRunning fate = iota
	fateEnded        // accepted, and not failed as far as can be known
	fateFailed       // accepted; part of its work may have been done
	fateNever        // nothing was accepted
	fateStuck        // nobody can tell, and this run does not wait any longer
)

// companyProcesses is how Brevo's processes stand.
type companyProcesses struct {
	status map[int64]brevo.ProcessStatus // "" where Brevo does not know the process
	busy   bool                          // some process of the account is at work, perhaps a company import
	now    time.Time
}

func (p *companyProcesses) fate(c *store.Company) fate {
	age := p.now.Sub(c.IntentAt)
	status := p.status[c.ProcessID]
	switch {
	case c.ProcessID == 0 && age < answerGrace:
		return fateRunning
	case c.ProcessID == 0:
		return fateNever
	case c.ProcessID == processUnknown && p.busy && age >= processPatience:
		return fateStuck
	case c.ProcessID == processUnknown && (p.busy || age < answerGrace):
		return fateRunning
	case c.ProcessID == processUnknown:
		return fateNever
	case status.IsFailed():
		return fateFailed
	case status.IsDone(), status == "" && age >= processGrace:
		return fateEnded
	case age < processPatience:
		return fateRunning
	}
	return fateStuck
}

// settle looks after the calls and imports under way: what they made is found by its key, and what they cannot have made is an
// intent no more. It reports whether one is still running.
func (s *companySync) settle(ctx context.Context) (waiting bool, err error) {
	intents, err := s.store.CompaniesByState(ctx, companyIntent)
	if err != nil {
		return false, fmt.Errorf("read intents: %w", err)
	}
	carried, err := s.store.CompaniesInProcess(ctx)
	if err != nil || len(intents)+len(carried) == 0 {
		return false, err
	}
	processes, err := s.processes(ctx, carried)
	if err != nil {
		return false, err
	}
	for _, c := range slices.Concat(carried, intents) {
		if processes.fate(&c) == fateRunning {
			return true, nil
		}
	}
	carried = slices.DeleteFunc(carried, func(c store.Company) bool { return c.State == companyIntent })
	if err := s.settleChanges(ctx, carried, processes); err != nil {
		return false, err
	}
	return false, s.reconcile(ctx, intents, processes)
}

// processes asks how the imports of companies stand: the newest processes in one call, and one by one those that are not
// among them. Brevo's schema lists no company imports, so they may never be.
func (s *companySync) processes(ctx context.Context, carried []store.Company) (*companyProcesses, error) {
	out := &companyProcesses{status: map[int64]brevo.ProcessStatus{}, now: s.now()}
	if len(carried) == 0 {
		return out, nil
	}
	page, err := s.brevo.ListProcesses(ctx, brevo.MaxProcessPage, 0, "desc")
	if err != nil {
		return nil, err
	}
	for _, p := range page.Processes {
		out.status[p.ID] = p.Status
		out.busy = out.busy || !p.Status.IsDone()
	}
	for i := range carried {
		id := carried[i].ProcessID
		if _, known := out.status[id]; known || id <= 0 {
			continue
		}
		p, err := s.brevo.GetProcess(ctx, id)
		if err != nil && !brevo.IsNotFound(err) {
			return nil, err
		}
		out.status[id] = p.Status
		out.busy = out.busy || (p.Status != "" && !p.Status.IsDone())
	}
	return out, nil
}

// settleChanges books what became of companies whose change an import carried. What a failed import carried counts as
// never sent, and which of its links stand is open.
func (s *companySync) settleChanges(ctx context.Context, carried []store.Company, processes *companyProcesses) error {
	var read, settled []store.Company
	var arrived, failed []int64
	for i := range carried {
		c := carried[i]
		switch processes.fate(&c) {
		case fateEnded:
			c.ProcessID, c.Unsure = 0, nil
			s.arrived(&c)
			arrived = append(arrived, c.OrganizationID)
		case fateFailed, fateNever:
			c.ProcessID, c.Attributes, c.Contacts = 0, nil, without(c.Contacts, c.Unsure)
			failed = append(failed, c.OrganizationID)
		case fateRunning, fateStuck:
			continue
		}
		read, settled = append(read, carried[i]), append(settled, c)
	}
	if _, err := s.store.SaveCompanies(ctx, read, settled, s.now()); err != nil {
		return fmt.Errorf("store companies: %w", err)
	}
	if err := s.store.MarkDirty(ctx, store.KindOrganization, failed, s.now()); err != nil {
		return err
	}
	if err := s.failed(ctx, failed); err != nil {
		return err
	}
	return s.store.ClearRejects(ctx, store.KindOrganization, arrived)
}

// reconcile finds the companies that earlier attempts made. What is not found is made again only when nothing was accepted
// or its import failed; where an import was accepted, or Brevo refuses to list companies, it stays booked.
func (s *companySync) reconcile(ctx context.Context, intents []store.Company, processes *companyProcesses) error {
	if len(intents) == 0 {
		return nil
	}
	missing, err := s.find(ctx, intents)
	if err != nil && Classify(err) == Reject {
		return nil
	}
	if err != nil {
		return err
	}
	var failed []int64
	read := slices.Clone(missing)
	for i := range missing {
		c := &missing[i]
		switch processes.fate(c) {
		case fateFailed:
			failed = append(failed, c.OrganizationID)
			c.State, c.ProcessID = "", 0
		case fateNever:
			c.State, c.ProcessID = "", 0
		case fateRunning, fateEnded, fateStuck:
		}
	}
	if _, err := s.store.SaveCompanies(ctx, read, missing, s.now()); err != nil {
		return fmt.Errorf("store companies: %w", err)
	}
	return s.failed(ctx, failed)
}

// failed counts a failed import against the companies it carried, so that one run does not try for ever.
func (s *companySync) failed(ctx context.Context, ids []int64) error {
	rejects := make([]store.Reject, len(ids))
	for i, id := range ids {
		s.tries[id]++
		extra, err := json.Marshal(s.tries[id])
		if err != nil {
			return fmt.Errorf("count failed imports: %w", err)
		}
		rejects[i] = store.Reject{
			Kind: store.KindOrganization, ID: id, Reason: reasonImportFailed, Detail: "Brevo's import ended as failed",
			RunID: s.step.RunID, At: s.now(), Extra: extra,
		}
	}
	return s.store.AddRejects(ctx, rejects)
}

func (s *companySync) readTries(ctx context.Context) error {
	s.tries = map[int64]int{}
	rejects, err := s.store.RejectsOfRun(ctx, store.KindOrganization, reasonImportFailed, s.step.RunID)
	if err != nil {
		return err
	}
	for _, r := range rejects {
		var n int
		if err := json.Unmarshal(r.Extra, &n); err != nil {
			return fmt.Errorf("read failed imports: %w", err)
		}
		s.tries[r.ID] = n
	}
	return nil
}
