package brevo

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"zendesk-brevo/internal/rest"
)

// problem reads Brevo's error bodies: {code, message} everywhere, metadata on contact routes, and the failure list of
// an event batch. Only message is required, and code may be a whole sentence. A member of another type spoils none of the others.
// Fields of the resulting *rest.Error are the duplicate identifiers, in lower case ("email", "sms").
// https://developers.brevo.com/docs/how-it-works
func problem(body []byte) rest.Problem {
	var b struct {
		Code     word            `json:"code"`
		Message  word            `json:"message"`
		Metadata json.RawMessage `json:"metadata"`
		Errors   reasons         `json:"errors"`
	}
	if json.Unmarshal(body, &b) != nil {
		return rest.Problem{Detail: clip(string(body)), Foreign: true}
	}
	code := string(b.Code)
	if isNumber(code) && b.Message == "" && len(b.Errors) == 0 {
		return rest.Problem{Detail: clip(string(body)), Foreign: true} // a status in digits is anybody's
	}
	text := cmp.Or(string(b.Message), strings.Join(b.Errors, "; "), code)
	return rest.Problem{Code: code, Detail: clip(text), Fields: duplicates(b.Metadata, text), Foreign: text == ""}
}

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}

// reasons are the texts of a list of errors, each of them once: those of its objects' messages, and bare ones. What is no list has none.
type reasons []string

func (r *reasons) UnmarshalJSON(data []byte) error {
	*r = nil
	for _, item := range items(data) {
		var e struct {
			Message word `json:"message"`
		}
		if json.Unmarshal(item, &e) != nil {
			_ = e.Message.UnmarshalJSON(item)
		}
		if text := string(e.Message); text != "" && !slices.Contains(*r, text) {
			*r = append(*r, text)
		}
	}
	return nil
}

// maxDetail is enough for any sentence of the vendor's and keeps HTML pages out of the rejects table.
const maxDetail = 500

func clip(text string) string {
	if len(text) <= maxDetail {
		return text
	}
	return strings.ToValidUTF8(text[:maxDetail], "") + "…"
}

// Real texts, seen with and without metadata, under two different codes:
// "Unable to create contact, email is already associated with another Contact", "... update contact, SMS is ...", and
// the older "Contact already exist".
var (
	associated   = regexp.MustCompile(`(?i)^(?:.*(?:\bcontact,|[:.])\s*)?([a-z_][a-z_, ]*?)\s+(?:is|are) already associated with another contact`)
	alreadyExist = regexp.MustCompile(`(?i)\bcontact already exists?\b`)
	listed       = regexp.MustCompile(`(?i)\s*(?:,|\band\b)\s*`)
)

func duplicates(metadata json.RawMessage, message string) []string {
	var m struct {
		Identifiers texts `json:"duplicate_identifiers"`
	}
	if json.Unmarshal(metadata, &m) == nil && len(m.Identifiers) > 0 {
		return lowered(m.Identifiers)
	}
	if found := associated.FindStringSubmatch(message); found != nil {
		return lowered(listed.Split(strings.TrimSpace(found[1]), -1))
	}
	return nil
}

func lowered(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		if n = strings.ToLower(strings.TrimSpace(n)); n != "" {
			out = append(out, n)
		}
	}
	return out
}

func refusal(err error, statuses ...int) (*rest.Error, bool) {
	var e *rest.Error
	if !errors.As(err, &e) || !slices.Contains(statuses, e.Status) {
		return nil, false
	}
	return e, true
}

// IsDuplicate reports that another contact already holds an identifier, and which ones, in Brevo's names and lower
// case: "email", "sms", "ext_id". The names are not documented; the same phone may be "sms", "phone", "phone_id", "mobile"
// or "phone_number", so ask DuplicatePhone and DuplicateEmail about them. It goes by metadata.duplicate_identifiers,
// because the code is not stable (duplicate_parameter and invalid_parameter both occur), and by the known sentences where
// metadata is absent; fields can then be empty.
func IsDuplicate(err error) (fields []string, ok bool) {
	e, ok := refusal(err, http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity)
	if !ok || (len(e.Fields) == 0 && !alreadyExist.MatchString(e.Detail)) {
		return nil, false
	}
	return e.Fields, true
}

// DuplicatePhone reports whether the fields of IsDuplicate name the phone kept in the attribute SMS. The numbers for
// WhatsApp and landlines are identifiers of their own.
func DuplicatePhone(fields []string) bool {
	return names(fields, "sms", "phone", "mobile", "phonenumber", "mobilenumber", "smsnumber", "mobilephone")
}

// DuplicateEmail reports whether the fields of IsDuplicate name the e-mail address.
func DuplicateEmail(fields []string) bool { return names(fields, "email", "emailaddress") }

// names reports whether one of the fields is one of the given words, whatever its case, its separators and an "id" behind
// them.
func names(fields []string, words ...string) bool {
	return slices.ContainsFunc(fields, func(field string) bool {
		field = strings.TrimSuffix(plainName.Replace(strings.ToLower(field)), "id")
		return slices.Contains(words, field)
	})
}

var plainName = strings.NewReplacer("_", "", "-", "", " ", "")

// IsNotFound reports a 404 of Brevo's API: the contact, list, company or process does not exist, or something that the request
// names. What an edge server or a proxy answers instead, which is not Brevo's error model, says nothing of the kind.
func IsNotFound(err error) bool {
	e, ok := refusal(err, http.StatusNotFound)
	return ok && !e.Foreign && e.Reason != rest.ReasonHTML
}

// IsBadRequest reports a 400 of Brevo's API, with or without a code: the request's content is refused. What an edge server or a
// proxy answers instead, which is not Brevo's error model, says nothing of the kind.
func IsBadRequest(err error) bool {
	e, ok := refusal(err, http.StatusBadRequest)
	return ok && !e.Foreign && e.Reason != rest.ReasonHTML
}

// Codes that say something of the account rather than of the request, under whatever status.
// https://developers.brevo.com/reference/create-contact
const (
	CodeUnauthorized     = "unauthorized"
	CodePermissionDenied = "permission_denied"
	CodeNoCredits        = "not_enough_credits"
	CodeUnderValidation  = "account_under_validation"
	CodeInProcess        = "account_in_process" // busy with an earlier change
)

// IsUnknownIP reports a 401 that refuses the caller's address rather than its key: the account blocks unknown IP
// addresses (https://developers.brevo.com/docs/ip-security). Status and code equal those of a bad key; only the
// message differs. ip is the address that the message names, if it names one.
func IsUnknownIP(err error) (ip netip.Addr, ok bool) {
	e, ok := refusal(err, http.StatusUnauthorized)
	if !ok {
		return netip.Addr{}, false
	}
	return rest.RefusedIP(e.Detail)
}

var (
	wrong = regexp.MustCompile(`(?i)\binvalid\b|\bnot (?:a )?valid\b|\bincorrect\b|\bmalformed\b|\bwrong\b`)
	email = regexp.MustCompile(`(?i)\be-?mail\b`)
)

// IsInvalidEmail guesses that a 400 is about an e-mail address that Brevo does not accept. Unproven: no document gives the
// text. It takes any 400 that is not a duplicate and whose message has a word for wrong (invalid, not valid, incorrect,
// malformed) and the word email.
func IsInvalidEmail(err error) bool {
	e, ok := refusal(err, http.StatusBadRequest)
	if !ok {
		return false
	}
	if _, taken := IsDuplicate(err); taken {
		return false
	}
	return wrong.MatchString(e.Detail) && email.MatchString(e.Detail)
}
