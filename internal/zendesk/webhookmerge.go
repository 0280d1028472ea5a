package zendesk

import (
	"slices"
	"strings"
)

// otherUser finds the other user of a merge; 0 when none is named, or nothing tells which of several it is. The event's shape is
// not documented in detail: the likely members are looked at first, then every other one, by number or as an object.
func otherUser(event map[string][]byte, self int64) int64 {
	for _, name := range []string{"user", "merged_user", "user_id", "merged_user_id", "current", "previous"} {
		if ids := userIDs(event[name], self); len(ids) > 0 {
			return ids[0]
		}
	}
	var named []int64
	for name, raw := range event {
		if !slices.ContainsFunc(notMerged, func(part string) bool { return strings.Contains(name, part) }) {
			named = append(named, userIDs(raw, self)...)
		}
	}
	if slices.Sort(named); len(slices.Compact(named)) != 1 {
		return 0
	}
	return named[0]
}

// notMerged are parts of the names of members that name somebody or something else than the users of a merge.
var notMerged = []string{"meta", "actor", "agent", "account", "organization", "group", "brand", "role", "version"}

// userIDs are the ids of users that a member holds, by number or as an object, but for one's own.
func userIDs(raw []byte, self int64) (out []int64) {
	values := [][]byte{raw}
	if object := inside(raw); object != nil {
		values = [][]byte{object["id"], object["user_id"]}
	}
	for _, value := range values {
		if id, ok := idOf(value); ok && id != 0 && id != self {
			out = append(out, id)
		}
	}
	return out
}
