package zendesksim

import (
	"strconv"

	"zendesk-brevo/internal/sim/seed"
)

// ticketShape says what a rendered ticket carries beyond its own columns.
type ticketShape struct {
	export       bool // generated_timestamp, which single reads and lists lack
	metrics      bool // include=metric_sets
	commentCount bool
	rating       CSAT
}

func (s *Server) appendTicket(b []byte, t *seed.Ticket, sh ticketShape) []byte {
	b = append(b, `{"url":"`...)
	b = append(append(b, s.base...), "/api/v2/tickets/"...)
	b = append(strconv.AppendInt(b, t.ID, 10), ".json\""...)
	b = appendInt(b, `,"id":`, t.ID)
	b = appendTextOrNull(b, `,"external_id":`, t.ExternalID)
	b = appendVia(b, t)
	b = appendTime(b, `,"created_at":`, t.CreatedAt)
	b = appendTime(b, `,"updated_at":`, t.UpdatedAt)
	if sh.export {
		b = appendInt(b, `,"generated_timestamp":`, t.GeneratedTimestamp)
	}
	b = appendTextOrNull(b, `,"type":`, t.Type)
	b = appendTextOrNull(b, `,"subject":`, t.Subject)
	b = appendTextOrNull(b, `,"raw_subject":`, t.Subject)
	b = appendText(b, `,"description":`, t.Description)
	b = appendTextOrNull(b, `,"priority":`, t.Priority)
	b = appendText(b, `,"status":`, t.Status)
	b = appendTextOrNull(b, `,"recipient":`, "")
	b = appendID(b, `,"requester_id":`, t.RequesterID)
	b = appendID(b, `,"submitter_id":`, t.SubmitterID)
	b = appendID(b, `,"assignee_id":`, t.AssigneeID)
	b = appendID(b, `,"organization_id":`, t.OrganizationID)
	b = appendID(b, `,"group_id":`, t.GroupID)
	b = append(b, `,"collaborator_ids":[],"follower_ids":[]`...)
	b = appendIDs(b, `,"email_cc_ids":`, t.EmailCCIDs)
	b = append(b, `,"forum_topic_id":null`...)
	b = appendID(b, `,"problem_id":`, t.ProblemID)
	b = appendBool(b, `,"has_incidents":`, t.HasIncidents)
	b = append(b, `,"is_public":true`...)
	b = appendTime(b, `,"due_at":`, t.DueAt)
	b = appendStrings(b, `,"tags":`, t.Tags)
	b = appendFieldValues(b, `,"custom_fields":`, t.CustomFields)
	b = appendTicketRating(b, t, sh.rating)
	b = append(b, `,"sharing_agreement_ids":[]`...)
	b = appendID(b, `,"custom_status_id":`, t.CustomStatusID)
	b = append(b, `,"encoded_id":"`...)
	b = append(strconv.AppendInt(append(b, 'Q'), t.ID*7919, 36), '"')
	b = appendFieldValues(b, `,"fields":`, t.CustomFields)
	b = appendIDs(b, `,"followup_ids":`, t.FollowupIDs)
	b = appendID(b, `,"ticket_form_id":`, t.FormID)
	b = appendID(b, `,"brand_id":`, t.BrandID)
	b = append(b, `,"allow_channelback":false,"allow_attachments":true`...)
	b = appendBool(b, `,"from_messaging_channel":`, t.FromMessaging)
	if sh.metrics {
		b = append(b, `,"metric_set":`...)
		b = s.appendMetricSet(b, t)
	}
	if sh.commentCount {
		b = appendInt(b, `,"comment_count":`, int64(max(t.Metrics.Replies+1, len(s.talk.of(t)))))
	}
	return append(b, '}')
}

func appendVia(b []byte, t *seed.Ticket) []byte {
	b = appendText(b, `,"via":{"channel":`, t.Channel)
	b = appendTextOrNull(b, `,"source":{"from":{},"to":{},"rel":`, t.ViaRel)
	return append(b, '}', '}')
}

func appendFieldValues(b []byte, key string, values []seed.FieldValue) []byte {
	b = append(append(b, key...), '[')
	for i := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendInt(b, `{"id":`, values[i].ID)
		b = append(b, `,"value":`...)
		b = append(appendValue(b, values[i].Value), '}')
	}
	return append(b, ']')
}

