package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/config"
	"zendesk-brevo/internal/store"
)

func (a *app) mappingCheckCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check" + connectorArg,
		Short: "Say of each line of field_mapping what becomes of it",
		Long: "Say of each line of field_mapping which attributes it fills, of which type, and what is wrong with it: an unknown source, a custom\n" +
			"field that Zendesk does not have, an attribute of another type in Brevo. Nobody is asked: fields and attributes are those that\n" +
			"the last sync found. Exit code 2 when a line has a problem.",
		RunE: func(cmd *cobra.Command, args []string) error { return a.checkMapping(cmd.Context(), args, asJSON) },
	}
	jsonFlag(cmd, &asJSON)
	return a.withConnector(cmd)
}

// mappedLine is a line of field_mapping for the outside.
type mappedLine struct {
	Place   string   `json:"place"` // FILE:LINE; empty for a default
	Source  string   `json:"source"`
	Targets []string `json:"targets"`
	Types   []string `json:"types"`
	Problem string   `json:"problem"`
	Note    string   `json:"note"`
}

func (a *app) checkMapping(ctx context.Context, args []string, asJSON bool) error {
	if err := a.loadWith(args); err != nil { // an unknown source gets its line in the table
		return err
	}
	account, err := a.accountIfAny(ctx)
	if err != nil {
		return err
	}
	var fields []store.Field
	var attributes []store.Attribute
	if account != nil {
		if fields, _, err = account.Fields(ctx); err != nil {
			return a.storeFailure(err)
		}
		if attributes, err = account.Attributes(ctx); err != nil {
			return a.storeFailure(err)
		}
	}
	if len(fields) == 0 {
		a.warnf("starter: which fields Zendesk and which attributes Brevo has is not known before the first sync or `starter plan`: names alone are judged")
	}
	lines, problems := []mappedLine{}, 0
	for _, l := range activities.CheckMapping(a.cfg, fields, attributes) {
		line := mappedLine{Source: l.Source, Targets: orEmpty(l.Targets), Types: orEmpty(l.Types), Problem: l.Problem, Note: l.Note}
		if l.At != (config.Position{}) {
			line.Place = fmt.Sprintf("%s:%d", a.file.Path, l.At.Line)
		}
		if l.Problem != "" {
			problems++
		}
		lines = append(lines, line)
	}
	if asJSON {
		err = a.printJSON(struct {
			Connector string       `json:"connector"`
			Account   string       `json:"account"`
			Problems  int          `json:"problems"`
			Lines     []mappedLine `json:"lines"`
		}{a.cfg.Name, a.cfg.Account(), problems, lines})
	} else {
		err = a.printMapping(lines)
	}
	if err == nil && problems > 0 {
		return usage("field_mapping has %s: correct those lines; `starter mapping sources` lists what can be mapped", plural(int64(problems), "problem"))
	}
	return err
}

func (a *app) printMapping(lines []mappedLine) error {
	if len(lines) == 0 {
		a.printf("field_mapping of %s changes nothing of the defaults, which `starter mapping sources` lists.\n", a.cfg.Name)
		return nil
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "WHERE\tSOURCE\tTARGET\tTYPE\tRESULT")
	for _, l := range lines {
		place, result := l.Place, "ok"
		if place == "" {
			place = "(default)"
		}
		switch {
		case l.Problem != "":
			result = "problem: " + l.Problem
		case l.Note != "":
			result = "ok: " + l.Note
		case len(l.Targets) == 0:
			result = "switched off"
		}
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", place, l.Source, strings.Join(l.Targets, ", "), strings.Join(l.Types, ", "), oneLine(result))
	}
	return w.Flush()
}
