package zendesk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/zendesk"
)

// envelope is an event as a subscription sends it; a ticket's when subject names one.
func envelopeOf(eventType, subject, detail, event string) string {
	return fmt.Sprintf(`{"type":"zen:event-type:%s","account_id":12514403,"id":"2b24ef10-19d4-4740-93cf-8f98ec4776c0",
		"time":"2026-05-04T11:59:58.254571515Z","zendesk_event_version":"2022-11-06","subject":%q,"detail":%s,"event":%s}`,
		eventType, subject, detail, event)
}

const ticketDetail = `{"id":"141","actor_id":"9","requester_id":"7","organization_id":"0","status":"OPEN","priority":"URGENT",
	"subject":"I, Ada, cannot log in","description":"ada@example.com","tags":["a"],"via":{"channel":"web"}}`

func TestParseEnvelope(t *testing.T) {
	at := time.Date(2026, 5, 4, 11, 59, 58, 254571515, time.UTC)
	base := zendesk.Event{ID: "2b24ef10-19d4-4740-93cf-8f98ec4776c0", OccurredAt: at, AccountID: 12514403}
	tests := map[string]struct {
		body string
		want func(e *zendesk.Event)
	}{
		"status": {
			envelopeOf("ticket.status_changed", "zen:ticket:141", ticketDetail,
				`{"current":"SOLVED","previous":"OPEN","meta":{"sequence":{"id":"35D52F7D44640033","position":1}}}`),
			func(e *zendesk.Event) {
				e.Type, e.Kind, e.TicketID, e.UserID, e.Status = "ticket.status_changed", zendesk.KindTicket, 141, 7, "open"
				e.Previous, e.Current, e.Sequence, e.Position = "open", "solved", "35D52F7D44640033", 1
			},
		},
		"no text of a subject": {
			envelopeOf("ticket.requester_changed", "zen:ticket:141", ticketDetail, `{"current":"Ada","previous":"Bob"}`),
			func(e *zendesk.Event) {
				e.Type, e.Kind, e.TicketID, e.UserID, e.Status = "ticket.requester_changed", zendesk.KindTicket, 141, 7, "open"
			},
		},
		"rating": {
			envelopeOf("ticket.csat_received", "zen:ticket:141", ticketDetail, `{"satisfaction_score":{"score":"BAD","comment":"Ada is cross"}}`),
			func(e *zendesk.Event) {
				e.Type, e.Kind, e.TicketID, e.UserID, e.Status, e.Current = "ticket.csat_received", zendesk.KindTicket, 141, 7, "open", "bad"
			},
		},
		"ids as numbers, no subject": {
			envelopeOf("ticket.tags_changed", "", `{"id":141,"requester_id":7,"organization_id":5}`, `{}`),
			func(e *zendesk.Event) {
				e.Type, e.Kind, e.TicketID, e.UserID, e.OrganizationID = "ticket.tags_changed", zendesk.KindTicket, 141, 7, 5
			},
		},
		"user": {
			envelopeOf("user.active_changed", "zen:user:6596848315901",
				`{"id":"6596848315901","email":"ada@example.com","default_group_id":"0","organization_id":"","role":"end-user"}`,
				`{"current":false,"previous":true}`),
			func(e *zendesk.Event) {
				e.Type, e.Kind, e.UserID = "user.active_changed", zendesk.KindUser, 6596848315901
				e.Previous, e.Current = "true", "false"
			},
		},
		"merge": {
			strings.Replace(envelopeOf("user.merged", "zen:user:8", `{"id":"8"}`, `{"user":{"id":"9","email":"ada@example.com"}}`), "type:user", "type/user", 1),
			func(e *zendesk.Event) {
				e.Type, e.Kind, e.UserID, e.MergedWithID = "user.merged", zendesk.KindUser, 8, 9
			},
		},
		"organization": {
			envelopeOf("organization.name_changed", "zen:organization:5", `{"id":"5","name":"Ada & Sons"}`, `{"current":"Ada & Sons"}`),
			func(e *zendesk.Event) {
				e.Type, e.Kind, e.OrganizationID = "organization.name_changed", zendesk.KindOrganization, 5
			},
		},
		"article": {
			envelopeOf("article.vote_created", "zen:article:33", `{"id":"33","brand_id":"1","user_id":"7"}`, `{"value":1}`),
			func(e *zendesk.Event) {
				e.Type, e.Kind, e.ArticleID, e.UserID = "article.vote_created", zendesk.KindArticle, 33, 7
			},
		},
		"system user": {
			envelopeOf("article.vote_created", "zen:article:33", `{"id":"33","user_id":"-1"}`, `{}`),
			func(e *zendesk.Event) {
				e.Type, e.Kind, e.ArticleID = "article.vote_created", zendesk.KindArticle, 33
			},
		},
		"unknown type": {
			envelopeOf("ticket.sung_to", "zen:ticket:141", `[1]`, `"x"`),
			func(e *zendesk.Event) { e.Type, e.Kind = "ticket.sung_to", zendesk.KindIgnored },
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			want := base
			test.want(&want)
			got, err := zendesk.ParseEvent([]byte(test.body))
			require.NoError(t, err)
			assert.Equal(t, want, got)
			assert.NotContains(t, strings.ToLower(fmt.Sprintf("%+v", got)), "ada", "no personal data")
		})
	}
}

