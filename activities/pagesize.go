package activities

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/store"
)

const (
	// maxPage is the most rows Zendesk gives on an export page; minPage is as far as timeouts halve it.
	// https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
	maxPage = 1000
	minPage = 50
)

func (p *puller) pageSize() int { return pageSizeOf(p.cursor) }

func pageSizeOf(c store.Cursor) int {
	if c.PageSize == 0 {
		return maxPage
	}
	return c.PageSize
}

// grown is the size of the page after a success.
func grown(size int) int { return min(size*2, maxPage) }

// tooLarge reports whether a page took Zendesk longer than a gateway waits.
func tooLarge(err error) bool {
	var call *rest.Error
	return errors.As(err, &call) && (call.Status == http.StatusGatewayTimeout || call.Timeout())
}

func (p *puller) halve(ctx context.Context, cause error) error {
	size := max(p.pageSize()/2, minPage)
	if err := p.store.SetPageSize(ctx, p.cursor.Stream, p.cursor.Value, size, p.now()); err != nil {
		return err
	}
	return fmt.Errorf("page size halved to %d: %w", size, cause)
}
