package activities

import (
	"context"
	"fmt"
	"slices"

	"zendesk-brevo/internal/store"
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
			there, err := kind.read(ctx, ids)
			if err != nil {
				return RecordsRead{}, err
			}
			out.Read += int64(len(there))
			for _, id := range ids {
				if !slices.Contains(there, id) {
					out.Notices = append(out.Notices, fmt.Sprintf("%s %d is not in Zendesk", kind.name, id))
				}
			}
		}
		return out, nil
	})
}

func (c *connection) rereadUsers(ctx context.Context, ids []int64) ([]int64, error) {
	there, err := c.readUsers(ctx, ids)
	if err != nil {
		return nil, err
	}
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
		requesters = append(requesters, rows[i].RequesterID)
	}
	return there, c.store.MarkDirty(ctx, store.KindUser, distinctIDs(requesters...), c.now())
}

func (c *connection) rereadOrganizations(ctx context.Context, ids []int64) ([]int64, error) {
	there, err := c.readOrganizations(ctx, ids)
	if err != nil {
		return nil, err
	}
	return there, c.store.MarkDirty(ctx, store.KindOrganization, there, c.now())
}
