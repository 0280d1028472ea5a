package zendesk

func decodeUser(s *scanner) User {
	u := User{Active: true}
	s.object(func(key []byte) {
		switch string(key) {
		case "id":
			u.ID = s.id()
		case "name":
			u.Name = s.str()
		case "email":
			u.Email = s.str()
		case "phone":
			u.Phone = s.str()
		case "external_id":
			u.ExternalID = s.str()
		case "organization_id":
			u.OrganizationID = s.int()
		case "role":
			u.Role = s.word()
		case "ticket_restriction":
			u.TicketRestriction = s.word()
		case "locale":
			u.Locale = s.word()
		case "time_zone":
			u.TimeZone = s.word()
		case "iana_time_zone":
			u.IANATimeZone = s.word()
		case "tags":
			u.Tags = decodeWords(s)
		case "user_fields":
			u.UserFields = decodeKeyed(s)
		default:
			decodeUserState(s, key, &u)
		}
	})
	return u
}

// decodeUserState decodes the flags and times of a user.
func decodeUserState(s *scanner, key []byte, u *User) {
	switch string(key) {
	case "active":
		if active, ok := s.truth(); ok {
			u.Active = active
		}
	case "suspended":
		u.Suspended = s.bool()
	case "verified":
		u.Verified = s.bool()
	case "shared_phone_number":
		u.SharedPhoneNumber = s.bool()
	case "created_at":
		u.CreatedAt = s.moment()
	case "updated_at":
		u.UpdatedAt = s.moment()
	case "last_login_at":
		u.LastLoginAt = s.time()
	default:
		s.skip()
	}
}

func decodeOrganization(s *scanner) (o Organization) {
	s.object(func(key []byte) {
		switch string(key) {
		case "id":
			o.ID = s.id()
		case "name":
			o.Name = s.str()
		case "domain_names":
			o.DomainNames = decodeWords(s)
		case "external_id":
			o.ExternalID = s.str()
		case "group_id":
			o.GroupID = s.int()
		case "tags":
			o.Tags = decodeWords(s)
		case "organization_fields":
			o.OrganizationFields = decodeKeyed(s)
		case "created_at":
			o.CreatedAt = s.moment()
		case "updated_at":
			o.UpdatedAt = s.moment()
		case "deleted_at":
			o.DeletedAt = s.moment()
		default:
			s.skip()
		}
	})
	return o
}

// decodeKeyed decodes the custom fields of a user or an organization.
func decodeKeyed(s *scanner) map[string]any {
	if s.null() {
		return nil
	}
	fields := map[string]any{}
	s.members(func(key []byte) { fields[s.interned(key)] = s.value() })
	return fields
}