func TestParseTriggerBody(t *testing.T) {
	got, err := zendesk.ParseEvent([]byte(`{"type":"ticket.solved","ticket_id":"141","user_id":7,"title":"Ada","occurred_at":"04/05/2026"}`))
	require.NoError(t, err)
	assert.Equal(t, zendesk.Event{Type: "ticket.solved", Kind: zendesk.KindTicket, TicketID: 141, UserID: 7, Trigger: true}, got)
	for _, name := range zendesk.TriggerTypes {
		got, err := zendesk.ParseEvent([]byte(`{"type":"` + name + `","ticket_id":"1","user_id":"2","occurred_at":"2026-05-04T14:00:00+02:00"}`))
		require.NoError(t, err, name)
		want := zendesk.KindTicket
		if strings.HasPrefix(name, "user.") {
			want = zendesk.KindUser
		}
		assert.Equal(t, want, got.Kind, name)
		assert.Equal(t, noon, got.OccurredAt, name)
	}
	assert.Len(t, zendesk.TriggerTypes, 10)
	body := strings.NewReplacer("{{ticket.id}}", "141", "{{ticket.requester.id}}", "7").Replace(zendesk.TriggerBody("ticket.updated"))
	got, err = zendesk.ParseEvent([]byte(body))
	require.NoError(t, err)
	assert.Equal(t, zendesk.Event{Type: "ticket.updated", Kind: zendesk.KindTicket, TicketID: 141, UserID: 7, Trigger: true}, got)
}

func TestTheOtherUserOfAMergeIsFoundUnderAnyName(t *testing.T) {
	for event, want := range map[string]int64{
		`{"merged_into_id":"9"}`: 9, `{"current":{"user_id":"9"}}`: 9, `{"winner":{"id":9},"meta":{"id":5}}`: 9, `{"target":9,"source":8}`: 9,
		`{"actor_id":5,"merged_into_id":"9"}`: 9, `{"previous":{"id":"8"},"current":{"id":"9"}}`: 9, `{"into":"9","email":"ada@example.com"}`: 9,
		`{"actor_id":5}`: 0, `{"meta":{"id":5}}`: 0, `{"a":8}`: 0, `{"one":3,"another":4}`: 0, `{"at":"-9"}`: 0, `{}`: 0,
	} {
		e, err := zendesk.ParseEvent([]byte(envelopeOf("user.merged", "zen:user:8", `{"id":"8"}`, event)))
		require.NoError(t, err, event)
		assert.Equal(t, want, e.MergedWithID, event)
	}
}

