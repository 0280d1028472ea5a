package activities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"

	"zendesk-brevo/internal/store"
)

// foreseer goes through everybody whom the next push would look at, and decides as it would.
type foreseer struct {
	*judge
	out   *Outlook
	lists map[int64]string // names by id
	// What the push would make of companies' members: see foreseeMember.
	organizations map[int64]bool
	leaving       map[int64]bool           // Brevo ids that are no members any more
	joining       map[int64]map[int64]bool // organization -> new members
	piloted       map[int64]bool           // Brevo ids, also of contacts to be made, of people in a pilot
	sentBefore    int64                    // of those looked at, in Brevo now
	sentStill     int64                    // of those looked at, in Brevo and left as they are
	leftOut       leftOut
}

func (c *connection) foreseer(ctx context.Context, outlook *Outlook) (*foreseer, error) {
	j, err := c.judgeBy(ctx, outlook)
	if err != nil {
		return nil, err
	}
	f := &foreseer{
		judge: j, out: outlook, lists: map[int64]string{}, organizations: map[int64]bool{}, leaving: map[int64]bool{},
		joining: map[int64]map[int64]bool{}, piloted: map[int64]bool{}, leftOut: leftOut{},
	}
	stored, err := c.store.Lists(ctx)
	if err != nil {
		return nil, fmt.Errorf("read lists: %w", err)
	}
	for _, l := range append(stored, outlook.Lists...) {
		f.lists[l.ID] = cmp.Or(l.Name, strconv.FormatInt(l.ID, 10))
	}
	outlook.Samples = map[string][]int64{}
	outlook.Foreseen = Foreseen{
		Skipped: map[string]int64{}, Rejected: map[string]int64{}, ByAttribute: map[string]AttributeForeseen{}, ByList: map[string]ListForeseen{},
		PilotFor: len(c.cfg.Pilot.Emails),
	}
	for _, a := range outlook.Attributes {
		outlook.NewAttributes = append(outlook.NewAttributes, a.Name+" ("+a.Type+")")
	}
	for _, l := range outlook.Lists {
		if l.ID < 0 {
			outlook.NewLists = append(outlook.NewLists, l.Name)
		}
	}
	return f, nil
}

func (f *foreseer) run(ctx context.Context) error {
	before, err := f.delivered(ctx)
	if err != nil {
		return err
	}
	for after := int64(0); ; {
		ids, err := f.ids(ctx, store.KindUser, after)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			break
		}
		if err := f.batch(ctx, ids); err != nil {
			return err
		}
		after = ids[len(ids)-1]
	}
	out := f.out
	out.Unchanged = before - f.sentBefore + f.sentStill
	if out.HarmsOf = max(before, out.Writes()+total(out.Rejected)); tooManyHarms(out.Harms, out.HarmsOf) {
		out.Pauses = true
	}
	if notice := f.leftOut.notice(); notice != "" {
		out.Notices = append(out.Notices, notice)
	}
	if err := f.unsettled(ctx); err != nil {
		return err
	}
	return f.companies(ctx)
}

// ids are the next rows that the push would look at.
func (f *foreseer) ids(ctx context.Context, kind store.Kind, after int64) ([]int64, error) {
	if f.out.Everybody {
		return f.store.IDs(ctx, kind, after, planBatch)
	}
	return f.store.DirtyIDs(ctx, kind, "*", after, planBatch)
}

// unsettled says that an earlier sync was cut off while Brevo was importing: what became of that only a sync finds out.
func (f *foreseer) unsettled(ctx context.Context) error {
	open, err := f.store.Imports(ctx, store.ImportOpen, store.ImportRunning)
	if err != nil || len(open) == 0 {
		return err
	}
	rows := int64(0)
	for i := range open {
		rows += int64(open[i].Rows)
	}
	f.out.Notices = append(f.out.Notices, fmt.Sprintf("an earlier sync was cut off while Brevo imported %d contacts: the next sync finds out first what became of them", rows))
	return nil
}

