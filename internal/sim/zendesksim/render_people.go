package zendesksim

import (
	"maps"
	"slices"
	"strconv"

	"zendesk-brevo/internal/sim/seed"
)

func (s *Server) appendUser(b []byte, u *seed.User) []byte {
	b = append(b, `{"id":`...)
	b = strconv.AppendInt(b, u.ID, 10)
	b = append(b, `,"url":"`...)
	b = append(append(b, s.base...), "/api/v2/users/"...)
	b = append(strconv.AppendInt(b, u.ID, 10), ".json\""...)
	b = appendText(b, `,"name":`, u.Name)
	b = appendTextOrNull(b, `,"email":`, u.Email)
	b = appendTime(b, `,"created_at":`, u.CreatedAt)
	b = appendTime(b, `,"updated_at":`, u.UpdatedAt)
	b = appendText(b, `,"time_zone":`, u.TimeZone)
	b = append(b, `,"iana_time_zone":"Europe/Berlin"`...)
	b = appendTextOrNull(b, `,"phone":`, u.Phone)
	b = append(b, `,"shared_phone_number":`...)
	if u.Phone == "" {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendBool(b, u.SharedPhoneNumber)
	}
	b = append(b, `,"photo":null,"locale_id":1`...)
	b = appendText(b, `,"locale":`, u.Locale)
	b = appendID(b, `,"organization_id":`, u.OrganizationID)
	b = appendText(b, `,"role":`, u.Role)
	b = appendBool(b, `,"verified":`, u.Verified)
	b = appendTextOrNull(b, `,"external_id":`, u.ExternalID)
	b = appendStrings(b, `,"tags":`, u.Tags)
	b = append(b, `,"alias":"","shared":false,"shared_agent":false`...)
	b = appendTime(b, `,"last_login_at":`, u.LastLoginAt)
	b = append(b, `,"two_factor_auth_enabled":null,"signature":"","details":"","notes":"","role_type":null`...)
	b = appendID(b, `,"custom_role_id":`, u.CustomRoleID)
	b = append(b, `,"moderator":false`...)
	b = appendTextOrNull(b, `,"ticket_restriction":`, u.TicketRestriction)
	b = appendBool(b, `,"only_private_comments":`, false)
	b = appendBool(b, `,"restricted_agent":`, u.Role == "agent")
	b = appendBool(b, `,"suspended":`, u.Suspended)
	b = append(b, `,"default_group_id":null,"report_csv":false`...)
	b = appendBool(b, `,"active":`, u.Active)
	b = appendFieldMap(b, `,"user_fields":`, u.Fields)
	return append(b, '}')
}

// appendFieldMap writes custom fields keyed by field key, in a stable order.
func appendFieldMap(b []byte, key string, fields map[string]any) []byte {
	b = append(append(b, key...), '{')
	var room [16]string
	names := slices.AppendSeq(room[:0], maps.Keys(fields))
	slices.Sort(names)
	for i, name := range names {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, name), ':')
		b = appendValue(b, fields[name])
	}
	return append(b, '}')
}

func (s *Server) appendOrganization(b []byte, o *seed.Organization, export bool) []byte {
	b = append(b, `{"url":"`...)
	b = append(append(b, s.base...), "/api/v2/organizations/"...)
	b = append(strconv.AppendInt(b, o.ID, 10), ".json\""...)
	b = appendInt(b, `,"id":`, o.ID)
	b = appendText(b, `,"name":`, o.Name)
	b = append(b, `,"shared_tickets":false,"shared_comments":false`...)
	b = appendTextOrNull(b, `,"external_id":`, o.ExternalID)
	b = appendTime(b, `,"created_at":`, o.CreatedAt)
	b = appendTime(b, `,"updated_at":`, o.UpdatedAt)
	b = appendStrings(b, `,"domain_names":`, o.DomainNames)
	b = appendText(b, `,"details":`, o.Details)
	b = appendText(b, `,"notes":`, o.Notes)
	b = append(b, `,"group_id":null`...)
	b = appendStrings(b, `,"tags":`, o.Tags)
	b = appendFieldMap(b, `,"organization_fields":`, o.Fields)
	if export {
		b = appendTime(b, `,"deleted_at":`, o.DeletedAt)
	}
	return append(b, '}')
}

func (s *Server) fieldDefinition(kind string, f *seed.FieldDefinition, position int) map[string]any {
	m := map[string]any{
		"id": f.ID, "url": s.base + "/api/v2/" + kind + "/" + strconv.FormatInt(f.ID, 10) + ".json", "type": f.Type,
		"title": f.Title, "raw_title": f.Title, "description": "", "raw_description": "", "position": position,
		"active": f.Active, "regexp_for_validation": nil, "created_at": s.created(), "updated_at": s.created(),
	}
	if f.Regexp != "" {
		m["regexp_for_validation"] = f.Regexp
	}
	if f.Key != "" {
		m["key"], m["system"] = f.Key, false
	} else {
		m["removable"], m["agent_can_edit"], m["required"], m["visible_in_portal"] = !f.System, true, false, true
		m["title_in_portal"], m["tag"] = f.Title, nil
	}
	if f.Tag != "" {
		m["tag"] = f.Tag
	}
	if len(f.Options) > 0 {
		var list []map[string]any
		for i, o := range f.Options {
			list = append(list, map[string]any{"id": o.ID, "name": o.Name, "raw_name": o.Name, "value": o.Value, "position": i})
		}
		m["custom_field_options"] = list
	}
	return m
}

func (s *Server) created() string { return s.account.Size.Start.UTC().Format("2006-01-02T15:04:05Z") }