func TestNoEventIsRefusedForWhatNobodyUses(t *testing.T) {
	ticket := zendesk.Event{Type: "ticket.solved", Kind: zendesk.KindTicket, TicketID: 141, Trigger: true}
	for _, more := range []string{`"user_id":"jane@example.com"`, `"organization_id":"Acme"`, `"account_id":"acme"`, `"user_id":{"id":7}`} {
		got, err := zendesk.ParseEvent([]byte(`{"type":"ticket.solved","ticket_id":"141",` + more + `}`))
		require.NoError(t, err, more)
		assert.Equal(t, ticket, got, more)
	}
	got, err := zendesk.ParseEvent([]byte(`{"type":"zen:event-type:ticket.status_changed","account_id":"acme","id":"a","subject":"zen:ticket:141"}`))
	require.NoError(t, err)
	assert.Equal(t, zendesk.Event{ID: "a", Type: "ticket.status_changed", Kind: zendesk.KindTicket, TicketID: 141}, got)
	for _, unknown := range []string{"foo-bar.Baz:x", "ticket.SungTo", "custom:object_record.created"} {
		got, err := zendesk.ParseEvent([]byte(`{"type":"zen:event-type:` + unknown + `","time":"noon","subject":"zen:foo:7"}`))
		require.NoError(t, err, unknown)
		assert.Equal(t, zendesk.Event{Type: unknown, Kind: zendesk.KindIgnored}, got)
	}
}

// Zendesk does not send an event again that was answered 400: what tells of a record is taken, whenever it says it happened.
func TestEventsWithOddTimesAndIDs(t *testing.T) {
	for member, want := range map[string]zendesk.Event{
		`"id":"e1","time":"2026-05-04T12:00:00+0000"`:                      {ID: "e1", OccurredAt: noon},
		`"id":"e1","time":"2026-05-04 12:00:00 UTC"`:                       {ID: "e1", OccurredAt: noon},
		`"id":"e1","time":"2026-05-04T14:00:00.000000000+02:00"`:           {ID: "e1", OccurredAt: noon},
		`"id":"e1","time":"noon, ada@example.com"`:                         {ID: "e1"},
		`"id":"e1","time":1777896000`:                                      {ID: "e1"},
		`"id":"e1","time":{"at":"2026-05-04T12:00:00Z"}`:                   {ID: "e1"},
		`"id":"e1","time":null`:                                            {ID: "e1"},
		`"id":17778960001`:                                                 {ID: "17778960001"},
		`"id":"17778960001","account_id":1.0`:                              {ID: "17778960001", AccountID: 1},
		`"id":"e1","event":{"meta":{"sequence":{"id":35,"position":"1"}}}`: {ID: "e1", Sequence: "35", Position: 1},
	} {
		want.Type, want.Kind, want.TicketID = "ticket.status_changed", zendesk.KindTicket, 141
		for _, record := range []string{`"subject":"zen:ticket:141"`, `"detail":{"id":141.0}`} {
			got, err := zendesk.ParseEvent([]byte(`{"type":"zen:event-type:ticket.status_changed",` + record + `,` + member + `}`))
			require.NoError(t, err, member)
			assert.Equal(t, want, got, member)
		}
	}
}

