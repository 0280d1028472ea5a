package brevosim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// List is a list of contacts; Contacts are the ids of its members.
type List struct {
	ID       int64
	Name     string
	FolderID int64
	Contacts []int64
}

// Folder holds lists.
type Folder struct {
	ID   int64
	Name string
}

type listBook struct {
	byID    map[int64]*List
	order   []int64
	next    int64
	folders []Folder
}

func newListBook() listBook {
	return listBook{byID: map[int64]*List{}, next: 1, folders: []Folder{{ID: 1, Name: "Your First Folder"}}}
}

func (b *listBook) create(name string, folder int64) *List {
	for b.byID[b.next] != nil {
		b.next++
	}
	return b.put(&List{ID: b.next, Name: name, FolderID: folder})
}

func (b *listBook) put(l *List) *List {
	b.byID[l.ID] = l
	b.order = append(b.order, l.ID)
	return l
}

func (b *listBook) hasFolder(id int64) bool {
	return slices.ContainsFunc(b.folders, func(f Folder) bool { return f.ID == id })
}

const (
	listPage         = 10
	maxListPage      = 50
	maxListMembers   = 500 // a page of GET /contacts/lists/{listId}/contacts
	maxListAdditions = 150
)

func (s *Server) listRoutes() {
	s.handle("GET /contacts/lists", func(q *query) reply { return s.listPage(q, 0) })
	s.handle("POST /contacts/lists", s.createList)
	s.handle("GET /contacts/lists/{listId}", s.withList(s.getList))
	s.handle("DELETE /contacts/lists/{listId}", s.withList(s.deleteList))
	s.handle("GET /contacts/lists/{listId}/contacts", s.withList(s.listMembers))
	s.handle("POST /contacts/lists/{listId}/contacts/add", s.withList(s.addToList))
	s.handle("POST /contacts/lists/{listId}/contacts/remove", s.withList(s.removeFromList))
	s.handle("GET /contacts/folders", s.listFolders)
	s.handle("POST /contacts/folders", s.createFolder)
	s.handle("GET /contacts/folders/{folderId}/lists", func(q *query) reply {
		id, err := strconv.ParseInt(q.PathValue("folderId"), 10, 64)
		if err != nil || !s.lists.hasFolder(id) {
			return notFound("Folder ID does not exist")
		}
		return s.listPage(q, id)
	})
}

func (s *Server) withList(h func(*query, *List) reply) handler {
	return func(q *query) reply {
		id, err := strconv.ParseInt(q.PathValue("listId"), 10, 64)
		if err != nil {
			return invalid("List ID is invalid")
		}
		l := s.lists.byID[id]
		if l == nil {
			return notFound("List ID does not exist")
		}
		return h(q, l)
	}
}

// listPage answers a page of lists, of one folder unless folder is 0, newest first.
func (s *Server) listPage(q *query, folder int64) reply {
	limit, offset, bad := window(q.URL.Query(), listPage, maxListPage)
	if bad != nil {
		return *bad
	}
	sizes := s.listSizes()
	items := []map[string]any{}
	for _, id := range s.lists.order {
		if l := s.lists.byID[id]; folder == 0 || l.FolderID == folder {
			items = append(items, listItem(l, sizes[id]))
		}
	}
	if q.URL.Query().Get("sort") != "asc" {
		slices.Reverse(items)
	}
	return reply{http.StatusOK, map[string]any{"lists": slice(items, limit, offset), "count": len(items)}}
}

func (s *Server) listSizes() map[int64]int {
	sizes := map[int64]int{}
	for _, c := range s.contacts.byID {
		for id := range c.lists {
			sizes[id]++
		}
	}
	return sizes
}

// listItem shows the totals that the vendor has dropped as the zeros that it now sends.
func listItem(l *List, size int) map[string]any {
	return map[string]any{
		"id": l.ID, "name": l.Name, "folderId": l.FolderID,
		"uniqueSubscribers": size, "totalSubscribers": 0, "totalBlacklisted": 0,
	}
}

func (s *Server) createList(q *query) reply {
	var body struct {
		Name     string `json:"name"`
		FolderID int64  `json:"folderId"`
	}
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	switch {
	case body.Name == "":
		return missing("name is missing")
	case body.FolderID == 0:
		return missing("folderId is missing")
	case !s.lists.hasFolder(body.FolderID):
		return invalid("Folder ID does not exist")
	}
	// Names are not unique in the vendor's document: a client that creates twice has two lists.
	return created(s.lists.create(body.Name, body.FolderID).ID)
}

func (s *Server) getList(q *query, l *List) reply {
	item := listItem(l, s.listSizes()[l.ID])
	item["createdAt"] = s.stamp(q.now)
	item["dynamicList"] = false
	return reply{http.StatusOK, item}
}

func (s *Server) deleteList(_ *query, l *List) reply {
	delete(s.lists.byID, l.ID)
	s.lists.order = slices.DeleteFunc(s.lists.order, func(id int64) bool { return id == l.ID })
	for _, c := range s.contacts.byID {
		delete(c.lists, l.ID)
		delete(c.unsubscribed, l.ID)
	}
	return noContent
}

func (s *Server) listMembers(q *query, l *List) reply {
	values := q.URL.Query()
	modified, bad := since(values, "modifiedSince")
	if bad != nil {
		return *bad
	}
	return s.contactPage(values, maxListMembers, func(c *contact) bool {
		return c.lists[l.ID] && !before(c.modifiedAt, modified)
	})
}

func (s *Server) listFolders(q *query) reply {
	limit, offset, bad := window(q.URL.Query(), listPage, maxListPage)
	if bad != nil {
		return *bad
	}
	items := []map[string]any{}
	for _, f := range s.lists.folders {
		items = append(items, map[string]any{
			"id": f.ID, "name": f.Name, "uniqueSubscribers": 0, "totalSubscribers": 0, "totalBlacklisted": 0,
		})
	}
	if q.URL.Query().Get("sort") != "asc" {
		slices.Reverse(items)
	}
	return reply{http.StatusOK, map[string]any{"folders": slice(items, limit, offset), "count": len(items)}}
}

func (s *Server) createFolder(q *query) reply {
	var body struct {
		Name string `json:"name"`
	}
	if bad := q.decode(&body); bad != nil {
		return *bad
	}
	if body.Name == "" {
		return missing("name is missing")
	}
	f := Folder{ID: int64(len(s.lists.folders) + 1), Name: body.Name}
	s.lists.folders = append(s.lists.folders, f)
	return created(f.ID)
}

// members is the body of add and remove.
type members struct {
	Emails []string      `json:"emails"`
	IDs    []json.Number `json:"ids"`
	ExtIDs []string      `json:"extIds"`
	All    bool          `json:"all"`
}
