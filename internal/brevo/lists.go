package brevo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// listPage is the largest page of lists and folders.
const listPage = 50

// MaxListMembers is how many contacts one AddToList or RemoveFromList may name.
const MaxListMembers = 150

// List is a contact list.
type List struct {
	ID       int64
	Name     string
	FolderID int64
}

// UnmarshalJSON takes ids that are written as strings; one that is none, or is missing, is an error.
func (l *List) UnmarshalJSON(data []byte) error {
	var b struct {
		ID       wholeNumber `json:"id"`
		Name     string      `json:"name"`
		FolderID wholeNumber `json:"folderId"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	if b.ID == 0 {
		return lacks("id")
	}
	*l = List{ID: int64(b.ID), Name: b.Name, FolderID: int64(b.FolderID)}
	return nil
}

// Folder holds lists.
type Folder struct {
	ID   int64
	Name string
}

// UnmarshalJSON is that of a List.
func (f *Folder) UnmarshalJSON(data []byte) error {
	var l List
	if err := json.Unmarshal(data, &l); err != nil {
		return err
	}
	*f = Folder{ID: l.ID, Name: l.Name}
	return nil
}

// ListLists reads all lists, oldest first: https://developers.brevo.com/reference/get-lists.
func (c *Client) ListLists(ctx context.Context) ([]List, error) {
	return readAll(ctx, c, "/contacts/lists", "lists", func(x List) int64 { return x.ID })
}

// ListFolders reads all folders, oldest first: https://developers.brevo.com/reference/get-folders.
func (c *Client) ListFolders(ctx context.Context) ([]Folder, error) {
	return readAll(ctx, c, "/contacts/folders", "folders", func(x Folder) int64 { return x.ID })
}

// readAll reads the pages of a route, whose rows are under key, until they reach the count that comes with them or, where none does, until one is empty. Oldest
// first, so that what is created meanwhile does not shift a page. A page that shows nothing new is the last one: a
// server that does not know offsets would else give the same page for ever.
func readAll[T any](ctx context.Context, c *Client, route, key string, id func(T) int64) ([]T, error) {
	var all []T
	seen := map[int64]bool{}
	for offset := 0; ctx.Err() == nil; {
		got := rows[T]{key: key, offset: offset}
		q := url.Values{"limit": {strconv.Itoa(listPage)}, "offset": {strconv.Itoa(offset)}, "sort": {"asc"}}
		if _, err := c.do(ctx, call{method: http.MethodGet, route: route, query: q, bucket: BucketContacts}, &got); err != nil {
			return nil, err
		}
		before := len(all)
		for _, row := range got.items {
			if !seen[id(row)] {
				seen[id(row)] = true
				all = append(all, row)
			}
		}
		offset += len(got.items)
		if len(all) == before || isEnd(len(got.items), offset, got.count) {
			return all, nil
		}
	}
	return nil, ctx.Err()
}

// GetList reads one list: https://developers.brevo.com/reference/get-list.
func (c *Client) GetList(ctx context.Context, id int64) (List, error) {
	var l List
	_, err := c.do(ctx, call{
		method: http.MethodGet, route: "/contacts/lists/{id}", path: "/contacts/lists/" + strconv.FormatInt(id, 10), bucket: BucketContacts,
	}, &l)
	return l, err
}

// CreateList makes a list in a folder and returns its id. Names need not be unique: a repeated call makes a second list.
// https://developers.brevo.com/reference/create-list
func (c *Client) CreateList(ctx context.Context, name string, folderID int64) (int64, error) {
	out := only[wholeNumber]{key: "id"}
	_, err := c.do(ctx, call{
		method: http.MethodPost, route: "/contacts/lists", bucket: BucketContacts,
		body: struct {
			Name     string `json:"name"`
			FolderID int64  `json:"folderId"`
		}{name, folderID},
	}, &out)
	return int64(out.value), err
}

// CreateFolder makes a folder and returns its id: https://developers.brevo.com/reference/create-folder.
func (c *Client) CreateFolder(ctx context.Context, name string) (int64, error) {
	out := only[wholeNumber]{key: "id"}
	_, err := c.do(ctx, call{
		method: http.MethodPost, route: "/contacts/folders", bucket: BucketContacts,
		body: struct {
			Name string `json:"name"`
		}{name},
	}, &out)
	return int64(out.value), err
}

// Members names 1 to MaxListMembers contacts in exactly one of three ways.
type Members struct {
	Emails []string `json:"emails,omitempty"`
	IDs    []int64  `json:"ids,omitempty"`
	ExtIDs []string `json:"extIds,omitempty"`
}

func (m Members) check() error {
	ways := 0
	for _, n := range []int{len(m.Emails), len(m.IDs), len(m.ExtIDs)} {
		if n > 0 {
			ways++
		}
	}
	n := len(m.Emails) + len(m.IDs) + len(m.ExtIDs)
	switch {
	case ways != 1:
		return fmt.Errorf("list members must be given in exactly one of emails, ids, extIds; found %d", ways)
	case n > MaxListMembers:
		return fmt.Errorf("at most %d list members in one call, found %d", MaxListMembers, n)
	}
	return nil
}

// MembersResult says what became of each member, named as in the request (ids as digits). Failure holds unknown contacts
// and also those who were in the list already (or out of it), so it is not always an error.
type MembersResult struct {
	Success   []string
	Failure   []string
	Total     int64
	ProcessID int64 // non-zero when Brevo finishes the work later
}

// UnmarshalJSON takes the documented {"contacts": {...}} and the unwrapped form of Brevo's own examples. One of them there must be.
func (r *MembersResult) UnmarshalJSON(data []byte) error {
	type inner struct {
		Success   []identity  `json:"success"`
		Failure   []identity  `json:"failure"`
		Total     wholeNumber `json:"total"`
		ProcessID wholeNumber `json:"processId"`
	}
	var body struct {
		Contacts *inner `json:"contacts"`
		inner
	}
	if err := json.Unmarshal(data, &body); err != nil {
		return err
	}
	got := body.inner
	switch {
	case body.Contacts != nil:
		got = *body.Contacts
	case len(got.Success)+len(got.Failure) == 0 && got.ProcessID == 0:
		return lacks("contacts")
	}
	*r = MembersResult{Success: plain(got.Success), Failure: plain(got.Failure), Total: int64(got.Total), ProcessID: int64(got.ProcessID)}
	return nil
}

// identity is a contact as an answer names it: a string or a number.
type identity string

func (i *identity) UnmarshalJSON(data []byte) error {
	if bytes.HasPrefix(data, []byte(`"`)) {
		return json.Unmarshal(data, (*string)(i))
	}
	if *i = ""; string(data) != "null" {
		*i = identity(data)
	}
	return nil
}

func plain(ids []identity) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}

// AddToList adds existing contacts to a list: https://developers.brevo.com/reference/add-contact-to-list.
func (c *Client) AddToList(ctx context.Context, listID int64, m Members) (MembersResult, error) {
	return c.changeMembers(ctx, listID, "add", m)
}

// RemoveFromList takes contacts out of a list: https://developers.brevo.com/reference/remove-contact-from-list. There is
// no way here to empty a list.
func (c *Client) RemoveFromList(ctx context.Context, listID int64, m Members) (MembersResult, error) {
	return c.changeMembers(ctx, listID, "remove", m)
}

func (c *Client) changeMembers(ctx context.Context, listID int64, verb string, m Members) (MembersResult, error) {
	var out MembersResult
	if err := m.check(); err != nil {
		return out, fmt.Errorf("%s list members: %w", verb, err)
	}
	_, err := c.do(ctx, call{
		method: http.MethodPost, route: "/contacts/lists/{id}/contacts/" + verb,
		path: "/contacts/lists/" + strconv.FormatInt(listID, 10) + "/contacts/" + verb, body: m, bucket: BucketContacts,
	}, &out)
	return out, err
}