func TestMalformedEvents(t *testing.T) {
	for name, body := range map[string]string{
		"empty":                  ``,
		"no JSON":                `type=ticket.solved`,
		"list":                   `[{"type":"ticket.solved","ticket_id":1}]`,
		"null":                   `null`,
		"no type":                `{"ticket_id":1}`,
		"type is a number":       `{"type":1,"ticket_id":1}`,
		"unknown trigger type":   `{"type":"ticket.closed","ticket_id":1}`,
		"cut":                    `{"type":"ticket.solved","ticket_id":1`,
		"more behind":            `{"type":"ticket.solved","ticket_id":1}{}`,
		"no ticket":              `{"type":"ticket.solved","user_id":1}`,
		"rating without ticket":  `{"type":"satisfaction_rating.bad","user_id":1}`,
		"no user":                `{"type":"user.updated","ticket_id":1}`,
		"empty placeholder":      `{"type":"ticket.solved","ticket_id":""}`,
		"id is a fraction":       `{"type":"ticket.solved","ticket_id":1.5}`,
		"id is text":             `{"type":"ticket.solved","ticket_id":"ada@example.com"}`,
		"id is an object":        `{"type":"ticket.solved","ticket_id":{"id":1}}`,
		"id overflows":           `{"type":"ticket.solved","ticket_id":99999999999999999999}`,
		"envelope without id":    `{"type":"zen:event-type:ticket.created","subject":"zen:ticket:1"}`,
		"envelope of no record":  `{"type":"zen:event-type:ticket.created","id":"x"}`,
		"two records":            envelopeOf("ticket.created", "zen:ticket:2", ticketDetail, `{}`),
		"another kind of record": `{"type":"zen:event-type:ticket.created","id":"x","subject":"zen:user:2"}`,
		"subject without id":     `{"type":"zen:event-type:ticket.created","id":"x","subject":"zen:ticket:"}`,
		"negative record":        `{"type":"zen:event-type:ticket.created","id":"x","subject":"zen:ticket:-4"}`,
		"id of two parts":        `{"type":"zen:event-type:ticket.created","id":["x"],"subject":"zen:ticket:4"}`,
		"nonsense type":          `{"type":"zen:event-type:Ada Lovelace","id":"x"}`,
		"nested too deeply":      `{"type":"ticket.solved","ticket_id":1,"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}`,
		"deep and open":          strings.Repeat(`{"a":`, 150_000),
		"too large":              `{"type":"ticket.solved","ticket_id":1,"x":"` + strings.Repeat("a", zendesk.MaxEventBody) + `"}`,
	} {
		got, err := zendesk.ParseEvent([]byte(body))
		require.ErrorIs(t, err, zendesk.ErrMalformedEvent, name)
		assert.Equal(t, zendesk.Event{}, got, name)
		assert.NotContains(t, strings.ToLower(err.Error()), "ada", name)
	}
}