// appendTicketRating writes the inline rating. It is there under both survey systems: the new one is converted down to
// good and bad. An account without any survey shows null.
func appendTicketRating(b []byte, t *seed.Ticket, system CSAT) []byte {
	switch {
	case system == NoCSAT:
		return append(b, `,"satisfaction_rating":null`...)
	case !t.Rating.Rated():
		return append(appendText(b, `,"satisfaction_rating":{"score":`, t.Rating.Score), '}')
	}
	b = appendText(b, `,"satisfaction_rating":{"score":`, t.Rating.Score)
	b = appendInt(b, `,"id":`, t.Rating.ID)
	b = appendTextOrNull(b, `,"comment":`, t.Rating.Comment)
	b = appendTextOrNull(b, `,"reason":`, t.Rating.Reason)
	return append(appendID(b, `,"reason_id":`, t.Rating.ReasonID), '}')
}

func (s *Server) appendMetricSet(b []byte, t *seed.Ticket) []byte {
	m := &t.Metrics
	b = append(b, `{"url":"`...)
	b = append(append(b, s.base...), "/api/v2/ticket_metrics/"...)
	b = append(strconv.AppendInt(b, m.ID, 10), ".json\""...)
	b = appendInt(b, `,"id":`, m.ID)
	b = appendInt(b, `,"ticket_id":`, t.ID)
	b = appendTime(b, `,"created_at":`, t.CreatedAt)
	b = appendTime(b, `,"updated_at":`, t.UpdatedAt)
	b = appendInt(b, `,"group_stations":`, int64(m.GroupStations))
	b = appendInt(b, `,"assignee_stations":`, int64(m.AssigneeStations))
	b = appendInt(b, `,"reopens":`, int64(m.Reopens))
	b = appendInt(b, `,"replies":`, int64(m.Replies))
	b = appendTime(b, `,"assignee_updated_at":`, m.AssignedAt)
	b = appendTime(b, `,"requester_updated_at":`, m.LatestCommentAt)
	b = appendTime(b, `,"status_updated_at":`, m.StatusUpdatedAt)
	b = appendTime(b, `,"initially_assigned_at":`, m.InitiallyAssignedAt)
	b = appendTime(b, `,"assigned_at":`, m.AssignedAt)
	b = appendTime(b, `,"solved_at":`, m.SolvedAt)
	b = appendTime(b, `,"latest_comment_added_at":`, m.LatestCommentAt)
	solved := !m.SolvedAt.IsZero()
	b = appendMinutes(b, `,"reply_time_in_minutes":`, m.FirstReplyMinutes, true)
	b = appendMinutes(b, `,"first_resolution_time_in_minutes":`, m.FirstResolution, solved)
	b = appendMinutes(b, `,"full_resolution_time_in_minutes":`, m.FullResolution, solved)
	b = appendMinutes(b, `,"agent_wait_time_in_minutes":`, m.AgentWait, solved)
	b = appendMinutes(b, `,"requester_wait_time_in_minutes":`, m.RequesterWait, solved)
	b = appendMinutes(b, `,"on_hold_time_in_minutes":`, m.OnHold, true)
	return append(appendTime(b, `,"custom_status_updated_at":`, m.StatusUpdatedAt), '}')
}

// appendMinutes writes both counts of a duration; until there is one, both are null.
func appendMinutes(b []byte, key string, minutes int, known bool) []byte {
	b = append(b, key...)
	if !known {
		return append(b, `{"calendar":null,"business":null}`...)
	}
	b = appendInt(b, `{"calendar":`, int64(minutes))
	return append(appendInt(b, `,"business":`, int64(minutes*2/5)), '}')
}

func (s *Server) appendRating(b []byte, t *seed.Ticket) []byte {
	r := &t.Rating
	b = append(b, `{"url":"`...)
	b = append(append(b, s.base...), "/api/v2/satisfaction_ratings/"...)
	b = append(strconv.AppendInt(b, r.ID, 10), ".json\""...)
	b = appendInt(b, `,"id":`, r.ID)
	b = appendID(b, `,"assignee_id":`, t.AssigneeID)
	b = appendID(b, `,"group_id":`, t.GroupID)
	b = appendID(b, `,"requester_id":`, t.RequesterID)
	b = appendInt(b, `,"ticket_id":`, t.ID)
	b = appendText(b, `,"score":`, r.Score)
	b = appendTime(b, `,"created_at":`, r.CreatedAt)
	b = appendTime(b, `,"updated_at":`, r.UpdatedAt)
	b = appendTextOrNull(b, `,"comment":`, r.Comment)
	b = appendTextOrNull(b, `,"reason":`, r.Reason)
	b = appendID(b, `,"reason_id":`, r.ReasonID)
	return append(appendID(b, `,"reason_code":`, r.ReasonID), '}')
}
