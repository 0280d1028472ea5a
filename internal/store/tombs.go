package store

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// tombs are the people who are kept out.
type tombs struct {
	key     []byte
	ids     map[int64]bool
	hashes  map[string]bool
	byHash  map[string][]int64
	consent map[string]map[string]any // what addresses had opted out of; also once they are not kept out any more
}

// tombs reads them; every write of the mirror asks, so that whoever is forgotten by one program is kept out by all.
func (t *tx) tombs(ctx context.Context) (tombs, error) {
	out := tombs{ids: map[int64]bool{}, hashes: map[string]bool{}, byHash: map[string][]int64{}, consent: map[string]map[string]any{}}
	err := t.each(ctx, func(rows *sql.Rows) error {
		var hash string
		var id, lifted int64
		optOuts, err := scanConsent(rows, &hash, &id, &lifted)
		if len(optOuts) > 0 {
			out.consent[hash] = WithOptOuts(out.consent[hash], optOuts)
		}
		if err != nil || lifted != 0 {
			return err
		}
		out.hashes[hash] = true
		if id != 0 {
			out.ids[id] = true
			out.byHash[hash] = append(out.byHash[hash], id)
		}
		return err
	}, "SELECT address_hash, user_id, lifted_at, opted_out, consent FROM forgotten WHERE account = $1 AND (lifted_at = 0 OR opted_out OR consent <> '')", t.account)
	if err != nil || len(out.hashes)+len(out.consent) == 0 {
		return out, err
	}
	out.key, err = t.forgetKey(ctx)
	return out, err
}

// scanConsent reads columns that end in opted_out and consent. Versions before the column consent wrote opted_out alone.
func scanConsent(rows *sql.Rows, columns ...any) (map[string]any, error) {
	var opted bool
	var consent string
	if err := rows.Scan(append(columns, &opted, &consent)...); err != nil {
		return nil, err
	}
	out, err := decodeValues[string](consent)
	if opted && out[OwedEmail] != true {
		out = WithOptOuts(out, map[string]any{Blocklisted: true})
	}
	return out, err
}

// of is what a user who is kept out had opted out of.
func (x *tombs) of(user int64) (optOuts map[string]any) {
	for _, hash := range x.hashesOf(user) {
		optOuts = WithOptOuts(optOuts, x.consent[hash])
	}
	return optOuts
}

// hashesOf are the addresses with which a user is kept out.
func (x *tombs) hashesOf(user int64) (hashes []string) {
	for hash, ids := range x.byHash {
		if slices.Contains(ids, user) {
			hashes = append(hashes, hash)
		}
	}
	return hashes
}

// address reports whether an address is kept out, and gives its hash.
func (x *tombs) address(email string) (hash string, out bool) {
	if x.key == nil || email == "" {
		return "", false
	}
	hash = keyed(x.key, email)
	return hash, x.hashes[hash]
}

func keyed(key []byte, email string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(strings.ToLower(strings.TrimSpace(email))))
	return hex.EncodeToString(mac.Sum(nil))
}

// forgetKey is nil before anybody was forgotten.
func (t *tx) forgetKey(ctx context.Context) ([]byte, error) {
	var text string
	err := t.QueryRowContext(ctx, "SELECT forget_key FROM accounts WHERE account = $1", t.account).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) || (err == nil && text == "") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return hex.DecodeString(text)
}

// hashOf makes the account's key when there is none: nextMark comes before it.
func (t *tx) hashOf(ctx context.Context, email string) (string, error) {
	key, err := t.forgetKey(ctx)
	if err != nil {
		return "", err
	}
	if key == nil {
		key = make([]byte, sha256.Size)
		rand.Read(key) //nolint:errcheck // it never fails
		if _, err := t.exec(ctx, "UPDATE accounts SET forget_key = $2 WHERE account = $1", t.account, hex.EncodeToString(key)); err != nil {
			return "", err
		}
	}
	return keyed(key, email), nil
}
