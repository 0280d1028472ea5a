// Command simulator runs a simulated Zendesk and a simulated Brevo on loopback addresses until SIGTERM or Ctrl-C.
//
// Beside the vendors' routes each address serves control routes (control.go) under /_sim/.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"zendesk-brevo/internal/sim"
	"zendesk-brevo/internal/sim/brevosim"
	"zendesk-brevo/internal/sim/seed"
	"zendesk-brevo/internal/sim/zendesksim"
)

// logged calls and bytes of each body are kept for /_sim/log.
const (
	keptCalls = 10_000
	keptBody  = 64 << 10
)

type config struct {
	zendeskAddr, brevoAddr        string
	seed                          uint64
	users, tickets, organizations int
	plan, brevoPlan, csat         string
	speed                         float64
	seedBrevo, emptyPages         bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "simulator:", err)
		os.Exit(1)
	}
}

func parse(args []string, stderr io.Writer) (config, error) {
	var c config
	fs := flag.NewFlagSet("simulator", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&c.zendeskAddr, "zendesk-addr", "127.0.0.1:8091", "address of the simulated Zendesk")
	fs.StringVar(&c.brevoAddr, "brevo-addr", "127.0.0.1:8092", "address of the simulated Brevo")
	fs.Uint64Var(&c.seed, "seed", 1, "number that the account's content comes from")
	fs.IntVar(&c.users, "users", 8400, "Zendesk users")
	fs.IntVar(&c.tickets, "tickets", 34200, "Zendesk tickets")
	fs.IntVar(&c.organizations, "organizations", 1200, "Zendesk organizations")
	fs.StringVar(&c.plan, "plan", "professional", "Zendesk plan: team, growth, professional, enterprise, enterprise-plus, high-volume, unlimited")
	fs.StringVar(&c.csat, "csat", "legacy", "Zendesk satisfaction survey: legacy, new, none")
	fs.StringVar(&c.brevoPlan, "brevo-plan", "general", "Brevo plan: general, advanced, extended, unlimited")
	fs.Float64Var(&c.speed, "speed", 1, "how much faster rate windows and the export lag pass")
	fs.BoolVar(&c.seedBrevo, "seed-brevo", false, "let Brevo know some of the people already, with attributes and lists of the marketer's own")
	fs.BoolVar(&c.emptyPages, "empty-pages", false, "put empty pages between the pages of Zendesk's cursor exports")
	if err := fs.Parse(args); err != nil {
		return c, err
	}
	if fs.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if c.users < 1 || c.tickets < 0 || c.organizations < 0 || c.speed <= 0 {
		return c, errors.New("users must be at least 1, speed more than 0, the other sizes not negative")
	}
	return c, nil
}

// run serves both vendors until ctx ends. It prints one line for each that is ready.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	c, err := parse(args, stderr)
	if err != nil {
		return err
	}
	clock := sim.NewClock(nil, c.speed)
	account := seed.New(seed.Size{Users: c.users, Tickets: c.tickets, Organizations: c.organizations}, c.seed)
	if !zendesksim.Plan(c.plan).Known() {
		return fmt.Errorf("unknown plan %q", c.plan)
	}
	zendesk := zendesksim.New(zendesksim.Options{
		Account: account, Plan: zendesksim.Plan(c.plan), CSAT: zendesksim.CSAT(c.csat), Clock: clock, EmptyPages: c.emptyPages,
		MaxCalls: keptCalls, MaxCallBody: keptBody,
		WebhookTimeout: zendesksim.DefaultWebhookTimeout, // what answers is a real program, whatever the speed
	})
	brevo := brevosim.New(brevosim.Options{
		Plan: brevosim.Plan(c.brevoPlan), Clock: clock, MaxCalls: keptCalls, MaxCallBody: keptBody,
	})
	if c.seedBrevo {
		brevo.SeedMarketer(people(account), phones(account)...)
	}

	zs, err := sim.ServeOn(c.zendeskAddr, withControl(
		zendesk, zendesk.Log(), zendesk.Faults(), zendeskState(zendesk), zendeskControl(zendesk, zendesksim.CSAT(c.csat)),
	))
	if err != nil {
		return fmt.Errorf("start the simulated Zendesk: %w", err)
	}
	defer zs.Close()
	bs, err := sim.ServeOn(c.brevoAddr, withControl(
		brevo, brevo.Log(), brevo.Faults(), brevoState(brevo), brevoControl(brevo),
	))
	if err != nil {
		return fmt.Errorf("start the simulated Brevo: %w", err)
	}
	defer bs.Close()

	email, token := zendesk.Credentials()
	fmt.Fprintf(stdout, "simulated Zendesk ready at %s (%s plan, %d users, %d tickets, %d organizations; sign in as %s with token %s)\n",
		zs.URL, c.plan, c.users, c.tickets, c.organizations, email, token)
	fmt.Fprintf(stdout, "simulated Brevo ready at %s/v3 (%s plan, %d contacts; key %s)\n", bs.URL, c.brevoPlan, len(brevo.Contacts()), brevosim.DefaultAPIKey)
	<-ctx.Done()
	return nil
}

// people are the addresses of the account that Brevo would take.
func people(a *seed.Account) []string {
	var known []string
	for u := range a.Users.All() {
		if u.Email != "" && a.KindOf(u.ID) != seed.InvalidEmail {
			known = append(known, u.Email)
		}
	}
	return known
}

// takenPhones is how many numbers of the account belong to somebody else in Brevo.
const takenPhones = 5

// phones are numbers, in international form, of people of the account.
func phones(a *seed.Account) []string {
	var taken []string
	for _, id := range a.UsersOf(seed.FullFields) {
		if u, ok := a.Users.Get(id); ok && len(taken) < takenPhones {
			taken = append(taken, u.Phone)
		}
	}
	return taken
}
