package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/contrib/envconfig"

	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/connectors"
	"zendesk-brevo/internal/seal"
)

func (a *app) configCommand() *cobra.Command {
	parent := &cobra.Command{
		Use:   "config",
		Short: "Check the environment and connectors.yaml",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var asJSON bool
	check := &cobra.Command{
		Use:   "check",
		Short: "List everything that is wrong with the settings, or the settings in force",
		Long: "Read the environment, .env and connectors.yaml as the programs do, and list everything that is wrong with them at once; exit\n" +
			"code 2 then. Where nothing is, print the settings in force, defaults included; secrets are not shown. Nobody is called.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.checkConfig(cmd.Context(), asJSON) },
	}
	jsonFlag(check, &asJSON)
	parent.AddCommand(check)
	return parent
}

// configProblem is one mistake: where it is, and what to do.
type configProblem struct {
	Place   string `json:"place"` // connectors.yaml:4:5, or environment
	Message string `json:"message"`
}

// configReport is what `starter config check --json` prints.
type configReport struct {
	OK       bool            `json:"ok"`
	File     string          `json:"file"`
	Problems []configProblem `json:"problems"`
	Notes    []string        `json:"notes"`
	Settings []configSetting `json:"settings"` // in force; none while there are problems
}

func (r *configReport) add(place, text string) {
	r.Problems = append(r.Problems, configProblem{place, text})
}

const placeEnvironment = "environment"

func (a *app) checkConfig(ctx context.Context, asJSON bool) error {
	r := &configReport{Problems: []configProblem{}, Notes: []string{}, Settings: []configSetting{}}
	settings, err := config.LoadEnv()
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			r.add(placeEnvironment, strings.TrimSpace(line))
		}
		// What can be read of it is enough to find the file: its mistakes are to be told in the same breath.
		settings = config.Env{ConnectorsFile: os.Getenv("CONNECTORS_FILE")}
		if settings.ConnectorsFile == "" {
			settings.ConnectorsFile = "connectors.yaml"
		}
	} else {
		r.environment(ctx, settings)
	}
	r.File = settings.ConnectorsFile
	file, err := config.Load(settings.ConnectorsFile, os.Getenv, connectors.Checks()...)
	var problems config.Problems
	switch {
	case errors.As(err, &problems):
		for _, p := range problems {
			place, message, _ := strings.Cut(p.Error(), ": ")
			r.add(place, message)
		}
	case err != nil:
		r.add(settings.ConnectorsFile, oneLine(err.Error()))
	default:
		r.connectors(file, settings)
	}
	if r.OK = len(r.Problems) == 0; r.OK {
		r.Settings = inForce(settings, file)
	}
	if asJSON {
		err = a.printJSON(r)
	} else {
		err = a.printConfig(r)
	}
	if err == nil && !r.OK {
		return &failure{code: exitUsage}
	}
	return err
}

// environment judges what only this program, or no parser, can: keys, files, ports and Temporal's own settings.
func (r *configReport) environment(ctx context.Context, e config.Env) {
	if e.EncryptionKey.IsZero() {
		r.Notes = append(r.Notes, "ENCRYPTION_KEY is not set: `starter connect` and `starter webhooks install` need it; `starter keygen` makes one")
	} else if _, err := seal.New(e.EncryptionKey.Reveal()); err != nil {
		r.add(placeEnvironment, oneLine(err.Error()))
	}
	for name, addr := range map[string]string{"WEBHOOK_ADDR": e.WebhookAddr, "ADMIN_ADDR": e.AdminAddr} {
		_, port, err := net.SplitHostPort(addr)
		if name == "ADMIN_ADDR" && addr == config.AdminOff {
			continue
		}
		if err == nil {
			_, err = net.DefaultResolver.LookupPort(ctx, "tcp", port)
		}
		if err != nil {
			r.add(placeEnvironment, fmt.Sprintf("%s has the port %q: write a number from 1 to 65535", name, port))
		}
	}
	if e.TLSCert != "" {
		if _, err := tls.LoadX509KeyPair(e.TLSCert, e.TLSKey); err != nil {
			r.add(placeEnvironment, "TLS_CERT and TLS_KEY cannot be used: "+oneLine(err.Error()))
		}
	}
	if path, ok := strings.CutPrefix(e.StoreURL.Reveal(), "sqlite:"); ok {
		if err := writable(strings.TrimPrefix(path, "//")); err != nil {
			r.add(placeEnvironment, "STORE_URL: "+oneLine(err.Error()))
		}
	}
	if _, err := envconfig.LoadDefaultClientOptions(); err != nil {
		r.add(placeEnvironment, fmt.Sprintf("Temporal's settings cannot be read: %s: check the TEMPORAL_ variables", oneLine(err.Error())))
	}
}

// writable reports why a file cannot be read and written; one that is not there yet can be.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// connectors notes what is allowed and perhaps not meant.
func (r *configReport) connectors(file *config.File, e config.Env) {
	c, err := file.Connector("")
	if err != nil {
		r.Notes = append(r.Notes, err.Error())
		return
	}
	if c.Pilot.Active() {
		r.Notes = append(r.Notes, fmt.Sprintf("pilot.emails names %d: nobody else is written to Brevo", len(c.Pilot.Emails)))
	}
	if !c.Auth.UsesOAuth() {
		r.Notes = append(r.Notes, "Zendesk ends API tokens on 2027-04-30: `starter connect` is the lasting way in")
	}
	if e.PublicURL == "" {
		r.Notes = append(r.Notes, fmt.Sprintf("PUBLIC_URL is not set: no webhook can be installed, and changes arrive within %s", config.Brief(c.Schedule.Every)))
	}
}

func (a *app) printConfig(r *configReport) error {
	if !r.OK {
		fmt.Fprintf(a.stderr, "starter: the configuration has %s:\n", plural(int64(len(r.Problems)), "problem"))
		for _, p := range r.Problems {
			fmt.Fprintf(a.stderr, "  %s: %s\n", p.Place, oneLine(p.Message))
		}
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, s := range r.Settings {
		_, _ = fmt.Fprintf(w, "%s\t%s\n", s.Name, oneLine(s.Value))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, note := range r.Notes {
		a.printf("note: %s\n", oneLine(note))
	}
	a.printf("%s The configuration is valid.\n", a.palette().good("✓"))
	return nil
}
