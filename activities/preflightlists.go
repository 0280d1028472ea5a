package activities

import (
	"context"
	"fmt"
	"slices"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// lists verifies the configured lists by id, and finds or creates those given by name.
func (p *preflight) lists(ctx context.Context) error {
	configured := configuredLists(p.cfg)
	if len(configured) == 0 {
		return nil
	}
	there, err := p.brevo.ListLists(ctx)
	if err != nil {
		return err
	}
	stored, err := p.store.Lists(ctx)
	if err != nil {
		return fmt.Errorf("read lists: %w", err)
	}
	for _, list := range configured {
		at := slices.IndexFunc(there, func(l brevo.List) bool {
			return l.ID == list.ref.ID || (list.ref.ID == 0 && l.Name == list.ref.Name)
		})
		known := slices.IndexFunc(stored, func(l store.List) bool { return l.Key == list.key && at >= 0 && l.ID == there[at].ID })
		var use store.List
		switch {
		case known >= 0:
			continue
		case at >= 0:
			use, err = p.adopt(ctx, list, there[at])
		case list.ref.ID != 0:
			err = configurationError(fmt.Errorf("lists.%s: Brevo has no list %d: correct the id, or give a name to have it created", list.key, list.ref.ID))
		default:
			use, err = p.createList(ctx, list)
		}
		if err != nil {
			return err
		}
		if err := p.store.SaveLists(ctx, []store.List{use}); err != nil {
			return fmt.Errorf("store list %s: %w", list.key, err)
		}
		if slices.ContainsFunc(stored, func(l store.List) bool { return l.Key == list.key }) {
			// Another list than before: everybody has to join it.
			if err := p.store.MarkAllDirty(ctx, store.KindUser, p.now()); err != nil {
				return fmt.Errorf("mark everybody: %w", err)
			}
		}
	}
	return nil
}

// adopt takes a list that existed before. Unless it is empty, adding to it may start the marketer's automations, so that
// needs to be said in the configuration.
func (p *preflight) adopt(ctx context.Context, list configuredList, there brevo.List) (store.List, error) {
	out := store.List{Key: list.key, ID: there.ID, Name: there.Name, Adopted: true}
	if p.cfg.AdoptLists {
		return out, nil
	}
	members, err := p.brevo.ListContacts(ctx, brevo.ContactQuery{Limit: 1, ListIDs: []int64{there.ID}})
	if err != nil {
		return out, err
	}
	if members.Count == 0 {
		return out, nil
	}
	return out, configurationError(fmt.Errorf("lists.%s: list %d %q already has %d members that this connector did not add; adding people to it "+
		"fires its \"added to list\" automations: set adopt_lists: true if that is meant, or choose another list", list.key, there.ID, there.Name, members.Count))
}

func (p *preflight) createList(ctx context.Context, list configuredList) (store.List, error) {
	folders, err := p.brevo.ListFolders(ctx)
	if err != nil {
		return store.List{}, err
	}
	var folder int64
	if at := slices.IndexFunc(folders, func(f brevo.Folder) bool { return f.Name == p.cfg.ListFolder }); at >= 0 {
		folder = folders[at].ID
	} else if folder, err = p.brevo.CreateFolder(ctx, p.cfg.ListFolder); err != nil {
		return store.List{}, err
	}
	id, err := p.brevo.CreateList(ctx, list.ref.Name, folder)
	if err != nil {
		return store.List{}, err
	}
	p.notices = append(p.notices, fmt.Sprintf("list %q created in Brevo", list.ref.Name))
	return store.List{Key: list.key, ID: id, Name: list.ref.Name, Ours: true}, nil
}
