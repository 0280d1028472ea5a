package zendesk_test

import (
	"bytes"
	"log/slog"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/zendesk"
)

const (
	commentsPath = "/api/v2/tickets/7/comments.json"
	marker       = "[sync 0af3]"
	moreComments = `"meta":{"has_more":true,"after_cursor":"n"},"links":{"next":"{host}/api/v2/tickets/7/comments.json?page[size]=100&sort=-created_at&page[after]=n"}}`
)

func TestHasComment(t *testing.T) {
	for name, tc := range map[string]struct {
		body  string
		there bool
	}{
		"in the body":            {`{"comments":[{"id":2,"body":"private-text"},{"id":1,"body":"done\n\n[sync 0af3]"}],"meta":{"has_more":false}}`, true},
		"escaped in JSON":        {`{"comments":[{"id":1,"body":"\u005bsync\u00200af3]"}]}`, true},
		"escaped in Markdown":    {`{"comments":[{"id":1,"body":"\\[sync 0af3\\]","html_body":"<p>[sync 0af3]</p>"}]}`, true},
		"in the plain body":      {`{"comments":[{"id":1,"plain_body":"[sync 0af3]"}]}`, true},
		"on a page of several":   {`{"comments":[{"id":9,"body":"[sync 0af3]"}],` + moreComments, true},
		"another marker":         {`{"comments":[{"id":1,"body":"[sync 0af4]","via":{"body":"[sync 0af3]"}}],"meta":{"has_more":false}}`, false},
		"no comments":            {`{"comments":[]}`, false},
		"comments without text":  {`{"comments":[{"id":1,"body":null},null,{"id":2,"body":{"text":"[sync 0af3]"}}],"next_page":null}`, false},
		"last page, with a link": {`{"comments":[],"meta":{"has_more":false,"after_cursor":"n"},"links":{"next":null}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, v := connect(t, map[string]answer{commentsPath: {body: tc.body}})
			got, err := c.HasComment(t.Context(), 7, marker)
			require.NoError(t, err)
			assert.Equal(t, tc.there, got)
			assert.Equal(t, []url.Values{{"page[size]": {"100"}, "sort": {"-created_at"}}}, v.queries())
		})
	}
}

func TestHasCommentReadsOn(t *testing.T) {
	first := commentsPath + "?page%5Bsize%5D=100&sort=-created_at"
	for name, page := range map[string]string{
		"by link":   `{"comments":[{"id":3,"body":"x"}],` + moreComments,
		"by cursor": `{"comments":[{"id":3,"body":"x"}],"meta":{"has_more":true,"after_cursor":"n"},"links":{"next":"https://evil.example/"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			c, v := connect(t, map[string]answer{
				first: {body: page}, commentsPath: {body: `{"comments":[{"id":1,"body":"[sync 0af3]"}],"meta":{"has_more":false}}`},
			})
			got, err := c.HasComment(t.Context(), 7, marker)
			require.NoError(t, err)
			assert.True(t, got)
			assert.Equal(t, url.Values{"page[size]": {"100"}, "sort": {"-created_at"}, "page[after]": {"n"}}, v.queries()[1])
		})
	}
}

func TestHasCommentThatCannotTell(t *testing.T) {
	c, v := connect(t, map[string]answer{commentsPath: {body: `{"comments":[{"id":3,"body":"x"}],` + moreComments}})
	_, err := c.HasComment(t.Context(), 7, marker)
	require.ErrorIs(t, err, zendesk.ErrInconclusive)
	assert.Len(t, v.queries(), 10, "a look has an end")

	c, _ = connect(t, map[string]answer{commentsPath: {body: `{"comments":[],"count":400,"next_page":"{host}/api/v2/tickets/7/comments.json?page=2"}`}})
	_, err = c.HasComment(t.Context(), 7, marker)
	require.ErrorIs(t, err, zendesk.ErrInconclusive, "a list that goes by offset is not at its end")

	c, v = connect(t, nil)
	_, err = c.HasComment(t.Context(), 7, "")
	require.Error(t, err)
	assert.Empty(t, v.queries(), "everything contains nothing")
}

func TestHasCommentFails(t *testing.T) {
	for name, a := range map[string]answer{
		"no such ticket": {status: 404, body: `{"error":"RecordNotFound","description":"Not found"}`},
		"another answer": {body: `{"ticket":{"id":7}}`},
		"null":           {body: `{"comments":null}`},
		"cut":            {body: `{"comments":[{"id":1,"body":"private-te`},
		"cut behind it":  {body: `{"comments":[{"id":1,"body":"[sync 0af3]"}`},
		"no JSON":        {body: `private-text`},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			c, _ := connect(t, map[string]answer{commentsPath: a}, func(cfg *zendesk.Config) {
				cfg.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			})
			got, err := c.HasComment(t.Context(), 7, marker)
			require.ErrorAs(t, err, new(*rest.Error))
			assert.False(t, got)
			assert.Equal(t, a.status == 404, zendesk.IsNotFound(err))
			assert.NotContains(t, err.Error()+log.String(), "private-te")
			assert.Contains(t, log.String(), "/api/v2/tickets/{id}/comments.json")
		})
	}
}

func TestTicketByExternalID(t *testing.T) {
	for name, tc := range map[string]struct {
		body  string
		id    int64 // 0: there is none
		fails error
	}{
		"one":                 {`{"tickets":[{"id":9,"external_id":"zb-0af3","status":"new"}]}`, 9, nil},
		"in another case":     {`{"tickets":[{"id":9,"external_id":"ZB-0af3"}]}`, 9, nil},
		"the oldest of two":   {`{"tickets":[{"id":9,"external_id":"zb-0af3"},{"id":8,"external_id":"zb-0af3"}]}`, 8, nil},
		"none":                {`{"tickets":[],"meta":{"has_more":false}}`, 0, nil},
		"every ticket":        {`{"tickets":[{"id":1,"external_id":null},{"id":2,"external_id":"order"}]}`, 0, zendesk.ErrInconclusive},
		"every ticket and it": {`{"tickets":[{"id":1},{"id":2,"external_id":"zb-0af3"}]}`, 0, zendesk.ErrInconclusive},
	} {
		t.Run(name, func(t *testing.T) {
			c, v := connect(t, map[string]answer{"/api/v2/tickets.json": {body: tc.body}})
			got, there, err := c.TicketByExternalID(t.Context(), "zb-0af3")
			require.ErrorIs(t, err, tc.fails)
			assert.Equal(t, tc.id != 0, there)
			assert.Equal(t, tc.id, got.Row.ID)
			assert.Equal(t, there, got.AskedAt.Equal(noon))
			assert.Equal(t, []url.Values{{"page[size]": {"100"}, "external_id": {"zb-0af3"}}}, v.queries())
		})
	}
	c, v := connect(t, map[string]answer{"/api/v2/tickets.json": {status: 500}})
	_, _, err := c.TicketByExternalID(t.Context(), "zb-0af3")
	require.ErrorAs(t, err, new(*rest.Error))
	_, _, err = c.TicketByExternalID(t.Context(), "")
	require.Error(t, err)
	assert.Len(t, v.queries(), 1)
}
