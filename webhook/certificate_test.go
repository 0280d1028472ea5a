package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"zendesk-brevo/internal/config"
)

// pair is a certificate of its own making, in files.
type pair struct {
	cert, key string
	roots     *x509.CertPool
}

// newPair writes a certificate for hooks.example.com that ends at the time given.
func newPair(t *testing.T, until time.Time) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"hooks.example.com"}, NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		var text bytes.Buffer
		require.NoError(t, pem.Encode(&text, &pem.Block{Type: kind, Bytes: der}))
		file := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(file, text.Bytes(), 0o600))
		return file
	}
	p := pair{cert: write("cert.pem", "CERTIFICATE", der), key: write("key.pem", "PRIVATE KEY", private), roots: x509.NewCertPool()}
	p.roots.AddCert(parsed)
	return p
}

// become overwrites one file by another.
func become(t *testing.T, path, other string) {
	t.Helper()
	text, err := os.ReadFile(other)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
}

func logOf(d *diary) *slog.Logger { return config.NewLogger(d, config.LogText, config.LevelInfo) }

func TestTLS(t *testing.T) {
	p := newPair(t, time.Now().Add(time.Hour))
	s := newQuietSite(t)
	cert, err := loadCertificate(p.cert, p.key, s.server.log)
	require.NoError(t, err)
	stop, done := serving(t, s, cert.config())
	s.url = strings.Replace(s.url, "http:", "https:", 1)
	ask := func(roots *x509.CertPool, most uint16) (reply, error) {
		c := &http.Client{Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "hooks.example.com", MinVersion: tls.VersionTLS10, MaxVersion: most}, ForceAttemptHTTP2: true,
		}}
		defer c.CloseIdleConnections()
		resp, err := c.Do(s.request(solved("e1")).build(t, s.url))
		if err != nil {
			return reply{}, err
		}
		defer resp.Body.Close()
		return reply{status: resp.StatusCode}, nil
	}
	r, err := ask(p.roots, 0)
	require.NoError(t, err)
	assert.Equal(t, 200, r.status)
	_, err = ask(p.roots, tls.VersionTLS11)
	require.ErrorContains(t, err, "protocol version")

	// Whoever connects after the renewal is shown the new certificate; the server runs on.
	renewed := newPair(t, time.Now().Add(2*time.Hour))
	become(t, p.cert, renewed.cert)
	become(t, p.key, renewed.key)
	changed, err := cert.renew()
	require.NoError(t, err)
	assert.True(t, changed)
	_, err = ask(p.roots, 0)
	require.ErrorContains(t, err, "certificate")
	r, err = ask(renewed.roots, 0)
	require.NoError(t, err)
	assert.Equal(t, 200, r.status)
	stop()
	require.NoError(t, <-done)
	assert.NotContains(t, s.log.String(), "panic")
}

// TestCertificateThatIsBeingWritten: a key that does not fit yet changes nothing, and is told once.
func TestCertificateThatIsBeingWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, renewed := newPair(t, time.Now().Add(time.Hour)), newPair(t, time.Now().Add(100*time.Hour))
		log := &diary{}
		cert, err := loadCertificate(p.cert, p.key, logOf(log))
		require.NoError(t, err)
		before := cert.until()
		ctx, stop := context.WithCancel(t.Context())
		go cert.run(ctx)
		pass := func() {
			time.Sleep(3 * certificateCheck)
			synctest.Wait()
		}
		pass()
		assert.Empty(t, log.String(), "nothing changed")
		become(t, p.cert, renewed.cert)
		pass()
		assert.Equal(t, before, cert.until())
		assert.Equal(t, 1, strings.Count(log.String(), "cannot be used"))
		become(t, p.key, renewed.key)
		pass()
		assert.True(t, cert.until().After(before))
		assert.Equal(t, 1, strings.Count(log.String(), "certificate renewed"))
		require.NoError(t, os.Remove(p.cert))
		pass()
		assert.Contains(t, log.String(), "TLS_CERT names a file that cannot be read")
		stop()
		synctest.Wait()
	})
}

func TestCertificateThatCannotBeLoaded(t *testing.T) {
	p, other := newPair(t, time.Now().Add(time.Hour)), newPair(t, time.Now().Add(time.Hour))
	for name, test := range map[string]struct{ cert, key, want string }{
		"no certificate":  {"missing.pem", p.key, "TLS_CERT names a file that cannot be read: missing.pem: no such file"},
		"no key":          {p.cert, "missing.pem", "TLS_KEY names a file that cannot be read: missing.pem: no such file"},
		"key of another":  {p.cert, other.key, "are not a PEM certificate and its private key: tls: private key does not match"},
		"one for another": {p.key, p.cert, "are not a PEM certificate and its private key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := loadCertificate(test.cert, test.key, logOf(&diary{}))
			require.ErrorContains(t, err, test.want)
			assert.NotContains(t, err.Error(), "BEGIN")
		})
	}
}
