package seed

var viaChannels = [...]string{"email", "email", "email", "web", "web", "api", "mobile", "chat", "voice", "native_messaging", "whatsapp", "system", "rule"}

var closedStatuses = [...]string{"closed", "closed", "closed", "closed", "closed", "closed", "closed", "solved"}

var recentStatuses = [...]string{"open", "open", "open", "pending", "pending", "new", "hold", "solved", "solved", "solved", "closed"}

var ticketTags = [...][]string{nil, {"billing"}, {"shipping", "delayed"}, {"app", "priority_queue"}, {"api", "enterprise", "très_important"}}

// ticket makes the ticket with index i.
func (a *Account) ticket(i int, t *Ticket) {
	k, ts, r := ticketKindAt(i), a.ticketTimes(i), a.random(8, uint64(i))
	requester, requesterID, org := a.requester(&r, k), int64(0), int64(0)
	if requester >= 0 {
		requesterID = firstUserID + int64(requester)*idStep
		ur := a.random(4, uint64(requester))
		org = a.userOrganization(&ur, kindAt(requester))
	}
	status := closedStatuses[r.below(len(closedStatuses))]
	if a.end-ts.created < 60*86400 {
		status = recentStatuses[r.below(len(recentStatuses))]
	}
	*t = Ticket{
		ID: int64(i) + 1, Channel: viaChannels[r.below(len(viaChannels))], Type: [...]string{"", "question", "incident", "task", "problem"}[r.below(3)],
		Subject: subjects[r.below(len(subjects))], Description: a.text.description(&r),
		Priority: [...]string{"", "low", "normal", "normal", "high", "urgent"}[r.below(6)], Status: status,
		RequesterID: requesterID, SubmitterID: requesterID, OrganizationID: org, GroupID: firstGroupID + int64(r.below(4))*13,
		BrandID: BrandID, FormID: FormID, Tags: ticketTags[r.below(len(ticketTags))],
		CreatedAt: unix(ts.created), UpdatedAt: unix(ts.updated), GeneratedTimestamp: ts.generated,
		Rating: Rating{Score: "unoffered"},
	}
	if a.Size.Users > slotAgent {
		t.AssigneeID = firstUserID + int64(r.below((a.Size.Users-slotAgent-1)/kindBlock+1)*kindBlock+slotAgent)*idStep
	}
	a.shape(t, k, i, &r)
	t.FromMessaging = t.Channel == "native_messaging" || t.Channel == "whatsapp"
	if t.CustomStatusID == 0 {
		t.CustomStatusID = a.CustomStatusFor(t.Status)
	}
	t.Archived = t.Status == "closed" && a.end-ts.updated > 120*86400
	t.CustomFields = a.ticketFieldValues(t, &r, i)
	a.rate(t, k, &r, i)
	a.metrics(t, k, &r)
}

// shape turns an ordinary ticket into one of its kind.
func (a *Account) shape(t *Ticket, k TicketKind, i int, r *random) {
	switch k {
	case DeletedTicket:
		t.Status, t.Subject, t.Description, t.Tags = "deleted", "SCRUBBED", "SCRUBBED", nil
	case MergedTicket:
		t.Status, t.Tags = "closed", []string{"closed_by_merge"}
	case MessagingTicket:
		t.Channel = "native_messaging"
	case VoiceTicket:
		t.Channel, t.ViaRel = "voice", "inbound"
	case ChatTicket:
		t.Channel = "chat"
	case UnknownChannel:
		t.Channel = "quantum_fax"
	case SampleTicket:
		t.Channel = "sample_ticket"
	case CustomStatusTicket:
		t.Status, t.CustomStatusID = "open", a.CustomStatuses[5].ID
	case BareTicket:
		t.Type, t.Priority, t.AssigneeID, t.GroupID, t.OrganizationID = "", "", 0, 0, 0
	case NoSubject:
		t.Subject = ""
	case OtherOrganization:
		if n := a.Size.Organizations; n > 0 {
			t.OrganizationID = firstOrganizationID + int64(r.below(n))*idStep
		}
	case Followup:
		t.Channel, t.ViaRel, t.FollowupIDs = "web", "follow_up", nil
	case ProblemTicket:
		t.Type, t.HasIncidents = "problem", true
	case IncidentTicket:
		t.Type, t.ProblemID = "incident", int64(i)
	case NewTicket:
		t.Status, t.AssigneeID = "new", 0
	case HeldTicket:
		t.Status = "hold"
	case UrgentTicket:
		t.Priority = "urgent"
	case TaskTicket:
		t.Type, t.DueAt = "task", unix(t.CreatedAt.Unix()+7*86400)
	case ReopenedTicket:
		t.Status = "open"
	case OfferedTicket, GoodTicket, BadTicket, ChangedRating:
		if t.Status != "closed" {
			t.Status = "solved"
		}
	}
}

