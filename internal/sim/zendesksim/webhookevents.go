package zendesksim

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

// action is what its events have in common: one meta.sequence.id, and positions from 1.
type action struct {
	id       string
	position int
}

// asOne lets the changes until done is called belong to one action. The caller holds s.writing.
func (h *webhooks) asOne() (done func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.action = &action{id: h.ulid()}
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.action = nil
	}
}

// none reports whether nobody would hear of a change.
func (h *webhooks) none() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.hooks) == 0
}

// change is the event member of one event: its type without domain, and what it says.
type change struct {
	name string
	says map[string]any
}

func from(name string, previous, current any) change {
	return change{name, map[string]any{"previous": previous, "current": current}}
}

// emit sends the changes of one record to those who subscribed to them. noun is "ticket", "user" or "organization".
func (h *webhooks) emit(noun string, id int64, detail func() map[string]any, changes []change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.action
	if a == nil {
		a = &action{id: h.ulid()}
	}
	now := h.clock.Now().Format(time.RFC3339Nano)
	var about map[string]any
	for _, c := range changes {
		a.position++
		eventType := eventTypePrefix + noun + "." + c.name
		wanted := slices.ContainsFunc(h.hooks, func(k *hook) bool { return k.wants(eventType) })
		if !wanted {
			continue
		}
		if about == nil {
			about = detail()
		}
		says := map[string]any{"meta": map[string]any{"sequence": map[string]any{"id": a.id, "position": a.position}}}
		maps.Copy(says, c.says)
		body, err := json.Marshal(map[string]any{
			"type": eventType, "account_id": AccountID, "id": h.ulid(), "time": now, "zendesk_event_version": versions[noun],
			"subject": "zen:" + noun + ":" + number(id), "detail": about, "event": says,
		})
		if err != nil {
			panic("simulator: " + err.Error()) // strings, numbers and flags always encode
		}
		for _, k := range h.hooks {
			if k.wants(eventType) {
				h.invoke(k, eventType, body)
			}
		}
	}
}

// versions are the zendesk_event_version of each domain.
var versions = map[string]string{"ticket": "2022-11-06", "user": "2022-06-20", "organization": "2022-06-20"}

// number is an id as webhooks write it: a string, "0" for none.
func number(id int64) string { return strconv.FormatInt(id, 10) }

func ticketDetail(t *seed.Ticket) map[string]any {
	return map[string]any{
		"id": number(t.ID), "actor_id": number(t.SubmitterID), "assignee_id": number(t.AssigneeID), "brand_id": number(t.BrandID),
		"created_at": t.CreatedAt.Format(time.RFC3339), "custom_status": number(t.CustomStatusID), "description": t.Description,
		"external_id": t.ExternalID, "form_id": number(t.FormID), "group_id": number(t.GroupID), "is_public": true,
		"organization_id": number(t.OrganizationID), "priority": strings.ToUpper(t.Priority), "requester_id": number(t.RequesterID),
		"status": strings.ToUpper(t.Status), "subject": t.Subject, "submitter_id": number(t.SubmitterID), "tags": t.Tags,
		"type": strings.ToUpper(t.Type), "updated_at": t.UpdatedAt.Format(time.RFC3339), "via": map[string]any{"channel": t.Channel},
	}
}

func userDetail(u *seed.User) map[string]any {
	return map[string]any{
		"id": number(u.ID), "created_at": u.CreatedAt.Format(time.RFC3339), "email": u.Email, "external_id": u.ExternalID, "default_group_id": "0",
		"organization_id": number(u.OrganizationID), "role": u.Role, "updated_at": u.UpdatedAt.Format(time.RFC3339),
	}
}

func organizationDetail(o *seed.Organization) map[string]any {
	return map[string]any{
		"id": number(o.ID), "name": o.Name, "external_id": o.ExternalID, "group_id": "0", "shared_comments": false, "shared_tickets": false,
		"created_at": o.CreatedAt.Format(time.RFC3339), "updated_at": o.UpdatedAt.Format(time.RFC3339),
	}
}

// differences collects the changes of a row.
type differences []change

func (d *differences) add(name string, previous, current any) {
	if !reflect.DeepEqual(previous, current) {
		*d = append(*d, from(name, previous, current))
	}
}

func (d *differences) tags(was, is []string) {
	added, removed := without(is, was), without(was, is)
	if len(added)+len(removed) > 0 {
		*d = append(*d, change{"tags_changed", map[string]any{"tags_added": added, "tags_removed": removed}})
	}
}

func (d *differences) fields(was, is map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(is)) {
		if !reflect.DeepEqual(was[key], is[key]) {
			says := map[string]any{"field": map[string]any{"title": key}, "previous": was[key], "current": is[key]}
			*d = append(*d, change{"custom_field_changed", says})
		}
	}
}

// without returns the elements of a that are not in b, never nil.
func without(a, b []string) []string {
	return slices.DeleteFunc(append([]string{}, a...), func(s string) bool { return slices.Contains(b, s) })
}

// ticketChanged tells of a ticket that was (nil: it is new) and now is.
func (h *webhooks) ticketChanged(was, is *seed.Ticket) {
	if h.none() {
		return
	}
	if was == nil {
		h.emit("ticket", is.ID, func() map[string]any { return ticketDetail(is) }, []change{{name: "created"}})
	} else {
		h.emit("ticket", is.ID, func() map[string]any { return ticketDetail(is) }, ticketDifferences(was, is))
	}
	h.pull(was, is)
}

