package zendesk_test

import (
	"encoding/json"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/rest"
	"zendesk-brevo/internal/zendesk"
)

func TestScannerAgreesWithEncodingJSON(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, ` [ 1 , -2.5e3 , 0 , "x" , null , true , false ] `, `{"a":{"b":[{"c":null}]}}`,
		`"\"\\\/\b\f\n\r\té\u00e9"`, `"\ud83d\ude00 \ud83d \ude00 \ud83dx \ud83d\u0041"`, "\"bad \xff\xfe utf8 \xc3\"",
		`"ends in a backslash \\"`, `{"a":1,"a":2}`, `{"":""}`, `"日本語"`, `9007199254740993`, `1e400`, `{"a":[-1e400,2]}`, `[1,]`, `{"a":}`,
		`{"a" 1}`, `{a:1}`, `01`, `-`, `1.`, `.5`, `+1`, `1e`, `nul`, `tru`, `"\x"`, `"\u12g4"`, `"\u12"`, "\"a\tb\"", `[1 2]`,
		`{"a":1,}`, `[[[[]]]`, `]`, ``, ` `, `"`, `"\`, `{} {}`, `{"a":1}x`, "\x00", `NaN`, `[0,-0,0.0]`,
	} {
		t.Run(text, func(t *testing.T) { agree(t, []byte(text)) })
	}
}

// FuzzScanner compares the scanner with encoding/json on any text.
func FuzzScanner(f *testing.F) {
	f.Add([]byte(`{"tickets":[{"id":1,"tags":["a"],"via":{"channel":"web"}}],"end_of_stream":true}`))
	f.Add([]byte("[\"\\ud83d\\ude00\\u0000\\\\\", -1.5E+2, {\"\":null}, \"\xff\"]"))
	f.Add([]byte(`{"results":[{"result_type":"ticket","id":1}],"meta":{"has_more":true},"satisfaction_rating":[{"id":1}],"user":{"id":1}}`))
	f.Add([]byte(`{"tickets":[{"id":"1","organization_id":"","tags":{},"via":[],"requester_id":1.0,"custom_fields":null}],"end_of_stream":"true"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		agree(t, text)
		rows, err := zendesk.DecodeTickets(text)
		for _, row := range rows {
			assert.True(t, err != nil || row.ID != 0)
		}
	})
}

// agree asserts that the scanner takes and refuses what encoding/json does, with the same values.
func agree(t *testing.T, text []byte) {
	t.Helper()
	var want any
	wantErr := json.Unmarshal(text, &want)
	got, err := zendesk.ScanAny(text)
	var outOfRange *json.UnmarshalTypeError
	if errors.As(wantErr, &outOfRange) {
		wantErr = nil // one odd number is null here, and in what encoding/json could make of the text
	}
	if wantErr != nil {
		if strings.Contains(wantErr.Error(), "max depth") {
			return
		}
		require.Error(t, err, "encoding/json: %v", wantErr)
		return
	}
	if depth(want) >= 200 {
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
	assert.Equal(t, withoutNUL(want), got)
	assert.NoError(t, zendesk.SkipAll(text))
}

func depth(v any) int {
	deepest := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			deepest = max(deepest, depth(e)+1)
		}
		return max(deepest, 1)
	case []any:
		for _, e := range v {
			deepest = max(deepest, depth(e)+1)
		}
		return max(deepest, 1)
	}
	return 0
}

func withoutNUL(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "\x00", "")
	case []any:
		for i := range v {
			v[i] = withoutNUL(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[strings.ReplaceAll(k, "\x00", "")] = withoutNUL(e)
		}
		return out
	}
	return v
}

func TestEveryCutOfAPageIsRefused(t *testing.T) {
	page := exportPage(t, 1)
	_, err := zendesk.DecodeTickets(page)
	require.NoError(t, err)
	for n := range page {
		_, err := zendesk.DecodeTickets(page[:n])
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "cut after %d bytes", n)
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	for _, open := range []string{"[", `{"a":`} {
		text := `{"tickets":[],"end_of_stream":true,"x":` + strings.Repeat(open, 1_000_000)
		_, err := zendesk.DecodeTickets([]byte(text))
		var malformed *rest.Malformed
		require.ErrorAs(t, err, &malformed)
		assert.Contains(t, malformed.Why, "nested too deeply")
	}
}

func TestWholeNumbers(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"26000000000001", 26000000000001, true},
		{"9223372036854775807", math.MaxInt64, true},
		{`"26000000000001"`, 26000000000001, true},
		{"26000000000001.0", 26000000000001, true},
		{`"12.00"`, 12, true},
		{"1.2e3", 1200, true},
		{"-3", -3, true},
		{"9223372036854775808", 0, false},
		{"9223372036854775808.0", 0, false},
		{"9007199254740995.0", 0, false},
		{"1e400", 0, false},
		{"1.5", 0, false},
		{`"1.5"`, 0, false},
		{`"0x10"`, 0, false},
		{`"1_000"`, 0, false},
		{`"inf"`, 0, false},
		{`" 12"`, 0, false},
		{`"twelve"`, 0, false},
		{"{}", 0, false},
		{"[12]", 0, false},
		{"true", 0, false},
	} {
		rows, err := zendesk.DecodeTickets([]byte(`{"end_of_stream":true,"tickets":[{"requester_id":` + c.text + `,"id":7}]}`))
		require.NoError(t, err, c.text)
		assert.Equal(t, c.want, rows[0].RequesterID, c.text)

		rows, err = zendesk.DecodeTickets([]byte(`{"end_of_stream":true,"tickets":[{"id":` + c.text + `}]}`))
		if !c.ok {
			assert.ErrorContains(t, err, "at byte", c.text)
			continue
		}
		require.NoError(t, err, c.text)
		assert.Equal(t, c.want, rows[0].ID, c.text)
	}
}

func TestErrorsOfTheScannerHoldNoText(t *testing.T) {
	for _, page := range []string{
		`{"end_of_stream":true,"tickets":[{"id":7,"created_at":"secret@example.com"}]}`,
		`{"end_of_stream":true,"tickets":[{"id":"secret@example.com"}]}`,
		`{"end_of_stream":true,"tickets":"secret@example.com"}`,
		`{"end_of_stream":true,"tickets":[{"secret@example.com" 1}]}`,
	} {
		_, err := zendesk.DecodeTickets([]byte(page))
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "secret")
	}
}
