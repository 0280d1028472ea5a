package seal_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/seal"
)

// raw is a key whose base64 differs between the two alphabets.
var raw = bytes.Repeat([]byte{0xfb, 0xef, 0xff, 0x07}, 8)

func box(t *testing.T, keys string) *seal.Box {
	t.Helper()
	b, err := seal.New(keys)
	require.NoError(t, err)
	return b
}

func TestEveryFormOfOneKey(t *testing.T) {
	t.Parallel()
	id, sealed, err := box(t, hex.EncodeToString(raw)).Seal("s3cret", "acme/webhook_signing/1")
	require.NoError(t, err)
	assert.Regexp(t, "^[0-9a-f]{8}$", id)
	for name, text := range map[string]string{
		"hex":                 hex.EncodeToString(raw),
		"hex, upper case":     strings.ToUpper(hex.EncodeToString(raw)),
		"base64":              base64.StdEncoding.EncodeToString(raw),
		"base64, no padding":  base64.RawStdEncoding.EncodeToString(raw),
		"for URLs":            base64.URLEncoding.EncodeToString(raw),
		"for URLs, unpadded":  base64.RawURLEncoding.EncodeToString(raw),
		"with white space":    " " + base64.StdEncoding.EncodeToString(raw) + "\n",
		"with a comma behind": base64.StdEncoding.EncodeToString(raw) + ",",
	} {
		plain, err := box(t, text).Open(id, sealed, "acme/webhook_signing/1")
		require.NoError(t, err, name)
		assert.Equal(t, "s3cret", plain, name)
	}
}

func TestWrongKeysNameTheFixAndNotTheValue(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"unset":          "",
		"only commas":    " , ,",
		"a password":     "correct horse battery staple",
		"16 bytes":       hex.EncodeToString(raw[:16]),
		"31 bytes":       base64.StdEncoding.EncodeToString(raw[:31]),
		"33 bytes":       base64.StdEncoding.EncodeToString(append([]byte{1}, raw...)),
		"48 bytes":       base64.StdEncoding.EncodeToString(append(raw[:16:16], raw...)),
		"64, not hex":    strings.Repeat("zz", 32),
		"a good, a bad":  seal.Generate() + ",hunter2",
		"the wrong sign": strings.Repeat("*", 43),
		"two in one":     seal.Generate() + " " + seal.Generate(),
	} {
		b, err := seal.New(text)
		require.Error(t, err, name)
		assert.Nil(t, b, name)
		assert.Contains(t, err.Error(), "ENCRYPTION_KEY", name)
		assert.Contains(t, err.Error(), "`starter keygen`", name)
		for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' }) {
			if len(part) > 4 {
				assert.NotContains(t, err.Error(), part, name)
			}
		}
	}
}

func TestAKeyOfTheWrongLengthIsToldItsLength(t *testing.T) {
	t.Parallel()
	for text, n := range map[string]string{
		hex.EncodeToString(raw[:16]):                    "holds 16",
		base64.StdEncoding.EncodeToString(raw[:31]):     "holds 31",
		base64.RawURLEncoding.EncodeToString(raw[:24]):  "holds 24",
		seal.Generate() + "," + hex.EncodeToString(nil): "",
	} {
		_, err := seal.New(text)
		if n == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, n)
	}
}

