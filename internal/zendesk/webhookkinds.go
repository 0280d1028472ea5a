package zendesk

import (
	"slices"
	"strings"
)

// EventKind says which record an event is about.
type EventKind string

// The kinds. An event is ignored when nothing that this product keeps can have changed.
const (
	KindTicket       EventKind = "ticket"
	KindUser         EventKind = "user"
	KindOrganization EventKind = "organization"
	KindArticle      EventKind = "article"
	KindIgnored      EventKind = "ignored"
)

const (
	eventPrefix = "zen:event-type:"
	// Zendesk's own page on user events writes some of its types with a slash.
	// https://developer.zendesk.com/api-reference/webhooks/event-types/user-events/
	eventPrefixSlash = "zen:event-type/"
)

// subjects are the domains of event types whose events have a kind.
var subjects = map[string]EventKind{
	"ticket": KindTicket, "user": KindUser, "organization": KindOrganization, "article": KindArticle,
}

// documented lists the event types by domain, those that can change what this product keeps before those that cannot.
// https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/
var documented = []struct {
	domain          string
	wanted, ignored []string
}{
	{
		"ticket",
		words(`agent_assignment_changed brand_changed comment_added created csat_received csat_requested custom_field_changed
			custom_status_changed external_id_changed form_changed group_assignment_changed marked_as_spam merged organization_changed
			permanently_deleted priority_changed requester_changed soft_deleted status_changed submitter_changed tags_changed type_changed
			undeleted`),
		words(`attachment_linked_to_comment attachment_redacted_from_comment comment_made_private comment_redacted description_changed
			email_ccs_changed followers_changed next_sla_breach_changed ola_policy_changed problem_link_changed schedule_changed
			sla_policy_changed subject_changed task_due_at_changed`),
	},
	{
		"user",
		words(`active_changed created custom_field_changed deleted details_changed external_id_changed identity_changed
			identity_created identity_deleted last_login_changed merged name_changed organization_membership_created
			organization_membership_deleted role_changed suspended_changed tags_changed time_zone_changed`),
		words(`alias_changed custom_role_changed default_group_changed group_membership_created group_membership_deleted notes_changed
			only_private_comments_changed password_changed photo_changed`),
	},
	{"organization", words(`created custom_field_changed deleted external_id_changed name_changed tags_changed`), nil},
	{
		"article",
		words(`comment_created comment_published subscription_created vote_changed vote_created vote_removed`),
		words(`author_changed comment_changed comment_unpublished published unpublished`),
	},
	{"messaging_ticket", nil, words(`message_added`)},
}

func words(text string) []string { return strings.Fields(text) }

// kinds are the kinds of all documented event types.
var kinds = func() map[string]EventKind {
	out := map[string]EventKind{}
	for _, d := range documented {
		for _, name := range d.wanted {
			out[d.domain+"."+name] = subjects[d.domain]
		}
		for _, name := range d.ignored {
			out[d.domain+"."+name] = KindIgnored
		}
	}
	return out
}()

// KindOf returns the kind of an event type, with or without "zen:event-type:". An unknown type is ignored: Zendesk adds
// some, and the next sync brings what they changed.
func KindOf(eventType string) EventKind {
	if kind, ok := kinds[bareType(eventType)]; ok {
		return kind
	}
	return KindIgnored
}

// unheard are events that a receiver understands and a webhook of ours does not ask for: what they tell of changes nothing that is
// kept, or another event tells it too, and each costs a request that people and other apps could use. Logins alone may be
// many a minute.
var unheard = words(`ticket.agent_assignment_changed ticket.brand_changed ticket.comment_added ticket.csat_requested
	ticket.external_id_changed ticket.form_changed ticket.group_assignment_changed ticket.submitter_changed ticket.type_changed
	user.details_changed user.last_login_changed`)

// Subscriptions are the event types that a webhook of this product asks for: those of tickets and users that can change a
// contact or cause an action. Organizations and articles are left to the schedule.
func Subscriptions() []string {
	return slices.DeleteFunc(EventTypes(KindTicket, KindUser), func(eventType string) bool {
		return slices.Contains(unheard, bareType(eventType))
	})
}

func bareType(eventType string) string {
	return strings.TrimPrefix(strings.TrimPrefix(eventType, eventPrefix), eventPrefixSlash)
}

// EventTypes lists the event types of the given kinds, as a webhook's subscriptions name them, in a fixed order.
func EventTypes(of ...EventKind) []string {
	var out []string
	for _, kind := range of {
		for _, d := range documented {
			names := d.ignored
			if kind != KindIgnored {
				names = d.wanted
			}
			for _, name := range names {
				if kinds[d.domain+"."+name] == kind {
					out = append(out, eventPrefix+d.domain+"."+name)
				}
			}
		}
	}
	return out
}
