package mapping

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// MaxText bounds a text attribute, in characters. Brevo documents no bound and ignores silently what it does not take.
const MaxText = 255

// SplitName cuts a name at its first run of Unicode white space. One word has no last name.
func SplitName(name string) (first, last string) {
	name = clean(name)
	i := strings.IndexFunc(name, unicode.IsSpace)
	if i < 0 {
		return name, ""
	}
	return name[:i], strings.TrimSpace(name[i:])
}

// score rounds to the one decimal that CSAT_SCORE has.
func score(mean float64) float64 {
	return math.Round(mean*10) / 10
}

// convert turns what a source gives into the canonical value of an attribute type: string, float64 or bool, or nil when
// there is nothing. ok is false when there is something that does not fit the type. cut says that text was shortened.
func convert(typ string, value any) (result any, cut, ok bool) {
	if value == nil {
		return nil, false, true
	}
	switch typ {
	case Float:
		result, ok = toFloat(value)
	case Boolean:
		result, ok = toBoolean(value)
	case Date:
		result, ok = toDate(value)
	default:
		return toText(value)
	}
	return result, false, ok
}

// toText trims, drops control characters and bounds the length; lists are joined by commas and cut between items.
func toText(value any) (result any, cut, ok bool) {
	items, list := toItems(value)
	if !list {
		text, ok := scalarText(value)
		if !ok {
			return nil, false, false
		}
		text, cut = bound(clean(text), MaxText)
		return orNothing(text), cut, true
	}
	var joined strings.Builder
	length := 0
	for _, item := range items {
		text, ok := scalarText(item)
		if !ok {
			return nil, false, false
		}
		text, shortened := bound(clean(text), MaxText)
		if text == "" {
			continue
		}
		cut = cut || shortened
		size := utf8.RuneCountInString(text)
		if length > 0 {
			size++
		}
		if length+size > MaxText {
			cut = true
			break
		}
		if length > 0 {
			joined.WriteByte(',')
		}
		joined.WriteString(text)
		length += size
	}
	return orNothing(joined.String()), cut, true
}

func toItems(value any) ([]any, bool) {
	switch v := value.(type) {
	case []any:
		return v, true
	case []string:
		items := make([]any, len(v))
		for i, item := range v {
			items[i] = item
		}
		return items, true
	}
	return nil, false
}

func scalarText(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case json.Number:
		return v.String(), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}

// clean turns line breaks and tabs into single spaces, removes other control characters and invalid bytes, and trims.
func clean(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "")
	}
	if strings.IndexFunc(text, unicode.IsControl) < 0 {
		return strings.TrimSpace(text)
	}
	var out strings.Builder
	space, broken := false, false // the last rune written is white space; a line break or tab was among the last ones
	for _, r := range text {
		switch {
		case unicode.IsControl(r) && !unicode.IsSpace(r):
			continue
		case unicode.IsControl(r):
			if !space {
				out.WriteByte(' ')
			}
			space, broken = true, true
		case unicode.IsSpace(r):
			if !broken {
				out.WriteRune(r)
			}
			space = true
		default:
			out.WriteRune(r)
			space, broken = false, false
		}
	}
	return strings.TrimSpace(out.String())
}

func bound(text string, most int) (string, bool) {
	if utf8.RuneCountInString(text) <= most {
		return text, false
	}
	return strings.TrimSpace(string([]rune(text)[:most])), true
}

func orNothing(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func toFloat(value any) (any, bool) {
	switch v := value.(type) {
	case float64:
		f := finite(v)
		return f, f != nil
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case json.Number:
		return toFloat(v.String())
	case string: // Zendesk writes decimals as text
		v = strings.TrimSpace(v)
		if v == "" {
			return nil, true
		}
		f, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return nil, false
		}
		return toFloat(f)
	}
	return nil, false
}

func toBoolean(value any) (any, bool) {
	switch v := value.(type) {
	case bool:
		return v, true
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "":
			return nil, true
		case "true", "1":
			return true, true
		case "false", "0":
			return false, true
		}
	}
	return nil, false
}

// toDate takes a time, a full timestamp (user and organization fields) or a day (ticket fields), and gives the UTC day.
func toDate(value any) (any, bool) {
	switch v := value.(type) {
	case time.Time:
		return day(v), true
	case string:
		v = strings.TrimSpace(v)
		if v == "" {
			return nil, true
		}
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if t, err := time.Parse(layout, v); err == nil {
				return day(t), true
			}
		}
	}
	return nil, false
}
