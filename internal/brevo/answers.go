package brevo

import (
	"bytes"
	"encoding/json"

	"zendesk-brevo/internal/rest"
)

// An answer of another shape must not pass for one that says "none" or "not blocklisted": the types of this file insist on what
// the caller goes on to use. Their errors say which member is missing, and nothing of the answer.

func lacks(key string) error { return &rest.Malformed{Why: "it has no " + key} }

// given reports whether an answer has a member, with something in it.
func given(raw json.RawMessage) bool {
	return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
}

// rows is a page of an answer: what it holds under key, and the number of rows in all.
type rows[T any] struct {
	key    string
	offset int // of the page
	// uncounted: Brevo documents no count, so that nothing at all may be how it writes an empty page.
	uncounted bool
	items     []T
	count     int64 // 0 also when Brevo did not say
}

// UnmarshalJSON takes a page without the key for an empty one only where the count agrees that nothing lies behind the offset.
func (r *rows[T]) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	var count wholeNumber
	counted := given(members["count"]) && count.UnmarshalJSON(members["count"]) == nil
	r.count = int64(count)
	raw, named := members[r.key]
	switch {
	case given(raw):
		return json.Unmarshal(raw, &r.items)
	case r.uncounted && len(members) == 0:
	case r.count > int64(r.offset), !named && !counted:
		return lacks(r.key)
	}
	return nil
}

// only is the answer to a call that gives one thing, under key: the id of what was made, or of work that Brevo does later.
type only[T wholeNumber | identity] struct {
	key   string
	value T
}

// UnmarshalJSON insists on the thing.
func (o *only[T]) UnmarshalJSON(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return err
	}
	var none T
	if raw := members[o.key]; given(raw) {
		if err := json.Unmarshal(raw, &o.value); err != nil {
			return err
		}
	}
	if o.value == none {
		return lacks(o.key)
	}
	return nil
}
