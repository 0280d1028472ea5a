package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"starter": main})
}

// TestScripts runs the program as a person does, in folders of its own, without a Temporal server.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("TEMPORAL_ADDRESS", "127.0.0.1:1") // nobody listens there
			e.Setenv("TEMPORAL_CONFIG_FILE", os.DevNull)
			e.Setenv("BREVO_API_KEY", "xkeysib-0123456789abcdef0123456789abcdef")
			e.Setenv("ZENDESK_API_TOKEN", "0123456789abcdef0123456789abcdef01234567")
			return nil
		},
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}
