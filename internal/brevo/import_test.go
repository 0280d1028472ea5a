package brevo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/brevo"
)

func rows(n, size int) []brevo.ImportRow {
	out := make([]brevo.ImportRow, n)
	for i := range out {
		out[i] = brevo.ImportRow{
			Email:      fmt.Sprintf("user%d@example.com", i),
			Attributes: map[string]any{"NOTE": strings.Repeat("é<&>", size/4), "EMAIL": fmt.Sprintf("USER%d@example.com", i)},
		}
	}
	return out
}

func TestEncodedSizeIsWhatTravels(t *testing.T) {
	three := rows(3, 400)
	sum := 0
	for _, r := range three {
		n, err := brevo.EncodedSize(r)
		require.NoError(t, err)
		sum += n
	}
	v := newVendor(t, 202, `{"processId":1}`)
	_, err := v.client(t).ImportContacts(t.Context(), brevo.Import{Rows: three, ListIDs: []int64{1}})
	require.NoError(t, err)
	_, array, found := strings.Cut(v.only(t).body, `"jsonBody":[`)
	require.True(t, found)
	assert.Equal(t, sum, len(strings.TrimSuffix(array, "]}"))+1)
}

func TestAnImportAboveTenMegabytesIsNotSent(t *testing.T) {
	v := newVendor(t, 202, `{"processId":1}`)
	large := rows(11, 800_000)
	_, err := v.client(t).ImportContacts(t.Context(), brevo.Import{Rows: large, ListIDs: []int64{1}})
	require.ErrorContains(t, err, "10000000 bytes")
	assert.Zero(t, v.count())
	assert.Len(t, large[0].Attributes, 2, "the caller's attributes stay as they were")
}
