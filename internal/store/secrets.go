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
	Name      string // "webhook_signing/<webhook>", "webhook_signing/<webhook>/previous", "zendesk_tokens"
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

// ReplaceSecret stores a secret in place of the one with its name, as long as that is the one that was sealed as was; else it
// changes nothing and returns false.
func (a *Account) ReplaceSecret(ctx context.Context, was string, s Secret) (replaced bool, err error) {
	err = a.write(ctx, func(t *tx) error {
		n, err := t.exec(ctx, `UPDATE secrets SET key_id = $4, sealed = $5, created_at = $6, expires_at = $7
			WHERE account = $1 AND name = $2 AND sealed = $3`,
			t.account, clean(s.Name), was, s.KeyID, s.Sealed, nanos(s.CreatedAt), nanos(s.ExpiresAt))
		replaced = n == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("replace secret: %w", err)
	}
	return replaced, nil
}

// Secret returns the secret of a name; ErrNotFound.
func (a *Account) Secret(ctx context.Context, name string) (Secret, error) {
	s := Secret{Name: name}
	var created, expires int64
	err := a.read(ctx, func(t *tx) error {
		return t.QueryRowContext(ctx, "SELECT key_id, sealed, created_at, expires_at FROM secrets WHERE account = $1 AND name = $2",
			t.account, clean(name)).Scan(&s.KeyID, &s.Sealed, &created, &expires)
	})
	if err != nil {
		return Secret{}, fmt.Errorf("read secret: %w", err)
	}
	s.CreatedAt, s.ExpiresAt = moment(created), moment(expires)
	return s, nil
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
