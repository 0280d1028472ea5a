package mapping

import (
	"errors"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Reasons for which a phone is left out; they are stable and counted.
const (
	NoDefaultRegion      = "no_default_region"
	InvalidPhone         = "invalid_phone"
	PhoneExtension       = "phone_extension" // E.164 would be the switchboard's number
	SharedPhone          = "shared_phone"
	PhoneHeldByOlderUser = "phone_held_by_older_user"
)

// Phone writes a number as E.164. ok is false when it is no valid number, or a national one without a default region, or
// one behind a switchboard.
func (m *Mapper) Phone(raw string) (e164 string, ok bool) {
	e164, reason := m.phone(raw)
	return e164, reason == "" && e164 != ""
}

// phone gives the number in E.164, or the reason why there is none; neither for an empty one.
func (m *Mapper) phone(raw string) (e164, reason string) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return "", ""
	}
	number, err := phonenumbers.Parse(raw, m.region)
	if err == nil && phonenumbers.IsValidNumber(number) {
		return direct(number)
	}
	// 00 is how most of the world dials abroad; a region that dials otherwise, or none, does not know it.
	if abroad, found := strings.CutPrefix(raw, "00"); found {
		if number, err := phonenumbers.Parse("+"+abroad, ""); err == nil && phonenumbers.IsValidNumber(number) {
			return direct(number)
		}
		return "", InvalidPhone
	}
	if m.region == "" && errors.Is(err, phonenumbers.ErrInvalidCountryCode) && !strings.HasPrefix(raw, "+") {
		return "", NoDefaultRegion
	}
	return "", InvalidPhone
}

// direct writes a valid number that reaches its person without an extension.
func direct(number *phonenumbers.PhoneNumber) (e164, reason string) {
	if number.GetExtension() != "" {
		return "", PhoneExtension
	}
	return phonenumbers.Format(number, phonenumbers.E164), ""
}
