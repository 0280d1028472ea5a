package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"zendesk-brevo/internal/store/pgtest"
)

// background outlives single tests: the embedded server and the built programs are shared by all of them.
var background, stopBackground = context.WithCancel(context.Background())

func TestMain(m *testing.M) {
	code := pgtest.Main(m)
	if s, err := server(); err == nil {
		_ = s.Stop()
	}
	for _, binary := range []func() (string, error){starterBinary, workerBinary, webhookBinary} {
		if path, err := binary(); err == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
	}
	stopBackground()
	os.Exit(code)
}
