package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/mapping"
	"zendesk-brevo/workflows"
)

// Resources are the streams that a person can name, in the order of every output.
var Resources = []string{
	string(mapping.Users), string(mapping.Tickets), string(mapping.Organizations), string(mapping.SatisfactionRatings),
}

// SyncTypes are the kinds of sync that a person can ask for by name.
var SyncTypes = []string{activities.Full, activities.Incremental}

// CheckType judges a kind of sync; name is how the error calls it.
func CheckType(name, kind string) error {
	if !slices.Contains(SyncTypes, kind) {
		return usage("%s %s", name, Choice(kind, SyncTypes))
	}
	return nil
}

// SortResources puts resources in order, each once; name is how the error calls them.
func SortResources(name string, resources []string) ([]string, error) {
	for i, resource := range resources {
		resources[i] = strings.TrimSpace(resource)
		if !slices.Contains(Resources, resources[i]) {
			return nil, usage("%s %s", name, Choice(resources[i], Resources))
		}
	}
	slices.SortFunc(resources, func(x, y string) int { return slices.Index(Resources, x) - slices.Index(Resources, y) })
	return slices.Compact(resources), nil
}

// Instant reads a day or a time; nothing is the zero time.
func Instant(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		if at, err = time.Parse(time.RFC3339, text); err != nil {
			return time.Time{}, usage("%s %q is not a date: write it as 2023-01-31 or 2023-01-31T12:00:00Z", name, text)
		}
	}
	return at.UTC(), nil
}

// Choice says that a word is none of those known, and which was likely meant.
func Choice(word string, known []string) string {
	hint := ""
	if near := config.Nearest(word, known); near != "" {
		hint = fmt.Sprintf("did you mean %s? ", near)
	}
	return fmt.Sprintf("%q is unknown: %schoose from %s", word, hint, strings.Join(known, ", "))
}

// Cancel asks a run to end and waits until it has. It ends in an error when ctx does before.
func (e *Engine) Cancel(ctx context.Context, run Execution) error {
	asking, stop := context.WithTimeout(ctx, CallTimeout)
	defer stop()
	if err := e.Client.CancelWorkflow(asking, run.ID, run.RunID); err != nil {
		return e.Failure(err)
	}
	_ = e.Client.GetWorkflow(ctx, run.ID, run.RunID).Get(ctx, nil) // a canceled run is an error, which is the point
	if ctx.Err() != nil {
		return failed("interrupted; the sync was asked to end and will do so once a worker runs")
	}
	answer, err := e.Describe(ctx, run.ID, run.RunID)
	if err != nil {
		return err
	}
	if answer.GetWorkflowExecutionInfo().GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return failed("the sync was asked to end, and Temporal stopped answering before it had: look with `starter status`")
	}
	return nil
}

// Title is how a run is called in front of people.
func (r Execution) Title() string {
	return Title(r.Kind)
}

// Title is how a run is called in front of people.
func Title(kind string) string {
	if kind == activities.Replay || kind == activities.Preview {
		return kind
	}
	return strings.TrimSpace(kind + " sync")
}

// Order is a sync as a program asks for it.
type Order struct {
	Type      string // full or incremental; empty: incremental
	Resources []string
	Since     string // a day or a time; of a full sync
}

// Input judges the order for a connector, and makes a workflow's input of it.
func (o Order) Input(cfg *config.Connector, now time.Time) (workflows.SyncInput, error) {
	in := workflows.SyncInput{Account: cfg.Account(), Type: o.Type}
	if in.Type == "" {
		in.Type = activities.Incremental
	}
	if err := CheckType("type", in.Type); err != nil {
		return in, err
	}
	var err error
	if in.Resources, err = SortResources("resources", o.Resources); err != nil {
		return in, err
	}
	if in.Since, err = Instant("since", o.Since); err != nil {
		return in, err
	}
	switch {
	case in.Since.After(now):
		return in, usage("since %s is in the future: name the first day whose tickets count", o.Since)
	case in.Type == activities.Incremental && !in.Since.IsZero():
		return in, usage("since needs the type full: an incremental sync keeps the bound of the last full one")
	}
	if _, err := activities.Streams(cfg, in.Resources); err != nil {
		return in, usage("%s", err)
	}
	return in, nil
}

// Begin starts a sync if a worker is there to run it. While one runs the failure says which.
func (e *Engine) Begin(ctx context.Context, in workflows.SyncInput) (Execution, error) {
	if err := e.RequireWorker(ctx); err != nil {
		return Execution{}, err
	}
	run, err := e.Start(ctx, in)
	if !errors.Is(err, ErrRunning) {
		return run, err
	}
	text := "a sync of " + in.Account + " runs already"
	if run, found, err := e.Running(ctx, in.Account); err == nil && found {
		text = fmt.Sprintf("a %s of %s runs since %s", run.Title(), in.Account, run.StartedAt.UTC().Format(time.RFC3339))
	}
	return Execution{}, &Failure{Kind: Busy, Text: text + ", and only one may: wait for its end, or end it with `starter sync --cancel`", Cause: err}
}
