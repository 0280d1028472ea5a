package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificateCheck is how often the files of the certificate are read: a renewed one is in force that long after it was written.
const certificateCheck = 30 * time.Second

// certificate is what TLS_CERT and TLS_KEY hold, also after they have changed.
type certificate struct {
	certFile, keyFile string
	log               *slog.Logger
	mu                sync.Mutex
	loaded            *tls.Certificate
	text              [2][]byte // of the files, as loaded
}

// loadCertificate reads both files; its errors say which of them is wrong.
func loadCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{certFile: certFile, keyFile: keyFile, log: log}
	if _, err := c.renew(); err != nil {
		return nil, err
	}
	return c, nil
}

// renew reads the files again. After an error the certificate that was loaded before stays in force.
func (c *certificate) renew() (changed bool, err error) {
	var text [2][]byte
	for i, file := range []struct{ name, path string }{{"TLS_CERT", c.certFile}, {"TLS_KEY", c.keyFile}} {
		if text[i], err = os.ReadFile(file.path); err != nil {
			var failed *fs.PathError
			if errors.As(err, &failed) {
				err = failed.Err
			}
			return false, fmt.Errorf("%s names a file that cannot be read: %s: %w", file.name, file.path, err)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded != nil && bytes.Equal(text[0], c.text[0]) && bytes.Equal(text[1], c.text[1]) {
		return false, nil
	}
	loaded, err := tls.X509KeyPair(text[0], text[1])
	if err != nil {
		return false, fmt.Errorf("TLS_CERT (%s) and TLS_KEY (%s) are not a PEM certificate and its private key: %w", c.certFile, c.keyFile, err)
	}
	c.loaded, c.text = &loaded, text
	return true, nil
}

// until is when the certificate in force ends.
func (c *certificate) until() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.loaded.Leaf.NotAfter
}

// config is the server's side of TLS, with the certificate that is in force when a connection is made.
func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.loaded, nil
	}}
}

// run takes renewed files into force until ctx ends. While they are being written one may not fit the other: that is tried
// again, and told once.
func (c *certificate) run(ctx context.Context) {
	tick := time.NewTicker(certificateCheck)
	defer tick.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed, err := c.renew()
		switch {
		case err != nil && err.Error() != told:
			told = err.Error()
			c.log.Warn("the renewed certificate cannot be used: the one before it stays in force", "until", c.until(), "error", err)
		case err == nil:
			told = ""
		}
		if changed {
			c.log.Info("certificate renewed", "valid_until", c.until())
		}
	}
}