func TestOnlyWhatWasSealedOpens(t *testing.T) {
	t.Parallel()
	b := box(t, seal.Generate())
	const context = "acme/webhook_signing/01J"
	for _, plain := range []string{"", "a", strings.Repeat("ä", 5000), "\x00\xff"} {
		id, sealed, err := b.Seal(plain, context)
		require.NoError(t, err)
		got, err := b.Open(id, sealed, context)
		require.NoError(t, err)
		assert.Equal(t, plain, got)
		assert.NotContains(t, sealed, ",", "it is stored as one text")
	}
	id, sealed, err := b.Seal("s3cret", context)
	require.NoError(t, err)
	_, twice, err := b.Seal("s3cret", context)
	require.NoError(t, err)
	assert.NotEqual(t, sealed, twice, "equal secrets do not show as equal")

	for name, changed := range map[string]string{
		"empty":        "",
		"cut":          sealed[:len(sealed)-4],
		"longer":       sealed + "AAAA",
		"not base64":   "*" + sealed[1:],
		"nonce only":   sealed[:16],
		"plain text":   "s3cret",
		"another text": twice[:16] + sealed[16:],
	} {
		_, err := b.Open(id, changed, context)
		require.ErrorIs(t, err, seal.ErrTampered, name)
		assert.NotContains(t, err.Error(), "s3cret")
	}
	body, err := base64.RawStdEncoding.DecodeString(sealed)
	require.NoError(t, err)
	for i := range body {
		flipped := bytes.Clone(body)
		flipped[i] ^= 1
		_, err := b.Open(id, base64.RawStdEncoding.EncodeToString(flipped), context)
		require.ErrorIs(t, err, seal.ErrTampered, "byte %d", i)
	}
	for _, elsewhere := range []string{"", "other/webhook_signing/01J", context + "/previous"} {
		_, err := b.Open(id, sealed, elsewhere)
		require.ErrorIs(t, err, seal.ErrTampered, elsewhere)
	}
}

func TestKeysAreReplacedWithoutAGap(t *testing.T) {
	t.Parallel()
	older, newer := seal.Generate(), seal.Generate()
	oldID, oldSealed, err := box(t, older).Seal("s3cret", "x")
	require.NoError(t, err)

	both := box(t, newer+", "+older)
	got, err := both.Open(oldID, oldSealed, "x")
	require.NoError(t, err)
	assert.Equal(t, "s3cret", got)
	newID, newSealed, err := both.Seal("s3cret", "x")
	require.NoError(t, err)
	assert.NotEqual(t, oldID, newID)

	alone := box(t, newer)
	got, err = alone.Open(newID, newSealed, "x")
	require.NoError(t, err)
	assert.Equal(t, "s3cret", got)
	_, err = alone.Open(oldID, oldSealed, "x")
	require.ErrorIs(t, err, seal.ErrUnknownKey)
	_, err = alone.Open("", oldSealed, "x")
	require.ErrorIs(t, err, seal.ErrUnknownKey)
	_, err = alone.Open(newID, oldSealed, "x")
	require.ErrorIs(t, err, seal.ErrTampered, "an id proves nothing")
}

func TestABoxThatNewDidNotMake(t *testing.T) {
	t.Parallel()
	for _, b := range []*seal.Box{nil, {}} {
		_, _, err := b.Seal("s3cret", "x")
		require.Error(t, err)
		_, err = b.Open("", "", "x")
		require.Error(t, err)
	}
}

func TestGeneratedKeys(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 100 {
		k := seal.Generate()
		box(t, k)
		assert.False(t, seen[k])
		seen[k] = true
		decoded, err := base64.StdEncoding.DecodeString(k)
		require.NoError(t, err)
		assert.Len(t, decoded, 32)
	}
}

func TestNothingOfABoxIsPrinted(t *testing.T) {
	t.Parallel()
	b := box(t, base64.StdEncoding.EncodeToString(raw))
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("box", "box", b, "copy", *b)
	encoded, err := json.Marshal(struct{ Box *seal.Box }{b})
	require.NoError(t, err)
	texts := []string{logged.String(), string(encoded)}
	type holder struct {
		box  *seal.Box
		copy seal.Box
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, b), fmt.Sprintf(verb, *b), fmt.Sprintf(verb, holder{b, *b}))
		assert.Equal(t, "[redacted]", fmt.Sprintf(verb, *b))
	}
	for _, text := range texts {
		assert.NotContains(t, text, base64.StdEncoding.EncodeToString(raw))
		assert.NotContains(t, text, hex.EncodeToString(raw))
		assert.NotContains(t, text, "251 239", "no byte of the key")
	}
}
