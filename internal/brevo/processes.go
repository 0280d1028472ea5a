package brevo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// MaxProcessPage is the largest page of ListProcesses.
const MaxProcessPage = 50

// ProcessStatus is an open vocabulary; only the named values are known, in whatever case.
type ProcessStatus string

// Statuses seen in Brevo's documents; in_process is the older word for processing.
const (
	StatusQueued     ProcessStatus = "queued"
	StatusInProcess  ProcessStatus = "in_process"
	StatusProcessing ProcessStatus = "processing"
	StatusCompleted  ProcessStatus = "completed"
	StatusFailed     ProcessStatus = "failed"
	StatusCancelled  ProcessStatus = "cancelled"
)

// IsDone reports that the process has ended, well or badly.
func (s ProcessStatus) IsDone() bool {
	return strings.EqualFold(string(s), string(StatusCompleted)) || s.IsFailed()
}

// IsFailed reports that the process ended without completing; part of its work may have been done.
func (s ProcessStatus) IsFailed() bool {
	return strings.EqualFold(string(s), string(StatusFailed)) || strings.EqualFold(string(s), string(StatusCancelled))
}

// Process is background work of the account.
type Process struct {
	ID     int64
	Name   string // IMPORTUSER for contact imports; open
	Status ProcessStatus
	Info   ProcessInfo
}

// UnmarshalJSON takes an id that is written as a string; one that is none, or is missing, is an error.
func (p *Process) UnmarshalJSON(data []byte) error {
	var b struct {
		ID     wholeNumber   `json:"id"`
		Name   string        `json:"name"`
		Status ProcessStatus `json:"status"`
		Info   ProcessInfo   `json:"info"`
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	if b.ID == 0 {
		return lacks("id")
	}
	*p = Process{ID: int64(b.ID), Name: b.Name, Status: b.Status, Info: b.Info}
	return nil
}

// ProcessInfo is what a process left behind; empty with most processes, and while they run.
type ProcessInfo struct {
	// Import has a file, or its absence, for each kind of rejection: invalid_emails, duplicate_phone_id,
	// duplicate_email_id, duplicate_ext_id, duplicate_contact_id, duplicate_whatsapp_id, duplicate_landline_number_id.
	Import map[string]RejectFile `json:"import"`
}

// UnmarshalJSON takes a list, as empty objects may be written, for no information, here and in import.
func (i *ProcessInfo) UnmarshalJSON(data []byte) error {
	*i = ProcessInfo{}
	var b struct {
		Import json.RawMessage `json:"import"`
	}
	if !bytes.HasPrefix(data, []byte("{")) {
		return nil
	}
	if err := json.Unmarshal(data, &b); err != nil {
		return err
	}
	if bytes.HasPrefix(b.Import, []byte("{")) {
		return json.Unmarshal(b.Import, &i.Import)
	}
	return nil
}

// Kinds of reject files of an import.
const (
	RejectInvalidEmails  = "invalid_emails"
	RejectDuplicateID    = "duplicate_contact_id"
	RejectDuplicateExtID = "duplicate_ext_id"
	RejectDuplicateEmail = "duplicate_email_id"
	RejectDuplicatePhone = "duplicate_phone_id"
)

// RejectFile is the CSV of one kind of rejected rows. Before April 2026 Brevo documented a number in its place.
type RejectFile struct {
	URL   string // empty: nothing was rejected, or Brevo gave no file
	Count int64  // 0 unless Brevo gave a number instead of a file
}

// UnmarshalJSON takes a URL, null or a number; anything else counts as no file.
func (f *RejectFile) UnmarshalJSON(data []byte) error {
	*f = RejectFile{}
	if bytes.HasPrefix(data, []byte(`"`)) {
		return json.Unmarshal(data, &f.URL)
	}
	if n, err := strconv.ParseInt(string(data), 10, 64); err == nil {
		f.Count = n
	}
	return nil
}

// Rejects returns the addresses of the reject files by kind: "completed" alone does not mean that every row was taken.
func (p Process) Rejects() map[string]string {
	out := make(map[string]string)
	for kind, f := range p.Info.Import {
		if f.URL != "" {
			out[kind] = f.URL
		}
	}
	return out
}

// GetProcess reads one process: https://developers.brevo.com/reference/get-process. BucketOther allows 100 calls an
// hour: when several are under way ListProcesses is cheaper.
func (c *Client) GetProcess(ctx context.Context, id int64) (Process, error) {
	var p Process
	_, err := c.do(ctx, call{
		method: http.MethodGet, route: "/processes/{id}", path: "/processes/" + strconv.FormatInt(id, 10), bucket: BucketOther,
	}, &p)
	return p, err
}

// ProcessPage is one page and the number of processes in all.
type ProcessPage struct {
	Processes []Process
	Count     int64
}

// ListProcesses reads limit (at most MaxProcessPage; 0 is Brevo's default of 10) processes from offset on; sort is "asc"
// or "desc" by creation, "" being desc. https://developers.brevo.com/reference/get-processes
func (c *Client) ListProcesses(ctx context.Context, limit, offset int, sort string) (ProcessPage, error) {
	if limit < 0 || limit > MaxProcessPage || offset < 0 {
		return ProcessPage{}, fmt.Errorf("list processes: limit must be at most %d and offset not negative, found %d and %d", MaxProcessPage, limit, offset)
	}
	got := rows[Process]{key: "processes", offset: offset}
	_, err := c.do(ctx, call{method: http.MethodGet, route: "/processes", query: page(limit, offset, sort), bucket: BucketOther}, &got)
	return ProcessPage{Processes: got.items, Count: got.count}, err
}
