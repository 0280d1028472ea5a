package seed

// TicketKind names an awkward sort of ticket. Tickets repeat in blocks of 100, one of each kind first.
type TicketKind string

// The kinds of tickets, in the order in which they stand in a block.
const (
	DeletedTicket      TicketKind = "deleted" // status deleted, text scrubbed
	MergedTicket       TicketKind = "merged"  // closed, tag closed_by_merge
	MessagingTicket    TicketKind = "native_messaging"
	VoiceTicket        TicketKind = "voice"
	ChatTicket         TicketKind = "chat"
	UnknownChannel     TicketKind = "unknown-channel"
	CustomStatusTicket TicketKind = "custom-status" // open, but "Waiting for engineering"
	BareTicket         TicketKind = "bare"          // priority, type, assignee, group null
	SystemUpdated      TicketKind = "system-update" // generated_timestamp days after updated_at
	ReopenedTicket     TicketKind = "reopened"      // several times
	NoSubject          TicketKind = "no-subject"
	AgentRequester     TicketKind = "agent-requester"
	OtherOrganization  TicketKind = "other-organization" // not the requester's default one
	Followup           TicketKind = "followup"           // via closed_ticket
	OfferedTicket      TicketKind = "rating-offered"
	GoodTicket         TicketKind = "rating-good"
	BadTicket          TicketKind = "rating-bad"
	ChangedRating      TicketKind = "rating-changed" // good, after it had been bad
	ProblemTicket      TicketKind = "problem"
	IncidentTicket     TicketKind = "incident" // of the problem before it
	NewTicket          TicketKind = "new"
	HeldTicket         TicketKind = "hold"
	UrgentTicket       TicketKind = "urgent"
	SampleTicket       TicketKind = "sample_ticket"
	TaskTicket         TicketKind = "task" // has due_at
	OldUpdate          TicketKind = "old-update"
	OrdinaryTicket     TicketKind = "ordinary"
)

var ticketKinds = [...]TicketKind{
	DeletedTicket, MergedTicket, MessagingTicket, VoiceTicket, ChatTicket, UnknownChannel, CustomStatusTicket, BareTicket,
	SystemUpdated, ReopenedTicket, NoSubject, AgentRequester, OtherOrganization, Followup, OfferedTicket, GoodTicket,
	BadTicket, ChangedRating, ProblemTicket, IncidentTicket, NewTicket, HeldTicket, UrgentTicket, SampleTicket, TaskTicket,
	OldUpdate,
}

const ticketBlock = 100

func ticketKindAt(i int) TicketKind {
	if s := i % ticketBlock; s < len(ticketKinds) {
		return ticketKinds[s]
	}
	return OrdinaryTicket
}

// TicketKindOf returns the kind of a ticket as the seed made it.
func (a *Account) TicketKindOf(id int64) TicketKind {
	if i, ok := a.Tickets.index(id); ok {
		return ticketKindAt(i)
	}
	return OrdinaryTicket
}

// TicketsOf returns the ids of the tickets of one kind, ascending.
func (a *Account) TicketsOf(k TicketKind) []int64 {
	var ids []int64
	for i := range a.Size.Tickets {
		if ticketKindAt(i) == k {
			ids = append(ids, a.Tickets.idAt(i))
		}
	}
	return ids
}

// ticketTimes gives a ticket up to 20 days of life; some move once more long after, by a system update.
func (a *Account) ticketTimes(i int) times {
	r := a.random(7, uint64(i))
	k := ticketKindAt(i)
	created := a.spread(&r, i, a.Size.Tickets)
	left := max(a.end-created, 2)
	updated := created + 60 + int64(r.below(int(min(left, 20*86400))))
	updated = max(min(updated, a.end-1), created)
	generated := updated
	if r.chance(8) || k == SystemUpdated || k == OldUpdate {
		generated += 1 + int64(r.below(int(max(a.end-updated, 1))))
	}
	return times{created: created, updated: updated, generated: min(generated, a.end)}
}

// requester picks who asked: an end user, with a tail of people who ask often.
func (a *Account) requester(r *random, k TicketKind) (index int) {
	n := a.Size.Users
	if n == 0 {
		return -1
	}
	if k == AgentRequester && n > slotAgent {
		return r.below((n-slotAgent-1)/kindBlock+1)*kindBlock + slotAgent
	}
	i := r.below(n)
	if r.chance(25) {
		i = r.below(max(n/20, 1))
	}
	switch s := i % kindBlock; {
	case s == slotLoser && i+1 < n:
		return i + 1 // tickets of a merged user point to the winner
	case s <= 2 && n > 3:
		return i - s + min(3, n-1-(i-s)) // the team rarely asks itself
	}
	return i
}
