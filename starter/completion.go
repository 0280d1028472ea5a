package main

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"zendesk-brevo/internal/store"
)

// completing is a completion of flags or arguments. It asks no vendor, and whatever is in its way makes it complete nothing.
type completing = func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective)

// withConnector is the argument rule and completion of commands that take a connector.
func (a *app) withConnector(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.MaximumNArgs(1)
	cmd.ValidArgsFunction = a.completeArgs()
	return cmd
}

// withRecord is the completion of commands that take KIND ID and a connector.
func (a *app) withRecord(cmd *cobra.Command) *cobra.Command {
	cmd.ValidArgsFunction = a.completeArgs([]string{string(store.KindUser), string(store.KindOrganization)}, nil)
	return cmd
}

// completeArgs completes arguments by their place, and after them a connector.
func (a *app) completeArgs(before ...[]string) completing {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		switch {
		case len(args) < len(before):
			return before[len(args)], cobra.ShellCompDirectiveNoFileComp
		case len(args) > len(before):
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.connectorNames(), cobra.ShellCompDirectiveNoFileComp
	}
}

func (a *app) connectorNames() (names []string) {
	if a.file == nil && a.load(nil) != nil && a.file == nil {
		return nil
	}
	for _, c := range a.file.Ordered {
		if c.Enabled {
			names = append(names, c.Name)
		}
	}
	return names
}

// completeReasons are the reasons for which records are rejected now.
func (a *app) completeReasons(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	if a.load(nil) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	account, err := a.accountIfAny(cmd.Context())
	if err != nil || account == nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	counts, err := account.CountRejects(cmd.Context(), "")
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return slices.Sorted(maps.Keys(counts)), cobra.ShellCompDirectiveNoFileComp
}
