package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"zendesk-brevo/internal/store"
)

// recordArgs take KIND and ID off the front of a command line; what is left is the optional connector.
func recordArgs(args []string) (kind store.Kind, id int64, rest []string, err error) {
	kind = store.Kind(args[0])
	if kind != store.KindUser && kind != store.KindOrganization {
		return "", 0, nil, usage("KIND is %s or %s, not %q, as `starter rejects list` shows it", store.KindUser, store.KindOrganization, args[0])
	}
	if id, err = strconv.ParseInt(args[1], 10, 64); err != nil || id < 1 {
		return "", 0, nil, usage("ID is a number above 0, not %q, as `starter rejects list` shows it", args[1])
	}
	return kind, id, args[2:], nil
}

func (a *app) rejectsShowCommand() *cobra.Command {
	var f rejectsFlags
	cmd := &cobra.Command{
		Use:   "show KIND ID" + connectorArg,
		Short: "Show everything known of one rejected record",
		Long:  "Show why a record was rejected, how it stands now, and what to do. `starter rejects list` shows KIND (user, organization) and ID.",
		Args:  cobra.RangeArgs(2, 3),
		RunE:  func(cmd *cobra.Command, args []string) error { return a.showReject(cmd.Context(), args, f) },
	}
	cmd.Flags().BoolVar(&f.details, "details", false, "add the vendor's own words, which may hold personal data")
	jsonFlag(cmd, &f.json)
	return a.withRecord(cmd)
}

// shownReject is one record with all its rejects, newest first. Its names are stable.
type shownReject struct {
	Connector string     `json:"connector"`
	Account   string     `json:"account"`
	Kind      store.Kind `json:"kind"`
	ID        int64      `json:"id"`
	Rejects   []rejected `json:"rejects"`
	State     string     `json:"state"`  // of the delivery, or of the company; empty: none
	Reason    string     `json:"reason"` // of that state
	Waiting   bool       `json:"waiting"`
	Mirrored  bool       `json:"mirrored"`
	Zendesk   string     `json:"zendesk"` // where to mend the record
	Fix       string     `json:"fix"`
}

