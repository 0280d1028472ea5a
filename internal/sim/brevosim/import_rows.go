package brevosim

// rejectOf names the file that lists a row whose identifier belongs to another contact.
var rejectOf = [keyKinds]string{
	"duplicate_email_id", "duplicate_ext_id", "duplicate_phone_id", "duplicate_whatsapp_id", "duplicate_landline_number_id",
}

// importContact applies one row. A refused row is refused whole: the vendor documents files of offending records and no
// row that arrives in part. It names no file for an impossible phone number; such a row lands in invalid_emails, the one
// file for rows refused for what they hold, or, with SilentBadPhones, in none.
func (s *Server) importContact(p *Process, b *importBody, row importRow) {
	change := &patch{keys: map[key]string{}, values: map[string]any{}, lists: s.existing(b.ListIDs)}
	file := s.importKeys(change, b, row)
	if file != "" {
		if file == "invalid_phone" && s.opts.SilentBadPhones {
			p.Unlisted++
			return
		}
		if file == "invalid_phone" {
			file = "invalid_emails"
		}
		p.Rejects[file] = append(p.Rejects[file], row.line(p.columns))
		return
	}
	self, _ := s.selected(change)
	if kinds, _ := s.collisions(change, self); len(kinds) > 0 {
		file := rejectOf[kinds[0]]
		p.Rejects[file] = append(p.Rejects[file], row.line(p.columns))
		return
	}
	if change.losesLastHandle(self) {
		delete(change.keys, keySMS)
	}
	if self != nil && !b.updates() && s.opts.ReportsKnown {
		p.Rejects[rejectOf[keyEmail]] = append(p.Rejects[rejectOf[keyEmail]], row.line(p.columns))
		return
	}
	if self != nil && !b.updates() {
		change.keys, change.values = nil, nil
	} else {
		s.importValues(change, b, row)
	}
	// The flags of an import only ever add people to a blocklist.
	yes := true
	if b.EmailBlacklist {
		change.emailBlacklisted = &yes
	}
	if b.SMSBlacklist {
		change.smsBlacklisted = &yes
	}
	if self == nil {
		self = s.contacts.create(p.EndedAt)
	}
	s.apply(self, change, p.EndedAt)
}

// importKeys reads the identifiers of a row and names what is wrong with them, if anything.
func (s *Server) importKeys(change *patch, b *importBody, row importRow) (wrong string) {
	body := contactBody{Attributes: row.attributes}
	if row.email != "" {
		body.Email = &row.email
	}
	for k := range keyKinds {
		text, given := identifierIn(&body, k)
		if !given {
			continue
		}
		if text == "" {
			if k != keyEmail && b.EmptyContactsAttributes && b.updates() {
				change.keys[k] = ""
			}
			continue
		}
		if bad := s.setKey(change, k, text); bad != nil {
			if k == keyEmail {
				return "invalid_emails"
			}
			return "invalid_phone"
		}
	}
	if _, named := s.selected(change); !named {
		return "invalid_emails"
	}
	return ""
}

// importValues reads the other attributes. Blank ones are skipped, unless emptyContactsAttributes asks to erase what the
// account holds.
func (s *Server) importValues(change *patch, b *importBody, row importRow) {
	accept := (*Attribute).accept
	if row.cells {
		accept = func(a *Attribute, v any) (any, bool) {
			text, _ := v.(string)
			return a.acceptCell(text)
		}
	}
	for name, value := range row.attributes {
		if identityAttributes[name] || name == "EMAIL" {
			continue
		}
		if (value == "" || value == nil) && !(b.EmptyContactsAttributes && b.updates()) {
			continue
		}
		if value == nil {
			value = ""
		}
		s.setValue(change, name, value, accept)
	}
}

// existing drops lists that were deleted while an import waited.
func (s *Server) existing(lists []int64) []int64 {
	var out []int64
	for _, id := range lists {
		if s.lists.byID[id] != nil {
			out = append(out, id)
		}
	}
	return out
}
