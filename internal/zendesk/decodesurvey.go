package zendesk

// UnmarshalJSON takes what the page decoder takes: see scanodd.go. The times of the answers order them and have to be right.
func (r *SurveyResponse) UnmarshalJSON(data []byte) error {
	s := &scanner{b: data}
	*r = SurveyResponse{}
	s.object(func(key []byte) {
		switch string(key) {
		case "id":
			r.ID = s.str()
		case "responder_id":
			r.ResponderID = s.int()
		case "expires_at":
			r.ExpiresAt = s.instant()
		case "subject_zrns":
			r.SubjectZRNs = decodeWords(s)
		case "survey":
			r.Survey = decodeSurvey(s)
		case "answers":
			s.elements(func() { r.Answers = append(r.Answers, decodeAnswer(s)) })
		default:
			s.skip()
		}
	})
	return s.err
}

func decodeSurvey(s *scanner) (v Survey) {
	s.members(func(key []byte) {
		switch string(key) {
		case "id":
			v.ID = s.str()
		case "version":
			v.Version = s.int()
		case "state":
			v.State = s.str()
		default:
			s.skip()
		}
	})
	return v
}

func decodeAnswer(s *scanner) (a SurveyAnswer) {
	s.members(func(key []byte) {
		switch string(key) {
		case "type":
			a.Type = s.str()
		case "rating":
			a.Rating = s.int()
		case "rating_category":
			a.RatingCategory = s.str()
		case "question":
			a.Question = decodeQuestion(s)
		case "created_at":
			a.CreatedAt = s.moment()
		case "updated_at":
			a.UpdatedAt = s.moment()
		default:
			s.skip()
		}
	})
	return a
}

func decodeQuestion(s *scanner) (q SurveyQuestion) {
	s.members(func(key []byte) {
		switch string(key) {
		case "id":
			q.ID = s.str()
		case "alias":
			q.Alias = s.str()
		case "type":
			q.Type = s.str()
		case "sub_type":
			q.SubType = s.str()
		case "options":
			s.elements(func() { q.Options = append(q.Options, decodeSurveyOption(s)) })
		default:
			s.skip()
		}
	})
	return q
}

func decodeSurveyOption(s *scanner) (o SurveyOption) {
	s.members(func(key []byte) {
		switch string(key) {
		case "id":
			o.ID = s.str()
		case "rating":
			o.Rating = s.int()
		default:
			s.skip()
		}
	})
	return o
}
