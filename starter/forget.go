package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/activities"
	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

type forgetFlags struct {
	email                    string
	yes, undo, inBrevo, json bool
}

func (a *app) forgetCommand() *cobra.Command {
	var f forgetFlags
	cmd := &cobra.Command{
		Use:   "forget" + connectorArg,
		Short: "Erase a person from the store, with evidence, and keep them out",
		Long: "Erase everybody who has an address from every table of the store, with their tickets and whatever was planned for them, and keep\n" +
			"them out from then on: syncs and webhooks pass over the person although Zendesk still has them. What stays is a keyed hash of the\n" +
			"address, the Zendesk ids, when, and how many rows went. The contact in Brevo stays as it is, unless --in-brevo says otherwise.\n" +
			"--undo lets the person in again; it brings nothing back.",
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.check(cmd.Flags().Changed) },
		RunE:    func(cmd *cobra.Command, args []string) error { return a.forget(cmd.Context(), args, f) },
	}
	cmd.Flags().StringVar(&f.email, "email", "", "the person's e-mail address")
	cmd.Flags().BoolVar(&f.yes, "yes", false, "do not ask")
	cmd.Flags().BoolVar(&f.inBrevo, "in-brevo", false, "also delete the contact in Brevo that has the address, with all that Brevo knows of it")
	cmd.Flags().BoolVar(&f.undo, "undo", false, "let the person in again")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return a.withConnector(cmd)
}

func (f *forgetFlags) check(changed func(string) bool) (err error) {
	switch {
	case !changed("email"):
		return usage("write --email ADDRESS")
	case f.undo && f.inBrevo:
		return usage("--undo and --in-brevo do not go together: what was deleted in Brevo cannot be brought back")
	}
	f.email, err = plainAddress(f.email)
	return err
}

// evidence is what `forget` shows. Its names are stable, and it holds no personal data.
type evidence struct {
	Connector   string           `json:"connector"`
	Account     string           `json:"account"`
	AddressHash string           `json:"addressHash"`
	Users       []int64          `json:"users"`
	Rows        map[string]int64 `json:"rows"`
	ForgottenAt *time.Time       `json:"forgottenAt"`
	Already     bool             `json:"already"`
	Overwritten bool             `json:"overwritten"` // SQLite: the bytes are gone from its files
	Brevo       string           `json:"brevo"`       // kept, deleted, none
}

