package activities

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
)

// Difference is what the next sync would do about one person, value by value. It is full of personal data: it is for the eyes
// of who asked, and never for a workflow or a log.
type Difference struct {
	UserID int64  // in Zendesk
	Kind   string // ForeseenCreated and so on
	Reason string // why nothing is done, or why they leave
	Email  string // of the contact; empty where there is none
	From   string // the address that the contact has now, when it changes
	// BrevoID is the contact's; 0: there is none yet.
	BrevoID    int64
	Attributes []AttributeDifference // by name
	Joins      []string              // lists, by name
	Leaves     []string
	// Blocklist and BlocklistSMS: it is written that the person must not be mailed, or sent text messages.
	Blocklist    bool
	BlocklistSMS bool
	Mailable     bool // a new contact that may be e-mailed from then on
}

// AttributeDifference is one value. Old is nil where there is none, New where it is cleared. Old is what the mirror knows: of
// names and the phone what Brevo holds, of anything else what was sent last.
type AttributeDifference struct {
	Name     string
	Old, New any
}

// Differences says from the store alone what the next sync would do about users, by the outlook of the latest preview and the code
// of the push. Users who are nobody in the mirror come with Kind skipped and Reason unknown.
func Differences(ctx context.Context, cfg *config.Connector, account *store.Account, now func() time.Time, users []int64) ([]Difference, error) {
	c := &connection{cfg: cfg, store: account, now: now}
	outlook, _, err := c.lastOutlook(ctx)
	if err != nil {
		return nil, err
	}
	current, err := outlook.InForce(ctx, cfg, account)
	if err != nil {
		return nil, err
	}
	if !current {
		outlook = Outlook{} // what it foresaw has been made, or is not wanted any more
	}
	f, err := c.foreseer(ctx, &outlook)
	if err != nil {
		return nil, err
	}
	rulings, err := f.foresee(ctx, users)
	if err != nil {
		return nil, fmt.Errorf("decide: %w", err)
	}
	out := make([]Difference, len(rulings))
	for i := range rulings {
		out[i] = f.difference(&rulings[i])
	}
	return out, nil
}

func (f *foreseer) difference(r *ruling) Difference {
	d, s := &r.decision, &r.situation
	out := Difference{UserID: r.claimed.Delivery.UserID, Kind: foreseenKind(r), Reason: d.reason, Email: d.email, From: d.from, BrevoID: s.had.BrevoID}
	if s.had.State == store.DeliveryGone {
		out.BrevoID = 0
	} else if out.BrevoID == 0 {
		out.BrevoID = idOf(s.found)
	}
	if out.Email == "" {
		out.Email = s.want.Email
	}
	if out.Email == "" {
		out.Email = s.had.Email
	}
	if r.claimed.Dirty == 0 && !f.out.Everybody && kindSampled(out.Kind) {
		out.Kind = ForeseenUnchanged // nothing has marked them, so no sync looks at them
		return out
	}
	if !kindSampled(out.Kind) {
		return out
	}
	names := slices.Concat(slices.Collect(maps.Keys(d.set)), d.clear)
	slices.Sort(names)
	for _, name := range names {
		old, known := s.had.Attributes[name]
		if s.found != nil && (f.policy.attributes[name].FillIfEmpty || f.policy.attributes[name].Identifier) {
			old, known = s.found.Attributes[name]
		}
		if !known {
			old = nil
		}
		out.Attributes = append(out.Attributes, AttributeDifference{Name: name, Old: old, New: d.set[name]})
	}
	for _, id := range d.add {
		out.Joins = append(out.Joins, f.lists[id])
	}
	for _, id := range d.remove {
		out.Leaves = append(out.Leaves, f.lists[id])
	}
	slices.Sort(out.Joins)
	slices.Sort(out.Leaves)
	out.Blocklist, out.BlocklistSMS, out.Mailable = d.blocklist, d.blocklistSMS, d.create && !d.blocklist
	return out
}

// Seen puts what a contact holds in Brevo in place of what the mirror knows, and leaves out the values that are there already.
func (d *Difference) Seen(held map[string]any) {
	d.Attributes = slices.DeleteFunc(d.Attributes, func(a AttributeDifference) bool {
		return a.New != nil && held[a.Name] != nil && sameValue(a.Name, held[a.Name], a.New)
	})
	for i := range d.Attributes {
		d.Attributes[i].Old = held[d.Attributes[i].Name]
	}
}
