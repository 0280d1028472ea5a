package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// scanOverlap is how far a look for modified contacts reaches back behind the start of the last one: clocks differ.
const scanOverlap = 2 * time.Minute

// pageOverlap is how many contacts of a page come again in the next: as many may be deleted meanwhile, all before it, without one
// being passed over.
const pageOverlap = 50

// pagesOf are the pages in which so many contacts are looked at.
func pagesOf(contacts int64) int64 {
	return 1 + parts(max(0, contacts-brevo.MaxContactPage), brevo.MaxContactPage-pageOverlap)
}

// ScanInput asks for one page of Brevo's contacts.
type ScanInput struct {
	Account string `json:"account"`
	Full    bool   `json:"full"`    // all contacts; otherwise those modified since the last look
	ScanID  string `json:"scan_id"` // the same for all pages of one look
	// Preview: what an import lost is left for a sync to find, because that takes deliveries back.
	Preview   bool      `json:"preview,omitempty"`
	Offset    int       `json:"offset"`
	Since     time.Time `json:"since,omitzero"`
	StartedAt time.Time `json:"started_at,omitzero"`
}

// ScanResult says where the next page begins.
type ScanResult struct {
	Rows      int64     `json:"rows"`
	Next      int       `json:"next"`
	Since     time.Time `json:"since,omitzero"`
	StartedAt time.Time `json:"started_at,omitzero"`
	End       bool      `json:"end"`
	// Lost counts the contacts that an import accepted without making them, or without writing them because somebody else made
	// them first, and that wait to be written once more.
	Lost int64 `json:"lost,omitempty"`
}

// ScanContacts mirrors one page of Brevo's contacts: ids, consent, list memberships, and the few attributes whose
// ownership must be decided. The last page of a full look also finds out who was deleted in Brevo.
func (b *Brevo) ScanContacts(ctx context.Context, in ScanInput) (ScanResult, error) {
	return do(ctx, b.connections, in.Account, func(ctx context.Context, c *connection) (ScanResult, error) {
		s := &scanner{connection: c, in: in}
		if err := s.prepare(ctx); err != nil {
			return ScanResult{}, err
		}
		out, err := s.page(ctx)
		if err != nil || !out.End {
			return out, err
		}
		if s.full() {
			if err := s.deleted(ctx); err != nil {
				return ScanResult{}, err
			}
		}
		if !in.Preview {
			lost, err := s.lost(ctx)
			if err != nil {
				return ScanResult{}, err
			}
			out.Lost += lost
		}
		return out, c.store.SetScanState(ctx, s.in.StartedAt.Add(-scanOverlap), 0, s.in.ScanID)
	})
}

// lookLasts is how old a look at Brevo's contacts may be for many of them to be written from it without another.
const lookLasts = 30 * time.Minute

// lookedLongAgo reports whether the latest look began too long ago: the step may have waited through a pause.
func (c *connection) lookedLongAgo(ctx context.Context) (bool, error) {
	since, _, _, err := c.store.ScanState(ctx)
	if err != nil {
		return false, fmt.Errorf("read the latest look: %w", err)
	}
	return c.now().Sub(since.Add(scanOverlap)) > lookLasts, nil
}

type scanner struct {
	*connection
	in   ScanInput
	keep map[string]bool // attributes to mirror
}

// full reports whether the look covers everybody: asked for, or because there was none before.
func (s *scanner) full() bool { return s.in.Since.IsZero() }

func (s *scanner) prepare(ctx context.Context) error {
	m, err := s.mapper(ctx)
	if err != nil {
		return err
	}
	s.keep = filledAttributes(m)
	if !s.in.StartedAt.IsZero() {
		return nil
	}
	s.in.StartedAt = s.now()
	if s.in.Full {
		return nil
	}
	s.in.Since, _, _, err = s.store.ScanState(ctx)
	return err
}

func (s *scanner) page(ctx context.Context) (ScanResult, error) {
	look, err := s.store.BeginLook(ctx, s.in.ScanID)
	if err != nil {
		return ScanResult{}, err
	}
	got, err := s.brevo.ListContacts(ctx, brevo.ContactQuery{
		Limit: brevo.MaxContactPage, Offset: s.in.Offset, ModifiedSince: s.in.Since, Sort: "asc",
	})
	if err != nil {
		return ScanResult{}, err
	}
	rows := len(got.Contacts)
	theirs, err := s.mirror(ctx, look, got.Contacts)
	if err != nil {
		return ScanResult{}, err
	}
	// A server may give fewer rows than asked for; only its own count, or an empty page, tells the end.
	end := rows == 0 || (got.Count > 0 && int64(s.in.Offset+rows) >= got.Count)
	if !end && rows > 2*pageOverlap {
		rows -= pageOverlap
	}
	return ScanResult{Rows: int64(rows), Next: s.in.Offset + rows, Since: s.in.Since, StartedAt: s.in.StartedAt, Lost: theirs, End: end}, nil
}

// deleted asks Brevo about every known contact that the look did not show: a list that changes while it is paged through
// can hide one, so only a 404 counts as deleted.
func (s *scanner) deleted(ctx context.Context) error {
	for after := int64(0); ; {
		unseen, err := s.store.UnseenBrevoContacts(ctx, s.in.ScanID, after, planBatch)
		if err != nil {
			return fmt.Errorf("read unseen contacts: %w", err)
		}
		if len(unseen) == 0 {
			return nil
		}
		for i := range unseen {
			after = unseen[i].ID
			look, err := s.store.BeginLook(ctx, s.in.ScanID)
			if err != nil {
				return err
			}
			got, err := s.brevo.GetContact(ctx, brevo.ByID(after))
			switch {
			case brevo.IsNotFound(err):
				err = s.store.RemoveBrevoContact(ctx, after, s.now())
			case err == nil:
				err = s.store.ApplyBrevoContacts(ctx, look, []store.BrevoContact{mirrored(&got, s.keep)}, s.now())
			}
			if err != nil {
				return err
			}
		}
	}
}

// filledAttributes are those written only where they are empty or still ours, whose value in Brevo must be known.
func filledAttributes(m *mapping.Mapper) map[string]bool {
	keep := map[string]bool{attributePhone: true}
	for _, a := range m.Attributes() {
		if a.FillIfEmpty || a.Identifier {
			keep[a.Name] = true
		}
	}
	return keep
}

// Mirrored is a contact as the mirror keeps it, without its attributes.
func Mirrored(c *brevo.Contact) *store.BrevoContact {
	out := mirrored(c, nil)
	return &out
}

func mirrored(c *brevo.Contact, keep map[string]bool) store.BrevoContact {
	out := store.BrevoContact{
		ID: c.ID, Email: strings.ToLower(c.Email), EmailBlacklisted: c.EmailBlacklisted, SMSBlacklisted: c.SMSBlacklisted,
		Lists: c.ListIDs, Unsubscribed: c.ListUnsubscribed, ModifiedAt: c.ModifiedAt, Attributes: map[string]any{},
	}
	for name, value := range c.Attributes {
		if keep[name] && value != nil && value != "" {
			out.Attributes[name] = value
		}
	}
	return out
}
