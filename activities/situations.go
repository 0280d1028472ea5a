package activities

import (
	"context"
	"fmt"

	"zendesk-brevo/internal/store"
	"zendesk-brevo/mapping"
)

// judge turns claimed users into decisions: it knows the mapping, what may be written, and what Brevo holds.
type judge struct {
	*connection
	mapper *mapping.Mapper
	policy policy
	ready  func(mapping.Stream) bool
}

// ruling is one claimed user with what their contact needs.
type ruling struct {
	claimed   store.Claimed
	situation situation
	decision  decision
}

// toWrite reports whether it takes a writer to deal with a user: a call to Brevo, or a merge or a doubt to settle.
func (r *ruling) toWrite() bool {
	return r.decision.writes() || r.decision.merge || r.situation.begun != nil || r.unsure()
}

// unsure reports whether a look has to tell what became of a call before the user can be dealt with.
func (r *ruling) unsure() bool {
	d := &r.decision
	return d.state != store.DeliveryRejected && d.reason != reasonPilot && unsettled(r.situation.had)
}

func (c *connection) judge(ctx context.Context) (*judge, error) { return c.judgeBy(ctx, &Outlook{}) }

// judgeBy judges as if what an outlook names had been made.
func (c *connection) judgeBy(ctx context.Context, outlook *Outlook) (*judge, error) {
	m, err := c.mapper(ctx)
	if err != nil {
		return nil, err
	}
	complete, err := c.store.CompleteStreams(ctx)
	if err != nil {
		return nil, fmt.Errorf("read complete streams: %w", err)
	}
	j := &judge{connection: c, mapper: m, ready: func(s mapping.Stream) bool { return complete[s] }}
	j.policy, err = c.policy(ctx, m, outlook)
	return j, err
}

// policy reads from the store what preflight verified: an attribute or list that is not there is never sent.
func (c *connection) policy(ctx context.Context, m *mapping.Mapper, outlook *Outlook) (policy, error) {
	r := policy{
		newContacts: c.cfg.NewContacts, onBrevoDeleted: c.cfg.OnBrevoDeleted, onUserMerged: c.cfg.OnUserMerged,
		attributes: map[string]mapping.Attribute{}, options: map[string][]string{}, lists: map[string]int64{},
	}
	if c.cfg.Pilot.Active() {
		r.pilot = map[string]bool{}
		for _, email := range c.cfg.Pilot.Emails {
			r.pilot[email] = true
		}
	}
	stored, err := c.store.Attributes(ctx)
	if err != nil {
		return r, fmt.Errorf("read attributes: %w", err)
	}
	there := map[string]store.Attribute{}
	for _, a := range append(stored, outlook.Attributes...) {
		there[a.Name] = a
	}
	for _, a := range m.Attributes() {
		if found, ok := there[a.Name]; ok && compatible(a.Type, found) && (found.Ours || a.Named || a.FillIfEmpty || owned[a.Name]) {
			r.attributes[a.Name] = a
			if len(found.Options) > 0 {
				r.options[a.Name] = found.Options
			}
		}
	}
	lists, err := c.store.Lists(ctx)
	if err != nil {
		return r, fmt.Errorf("read lists: %w", err)
	}
	for _, l := range append(lists, outlook.Lists...) {
		r.lists[l.Key] = l.ID
	}
	return r, nil
}

// owned are attributes that Brevo itself makes in every account and that belong to nobody until they are filled.
var owned = map[string]bool{attributePhone: true}

// rule decides for each claimed user. Rows about the same people in Brevo are read once for all of them.
func (j *judge) rule(ctx context.Context, claimed []store.Claimed) ([]ruling, error) {
	out := make([]ruling, len(claimed))
	if err := j.holdPhones(ctx, claimed); err != nil {
		return nil, err
	}
	var ids []int64
	var emails, phones []string
	for i := range claimed {
		out[i] = ruling{claimed: claimed[i], situation: j.wanted(&claimed[i])}
		s := &out[i].situation
		if s.had.BrevoID != 0 {
			ids = append(ids, s.had.BrevoID)
		}
		emails = append(emails, nonEmpty(s.had.Email, s.want.Email)...)
		if phone, ok := s.want.Attributes[attributePhone].(string); ok {
			phones = append(phones, phone)
		}
	}
	byID, err := j.store.BrevoByID(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read mirrored contacts: %w", err)
	}
	byEmail, err := j.store.BrevoByEmail(ctx, emails)
	if err != nil {
		return nil, fmt.Errorf("read mirrored contacts: %w", err)
	}
	for i := range out {
		out[i].situation.found = find(&out[i].situation, byID, byEmail)
	}
	if err := j.contestPhones(ctx, out, phones); err != nil {
		return nil, err
	}
	if err := j.succeed(ctx, out, byEmail); err != nil {
		return nil, err
	}
	if err := j.departures(ctx, out); err != nil {
		return nil, err
	}
	for i := range out {
		out[i].decision = j.policy.decide(out[i].situation)
	}
	return out, nil
}