func (f *foreseer) batch(ctx context.Context, ids []int64) error {
	rulings, err := f.foresee(ctx, ids)
	if err != nil {
		return err
	}
	for i := range rulings {
		r := &rulings[i]
		kind := foreseenKind(r)
		f.count(r, kind)
		f.foreseeMember(r)
		if s := f.out.Samples[kind]; len(s) < MaxSample && kindSampled(kind) {
			f.out.Samples[kind] = append(s, r.claimed.Delivery.UserID)
		}
	}
	return nil
}

// foresee decides for users as the writers would, without claiming them.
func (j *judge) foresee(ctx context.Context, ids []int64) ([]ruling, error) {
	known, err := j.store.Peek(ctx, ids)
	if err != nil {
		return nil, err
	}
	rulings, err := j.rule(ctx, known)
	if err != nil {
		return nil, err
	}
	for i := range rulings {
		if err := j.inheritConsent(ctx, &rulings[i]); err != nil {
			return nil, err
		}
	}
	return rulings, nil
}

// inheritConsent adds what users who were merged into this one had opted out of, as far as the mirror tells. See consents.
func (j *judge) inheritConsent(ctx context.Context, r *ruling) error {
	if len(r.situation.absorbed) == 0 || r.decision.merge || r.decision.reason == reasonPilot {
		return nil
	}
	claimed, err := j.store.Peek(ctx, r.situation.absorbed)
	if err != nil {
		return fmt.Errorf("read merged users: %w", err)
	}
	losers, err := j.rule(ctx, claimed)
	if err != nil {
		return err
	}
	for i := range losers {
		if s := &losers[i].situation; !s.barred {
			r.situation.had.Refused = store.WithOptOuts(r.situation.had.Refused, consentOf(s.had, s.found))
		}
	}
	r.decision = j.policy.decide(r.situation)
	return nil
}

// foreseenKind names what would become of a contact.
func foreseenKind(r *ruling) string {
	d := &r.decision
	switch {
	case d.wait:
		return ForeseenWaiting
	case d.delete:
		return ForeseenDeleted
	case d.create:
		return ForeseenCreated
	case d.writes() && d.state != store.DeliverySent:
		return ForeseenLeft
	case d.writes():
		return ForeseenChanged
	case d.reason == reasonPilot:
		return ForeseenSkipped
	case d.state == store.DeliverySent:
		return ForeseenUnchanged
	case d.state == store.DeliveryRejected:
		return ForeseenRejected
	}
	return ForeseenSkipped
}

func kindSampled(kind string) bool {
	return slices.Contains([]string{ForeseenCreated, ForeseenChanged, ForeseenLeft, ForeseenDeleted}, kind)
}

func (f *foreseer) count(r *ruling, kind string) {
	out, d := f.out, &r.decision
	was := r.claimed.Delivery.State
	if d.state == store.DeliverySent {
		f.leftOut.count(r.situation.want.Notes)
	}
	if was == store.DeliverySent {
		f.sentBefore++
	}
	if d.state == store.DeliveryRejected && was != store.DeliveryRejected || d.takesAway() {
		out.Harms++
	}
	switch kind {
	case ForeseenWaiting:
		out.Waiting++
		if was == store.DeliverySent {
			f.sentStill++
		}
	case ForeseenDeleted:
		out.Deleted++
	case ForeseenCreated:
		if out.Created++; !d.blocklist {
			out.Mailable++
		}
	case ForeseenLeft:
		out.Left++
	case ForeseenChanged:
		out.Changed++
	case ForeseenUnchanged:
		f.sentStill++
	case ForeseenRejected:
		out.Rejected[d.reason]++
	case ForeseenSkipped:
		out.Skipped[d.reason]++
	}
	for name := range d.set {
		n := out.ByAttribute[name]
		n.Set++
		out.ByAttribute[name] = n
	}
	for _, name := range d.clear {
		n := out.ByAttribute[name]
		n.Clear++
		out.ByAttribute[name] = n
	}
	for _, id := range d.add {
		n := out.ByList[f.lists[id]]
		n.Add++
		out.ByList[f.lists[id]] = n
	}
	for _, id := range d.remove {
		n := out.ByList[f.lists[id]]
		n.Remove++
		out.ByList[f.lists[id]] = n
	}
}

func total(counts map[string]int64) (n int64) {
	for _, of := range counts {
		n += of
	}
	return n
}