// rate gives one settled ticket in five a score, and offers the survey on as many more.
func (a *Account) rate(t *Ticket, k TicketKind, r *random, i int) {
	score := "unoffered"
	if t.Status == "solved" || t.Status == "closed" {
		switch n := r.below(100); {
		case n < 15:
			score = "good"
		case n < 21:
			score = "bad"
		case n < 40:
			score = "offered"
		}
	}
	switch k {
	case OfferedTicket:
		score = "offered"
	case GoodTicket, ChangedRating:
		score = "good"
	case BadTicket:
		score = "bad"
	case MergedTicket, DeletedTicket:
		score = "unoffered"
	}
	t.Rating = Rating{Score: score}
	if score == "unoffered" {
		return
	}
	at := t.CreatedAt.Unix() + (t.UpdatedAt.Unix()-t.CreatedAt.Unix())*9/10
	t.Rating.ID, t.Rating.CreatedAt, t.Rating.UpdatedAt = firstRatingID+int64(i)*3, unix(at), unix(at)
	if score == "offered" {
		return
	}
	t.Rating.Comment = ratingComments[r.below(len(ratingComments))]
	t.Rating.Stars = 4 + r.below(2)
	if score == "bad" {
		t.Rating.Stars = 1 + r.below(3)
		t.Rating.Reason, t.Rating.ReasonID = "The issue took too long to resolve", 100
	}
	if k == ChangedRating {
		t.Rating.UpdatedAt = t.UpdatedAt
	}
}

var (
	areaValues  = [...]any{nil, "area_billing", "area_shipping", "area_app", "area_api"}
	causeValues = [...]any{nil, nil, []string{"cause_carrier"}, []string{"cause_bug", "cause_user"}}
)

// ticketFieldValues lists every custom field of the account, as Zendesk does, most of them null.
func (a *Account) ticketFieldValues(t *Ticket, r *random, i int) []FieldValue {
	defs := a.TicketFields[customTicketFields:]
	v := make([]FieldValue, len(defs))
	for j := range defs {
		v[j].ID = defs[j].ID
	}
	v[5].Value = false
	if t.Status == "deleted" {
		return v
	}
	v[0].Value = areaValues[r.below(len(areaValues))]
	if r.chance(40) {
		v[1].Value = "SO-" + pad(i, 7)
	}
	if r.chance(15) {
		v[2].Value = itoa(r.below(900)) + ".5"
	}
	v[3].Value = causeValues[r.below(len(causeValues))]
	if r.chance(20) {
		v[4].Value = t.CreatedAt.Format("2006-01-02")
	}
	if r.chance(5) {
		v[5].Value = true
	}
	if r.chance(10) {
		v[6].Value = itoa(1 + r.below(40))
	}
	return v
}

// metrics gives the ticket a history that fits its status.
func (a *Account) metrics(t *Ticket, k TicketKind, r *random) {
	c, u := t.CreatedAt.Unix(), t.UpdatedAt.Unix()
	minutes := int((u - c) / 60)
	m := MetricSet{
		ID: t.ID + 5_000_000_000, Replies: r.below(9), AssigneeStations: 1 + r.below(3), GroupStations: 1,
		FirstReplyMinutes: min(minutes, 5+r.below(600)), AgentWait: minutes / 3, RequesterWait: minutes / 2, OnHold: minutes / 10,
		AssignedAt: unix(c + 30), InitiallyAssignedAt: unix(c + 30), StatusUpdatedAt: t.UpdatedAt, LatestCommentAt: t.UpdatedAt,
	}
	if r.chance(6) {
		m.Reopens = 1 + r.below(2)
	}
	switch k {
	case ReopenedTicket:
		m.Reopens = 3
	case NewTicket:
		m.Reopens = 0
	}
	if t.Status == "solved" || t.Status == "closed" {
		m.SolvedAt = unix(c + (u-c)*8/10)
		m.FirstResolution, m.FullResolution = minutes*7/10, minutes*8/10
	}
	t.Metrics = m
}
