package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"zendesk-brevo/activities"
)

// DisconnectInput names the account of which everything that can be is to be taken back in Brevo.
type DisconnectInput struct {
	Account    string `json:"account"`
	Attributes bool   `json:"attributes,omitempty"` // delete the contact attributes that we made, too
}

// DisconnectResult counts what was taken back.
type DisconnectResult struct {
	People      int64                        `json:"people"`
	Memberships int64                        `json:"memberships"`
	Attributes  activities.DeletedAttributes `json:"attributes"`
}

// busyAgain is how long contacts are left to whoever else is writing them.
const busyAgain = 15 * time.Second

// Disconnect takes back in Brevo what we did there: list memberships, and on request attributes. Contacts, companies, lists and
// events stay. The account must stand as disconnected, so that nothing else works on it; every step may be repeated.
func Disconnect(ctx workflow.Context, in DisconnectInput) (DisconnectResult, error) {
	d := &pushRun{
		in:       PushInput{Account: in.Account, RunID: runID(ctx)},
		base:     activities.PushStep{Account: in.Account, RunID: runID(ctx)},
		progress: newProgress(ctx, in.Account, "disconnect"),
		result:   PushResult{Skipped: map[string]int64{}, Rejected: map[string]int64{}},
	}
	var out DisconnectResult
	if err := d.progress.serve(ctx); err != nil {
		return out, err
	}
	for {
		// An import that Brevo still works on would put people on lists afterwards.
		if err := d.leftovers(ctx); err != nil {
			return out, err
		}
		busy, err := d.leaveLists(ctx, in, &out)
		if err != nil {
			return out, err
		}
		if !busy {
			break
		}
		if err := workflow.NewTimerWithOptions(ctx, busyAgain, workflow.TimerOptions{Summary: "contacts that are being written"}).Get(ctx, nil); err != nil {
			return out, err
		}
	}
	if in.Attributes {
		d.progress.phase(ctx, "delete attributes")
		for more := true; more; {
			var step activities.DeletedAttributes
			err := workflow.ExecuteActivity(vendorCalls(ctx, in.Account+": delete attributes"), brevo.DeleteAttributes, in.Account).Get(ctx, &step)
			if err != nil {
				return out, err
			}
			out.Attributes.Deleted = append(out.Attributes.Deleted, step.Deleted...)
			out.Attributes.Kept, more = step.Kept, step.More
		}
	}
	d.progress.phase(ctx, "done")
	return out, nil
}

// leaveLists goes once through everybody; busy: somebody else was writing some of them.
func (p *pushRun) leaveLists(ctx workflow.Context, in DisconnectInput, out *DisconnectResult) (busy bool, _ error) {
	p.progress.phase(ctx, "leave lists")
	for after := int64(0); ; {
		var step activities.Undone
		err := workflow.ExecuteActivity(vendorCalls(ctx, p.in.Account+": leave lists"), brevo.LeaveOurLists, activities.UndoInput{
			Account: in.Account, RunID: p.in.RunID, Attributes: in.Attributes, After: after,
		}).Get(ctx, &step)
		if err != nil {
			return false, err
		}
		out.People += step.People
		out.Memberships += step.Memberships
		busy = busy || step.Busy > 0
		p.progress.add(ctx, "contacts", step.People)
		if after = step.Next; after == 0 {
			return busy, nil
		}
	}
}