func (j *judge) wanted(c *store.Claimed) situation {
	s := situation{}
	s.had, s.begun = begun(c.Delivery)
	if !c.Found {
		s.skip = "unknown"
		return s
	}
	if s.skip = j.mapper.Skip(c.Customer.User); s.skip != "" {
		return s
	}
	if s.skip = j.mapper.Reject(c.Customer.User); s.skip == "" {
		s.want = j.mapper.Map(c.Customer, j.ready)
	}
	return s
}

// find is the contact that belongs to a user: the one we delivered, wherever its address went; else the one that already
// has the wanted address.
func find(s *situation, byID map[int64]store.BrevoContact, byEmail map[string]store.BrevoContact) *store.BrevoContact {
	if found, ok := byID[s.had.BrevoID]; ok && s.had.BrevoID != 0 {
		return &found
	}
	for _, email := range nonEmpty(s.had.Email, s.want.Email) {
		if found, ok := byEmail[email]; ok {
			return &found
		}
	}
	return nil
}

// succeed handles addresses that passed from one Zendesk user to another, as after a merge or when somebody is made anew. The
// user who has the address now inherits what was delivered to its contact; whoever had it before leaves without
// touching it, and would start afresh.
func (j *judge) succeed(ctx context.Context, rulings []ruling, byEmail map[string]store.BrevoContact) error {
	var ids []int64
	var emails []string
	for i := range rulings {
		s := &rulings[i].situation
		if id := max(s.had.BrevoID, idOf(s.found)); id != 0 {
			ids = append(ids, id)
		}
		if !s.had.SentAt.IsZero() && s.skip != "" {
			emails = append(emails, s.had.Email)
		}
	}
	latest, err := j.store.DeliveriesByBrevoID(ctx, ids)
	if err != nil {
		return fmt.Errorf("read deliveries: %w", err)
	}
	holders, err := j.store.ActiveByEmail(ctx, emails)
	if err != nil {
		return fmt.Errorf("read holders of addresses: %w", err)
	}
	going, err := j.going(ctx, rulings, latest)
	if err != nil {
		return err
	}
	for i := range rulings {
		s := &rulings[i].situation
		me := s.had.UserID
		owner, owned := latest[max(s.had.BrevoID, idOf(s.found))]
		others := owned && owner.UserID != me
		holder, held := holders[s.had.Email]
		switch {
		case s.skip != "":
			s.succeeded = others || (held && holder != me)
		case others && s.had.SentAt.IsZero() && owner.Email == s.want.Email && going[owner.UserID]:
			s.found = nil // that contact goes to another address together with its person
		case others && s.had.SentAt.IsZero() && owner.Email == s.want.Email:
			s.had = inherit(owner, s.had)
		case others && !s.had.SentAt.IsZero() && owner.SentAt.After(s.had.SentAt):
			s.had = store.Delivery{UserID: me, Refused: store.OptOuts(s.had.Refused)}
			s.found = find(s, nil, byEmail)
		}
	}
	return nil
}

// inherit is what was delivered to one user's contact as it passes to another, who keeps what they opted out of.
func inherit(from, to store.Delivery) store.Delivery {
	consent := store.OptOuts(to.Refused)
	from.UserID, from.Refused = to.UserID, store.WithOptOuts(from.Refused, consent)
	return from
}

// going gives the users who have another address in Zendesk now, among those whose contact somebody new would come to.
func (j *judge) going(ctx context.Context, rulings []ruling, latest map[int64]store.Delivery) (map[int64]bool, error) {
	var users []int64
	for i := range rulings {
		s := &rulings[i].situation
		if owner, owned := latest[idOf(s.found)]; owned && owner.UserID != s.had.UserID && s.had.SentAt.IsZero() && owner.State == store.DeliverySent {
			users = append(users, owner.UserID)
		}
	}
	claimed, err := j.store.Peek(ctx, users)
	if err != nil {
		return nil, fmt.Errorf("read owners of contacts: %w", err)
	}
	out := map[int64]bool{}
	for i := range claimed {
		is := j.wanted(&claimed[i])
		out[is.had.UserID] = is.skip == "" && is.want.Email != is.had.Email
	}
	return out, nil
}

func nonEmpty(values ...string) []string {
	out := values[:0]
	for _, v := range values {
		if v != "" {
			out = append(out, v)
		}
	}
	return out
}