func (a *app) forget(ctx context.Context, args []string, f forgetFlags) error {
	if err := a.load(args); err != nil {
		return err
	}
	if f.undo {
		return a.remember(ctx, f)
	}
	switch {
	case !f.yes && !a.interactive:
		return usage("`starter forget` asks first, and there is no terminal to answer on: add --yes")
	case f.inBrevo && a.cfg.Pilot.Active() && !slices.Contains(a.cfg.Pilot.Emails, f.email):
		return usage("--in-brevo: pilot.emails does not have the address, and nobody else is touched in Brevo: delete the contact there, or leave --in-brevo out")
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	if err := a.agreeToForget(ctx, f); err != nil {
		return err
	}
	out := evidence{Connector: a.cfg.Name, Account: a.cfg.Account(), Brevo: "kept"}
	var vendors *activities.Vendors
	who := store.Forgetting{Email: f.email}
	if f.inBrevo {
		// Asked first: should Brevo not answer, nothing is half done; and an opt-out must outlive its contact.
		if vendors, err = a.vendors(); err != nil {
			return err
		}
		held, found, err := activities.LookAt(ctx, vendors.Brevo, 0, f.email)
		if err != nil {
			return brevoRefused("nothing was erased: Brevo was asked for the contact", err)
		}
		if found {
			who.Seen = activities.Mirrored(&held)
		}
	}
	got, err := account.Forget(ctx, who, a.now())
	if errors.Is(err, store.ErrMergeOpen) && a.cfg.Pilot.Active() {
		who.OpenMerges = true // of somebody outside the pilot no sync settles a merge
		got, err = account.Forget(ctx, who, a.now())
	}
	if err != nil {
		return a.notForgotten(err)
	}
	out.AddressHash, out.Users, out.Rows, out.ForgottenAt = got.AddressHash, append([]int64{}, got.UserIDs...), got.Rows, utc(got.At)
	out.Already, out.Overwritten = got.Already, got.Overwritten
	if f.inBrevo {
		switch err := vendors.Brevo.DeleteContact(ctx, brevo.ByEmail(f.email)); {
		case brevo.IsNotFound(err):
			out.Brevo = "none"
		case err != nil:
			return brevoRefused("the person was erased here, and the contact in Brevo was not deleted (run this again)", err)
		default:
			out.Brevo = "deleted"
		}
	}
	if f.json {
		return a.printJSON(out)
	}
	a.printf("%s", out.text(f.email))
	if !got.Overwritten && strings.HasPrefix(a.settings.StoreURL.Reveal(), "sqlite:") {
		a.warnf("starter: another program reads the store, so its log still holds the former pages: run this again when that is done, or once the programs are stopped")
	}
	return nil
}

func (a *app) agreeToForget(ctx context.Context, f forgetFlags) error {
	if f.yes {
		return nil
	}
	contact := "The contact in Brevo stays."
	if f.inBrevo {
		contact = "The contact in Brevo is DELETED, with its history and its opt-outs."
	}
	agreed, err := a.ask(ctx, "Erase %s from the store of %s for good, and keep the person out? %s", f.email, a.cfg.Account(), contact)
	if err == nil && !agreed {
		return failed("nothing was erased")
	}
	return err
}

func (a *app) notForgotten(err error) error {
	switch {
	case errors.Is(err, store.ErrBeingWritten):
		return failed("nothing was erased: the contact is being written to Brevo right now: run this again when the sync has ended (`starter status`)")
	case errors.Is(err, store.ErrMergeOpen):
		return failed("nothing was erased: a merge of this person waits for its opt-outs to be carried over: run `starter sync --type incremental --wait`, then this again")
	}
	return a.storeFailure(err)
}

func brevoRefused(what string, err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	cause, fix := activities.ExplainError(err)
	return &failure{code: exitFailed, cause: err, text: fmt.Sprintf("%s: %s: %s", what, oneLine(cause), fix)}
}

func (e *evidence) text(email string) string {
	var b strings.Builder
	switch {
	case e.Already && len(e.Rows) == 0:
		b.WriteString("Forgotten before, and kept out; nothing was left to erase.\n")
	case len(e.Rows) == 0:
		b.WriteString("Nothing was held of this address. From now on it is kept out.\n")
	default:
		b.WriteString("Erased for good, and kept out from now on:\n")
	}
	for _, table := range reasons(e.Rows) {
		fmt.Fprintf(&b, "  %-15s %s\n", table, plural(e.Rows[table], "row"))
	}
	fmt.Fprintf(&b, "Evidence, which the store keeps: address hash %s, %s.\n", e.AddressHash, clock(*e.ForgottenAt))
	switch e.Brevo {
	case "deleted":
		b.WriteString("The contact in Brevo was deleted.\n")
	case "none":
		b.WriteString("Brevo has no contact with this address.\n")
	default:
		b.WriteString("The contact in Brevo stays as it is: delete it there, or with --in-brevo. In Zendesk the person stays too.\n")
	}
	fmt.Fprintf(&b, "To let the person in again: starter forget --email %s --undo\n", email)
	return b.String()
}

// remember lifts forget.
func (a *app) remember(ctx context.Context, f forgetFlags) error {
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	users, lifted, err := account.Remember(ctx, f.email, a.now())
	if err != nil {
		return a.storeFailure(err)
	}
	if f.json {
		return a.printJSON(struct {
			Connector string  `json:"connector"`
			Account   string  `json:"account"`
			Lifted    bool    `json:"lifted"`
			Users     []int64 `json:"users"`
		}{a.cfg.Name, a.cfg.Account(), lifted, append([]int64{}, users...)})
	}
	if !lifted {
		a.printf("This address is not kept out.\n")
		return nil
	}
	a.printf("The person may be read again. A full sync brings what Zendesk has of them: starter sync --type full --wait\n")
	return nil
}