func ticketDifferences(was, is *seed.Ticket) (d differences) {
	up := strings.ToUpper
	switch {
	case is.Status == "deleted" && was.Status != "deleted":
		return differences{{name: "soft_deleted"}}
	case was.Status == "deleted" && is.Status != "deleted":
		d = append(d, change{name: "undeleted"})
	default:
		d.add("status_changed", up(was.Status), up(is.Status))
	}
	d.add("custom_status_changed", number(was.CustomStatusID), number(is.CustomStatusID))
	d.add("priority_changed", up(was.Priority), up(is.Priority))
	d.add("type_changed", up(was.Type), up(is.Type))
	d.add("subject_changed", was.Subject, is.Subject)
	d.add("description_changed", was.Description, is.Description)
	d.add("external_id_changed", was.ExternalID, is.ExternalID)
	for _, id := range []struct {
		name    string
		was, is int64
	}{
		{"requester_changed", was.RequesterID, is.RequesterID},
		{"submitter_changed", was.SubmitterID, is.SubmitterID},
		{"agent_assignment_changed", was.AssigneeID, is.AssigneeID},
		{"group_assignment_changed", was.GroupID, is.GroupID},
		{"organization_changed", was.OrganizationID, is.OrganizationID},
		{"brand_changed", was.BrandID, is.BrandID},
		{"form_changed", was.FormID, is.FormID},
		{"problem_link_changed", was.ProblemID, is.ProblemID},
	} {
		d.add(id.name, number(id.was), number(id.is))
	}
	d.tags(was.Tags, is.Tags)
	before := map[int64]any{}
	for _, f := range was.CustomFields {
		before[f.ID] = f.Value
	}
	for _, f := range is.CustomFields {
		if !reflect.DeepEqual(before[f.ID], f.Value) {
			says := map[string]any{"field": map[string]any{"id": number(f.ID)}, "previous": before[f.ID], "current": f.Value}
			d = append(d, change{"custom_field_changed", says})
		}
	}
	if !was.Metrics.LatestCommentAt.Equal(is.Metrics.LatestCommentAt) || was.Metrics.Added != is.Metrics.Added {
		says := map[string]any{"comment": map[string]any{"is_public": !is.Metrics.LatestInternal}}
		d = append(d, change{name: "comment_added", says: says})
	}
	return append(d, ratingChange(&was.Rating, &is.Rating)...)
}

func ratingChange(was, is *seed.Rating) []change {
	switch {
	case is.Rated() && (was.Score != is.Score || was.Stars != is.Stars || !was.UpdatedAt.Equal(is.UpdatedAt)):
		return []change{{"csat_received", map[string]any{"satisfaction_score": map[string]any{"score": strings.ToUpper(is.Score)}}}}
	case is.Score == "offered" && was.Score != "offered":
		return []change{{name: "csat_requested"}}
	}
	return nil
}

// userChanged tells of a user that was (nil: is new) and now is.
func (h *webhooks) userChanged(was, is *seed.User) {
	if h.none() {
		return
	}
	changes := []change{{name: "created"}}
	if was != nil {
		changes = userDifferences(was, is)
	}
	h.emit("user", is.ID, func() map[string]any { return userDetail(is) }, changes)
}

func userDifferences(was, is *seed.User) (d differences) {
	if is.DeletedForever && !was.DeletedForever {
		return differences{{name: "deleted"}}
	}
	d.add("active_changed", was.Active, is.Active)
	d.add("name_changed", was.Name, is.Name)
	d.add("external_id_changed", was.ExternalID, is.ExternalID)
	d.add("role_changed", was.Role, is.Role)
	d.add("suspended_changed", was.Suspended, is.Suspended)
	d.add("time_zone_changed", was.TimeZone, is.TimeZone)
	d.add("last_login_changed", was.LastLoginAt.Format(time.RFC3339), is.LastLoginAt.Format(time.RFC3339))
	d.tags(was.Tags, is.Tags)
	d.fields(was.Fields, is.Fields)
	before, after := identities(was), identities(is)
	for _, value := range without(after, before) {
		d = append(d, change{"identity_created", map[string]any{"identity": map[string]any{"value": value}}})
	}
	for _, value := range without(before, after) {
		d = append(d, change{"identity_deleted", map[string]any{"identity": map[string]any{"value": value}}})
	}
	if was.OrganizationID != is.OrganizationID {
		d.member("organization_membership_deleted", was.OrganizationID)
		d.member("organization_membership_created", is.OrganizationID)
	}
	return d
}

func (d *differences) member(name string, organization int64) {
	if organization != 0 {
		*d = append(*d, change{name, map[string]any{"organization": map[string]any{"id": number(organization)}}})
	}
}

func identities(u *seed.User) []string {
	all := append([]string{u.Email, u.Phone}, u.OtherEmails...)
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// usersMerged tells that loser is now part of winner. The vendor documents the event and not its members: the subject is
// the user that is no more, and the event names the other one.
func (h *webhooks) usersMerged(winner int64, loser *seed.User) {
	says := map[string]any{"user": map[string]any{"id": number(winner)}}
	h.emit("user", loser.ID, func() map[string]any { return userDetail(loser) }, []change{{"merged", says}})
}

// organizationChanged tells of an organization that was (nil: is new) and now is.
func (h *webhooks) organizationChanged(was, is *seed.Organization) {
	d := differences{{name: "created"}}
	if was != nil {
		d = organizationDifferences(was, is)
	}
	h.emit("organization", is.ID, func() map[string]any { return organizationDetail(is) }, d)
}

func organizationDifferences(was, is *seed.Organization) (d differences) {
	if was.DeletedAt.IsZero() && !is.DeletedAt.IsZero() {
		return differences{{name: "deleted"}}
	}
	d.add("name_changed", was.Name, is.Name)
	d.add("external_id_changed", was.ExternalID, is.ExternalID)
	d.tags(was.Tags, is.Tags)
	d.fields(was.Fields, is.Fields)
	return d
}
