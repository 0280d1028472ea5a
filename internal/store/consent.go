package store

import (
	"context"
	"maps"
	"strconv"
	"strings"
)

// What a person opted out of, where no contact in Brevo can hold it, is kept in Delivery.Refused under these keys and those of
// ListKey. Only Blocklisted, of all names there that are no attribute's, has no colon.
const (
	// Blocklisted and BlocklistedSMS are of a contact that was deleted or forgotten: made again, it must not be mailable. A contact
	// that is there by then, whoever made it, has its own say.
	Blocklisted    = "BLOCKLISTED"
	BlocklistedSMS = "blocklisted:sms"
	// OwedEmail and OwedSMS are opt-outs of users who were merged into this one. They are owed until a contact has them.
	OwedEmail = owedPrefix + "email"
	OwedSMS   = owedPrefix + "sms"

	owedPrefix = "owed:"
	listPrefix = "list:"
)

// ListKey names a list of Brevo that the person left with a contact that is not theirs any more, so Brevo cannot tell us again.
func ListKey(list int64) string { return listPrefix + strconv.FormatInt(list, 10) }

// OptOuts are the refusals that speak of consent: they stay with the person, whatever becomes of address and contact.
func OptOuts(refused map[string]any) map[string]any {
	out := maps.Clone(refused)
	maps.DeleteFunc(out, func(name string, _ any) bool {
		return name != Blocklisted && name != BlocklistedSMS && !strings.HasPrefix(name, listPrefix) && !strings.HasPrefix(name, owedPrefix)
	})
	return out
}

// OptOutsOf is what a contact has opted out of, as the person's delivery keeps it once the contact is gone; nil contact: nothing.
func OptOutsOf(c *BrevoContact) map[string]any {
	out := map[string]any{}
	if c == nil {
		return out
	}
	if c.EmailBlacklisted {
		out[Blocklisted] = true
	}
	if c.SMSBlacklisted {
		out[BlocklistedSMS] = true
	}
	for _, list := range c.Unsubscribed {
		out[ListKey(list)] = true
	}
	return out
}

// WithOptOuts adds opt-outs to refusals, which it leaves as they are.
func WithOptOuts(refused, optOuts map[string]any) map[string]any {
	if len(optOuts) == 0 {
		return refused
	}
	out := maps.Clone(refused)
	if out == nil {
		out = map[string]any{}
	}
	maps.Copy(out, optOuts)
	return out
}

// Owed are opt-outs in the form in which the delivery of somebody else keeps them, with whom the person goes on.
func Owed(optOuts map[string]any) map[string]any {
	out := make(map[string]any, len(optOuts))
	for name, value := range optOuts {
		switch name {
		case Blocklisted:
			name = OwedEmail
		case BlocklistedSMS:
			name = OwedSMS
		}
		out[name] = value
	}
	return out
}

// keepOptOuts adds opt-outs to the deliveries of users, who may have none yet.
func (t *tx) keepOptOuts(ctx context.Context, of map[int64]map[string]any) error {
	users := make([]int64, 0, len(of))
	for id, optOuts := range of {
		if len(optOuts) > 0 {
			users = append(users, id)
		}
	}
	if len(users) == 0 {
		return nil
	}
	users = distinct(users) // in one order, like all writers
	if _, err := t.exec(ctx, "INSERT INTO deliveries (account, user_id) SELECT CAST($1 AS TEXT), ids.id FROM "+t.values("$2")+
		" WHERE TRUE ON CONFLICT (account, user_id) DO NOTHING", t.account, many(t, users)); err != nil {
		return err
	}
	had, err := t.deliveries(ctx, users)
	if err != nil {
		return err
	}
	for _, id := range users {
		refused, err := encode(WithOptOuts(had[id].Refused, of[id]))
		if err != nil {
			return err
		}
		if _, err := t.exec(ctx, "UPDATE deliveries SET refused = $3 WHERE account = $1 AND user_id = $2", t.account, id, refused); err != nil {
			return err
		}
	}
	return nil
}
