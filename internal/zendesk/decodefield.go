package zendesk

// UnmarshalJSON takes what the page decoder takes: see scanodd.go.
func (f *Field) UnmarshalJSON(data []byte) error {
	s := &scanner{b: data}
	*f = Field{Active: true}
	s.object(func(key []byte) {
		switch string(key) {
		case "id":
			f.ID = s.id()
		case "key":
			f.Key = s.str()
		case "type":
			f.Type = s.str()
		case "title":
			f.Title = s.str()
		case "active":
			if active, ok := s.truth(); ok {
				f.Active = active
			}
		case "system":
			f.System = s.bool()
		case "removable":
			f.Removable = s.bool()
		case "tag":
			f.Tag = s.str()
		case "custom_field_options":
			s.elements(func() { f.Options = append(f.Options, decodeFieldOption(s)) })
		default:
			s.skip()
		}
	})
	return s.err
}

func decodeFieldOption(s *scanner) (o FieldOption) {
	s.members(func(key []byte) {
		switch string(key) {
		case "id":
			o.ID = s.int()
		case "name":
			o.Name = s.str()
		case "value":
			o.Value = s.str()
		default:
			s.skip()
		}
	})
	return o
}
