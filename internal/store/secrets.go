package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
	"unicode/utf8"
)

// Secret is one secret, sealed before it comes here: the store holds no key.
type Secret struct {
	Name      string // "webhook_signing/<webhook>", "webhook_signing/<webhook>/previous"
	KeyID     string // of the encryption key
	Sealed    string
	CreatedAt time.Time
	ExpiresAt time.Time // zero: valid until it is replaced
}

// PutSecret stores a secret in place of the one with its name.
func (a *Account) PutSecret(ctx context.Context, s Secret) error {
	return a.do(ctx, "put secret", `INSERT INTO secrets (account, name, key_id, sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (account, name) DO UPDATE SET key_id = excluded.key_id, sealed = excluded.sealed,
			created_at = excluded.created_at, expires_at = excluded.expires_at`,
		clean(s.Name), s.KeyID, s.Sealed, nanos(s.CreatedAt), nanos(s.ExpiresAt))
}

// Secrets returns the secrets whose names begin with prefix, by name; those that have expired are among them.
func (a *Account) Secrets(ctx context.Context, prefix string) ([]Secret, error) {
	var out []Secret
	err := a.read(ctx, func(t *tx) error {
		out = nil
		return t.each(ctx, func(rows *sql.Rows) error {
			var s Secret
			var created, expires int64
			err := rows.Scan(&s.Name, &s.KeyID, &s.Sealed, &created, &expires)
			s.CreatedAt, s.ExpiresAt = moment(created), moment(expires)
			out = append(out, s)
			return err
		}, "SELECT name, key_id, sealed, created_at, expires_at FROM secrets WHERE account = $1 AND "+named+" ORDER BY name",
			t.account, clean(prefix), utf8.RuneCountInString(clean(prefix)))
	})
	if err != nil {
		return nil, fmt.Errorf("read secrets: %w", err)
	}
	return out, nil
}

// DeleteSecrets removes the secrets whose names begin with prefix; the empty prefix removes all of the account.
func (a *Account) DeleteSecrets(ctx context.Context, prefix string) error {
	return a.do(ctx, "delete secrets", "DELETE FROM secrets WHERE account = $1 AND "+named, clean(prefix), utf8.RuneCountInString(clean(prefix)))
}

// named compares a name's beginning byte by byte: LIKE has wildcards that occur in names, and on SQLite no case.
const named = "substr(name, 1, $3) = $2"
