package rules

import (
	"fmt"
	"hash/fnv"
	"time"
)

// UserState is a user as one read of Zendesk shows it, or as it was last kept.
type UserState struct {
	ID        int64
	Active    bool   // false once deleted or merged away
	Profile   string // equal while the profile is; a fingerprint is enough, and keeps personal data out
	CreatedAt time.Time
	UpdatedAt time.Time
}

// UserTransitions returns what happened to a user between the row that was known and a read that replaces it. Old is nil
// for a row not seen before, which records only a creation after liveSince. A profile counts as changed when Zendesk
// dates a change too: newly mapped fields change rows without any news. Deletions yield nothing, and merges are told by
// webhooks only: see MergedTransition.
func UserTransitions(old *UserState, read UserState, liveSince time.Time) []Transition {
	if !read.Active {
		return nil
	}
	t := Transition{UserID: read.ID}
	switch {
	case old == nil:
		if !live(read.CreatedAt, liveSince) {
			return nil
		}
		t.Key, t.Type, t.OccurredAt = userSubject(read.ID)+"/created#1", UserCreated, read.CreatedAt.UTC()
	case old.Active && old.Profile != read.Profile && read.UpdatedAt.After(old.UpdatedAt):
		h := fnv.New32a()
		_, _ = h.Write([]byte(read.Profile))
		t.Key = fmt.Sprintf("%s/updated#%d#%08x", userSubject(read.ID), read.UpdatedAt.Unix(), h.Sum32())
		t.Type, t.OccurredAt = UserUpdated, read.UpdatedAt.UTC()
	default:
		return nil
	}
	return []Transition{t}
}

// MergedTransition is the merge of one user into another, at the time the webhook gives. A user is merged away once, so
// the loser's id makes the key; the winner is whom it concerns.
func MergedTransition(winner, loser int64, at time.Time) Transition {
	return Transition{Key: userSubject(loser) + "/merged#1", Type: UserMerged, UserID: winner, MergedID: loser, OccurredAt: at.UTC()}
}
