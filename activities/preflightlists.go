package activities

import (
	"context"
	"fmt"
	"slices"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
)

// lists verifies the configured lists by id, and finds or creates those given by name.
func (p *preflight) lists(ctx context.Context) error {
	configured := configuredLists(p.cfg)
	if len(configured) == 0 {
		return nil
	}
	there, err := p.listsThere(ctx)
	if err != nil {
		return err
	}
	stored, err := p.storedLists(ctx)
	if err != nil {
		return err
	}
	for _, list := range configured {
		at := listAt(there, list.ref)
		known := slices.IndexFunc(stored, func(l store.List) bool { return l.Key == list.key && at >= 0 && l.ID == there[at].ID })
		var use store.List
		switch {
		case known >= 0:
			continue
		case at >= 0:
			use, err = p.adopt(ctx, "lists."+list.key, list, there[at], stored)
		case list.ref.ID != 0:
			err = configurationError(fmt.Errorf("lists.%s: Brevo has no list %d: correct the id, or give a name to have it created", list.key, list.ref.ID))
		default:
			use, err = p.createList(ctx, list)
		}
		if p.refused(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := p.bookList(ctx, use); err != nil {
			return err
		}
		if slices.ContainsFunc(stored, func(l store.List) bool { return l.Key == list.key }) {
			// Another list than before: everybody has to join it.
			if err := p.everybody(ctx, store.KindUser); err != nil {
				return err
			}
		}
	}
	return nil
}

// listsThere are the account's lists, read once, with those that were made since.
func (p *preflight) listsThere(ctx context.Context) (_ []brevo.List, err error) {
	if p.allLists == nil {
		p.allLists, err = p.brevo.ListLists(ctx)
	}
	return p.allLists, err
}

// listAt is the place of a list among the account's lists, or -1.
func listAt(there []brevo.List, ref config.ListRef) int {
	return slices.IndexFunc(there, func(l brevo.List) bool {
		return l.ID == ref.ID || (ref.ID == 0 && l.Name == ref.Name)
	})
}

// adopt takes a list that existed before, for the setting that who names. Unless it is empty, or its members are ours already,
// adding to it may start the marketer's automations, so that needs to be said in the configuration.
func (p *preflight) adopt(ctx context.Context, who string, list configuredList, there brevo.List, stored []store.List) (store.List, error) {
	out := store.List{Key: list.key, ID: there.ID, Name: there.Name, Adopted: true}
	if at := slices.IndexFunc(stored, func(l store.List) bool { return l.ID == there.ID && (l.Ours || l.Adopted) }); at >= 0 {
		out.Ours, out.Adopted = stored[at].Ours, stored[at].Adopted
		return out, nil
	}
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
	return out, configurationError(fmt.Errorf("%s: list %d %q already has %d members that this connector did not add; adding people to it "+
		"fires its \"added to list\" automations: set adopt_lists: true if that is meant, or choose another list", who, there.ID, there.Name, members.Count))
}

func (p *preflight) createList(ctx context.Context, list configuredList) (store.List, error) {
	folders, err := p.brevo.ListFolders(ctx)
	if err != nil {
		return store.List{}, err
	}
	var folder int64
	if at := slices.IndexFunc(folders, func(f brevo.Folder) bool { return f.Name == p.cfg.ListFolder }); at >= 0 {
		folder = folders[at].ID
	} else if p.dry != nil {
		p.dry.found.Folder = p.cfg.ListFolder
	} else if folder, err = p.brevo.CreateFolder(ctx, p.cfg.ListFolder); err != nil {
		return store.List{}, err
	}
	if p.dry != nil {
		return p.dry.list(p, list, folder), nil
	}
	id, err := p.brevo.CreateList(ctx, list.ref.Name, folder)
	if err != nil {
		return store.List{}, err
	}
	p.allLists = append(p.allLists, brevo.List{ID: id, Name: list.ref.Name, FolderID: folder})
	p.note("list %q created in Brevo", list.ref.Name)
	return store.List{Key: list.key, ID: id, Name: list.ref.Name, Ours: true}, nil
}
