package brevo

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"
)

// The types of this file take what answers hold where the reference and the answers differ in type.

// wholeNumber is a whole number, also one written as a string; null and "" are 0.
type wholeNumber int64

func (n *wholeNumber) UnmarshalJSON(data []byte) error {
	text := string(bytes.Trim(data, `"`))
	if text == "" || text == "null" {
		*n = 0
		return nil
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return errors.New("expected a whole number")
	}
	*n = wholeNumber(value)
	return nil
}

// optOut is a blocklisting in whatever type. What does not clearly say "none" is one: an opt-out must not be lost.
type optOut bool

func (o *optOut) UnmarshalJSON(data []byte) error {
	switch strings.ToLower(strings.TrimSpace(string(bytes.Trim(data, `"`)))) {
	case "false", "0", "null", "":
		*o = false
	default:
		*o = true
	}
	return nil
}

// items are the elements of a list; what is no list has none.
func items(data []byte) (out []json.RawMessage) {
	if json.Unmarshal(data, &out) != nil {
		return nil
	}
	return out
}

// numbers is a list of ids. What is no list has none, and what is no id is left out.
type numbers []int64

func (n *numbers) UnmarshalJSON(data []byte) error {
	*n = nil
	for _, item := range items(data) {
		var id wholeNumber
		if id.UnmarshalJSON(item) == nil && id != 0 {
			*n = append(*n, int64(id))
		}
	}
	return nil
}

// attributes is an object, which may also come as the text of one; an empty one may come as [] or null, and anything else has no members
// either.
type attributes map[string]any

func (a *attributes) UnmarshalJSON(data []byte) error {
	*a = nil
	var text string
	if json.Unmarshal(data, &text) == nil {
		data = []byte(text)
	}
	var object map[string]any
	if json.Unmarshal(data, &object) == nil {
		*a = object
	}
	return nil
}

// texts is a list of words. One word may stand alone; what is neither has none, and what is no word is left out.
type texts []string

func (t *texts) UnmarshalJSON(data []byte) error {
	*t = nil
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		list = []json.RawMessage{data}
	}
	for _, item := range list {
		var word string
		if json.Unmarshal(item, &word) == nil && word != "" {
			*t = append(*t, word)
		}
	}
	return nil
}

// word is a text, or a number as it is written; anything else is none.
type word string

func (w *word) UnmarshalJSON(data []byte) error {
	*w = ""
	var number json.Number
	if json.Unmarshal(data, (*string)(w)) != nil && json.Unmarshal(data, &number) == nil {
		*w = word(number)
	}
	return nil
}

// stamp is a time with the account's offset ("2022-12-04T18:22:48.384+05:30"); the zero time in an unknown form.
type stamp time.Time

func (s *stamp) UnmarshalJSON(data []byte) error {
	*s = stamp{}
	var text string
	if json.Unmarshal(data, &text) != nil {
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			*s = stamp(t)
			return nil
		}
	}
	return nil
}
