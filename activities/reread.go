package activities

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/internal/zendesk"
)

// What is not there any more is written at the version of the row that was known, asked for now: any later read of the record,
// should it be there after all, is newer than that.

// ticketDeleted is the status of a ticket that is not there any more, as exports show it.
const ticketDeleted = "deleted"

func goneTickets(known map[int64]store.TicketRow, asked time.Time) (out []store.TicketRow) {
	for _, row := range known {
		row.Status, row.AskedAt = ticketDeleted, asked
		out = append(out, row)
	}
	return out
}

// goneUser is a user that Zendesk does not have. Whoever was active a moment ago may have been missed by one read, so they only
// count as deleted; one that is missing still was deleted for good.
func goneUser(known *store.UserRow, asked time.Time) store.UserRow {
	row := *known
	if !row.Active {
		row = store.UserRow{Version: known.Version}
		row.ID, row.Name, row.CreatedAt = known.ID, zendesk.ErasedName, known.CreatedAt
	}
	row.Active, row.AskedAt = false, asked
	return row
}

// readTickets reads tickets into the mirror and returns their rows. One that a list of many leaves out is asked for by itself:
// only Zendesk's word that it is not there counts.
func (c *connection) readTickets(ctx context.Context, ids []int64) ([]store.TicketRow, error) {
	m, err := c.mapper(ctx)
	if err != nil {
		return nil, err
	}
	wanted := newWantedFields(m)
	var out []store.TicketRow
	for some := range slices.Chunk(ids, zendesk.MaxShowMany) {
		got, err := c.zendesk.ShowManyTickets(ctx, some)
		if err != nil {
			return nil, err
		}
		there := map[int64]bool{}
		for i := range got.Rows {
			there[got.Rows[i].ID] = true
			out = append(out, wanted.ticket(&got.Rows[i], got.AskedAt))
		}
		known, err := c.store.Tickets(ctx, some)
		if err != nil {
			return nil, fmt.Errorf("read mirrored tickets: %w", err)
		}
		for id, row := range known {
			if there[id] || row.Status == ticketDeleted {
				continue
			}
			asked := c.now()
			one, err := c.zendesk.ShowTicket(ctx, id)
			switch {
			case zendesk.IsRecordNotFound(err):
				out = append(out, goneTickets(map[int64]store.TicketRow{id: row}, asked)...)
			case err != nil:
				return nil, err
			default:
				out = append(out, wanted.ticket(&one.Row.Ticket, one.AskedAt))
			}
		}
	}
	_, err = c.store.ApplyTickets(ctx, out, c.now())
	return out, err
}

// readUsers reads users into the mirror and returns the ids of those that are there, in the same way.
func (c *connection) readUsers(ctx context.Context, ids []int64) (there []int64, _ error) {
	m, err := c.mapper(ctx)
	if err != nil {
		return nil, err
	}
	wanted := newWantedFields(m)
	var rows []store.UserRow
	for some := range slices.Chunk(ids, zendesk.MaxShowMany) {
		missing := slices.Clone(some)
		if len(some) > 1 {
			got, err := c.zendesk.ShowManyUsers(ctx, some)
			if err != nil {
				return nil, err
			}
			for i := range got.Rows {
				there = append(there, got.Rows[i].ID)
				rows = append(rows, wanted.user(&got.Rows[i], got.AskedAt, m))
			}
			missing = slices.DeleteFunc(missing, func(id int64) bool { return slices.Contains(there, id) })
		}
		for _, id := range missing {
			asked := c.now()
			one, err := c.zendesk.ShowUser(ctx, id)
			if zendesk.IsRecordNotFound(err) {
				known, kerr := c.store.Users(ctx, []int64{id})
				if kerr != nil {
					return nil, fmt.Errorf("read mirrored user: %w", kerr)
				}
				if row, ok := known[id]; ok {
					rows = append(rows, goneUser(&row, asked))
				}
				continue
			}
			if err != nil {
				return nil, err
			}
			there = append(there, id)
			rows = append(rows, wanted.user(&one.Row, one.AskedAt, m))
		}
	}
	_, err = c.store.ApplyUsers(ctx, rows, c.now())
	return there, err
}

// readOrganizations reads organizations into the mirror and returns the ids of those that are there, in the same way.
func (c *connection) readOrganizations(ctx context.Context, ids []int64) (there []int64, _ error) {
	m, err := c.mapper(ctx)
	if err != nil {
		return nil, err
	}
	wanted := newWantedFields(m)
	var rows []store.OrganizationRow
	for some := range slices.Chunk(ids, zendesk.MaxShowMany) {
		got, err := c.zendesk.ShowManyOrganizations(ctx, some)
		if err != nil {
			return nil, err
		}
		rows = append(rows, wanted.organizations(got.Rows, got.AskedAt)...)
		for i := range got.Rows {
			there = append(there, got.Rows[i].ID)
		}
		known, err := c.store.Organizations(ctx, some)
		if err != nil {
			return nil, fmt.Errorf("read mirrored organizations: %w", err)
		}
		for id, row := range known {
			if slices.Contains(there, id) || row.Deleted {
				continue
			}
			asked := c.now()
			one, err := c.zendesk.ShowOrganization(ctx, id)
			switch {
			case zendesk.IsRecordNotFound(err):
				row.Deleted, row.AskedAt = true, asked
				rows = append(rows, row)
			case err != nil:
				return nil, err
			default:
				there = append(there, id)
				rows = append(rows, wanted.organizations([]zendesk.Organization{one.Row}, one.AskedAt)...)
			}
		}
	}
	_, err = c.store.ApplyOrganizations(ctx, rows, c.now())
	return there, err
}

// distinctIDs are the ids that are any, each once, in their order.
func distinctIDs(ids ...int64) []int64 {
	var out []int64
	for _, id := range ids {
		if id != 0 && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}
