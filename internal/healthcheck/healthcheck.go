// Package healthcheck asks a program of ours on the same host whether it is alive: images without a shell have nothing else to
// ask it with.
package healthcheck

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// timeout is how long the answer may take; container engines ask with a timeout of their own, so it is below the usual ones.
const timeout = 3 * time.Second

// Ask fails unless GET /healthz is answered with 200 by whoever listens on address, host:port as it is listened on: an empty
// or unspecified host means this one. With encrypted it speaks HTTPS, and takes whatever certificate is shown: the question
// leaves no host, and holds nothing.
func Ask(ctx context.Context, address string, encrypted bool) error {
	target, err := healthURL(address, encrypted)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	transport := &http.Transport{ // no proxy: the host itself is meant
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // see above
	}
	resp, err := (&http.Client{
		Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}).Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return fmt.Errorf("nothing answers on %s: %w", address, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", target, resp.StatusCode)
	}
	return nil
}

func healthURL(address string, encrypted bool) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return "", fmt.Errorf("%q is not host:port", address)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.Is6() {
			host = "::1"
		}
	}
	scheme := "http"
	if encrypted {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/healthz", nil
}
