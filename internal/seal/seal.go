// Package seal encrypts the secrets that the store keeps, with a key that is not in the store: AES-256-GCM.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Errors of Open. Neither tells anything of a key or of what was sealed.
var (
	// ErrUnknownKey: sealed with a key that this box does not have.
	ErrUnknownKey = errors.New("open sealed secret: it was sealed with an ENCRYPTION_KEY that is not set here: add that key behind a comma, or install the secret again")
	// ErrTampered: what was stored, or the context it belongs to, is not what was sealed.
	ErrTampered = errors.New("open sealed secret: it was changed or belongs elsewhere: install the secret again")
)

// Errors of New. The value is not in them: it is a secret even when it is mistyped.
var (
	errNoKey  = errors.New("ENCRYPTION_KEY is not set: make one with `starter keygen`")
	errBadKey = errors.New("ENCRYPTION_KEY must be 32 bytes in base64 or hex: make one with `starter keygen`")
)

const (
	keySize  = 32
	redacted = "[redacted]"
)

// Box seals with its first key and opens with all of them. It is safe for concurrent use, and prints nothing of itself.
type Box struct{ keys []key }

type key struct {
	id   string
	aead cipher.AEAD
}

// New reads keys, the value of ENCRYPTION_KEY: 32 bytes in hex or base64 (either alphabet, padded or not). Several,
// separated by commas, are for replacing a key: the first seals, all open.
func New(keys string) (*Box, error) {
	b := &Box{}
	for text := range strings.SplitSeq(keys, ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		raw, err := decode(text)
		if err != nil {
			return nil, err
		}
		k, err := newKey(raw)
		if err != nil {
			return nil, err
		}
		b.keys = append(b.keys, k)
	}
	if len(b.keys) == 0 {
		return nil, errNoKey
	}
	return b, nil
}

// decode tries hex first: 32 bytes in base64 are 43 characters before the padding, which no hex text can be.
func decode(text string) ([]byte, error) {
	raw, err := hex.DecodeString(text)
	if err != nil {
		text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
		raw, err = base64.RawStdEncoding.DecodeString(text)
	}
	switch {
	case err != nil:
		return nil, errBadKey
	case len(raw) != keySize:
		return nil, fmt.Errorf("%w; it holds %d", errBadKey, len(raw))
	}
	return raw, nil
}

func newKey(raw []byte) (key, error) {
	block, err := aes.NewCipher(raw)
	if err != nil {
		return key{}, errBadKey
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, fmt.Errorf("prepare ENCRYPTION_KEY: %w", err)
	}
	sum := sha256.Sum256(raw)
	return key{id: hex.EncodeToString(sum[:4]), aead: aead}, nil
}

// Seal encrypts plain for one place, named by context: it opens nowhere else. It returns the id of the key it used and the
// sealed text; sealing the same twice gives two texts. It fails only for a Box that New did not make.
func (b *Box) Seal(plain, context string) (keyID, sealed string, err error) {
	if b == nil || len(b.keys) == 0 {
		return "", "", errNoKey
	}
	k := b.keys[0]
	raw := k.aead.Seal(nil, nil, []byte(plain), []byte(context)) //nolint:gosec // G407: this AEAD draws its nonce itself
	return k.id, base64.RawStdEncoding.EncodeToString(raw), nil
}

// Open decrypts what Seal returned for the same context; ErrUnknownKey, ErrTampered.
func (b *Box) Open(keyID, sealed, context string) (string, error) {
	if b == nil || len(b.keys) == 0 {
		return "", errNoKey
	}
	err := ErrUnknownKey
	for _, k := range b.keys {
		if k.id != keyID { // an id is short: two keys may share one
			continue
		}
		err = ErrTampered
		raw, bad := base64.RawStdEncoding.DecodeString(sealed)
		if bad != nil {
			continue
		}
		if plain, bad := k.aead.Open(nil, nil, raw, []byte(context)); bad == nil {
			return string(plain), nil
		}
	}
	return "", err
}

// Generate returns a new key as ENCRYPTION_KEY takes it, in padded base64.
func Generate() string {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // never fails: it ends the program instead
	return base64.StdEncoding.EncodeToString(raw)
}

// Format writes a placeholder, whatever the verb. It has a value receiver so that copies are silent as well.
func (Box) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// LogValue keeps log handlers from looking inside.
func (Box) LogValue() slog.Value { return slog.StringValue(redacted) }
