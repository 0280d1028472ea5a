package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
)

// Preview is the type of a sync that reads both vendors and writes to neither: it counts what the next sync would do.
const Preview = "preview"

// Outlook is what a preview found, as the store keeps it for whoever shows it. It holds ids and counts, and nothing personal.
type Outlook struct {
	Attributes []store.Attribute `json:"attributes,omitempty"` // that a sync would make
	// Lists are those that a sync would make or take over. One that would be made has a negative id.
	Lists []store.List `json:"lists,omitempty"`
	// Everybody: the configuration changed, so a sync would look at everybody again.
	Everybody   bool   `json:"everybody,omitempty"`
	Fingerprint string `json:"fingerprint"` // of configuration and mapping
	Foreseen    `json:"foreseen"`
	// Samples are users by what would become of them, Foreseen's names.
	Samples map[string][]int64 `json:"samples,omitempty"`
}

// MaxSample is how many people of each kind a preview remembers.
const MaxSample = 100

// What would become of a person's contact, in the order in which samples are taken.
const (
	ForeseenCreated   = "created"
	ForeseenChanged   = "changed"
	ForeseenLeft      = "left"    // no customer any more: lists are left, attributes cleared
	ForeseenDeleted   = "deleted" // on_user_merged: delete
	ForeseenUnchanged = "unchanged"
	ForeseenSkipped   = "skipped"
	ForeseenRejected  = "rejected"
	ForeseenWaiting   = "waiting" // until it is known whether a deletion is a merge
)

// Foreseen counts what the next sync would do. What Brevo alone would refuse cannot be known beforehand.
type Foreseen struct {
	Created   int64            `json:"created"`
	Mailable  int64            `json:"mailable"` // of those created
	Changed   int64            `json:"changed"`
	Left      int64            `json:"left"`
	Deleted   int64            `json:"deleted"`
	Unchanged int64            `json:"unchanged"` // contacts of ours in Brevo that need nothing
	Waiting   int64            `json:"waiting"`   // of those unchanged
	Skipped   map[string]int64 `json:"skipped,omitempty"`
	Rejected  map[string]int64 `json:"rejected,omitempty"`
	// ByAttribute and ByList are by name.
	ByAttribute map[string]AttributeForeseen `json:"by_attribute,omitempty"`
	ByList      map[string]ListForeseen      `json:"by_list,omitempty"`
	Companies   CompaniesForeseen            `json:"companies"`
	// NewAttributes ("TAGS (text)") and NewLists would be made.
	NewAttributes []string `json:"new_attributes,omitempty"`
	NewLists      []string `json:"new_lists,omitempty"`
	// Pauses: the sync would pause before its first write, and ask whether so many harms among so many contacts are meant.
	Pauses   bool     `json:"pauses,omitempty"`
	Harms    int64    `json:"harms,omitempty"`
	HarmsOf  int64    `json:"harms_of,omitempty"`
	PilotFor int      `json:"pilot_for,omitempty"` // how many people the pilot names; 0: there is none
	Notices  []string `json:"notices,omitempty"`
}

// Writes is how many contacts would be written.
func (f *Foreseen) Writes() int64 { return f.Created + f.Changed + f.Left + f.Deleted }

// AttributeForeseen counts contacts.
type AttributeForeseen struct {
	Set   int64 `json:"set,omitempty"`
	Clear int64 `json:"clear,omitempty"`
}

// ListForeseen counts contacts.
type ListForeseen struct {
	Add    int64 `json:"add,omitempty"`
	Remove int64 `json:"remove,omitempty"`
}

// CompaniesForeseen counts companies, and the links between them and contacts.
type CompaniesForeseen struct {
	Created int64 `json:"created"`
	Changed int64 `json:"changed"` // another name, or other links
	Link    int64 `json:"link"`
	Unlink  int64 `json:"unlink"`
}

// PreviewInput names a preview.
type PreviewInput struct {
	Account string `json:"account"`
	RunID   string `json:"run_id"`
}

// ForeseePreflight reads what Preflight reads, makes nothing, and stores what Preflight would make.
func (a *Account) ForeseePreflight(ctx context.Context, in PreviewInput) (PreflightResult, error) {
	return do(ctx, a.connections, in.Account, func(ctx context.Context, c *connection) (PreflightResult, error) {
		p := &preflight{connection: c, dry: &dryRun{mirrors: true}}
		out, err := p.run(ctx, false)
		if err != nil {
			return PreflightResult{}, err
		}
		outlook := &Outlook{Lists: p.dry.lists, Everybody: p.dry.everybody, Fingerprint: p.dry.fingerprint}
		for _, a := range p.dry.found.Attributes {
			outlook.Attributes = append(outlook.Attributes, store.Attribute{Name: a.Name, Category: brevo.CategoryNormal, Type: a.Type, Ours: true})
		}
		return out, c.saveOutlook(ctx, in.RunID, outlook, time.Time{})
	})
}

// Foresee decides for everybody what the next sync would, stores the outlook, and returns the counts. It records nothing else.
func (a *Account) Foresee(ctx context.Context, in PreviewInput) (Foreseen, error) {
	return do(ctx, a.connections, in.Account, func(ctx context.Context, c *connection) (Foreseen, error) {
		outlook, _, err := c.lastOutlook(ctx)
		if err != nil {
			return Foreseen{}, err
		}
		f, err := c.foreseer(ctx, &outlook)
		if err != nil {
			return Foreseen{}, err
		}
		if err := f.run(ctx); err != nil {
			return Foreseen{}, err
		}
		return outlook.Foreseen, c.saveOutlook(ctx, in.RunID, &outlook, c.now())
	})
}

func (c *connection) saveOutlook(ctx context.Context, runID string, o *Outlook, ended time.Time) error {
	body, err := json.Marshal(o)
	if err != nil {
		return fmt.Errorf("encode outlook: %w", err)
	}
	return c.store.SavePreview(ctx, runID, body, ended)
}

// lastOutlook is that of the latest preview, complete or not; ended is zero while it is not, or where there was none.
func (c *connection) lastOutlook(ctx context.Context) (out Outlook, ended time.Time, _ error) {
	return LastOutlook(ctx, c.store)
}

// InForce reports whether an outlook still speaks of the next sync: no sync has begun since, and the configuration is the same.
func (o *Outlook) InForce(ctx context.Context, cfg *config.Connector, account *store.Account) (bool, error) {
	if fingerprintOf(o.Fingerprint).config != cfg.Fingerprint() {
		return false, nil
	}
	run, err := account.LastRun(ctx)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	last, err := account.LastPreview(ctx)
	return err == nil && run.StartedAt.Before(last.StartedAt), err
}

// LastOutlook reads the outlook of an account's latest preview; ended is zero unless it came to its end.
func LastOutlook(ctx context.Context, account *store.Account) (out Outlook, ended time.Time, _ error) {
	last, err := account.LastPreview(ctx)
	if errors.Is(err, store.ErrNotFound) || err == nil && len(last.Body) == 0 {
		return out, ended, nil
	}
	if err != nil {
		return out, ended, err
	}
	if err := json.Unmarshal(last.Body, &out); err != nil {
		return out, ended, fmt.Errorf("decode outlook: %w", err)
	}
	return out, last.EndedAt, nil
}
