package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// Kinds of records that can be read one by one.
const (
	RecordUser         = "user"
	RecordTicket       = "ticket"
	RecordOrganization = "organization"
)

// Record names one record of Zendesk.
type Record struct {
	Kind string `json:"kind"` // user, ticket, organization
	ID   int64  `json:"id"`
}

// RecordsInput names the records to read again.
type RecordsInput struct {
	Account string   `json:"account"`
	Records []Record `json:"records"`
}

// RecordsRead counts the records that are there, and says of each other one that it is not.
type RecordsRead struct {
	Read    int64    `json:"read"`
	Notices []string `json:"notices,omitempty"`
}

// ReadRecords reads single records into the mirror, a hundred in one request. Their people are marked for a push even where
// nothing has changed: who asks for a record by name wants it looked at.
func (z *Zendesk) ReadRecords(ctx context.Context, in RecordsInput) (RecordsRead, error) {
	return do(ctx, z.connections, in.Account, func(ctx context.Context, c *connection) (RecordsRead, error) {
		out := RecordsRead{}
		for _, kind := range []struct {
			name string
			read func(context.Context, []int64) (there []int64, err error)
		}{
			{RecordOrganization, c.rereadOrganizations}, {RecordUser, c.rereadUsers}, {RecordTicket, c.rereadTickets},
		} {
			var ids []int64
			for _, r := range in.Records {
				if r.Kind == kind.name {
					ids = append(ids, r.ID)
				}
			}
			for some := range slices.Chunk(ids, zendesk.MaxShowMany) {
				there, err := kind.read(ctx, some)
				if err != nil {
					return RecordsRead{}, err
				}
				out.Read += int64(len(there))
				for _, id := range some {
					if !slices.Contains(there, id) {
						out.Notices = append(out.Notices, fmt.Sprintf("%s %d is not in Zendesk", kind.name, id))
					}
				}
			}
		}
		return out, nil
	})
}

func (c *connection) rereadUsers(ctx context.Context, ids []int64) ([]int64, error) {
	found, err := c.readUsers(ctx, ids)
	if err != nil {
		return nil, err
	}
	there := slices.Sorted(maps.Keys(found))
	return there, c.store.MarkDirty(ctx, store.KindUser, there, c.now())
}

func (c *connection) rereadTickets(ctx context.Context, ids []int64) ([]int64, error) {
	rows, err := c.readTickets(ctx, ids)
	if err != nil {
		return nil, err
	}
	var there, requesters []int64
	for i := range rows {
		if rows[i].Status != ticketDeleted {
			there = append(there, rows[i].ID)
		}
		if rows[i].RequesterID != 0 {
			requesters = append(requesters, rows[i].RequesterID)
		}
	}
	return there, c.store.MarkDirty(ctx, store.KindUser, requesters, c.now())
}

// rereadOrganizations takes an organization that is not there any more for deleted.
func (c *connection) rereadOrganizations(ctx context.Context, ids []int64) ([]int64, error) {
	m, err := c.mapper(ctx)
	if err != nil {
		return nil, err
	}
	asked := c.now()
	got, err := c.zendesk.ShowManyOrganizations(ctx, ids)
	if err != nil {
		return nil, err
	}
	rows := newWantedFields(m).organizations(got.Rows, got.AskedAt)
	there := make([]int64, len(rows))
	for i := range rows {
		there[i] = rows[i].ID
	}
	known, err := c.store.Organizations(ctx, ids)
	if err != nil {
		return nil, err
	}
	for id, row := range known {
		if !slices.Contains(there, id) {
			row.Deleted, row.Version = true, store.Version{UpdatedAt: asked, AskedAt: asked}
			rows = append(rows, row)
		}
	}
	if _, err := c.store.ApplyOrganizations(ctx, rows, c.now()); err != nil {
		return nil, err
	}
	return there, c.store.MarkDirty(ctx, store.KindOrganization, there, c.now())
}