// TestEveryDocumentedEventTypeHasAKind holds the vendor's list; what is in it and means nothing to the product is ignored
// by decision and not by omission.
func TestEveryDocumentedEventTypeHasAKind(t *testing.T) {
	types := map[string]string{
		"ticket": `agent_assignment_changed attachment_linked_to_comment attachment_redacted_from_comment brand_changed comment_added
			comment_made_private comment_redacted created csat_received csat_requested custom_field_changed custom_status_changed
			description_changed email_ccs_changed external_id_changed followers_changed form_changed group_assignment_changed
			marked_as_spam merged next_sla_breach_changed ola_policy_changed organization_changed permanently_deleted priority_changed
			problem_link_changed requester_changed schedule_changed sla_policy_changed soft_deleted status_changed subject_changed
			submitter_changed tags_changed task_due_at_changed type_changed undeleted`,
		"user": `active_changed alias_changed created custom_field_changed custom_role_changed default_group_changed deleted
			details_changed external_id_changed group_membership_created group_membership_deleted identity_changed identity_created
			identity_deleted last_login_changed merged name_changed notes_changed only_private_comments_changed
			organization_membership_created organization_membership_deleted password_changed photo_changed role_changed
			suspended_changed tags_changed time_zone_changed`,
		"organization": `created custom_field_changed deleted external_id_changed name_changed tags_changed`,
		"article": `author_changed published subscription_created unpublished vote_created vote_changed vote_removed comment_created
			comment_changed comment_published comment_unpublished`,
		"messaging_ticket": `message_added`,
	}
	listed := map[string]bool{}
	for _, name := range zendesk.EventTypes(
		zendesk.KindTicket, zendesk.KindUser, zendesk.KindOrganization, zendesk.KindArticle, zendesk.KindIgnored,
	) {
		listed[name] = true
	}
	n := 0
	for domain, names := range types {
		for _, name := range strings.Fields(names) {
			n++
			full := "zen:event-type:" + domain + "." + name
			assert.True(t, listed[full], full)
			kind := zendesk.KindOf(full)
			assert.Contains(t, []zendesk.EventKind{zendesk.EventKind(domain), zendesk.KindIgnored}, kind, full)
			if kind == zendesk.KindIgnored {
				continue
			}
			got, err := zendesk.ParseEvent([]byte(envelopeOf(domain+"."+name, "zen:"+domain+":4", `{"id":"4"}`, `{}`)))
			require.NoError(t, err, full)
			assert.Equal(t, int64(4), got.TicketID+got.UserID+got.OrganizationID+got.ArticleID, full)
		}
	}
	assert.Len(t, listed, n, "none is listed that is not documented")
	for _, name := range []string{"ticket.created", "ticket.status_changed", "ticket.priority_changed", "ticket.csat_received", "ticket.merged"} {
		assert.Equal(t, zendesk.KindTicket, zendesk.KindOf(name))
	}
	for _, name := range []string{"community_post.created", "agent.state_changed", "messaging_live_metrics.avg_time_in_queue", ""} {
		assert.Equal(t, zendesk.KindIgnored, zendesk.KindOf("zen:event-type:"+name))
	}
}

func FuzzParseEvent(f *testing.F) {
	for _, body := range []string{
		envelopeOf("ticket.status_changed", "zen:ticket:141", ticketDetail, `{"current":"SOLVED","previous":"OPEN"}`),
		envelopeOf("user.merged", "zen:user:8", `{"id":"8"}`, `{"user":{"id":"9"}}`),
		`{"type":"ticket.solved","ticket_id":"141","user_id":7}`, `{"type":"\ud800","x":[[[1e9]]]}`, `{"type":"zen:event-type/"}`, `{"":{`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		e, err := zendesk.ParseEvent(body)
		if err != nil {
			require.ErrorIs(t, err, zendesk.ErrMalformedEvent)
			require.Equal(t, zendesk.Event{}, e)
			return
		}
		about := map[zendesk.EventKind]int64{
			zendesk.KindTicket: e.TicketID, zendesk.KindUser: e.UserID, zendesk.KindOrganization: e.OrganizationID, zendesk.KindArticle: e.ArticleID,
			zendesk.KindIgnored: 1,
		}[e.Kind]
		require.Positive(t, about, "an event names the record of its kind")
		require.False(t, e.TicketID < 0 || e.UserID < 0 || e.OrganizationID < 0 || e.ArticleID < 0 || e.MergedWithID < 0 || e.AccountID < 0)
		require.LessOrEqual(t, len(e.Type)+len(e.ID)+len(e.Status)+len(e.Current)+len(e.Previous)+len(e.Sequence), 400)
	})
}

func TestAWebhookAsksOnlyForWhatCanChangeAnything(t *testing.T) {
	asked := zendesk.Subscriptions()
	for _, wanted := range []string{"ticket.created", "ticket.status_changed", "ticket.csat_received", "ticket.merged", "user.merged", "user.deleted"} {
		assert.Contains(t, asked, "zen:event-type:"+wanted)
	}
	for _, not := range []string{"user.last_login_changed", "ticket.comment_added", "organization.created", "article.vote_created"} {
		assert.NotContains(t, asked, "zen:event-type:"+not)
	}
	for _, eventType := range asked {
		assert.NotEqual(t, zendesk.KindIgnored, zendesk.KindOf(eventType), eventType)
	}
}
