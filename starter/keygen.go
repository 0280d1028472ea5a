package main

import (
	"github.com/spf13/cobra"

	"zendesk-brevo/internal/seal"
)

func (a *app) keygenCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "keygen",
		Short: "Print a new ENCRYPTION_KEY",
		Long: "Print a new ENCRYPTION_KEY: it seals the tokens of Zendesk and the signing secrets of webhooks in the store. Only the key\n" +
			"goes to stdout.\n\n" +
			"To replace a key, put the new one first, ENCRYPTION_KEY=new,old, for the starter, the workers and the webhook server; run\n" +
			"`starter webhooks install`, which seals again. Tokens are sealed again when they are next renewed, within two days, or by\n" +
			"`starter connect`. Then leave the old one out.",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			a.warnf("starter: set this as ENCRYPTION_KEY for the starter, the workers and the webhook server, and keep it out of the store's backups")
			if asJSON {
				return a.printJSON(struct {
					Key string `json:"encryptionKey"`
				}{seal.Generate()})
			}
			a.printf("%s\n", seal.Generate())
			return nil
		},
	}
	jsonFlag(cmd, &asJSON)
	return cmd
}
