package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"zendesk-brevo/mapping"
)

func (a *app) mappingCommand() *cobra.Command {
	parent := &cobra.Command{
		Use:   "mapping",
		Short: "Look at what Zendesk fields can be mapped, and check what is",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var asJSON bool
	sources := &cobra.Command{
		Use:   "sources",
		Short: "List every source that field_mapping may name, and where it goes by default",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return a.mappingSources(asJSON) },
	}
	jsonFlag(sources, &asJSON)
	parent.AddCommand(sources, a.mappingCheckCommand())
	return parent
}

// mappingSources prints the registry that the mapping itself works from; it needs neither configuration nor store.
func (a *app) mappingSources(asJSON bool) error {
	type source struct {
		Name        string   `json:"name"`
		Type        string   `json:"type"`
		Default     []string `json:"default"`
		Description string   `json:"description"`
	}
	var out []source
	for _, s := range mapping.Sources() {
		out = append(out, source{s.Name, s.Type, append([]string{}, s.DefaultTargets...), s.Description})
	}
	if asJSON {
		return a.printJSON(out)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "SOURCE\tTYPE\tDEFAULT TARGET\tWHAT IT IS")
	for _, s := range out {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", s.Name, s.Type, strings.Join(s.Default, ", "), s.Description)
	}
	return w.Flush()
}
