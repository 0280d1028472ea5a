// Package workflows tells the story of each run: a Sync pulls every stream of a Zendesk account into the mirror, then
// pushes what changed to Brevo. Workflows hold ids, cursors, counts and event types, never personal data.
package workflows

import (
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"zendesk-brevo/activities"
)

// ProgressQuery is answered by Sync, Pull and Push with a Progress of that run.
const ProgressQuery = "progress"

// Search attributes by which runs are found in the Temporal UI; the worker registers them at start.
var (
	AccountAttribute = temporal.NewSearchAttributeKeyKeyword("ZendeskAccount")
	TypeAttribute    = temporal.NewSearchAttributeKeyKeyword("SyncType")
	StreamAttribute  = temporal.NewSearchAttributeKeyKeyword("SyncStream")
)

// SyncID is the id of an account's one Sync, full or incremental, manual or scheduled.
func SyncID(account string) string { return "zendesk/" + account + "/sync" }

// TickID is the id that an account's schedule gives its workflows, before the time it appends.
func TickID(account string) string { return "zendesk/" + account + "/tick" }

// PullID is the id of the pull of one stream.
func PullID(account, stream string) string { return "zendesk/" + account + "/pull/" + stream }

// PushID is the id of an account's push.
func PushID(account string) string { return "zendesk/" + account + "/push" }

// CheckID is the id of an account's connection test.
func CheckID(account string) string { return "zendesk/" + account + "/check" }

// PlanID is the id of the planning of an account's full sync.
func PlanID(account string) string { return "zendesk/" + account + "/plan" }

// DisconnectID is the id of the run that takes back what was done in Brevo.
func DisconnectID(account string) string { return "zendesk/" + account + "/disconnect" }

// Register adds every workflow and activity to a worker.
func Register(r worker.Registry, a *activities.Activities) {
	RegisterWorkflows(r)
	r.RegisterActivity(a.Account)
	r.RegisterActivity(a.Zendesk)
	r.RegisterActivity(a.Brevo)
}

// RegisterWorkflows adds every workflow to a worker or a replayer.
func RegisterWorkflows(r worker.WorkflowRegistry) {
	r.RegisterWorkflow(Tick)
	r.RegisterWorkflow(Sync)
	r.RegisterWorkflow(Pull)
	r.RegisterWorkflow(Push)
	r.RegisterWorkflow(Check)
	r.RegisterWorkflow(Plan)
	r.RegisterWorkflow(Ticket)
	r.RegisterWorkflow(User)
	r.RegisterWorkflow(Disconnect)
}

// Activities are referred to by method on a nil receiver.
var (
	account *activities.Account
	zendesk *activities.Zendesk
	brevo   *activities.Brevo
)

// SearchAttributes are the keys that must exist in the namespace before a run starts.
func SearchAttributes() []temporal.SearchAttributeKey {
	return []temporal.SearchAttributeKey{AccountAttribute, TypeAttribute, StreamAttribute}
}
