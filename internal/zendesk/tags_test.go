package zendesk_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/zendesk"
)

func tagCalls(c *zendesk.Client) map[string]func(ctx context.Context, id int64, tags []string) error {
	return map[string]func(ctx context.Context, id int64, tags []string) error{
		"PUT /api/v2/tickets/7/tags.json":    c.AddTicketTags,
		"DELETE /api/v2/tickets/7/tags.json": c.RemoveTicketTags,
		"PUT /api/v2/users/7/tags.json":      c.AddUserTags,
		"DELETE /api/v2/users/7/tags.json":   c.RemoveUserTags,
	}
}

func TestTagsAreOneRequest(t *testing.T) {
	for answered, reply := range map[string]answer{
		"what is there now": {body: `{"tags":["vip","old"]}`}, "nothing": {status: http.StatusNoContent}, "a word": {body: "ok"},
	} {
		t.Run(answered, func(t *testing.T) {
			var sent []byte
			c, v := connect(t, map[string]answer{"/api/v2/tickets/7/tags.json": reply, "/api/v2/users/7/tags.json": reply},
				func(cfg *zendesk.Config) { cfg.HTTP = &http.Client{Transport: recorder{&sent}} })
			for name, call := range tagCalls(c) {
				require.NoError(t, call(t.Context(), 7, []string{"vip", "größe"}), name)
				last := v.asked[len(v.asked)-1]
				assert.Equal(t, name, last.Method+" "+last.URL.Path)
				assert.Equal(t, "application/json", last.Header.Get("Content-Type"), "a DELETE has a body too")
				assert.JSONEq(t, `{"tags":["vip","größe"]}`, string(sent))
			}
			assert.Len(t, v.asked, 4)
		})
	}
}

func TestTagsThatAskNobody(t *testing.T) {
	c, v := connect(t, nil)
	for name, call := range tagCalls(c) {
		assert.NoError(t, call(t.Context(), 7, nil), name)
		assert.Error(t, call(t.Context(), 7, []string{"vip", ""}), name)
		assert.ErrorContains(t, call(t.Context(), 7, []string{"two words"}), "one word", name)
	}
	assert.Empty(t, v.queries())
}

func TestTagsOfAClosedTicket(t *testing.T) {
	c, _ := connect(t, map[string]answer{"/api/v2/tickets/7/tags.json": {status: 422, body: `{"error":"RecordInvalid",
		"description":"Record validation errors","details":{"status":[{"description":"Status: closed prevents ticket update"}]}}`}})
	var e *rest.Error
	require.ErrorAs(t, c.AddTicketTags(t.Context(), 7, []string{"vip"}), &e)
	assert.Equal(t, 422, e.Status)
	assert.Equal(t, "RecordInvalid", e.Code)
	assert.Equal(t, []string{"status"}, e.Fields)
	assert.Equal(t, "/api/v2/tickets/{id}/tags.json", e.Route)
}
