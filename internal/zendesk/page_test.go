package zendesk_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// exportPage renders an export page the size of real ones: about 3 KB a ticket, most of it text and empty custom fields.
func exportPage(t testing.TB, rows int) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(`{"tickets":[`)
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		writeTicket(&b, 100000+i)
	}
	b.WriteString(`],"metric_sets":[`)
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		writeMetrics(&b, 100000+i)
	}
	b.WriteString(`],"after_url":"https://x.zendesk.com/api/v2/incremental/tickets/cursor.json?cursor=Abc","after_cursor":"Abc",` +
		`"before_url":null,"before_cursor":null,"end_of_stream":false}`)
	return b.Bytes()
}

var (
	statuses = []string{"new", "open", "pending", "hold", "solved", "closed"}
	channels = []string{"web", "email", "api", "chat", "voice", "native_messaging"}
)

func writeTicket(b *bytes.Buffer, id int) {
	fmt.Fprintf(b, `{"url":"https://x.zendesk.com/api/v2/tickets/%d.json","id":%d,"external_id":null,`, id, id)
	fmt.Fprintf(b, `"via":{"channel":%q,"source":{"from":{"address":"person%d@example.com","name":"Person %d"},"to":{"name":"Support",`+
		`"address":"support@x.zendesk.com"},"rel":null}},`, channels[id%len(channels)], id, id)
	fmt.Fprintf(b, `"created_at":"2025-03-%02dT08:15:30Z","updated_at":"2025-04-%02dT11:22:33Z","generated_timestamp":%d,`,
		1+id%28, 1+id%28, 1743500000+id)
	fmt.Fprintf(b, `"type":"incident","subject":"Order %d did not arrive","raw_subject":"Order %d did not arrive","description":"%s",`,
		id, id, strings.Repeat(`Hello,\n\nmy order \"express\" never came and caf\u00e9 support is silent. `, 7))
	fmt.Fprintf(b, `"priority":null,"status":%q,"recipient":"support@x.zendesk.com","requester_id":%d,"submitter_id":%d,`+
		`"assignee_id":null,"organization_id":%d,"group_id":360001234567,"collaborator_ids":[],"follower_ids":[],"email_cc_ids":[],`,
		statuses[id%len(statuses)], 26000000000000+id, 26000000000000+id, 36000000000+id%500)
	b.WriteString(`"forum_topic_id":null,"problem_id":null,"has_incidents":false,"is_public":true,"due_at":null,` +
		`"tags":["vip","order_late","region_emea"],"custom_fields":[`)
	writeFields(b, id)
	b.WriteString(`],"satisfaction_rating":{"score":"unoffered"},"sharing_agreement_ids":[],"custom_status_id":4412,"encoded_id":"ABC-DEF","fields":[`)
	writeFields(b, id)
	b.WriteString(`],"followup_ids":[],"ticket_form_id":360000111222,"brand_id":360000333444,"allow_channelback":false,` +
		`"allow_attachments":true,"from_messaging_channel":false}`)
}

func writeFields(b *bytes.Buffer, id int) {
	for f := range 18 {
		if f > 0 {
			b.WriteByte(',')
		}
		switch f {
		case 0:
			fmt.Fprintf(b, `{"id":%d,"value":"tier_%d"}`, 36000500000+f, id%4)
		case 1:
			fmt.Fprintf(b, `{"id":%d,"value":%t}`, 36000500000+f, id%2 == 0)
		default:
			fmt.Fprintf(b, `{"id":%d,"value":null}`, 36000500000+f)
		}
	}
}

func writeMetrics(b *bytes.Buffer, id int) {
	fmt.Fprintf(b, `{"url":"https://x.zendesk.com/api/v2/ticket_metrics/%d.json","id":%d,"ticket_id":%d,"created_at":"2025-03-01T08:15:30Z",`+
		`"updated_at":"2025-04-01T11:22:33Z","group_stations":1,"assignee_stations":1,"reopens":%d,"replies":2,`+
		`"assignee_updated_at":null,"requester_updated_at":"2025-04-01T11:22:33Z","status_updated_at":"2025-04-01T11:22:33Z",`+
		`"initially_assigned_at":null,"assigned_at":null,"solved_at":null,"latest_comment_added_at":"2025-04-01T11:22:33Z",`+
		`"reply_time_in_minutes":{"calendar":12,"business":null},"first_resolution_time_in_minutes":{"calendar":null,"business":null},`+
		`"full_resolution_time_in_minutes":{"calendar":null,"business":null},"agent_wait_time_in_minutes":{"calendar":null,"business":null},`+
		`"requester_wait_time_in_minutes":{"calendar":null,"business":null},"on_hold_time_in_minutes":{"calendar":0,"business":0}}`,
		id+7, id+7, id, id%3)
}
