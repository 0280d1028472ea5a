package brevo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"zendesk-brevo/internal/rest"
)

// Sizes of an import's body in bytes: https://developers.brevo.com/reference/import-contacts.
const (
	MaxImportBytes     = 10_000_000 // more is refused
	AdvisedImportBytes = 8_000_000  // what Brevo advises to stay below
)

// ImportRow is one contact of an import. EMAIL among the attributes is left out when it equals Email and refused
// when it does not.
type ImportRow struct {
	Email      string         `json:"email,omitempty"`
	Attributes map[string]any `json:"attributes,omitempty"`
}

// Import is one POST /contacts/import: every row goes to every list. It cannot clear an attribute: blanks are ignored.
type Import struct {
	Rows []ImportRow
	// ListIDs must not be empty: Brevo imports into lists only.
	ListIDs []int64
	// EmailBlacklist and SMSBlacklist opt out every row.
	EmailBlacklist Blocklist
	SMSBlacklist   Blocklist
	// UpdateExisting is Brevo's default; false leaves known contacts as they are.
	UpdateExisting bool
	// DisableNotification spares the account's owner an e-mail about this import.
	DisableNotification bool
}

// EncodedSize is the number of bytes that row takes in an import's body, its separator included.
func EncodedSize(row ImportRow) (int, error) {
	data, err := encodeRow(row)
	return len(data) + 1, err
}

func encodeRow(row ImportRow) ([]byte, error) {
	attributes, err := oneAddress(row.Email, row.Attributes)
	if err != nil {
		return nil, err
	}
	row.Attributes = attributes
	return encodeJSON(row)
}

// encodeJSON leaves &, < and > as they are: escaped, they would take six bytes each.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, errors.New("a value cannot be written as JSON")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// ImportContacts starts an import and returns the process to follow with GetProcess or ListProcesses. Brevo accepts
// the rows unseen; those it rejects are in the files of the completed process.
// https://developers.brevo.com/reference/import-contacts
func (c *Client) ImportContacts(ctx context.Context, in Import) (processID int64, err error) {
	body, err := in.encode()
	if err != nil {
		return 0, fmt.Errorf("import contacts: %w", err)
	}
	out := only[wholeNumber]{key: "processId"}
	_, err = c.do(ctx, call{
		method: http.MethodPost, route: "/contacts/import", bucket: BucketContacts,
		body: &rest.Upload{ContentType: "application/json", Data: body},
	}, &out)
	return int64(out.value), err
}

func (in Import) encode() ([]byte, error) {
	if len(in.Rows) == 0 || len(in.ListIDs) == 0 {
		return nil, errors.New("needs at least one row and one list")
	}
	envelope, err := encodeJSON(struct {
		ListIDs             []int64   `json:"listIds"`
		EmailBlacklist      Blocklist `json:"emailBlacklist,omitempty"`
		SMSBlacklist        Blocklist `json:"smsBlacklist,omitempty"`
		UpdateExisting      bool      `json:"updateExistingContacts"`
		DisableNotification bool      `json:"disableNotification"`
	}{in.ListIDs, in.EmailBlacklist, in.SMSBlacklist, in.UpdateExisting, in.DisableNotification})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Write(bytes.TrimSuffix(envelope, []byte("}")))
	b.WriteString(`,"jsonBody":[`)
	for i, row := range in.Rows {
		data, err := encodeRow(row)
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", i, err)
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(data)
		if b.Len() > MaxImportBytes {
			break
		}
	}
	b.WriteString("]}")
	if b.Len() > MaxImportBytes {
		return nil, fmt.Errorf("the body takes more than %d bytes", MaxImportBytes)
	}
	return b.Bytes(), nil
}
