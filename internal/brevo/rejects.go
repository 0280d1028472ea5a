package brevo

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"zendesk-brevo/internal/rest"
)

const (
	maxRejectFile = 32 << 20
	maxRedirects  = 3
	rejectRoute   = "/{reject file}"
)

// RejectFileError is a reject file that could not be had. It is no failure of the API: a 403 here says that a signed
// address ran out, not that the key is refused.
type RejectFileError struct {
	Status    int    // of the file's host; 0 when no answer came
	Reason    string // what was wrong with the answer or its absence; empty when Status tells; never text of an answer
	Temporary bool   // the host or the network failed, so that a later attempt may succeed
}

func (e *RejectFileError) Error() string {
	text := "fetch reject file:"
	if e.Status != 0 {
		text += " " + strconv.Itoa(e.Status)
	}
	if e.Reason != "" {
		text += " " + e.Reason
	}
	return text
}

// rejectFileError makes a RejectFileError of what the gate reports, unless the caller's own context ended the call.
func rejectFileError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("fetch reject file: %w", ctx.Err())
	}
	var file *RejectFileError
	if errors.As(err, &file) {
		return file
	}
	var call *rest.Error
	if !errors.As(err, &call) {
		return &RejectFileError{Reason: "its address cannot be called"}
	}
	out := &RejectFileError{Status: call.Status, Reason: call.Reason}
	switch {
	case call.Status == 0, call.Status >= 200 && call.Status <= 299: // no answer, or one that was cut
		out.Temporary = true
	case call.Status == http.StatusRequestTimeout, call.Status == http.StatusTooManyRequests:
		out.Temporary = true
	default:
		out.Temporary = call.Status >= 500
	}
	return out
}

// FetchRejects downloads one of Process.Rejects and returns its rows of cells, a header row (if there is one) included:
// callers look for an e-mail address or a phone in any cell. The file lies outside the API: it is asked for without the
// credential, over https only (plain http where the API itself is on loopback), redirects included, and is cut off at
// 32 MB with an error. It costs no budget. Every failure but the end of ctx is a *RejectFileError. Commas, semicolons and
// tabs separate; broken quoting spoils no other row.
func (c *Client) FetchRejects(ctx context.Context, address string) ([][]string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, &RejectFileError{Reason: "its address is no URL"}
	}
	for range maxRedirects + 1 {
		data, next, err := c.fetchFile(ctx, u)
		if err != nil {
			return nil, rejectFileError(ctx, err)
		}
		if next == nil {
			return parseRejects(data), nil
		}
		u = next
	}
	return nil, &RejectFileError{Reason: fmt.Sprintf("more than %d redirects", maxRedirects)}
}

// fetchFile gets u, or the address that u redirects to.
func (c *Client) fetchFile(ctx context.Context, u *url.URL) (data []byte, next *url.URL, err error) {
	if u.Scheme != "https" && c.base.Scheme == "https" {
		return nil, nil, &RejectFileError{Reason: "its address must be https"}
	}
	host, err := rest.New(rest.Config{
		Vendor: vendor, BaseURL: u.Scheme + "://" + u.Host, HTTP: c.cfg.HTTP, Now: c.cfg.Now, Log: c.cfg.Log, Called: c.cfg.Called,
		Authorize: func(context.Context, *http.Request) error { return nil },
	})
	if err != nil {
		return nil, nil, &RejectFileError{Reason: "its address must be https"}
	}
	path := u.EscapedPath()
	if path == "" {
		path = "/"
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery // as it stands: it may be signed
	}
	tooLarge := false
	meta, err := host.Stream(ctx, rest.Request{Method: http.MethodGet, Route: rejectRoute, Path: path}, func(body io.Reader) error {
		var readErr error
		data, readErr = io.ReadAll(io.LimitReader(body, maxRejectFile+1))
		if readErr == nil && len(data) > maxRejectFile {
			tooLarge = true
			return &rest.Malformed{Why: "reject file is larger than 32 MB"}
		}
		return readErr
	})
	if meta.Status >= 300 && meta.Status <= 399 && meta.Header.Get("Location") != "" {
		if next, parseErr := u.Parse(meta.Header.Get("Location")); parseErr == nil {
			return nil, next, nil
		}
	}
	switch {
	case tooLarge:
		err = &RejectFileError{Status: meta.Status, Reason: "it is larger than 32 MB"}
	case err == nil && isPage(meta.Header.Get("Content-Type"), data):
		err = &RejectFileError{Status: meta.Status, Reason: "a page was answered instead", Temporary: true}
	}
	return data, nil, err
}

// isPage reports HTML, or another markup, which a proxy or the file's host answers instead of the file.
func isPage(contentType string, data []byte) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	return media == "text/html" || bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), []byte("<"))
}

// parseRejects splits line by line, so that a quote that never closes cannot swallow the rows after it.
func parseRejects(data []byte) [][]string {
	text := string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	var rows [][]string
	separator := ','
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if rows == nil {
			separator = separatorOf(line)
		}
		rows = append(rows, cells(line, separator))
	}
	return rows
}

// separatorOf is the most frequent candidate of the first line. Free text has commas, so they lose a tie.
func separatorOf(line string) rune {
	best := '\t'
	for _, candidate := range ";," {
		if strings.Count(line, string(candidate)) > strings.Count(line, string(best)) {
			best = candidate
		}
	}
	return best
}

func cells(line string, separator rune) []string {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = separator, true, -1
	row, err := r.Read()
	if err != nil || strings.Count(line, `"`)%2 != 0 {
		row = strings.Split(line, string(separator))
	}
	for i, cell := range row {
		row[i] = strings.Trim(strings.TrimSpace(cell), `"`)
	}
	return row
}