func (a *app) showReject(ctx context.Context, args []string, f rejectsFlags) error {
	kind, id, rest, err := recordArgs(args)
	if err != nil {
		return err
	}
	if err := a.load(rest); err != nil {
		return err
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	found, err := account.RejectsOf(ctx, kind, id)
	if err != nil {
		return a.storeFailure(err)
	}
	if len(found) == 0 {
		return failed("%s %d of %s is not rejected: `starter rejects list` names those that are", kind, id, a.cfg.Account())
	}
	s := shownReject{Connector: a.cfg.Name, Account: a.cfg.Account(), Kind: kind, ID: id, Fix: rejectFix(found[0].Reason)}
	s.Zendesk = fmt.Sprintf("%s/agent/%ss/%d", a.cfg.URL(), kind, id)
	for _, r := range found {
		line := rejected{r.Kind, r.ID, r.Reason, utc(r.At), r.RunID, ""}
		if f.details {
			line.Detail = r.Detail
		}
		s.Rejects = append(s.Rejects, line)
	}
	if err := s.stand(ctx, account); err != nil {
		return a.storeFailure(err)
	}
	if f.details {
		a.warnf("starter: --details shows the vendors' own words, which may hold personal data: mind where they go")
	}
	if f.json {
		return a.printJSON(s)
	}
	a.printf("%s", s.text(a.now(), a.palette()))
	return nil
}

// stand reads how the record stands now.
func (s *shownReject) stand(ctx context.Context, account *store.Account) error {
	marks, err := account.DirtyVersions(ctx, s.Kind, []int64{s.ID})
	if err != nil {
		return err
	}
	_, s.Waiting = marks[s.ID]
	if s.Kind == store.KindOrganization {
		rows, err := account.Organizations(ctx, []int64{s.ID})
		if err != nil {
			return err
		}
		_, s.Mirrored = rows[s.ID]
		companies, err := account.Companies(ctx, []int64{s.ID})
		s.State = companies[s.ID].State
		return err
	}
	people, err := account.Peek(ctx, []int64{s.ID})
	if err != nil {
		return err
	}
	s.Mirrored, s.State, s.Reason = people[0].Found, string(people[0].Delivery.State), people[0].Delivery.Reason
	return nil
}

func (s *shownReject) text(now time.Time, p palette) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s of %s\n", p.bold(fmt.Sprintf("%s %d", s.Kind, s.ID)), s.Account)
	for _, r := range s.Rejects {
		fmt.Fprintf(&b, "  rejected  %s, %s, run %s\n", p.bad(r.Reason), moment(now, r.At, "unknown"), orDash(r.RunID))
		if r.Detail != "" {
			fmt.Fprintf(&b, "            %s\n", oneLine(r.Detail))
		}
	}
	state := "never sent"
	if s.State != "" {
		state = s.State
	}
	if s.Reason != "" && s.Reason != s.State {
		state += ", " + reasonText(s.Reason)
	}
	switch {
	case !s.Mirrored:
		state += "; not in the mirror"
	case s.Waiting:
		state += "; marked: the next push tries it again"
	default:
		state += "; not marked: it is tried again when it changes in Zendesk, or by `starter rejects retry`"
	}
	fmt.Fprintf(&b, "  now       %s\n  zendesk   %s\n  do        %s; then: starter rejects retry %s %d\n", state, s.Zendesk, s.Fix, s.Kind, s.ID)
	return b.String()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// rejectFix says what to do about a reason.
func rejectFix(reason string) string {
	switch reason {
	case "invalid_email":
		return "correct the e-mail address in Zendesk"
	case "import_failed":
		return "see whether Brevo's imports work (`starter test`)"
	}
	return "read the vendor's words with --details, and mend in Zendesk or Brevo what they name"
}

func (a *app) rejectsRetryCommand() *cobra.Command {
	var all, asJSON bool
	var reason string
	cmd := &cobra.Command{
		Use:   "retry [KIND ID]" + connectorArg,
		Short: "Let the next push try rejected records again",
		Long: "Mark rejected records, so that the next push tries them again as if they had not been refused. Nothing is sent by this command,\n" +
			"and nobody's opt-out is touched. A record that is accepted leaves the list.",
		Args: cobra.MaximumNArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.retryRejects(cmd.Context(), args, all, reason, asJSON)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every rejected record")
	cmd.Flags().StringVar(&reason, "reason", "", "those rejected for this reason, such as invalid_email")
	jsonFlag(cmd, &asJSON)
	_ = cmd.RegisterFlagCompletionFunc("reason", a.completeReasons)
	return a.withRecord(cmd)
}

func (a *app) retryRejects(ctx context.Context, args []string, all bool, reason string, asJSON bool) error {
	ways := 0
	for _, given := range []bool{all, reason != "", len(args) >= 2} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return usage("name what to retry: KIND ID as `starter rejects list` shows them, or --reason REASON, or --all")
	}
	ids := map[store.Kind][]int64{}
	if len(args) >= 2 {
		kind, id, rest, err := recordArgs(args)
		if err != nil {
			return err
		}
		ids[kind], args = []int64{id}, rest
	}
	if err := a.load(args); err != nil {
		return err
	}
	account, err := a.account(ctx)
	if err != nil {
		return err
	}
	return a.retry(ctx, account, ids, reason, asJSON)
}

// retryBatch is how many records are marked in one transaction: on SQLite nobody else writes meanwhile.
const retryBatch = 1000

// retry marks those of ids that are rejected, or all that are when there are no ids.
func (a *app) retry(ctx context.Context, account *store.Account, ids map[store.Kind][]int64, reason string, asJSON bool) error {
	out := struct {
		Connector string                 `json:"connector"`
		Account   string                 `json:"account"`
		Marked    map[store.Kind][]int64 `json:"marked"`
		Busy      map[store.Kind][]int64 `json:"busy"` // being written right now, and left alone
	}{a.cfg.Name, a.cfg.Account(), map[store.Kind][]int64{}, map[store.Kind][]int64{}}
	marked, left := int64(0), int64(0)
	for _, kind := range []store.Kind{store.KindUser, store.KindOrganization} {
		out.Marked[kind], out.Busy[kind] = []int64{}, []int64{}
		rejected, err := account.RejectedIDs(ctx, kind, reason)
		if err != nil {
			return a.storeFailure(err)
		}
		if len(ids) > 0 {
			rejected = slices.DeleteFunc(rejected, func(id int64) bool { return !slices.Contains(ids[kind], id) })
		}
		for some := range slices.Chunk(rejected, retryBatch) {
			busy, err := account.RetryRejects(ctx, kind, some, a.now())
			if err != nil {
				return a.storeFailure(err)
			}
			out.Busy[kind] = append(out.Busy[kind], busy...)
			out.Marked[kind] = append(out.Marked[kind], without(some, busy)...)
		}
		marked, left = marked+int64(len(out.Marked[kind])), left+int64(len(out.Busy[kind]))
	}
	switch {
	case marked+left == 0 && len(ids)+len(reason) > 0:
		return failed("no such record of %s is rejected: `starter rejects list` names those that are", a.cfg.Account())
	case asJSON:
		return a.printJSON(out)
	case marked+left == 0:
		a.printf("No record of %s is rejected.\n", a.cfg.Account())
		return nil
	}
	if marked > 0 {
		a.printf("Marked %s. The next push tries them: starter sync --type incremental --wait\n", plural(marked, "record"))
	}
	if left > 0 {
		a.printf("Left %s alone, which a sync is writing right now: run this again when it has ended.\n", plural(left, "record"))
	}
	return nil
}

// without is a list without some of its members.
func without(all, some []int64) []int64 {
	return slices.DeleteFunc(slices.Clone(all), func(id int64) bool { return slices.Contains(some, id) })
}
