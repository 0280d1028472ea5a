package main

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/control"
	"zendesk-brevo/internal/store"
)

func (a *app) resumeCommand() *cobra.Command {
	var accept, asJSON bool
	cmd := &cobra.Command{
		Use:   "resume" + connectorArg,
		Short: "End a pause",
		Long: "End a pause and say what stood. Work goes on within a minute. When the pause is about a mass change, the run that met it\n" +
			"will meet it again, unless the cause was mended or --accept says that the change is meant.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.resume(cmd.Context(), args, accept, asJSON) },
	}
	cmd.Flags().BoolVar(&accept, "accept", false, "let the mass change that paused the account happen, once")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return a.withConnector(cmd)
}

func (a *app) resume(ctx context.Context, args []string, accept, asJSON bool) error {
	if err := a.load(args); err != nil {
		return err
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	stood, standing, err := account.Paused(ctx)
	if err != nil {
		return a.storeFailure(err)
	}
	// An acceptance given while no mass change waits would let a later one, that nobody has seen, pass.
	accepted := accept && standing && stood.Kind == activities.PauseMassChange
	if accepted {
		if err := account.AcceptMassChange(ctx, a.now()); err != nil {
			return a.storeFailure(err)
		}
	}
	if standing {
		if err := account.ClearPause(ctx); err != nil {
			return a.storeFailure(err)
		}
	}
	if asJSON {
		out := struct {
			Connector string         `json:"connector"`
			Account   string         `json:"account"`
			Resumed   bool           `json:"resumed"`
			Accepted  bool           `json:"accepted"`
			Was       *control.Pause `json:"was"`
		}{Connector: a.cfg.Name, Account: a.cfg.Account(), Resumed: standing, Accepted: accepted}
		if standing {
			out.Was = &control.Pause{Kind: stood.Kind, Message: stood.Message, At: utc(stood.At)}
		}
		return a.printJSON(out)
	}
	a.printf("%s", resumed(a.cfg.Account(), stood, standing, accept))
	return nil
}

func resumed(account string, stood store.Pause, standing, accept bool) string {
	mass := stood.Kind == activities.PauseMassChange
	switch {
	case !standing:
		return account + " is not paused.\n"
	case mass && accept:
		return fmt.Sprintf("Resumed %s, and accepted once what paused it since %s:\n  %s\n", account, clock(stood.At), stood.Message)
	}
	text := fmt.Sprintf("Resumed %s, which was paused since %s:\n  %s\nWork goes on within a minute.\n", account, clock(stood.At), stood.Message)
	if mass {
		text += "Unless its cause is gone, it will pause again; if the change is meant: starter resume --accept\n"
	}
	return text
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a.printf("starter %s\n", version())
			return nil
		},
	}
}

// version is the module's version and the commit it was built from, as far as the build recorded them.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	text, commit, dirty := info.Main.Version, "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = ", modified"
		}
	}
	if text == "" || text == "(devel)" {
		text = "development"
	}
	if commit != "" {
		text += " (" + commit + dirty + ")"
	}
	return text + ", " + info.GoVersion
}
