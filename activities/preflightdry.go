package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// Outfit is what the mapping and the automations want of Brevo that is not there as they want it.
type Outfit struct {
	Attributes []MissingAttribute `json:"attributes,omitempty"` // that the sync makes
	Folder     string             `json:"folder,omitempty"`     // that the sync makes for the lists
	Lists      []string           `json:"lists,omitempty"`      // that the sync makes
	Clashes    []TypeClash        `json:"clashes,omitempty"`    // that the sync leaves out
	// Refusals are why the sync will fail before it writes anything.
	Refusals []string `json:"refusals,omitempty"`
	Notices  []string `json:"notices,omitempty"`
}

// MissingAttribute is a contact attribute that the account does not have.
type MissingAttribute struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// TypeClash is a contact attribute whose type does not keep what is to be written to it.
type TypeClash struct {
	Attribute string   `json:"attribute"`
	Type      string   `json:"type"`   // in Brevo
	Wanted    string   `json:"wanted"` // of the value
	By        []string `json:"by"`     // the sources, or the automations
	// Place is the line that maps it, as "connectors.yaml:12"; empty where no line does, but a default.
	Place string `json:"place,omitempty"`
}

// dryRun has preflight note what is missing instead of making it, and work from what was read instead of what is stored.
type dryRun struct {
	// mirrors: what was read of either vendor is stored as well, and what is wrong with the configuration ends it, as in a sync.
	mirrors     bool
	everybody   bool   // would be looked at again
	fingerprint string // of configuration and mapping
	found       Outfit
	fields      []store.Field
	attributes  []store.Attribute
	lists       []store.List
}

// list is the list that would be made; its id, which no list of Brevo's has, keeps it apart from the others.
func (d *dryRun) list(p *preflight, list configuredList, folder int64) store.List {
	d.found.Lists = append(d.found.Lists, list.ref.Name)
	id := -int64(len(d.found.Lists))
	p.allLists = append(p.allLists, brevo.List{ID: id, Name: list.ref.Name, FolderID: folder})
	return store.List{Key: list.key, ID: id, Name: list.ref.Name, Ours: true}
}

// aside reports whether what is read is kept apart from the mirror.
func (p *preflight) aside() bool { return p.dry != nil && !p.dry.mirrors }

func (p *preflight) bookFields(ctx context.Context, kind string, fields []store.Field) error {
	if p.aside() {
		p.dry.fields = append(p.dry.fields, fields...)
		return nil
	}
	if err := p.store.ReplaceFields(ctx, kind, fields, p.now()); err != nil {
		return fmt.Errorf("store %s fields: %w", kind, err)
	}
	return nil
}

func (p *preflight) bookAttributes(ctx context.Context, found []store.Attribute) error {
	if p.aside() {
		p.dry.attributes = found
		return nil
	}
	if err := p.store.SaveAttributes(ctx, found); err != nil {
		return fmt.Errorf("store attributes: %w", err)
	}
	return nil
}

func (p *preflight) bookList(ctx context.Context, use store.List) error {
	if p.dry != nil {
		p.dry.lists = append(p.dry.lists, use)
		return nil
	}
	if err := p.store.SaveLists(ctx, []store.List{use}); err != nil {
		return fmt.Errorf("store list %s: %w", use.Key, err)
	}
	return nil
}

// storedLists are the lists booked so far.
func (p *preflight) storedLists(ctx context.Context) ([]store.List, error) {
	stored, err := p.store.Lists(ctx)
	if err != nil {
		return nil, fmt.Errorf("read lists: %w", err)
	}
	if p.dry != nil {
		stored = append(stored, p.dry.lists...)
	}
	return stored, nil
}

// compiled is the mapping with the definitions and names that were just read.
func (p *preflight) compiled(ctx context.Context) (*mapping.Mapper, error) {
	if p.aside() {
		return p.compileMapping(p.dry.fields, p.dry.attributes)
	}
	return p.mapper(ctx)
}

// clash says that an attribute does not keep what is to be written to it.
func (p *preflight) clash(c TypeClash, notice string) {
	if p.aside() {
		p.dry.found.Clashes = append(p.dry.found.Clashes, c)
		return
	}
	p.note("%s", notice)
}

// refused reports whether err is about the configuration and a dry run, which has noted it, goes on to find more.
func (p *preflight) refused(err error) bool {
	var app *temporal.ApplicationError
	if !p.aside() || !errors.As(err, &app) || app.Type() != ErrConfiguration {
		return false
	}
	p.dry.found.Refusals = append(p.dry.found.Refusals, app.Message())
	return true
}
