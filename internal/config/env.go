package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/caarlos0/env/v10"
)

// Env is what the programs take from the environment; Temporal's own variables are read by its SDK. An empty variable
// counts as unset.
type Env struct {
	ConnectorsFile string `env:"CONNECTORS_FILE" envDefault:"connectors.yaml"`
	// StoreURL is sqlite:PATH or postgres://...; a Secret because the latter carries a password.
	StoreURL               Secret   `env:"STORE_URL" envDefault:"sqlite:data/connector.db"`
	TaskQueue              string   `env:"TASK_QUEUE" envDefault:"zendesk-brevo"`
	EncryptionKey          Secret   `env:"ENCRYPTION_KEY"`
	WebhookAddr            string   `env:"WEBHOOK_ADDR" envDefault:"127.0.0.1:8080"`
	PublicURL              string   `env:"PUBLIC_URL"` // no trailing slash
	ZendeskEmail           string   `env:"ZENDESK_EMAIL"`
	ZendeskWebhookSecret   Secrets  `env:"ZENDESK_WEBHOOK_SECRET"` // several while one is being replaced
	WebhookAllowTestSecret bool     `env:"WEBHOOK_ALLOW_TEST_SECRET"`
	TLSCert                string   `env:"TLS_CERT"`
	TLSKey                 string   `env:"TLS_KEY"`
	AllowedCIDRs           Networks `env:"ALLOWED_CIDRS"`
	TrustedProxies         Networks `env:"TRUSTED_PROXIES"`
	APIToken               Secret   `env:"API_TOKEN"`
	AdminAddr              string   `env:"ADMIN_ADDR" envDefault:"127.0.0.1:9464"` // or AdminOff
	LogFormat              string   `env:"LOG_FORMAT" envDefault:"text"`
	// DeploymentName and BuildID version the worker, by the names that Temporal's Worker Controller sets.
	DeploymentName string `env:"TEMPORAL_DEPLOYMENT_NAME"`
	BuildID        string `env:"TEMPORAL_WORKER_BUILD_ID"`
	// TemporalUIURL is where Temporal's Web UI is; empty where nobody said. No trailing slash.
	TemporalUIURL string `env:"TEMPORAL_UI_URL"`
}

// Secrets is a comma-separated list of secrets.
type Secrets []Secret

// UnmarshalText splits at commas; empty parts are dropped.
func (s *Secrets) UnmarshalText(text []byte) error {
	*s = nil
	for part := range strings.SplitSeq(string(text), ",") {
		if part = strings.TrimSpace(part); part != "" {
			*s = append(*s, NewSecret(part))
		}
	}
	return nil
}

// Networks is a comma-separated list of networks such as 10.0.0.0/8; a single address is a network of one.
type Networks []netip.Prefix

// UnmarshalText parses the list.
func (n *Networks) UnmarshalText(text []byte) error {
	*n = nil
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if addr, err := netip.ParseAddr(part); err == nil && addr.Zone() == "" {
			*n = append(*n, netip.PrefixFrom(addr, addr.BitLen()))
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if err != nil {
			return errors.New("must be networks such as 10.0.0.0/8,192.0.2.7, separated by commas")
		}
		*n = append(*n, prefix.Masked())
	}
	return nil
}

// Strings is the list in CIDR notation.
func (n Networks) Strings() []string {
	texts := make([]string, 0, len(n))
	for _, prefix := range n {
		texts = append(texts, prefix.String())
	}
	return texts
}

// LoadEnv sets the variables of a .env file in the working directory that are not set yet, then reads Env, and each secret for
// which only NAME_FILE is set from that file. A missing .env is no error; everything wrong is reported at once, by variable
// name, without values.
func LoadEnv() (Env, error) {
	if err := loadDotEnv(".env"); err != nil {
		return Env{}, err
	}
	environment, fileErr := withSecretFiles(env.ToMap(os.Environ()))
	var e Env
	parseErr := envError(env.ParseWithOptions(&e, env.Options{Environment: environment}))
	e.PublicURL, e.TemporalUIURL = strings.TrimRight(e.PublicURL, "/"), strings.TrimRight(e.TemporalUIURL, "/")
	e.APIToken = NewSecret(strings.TrimSpace(e.APIToken.Reveal()))
	if err := errors.Join(fileErr, parseErr, e.check()); err != nil {
		return Env{}, err
	}
	return e, nil
}

func (e Env) check() error {
	var problems []error
	problem := func(ok bool, text string) {
		if !ok {
			problems = append(problems, errors.New(text))
		}
	}
	store := e.StoreURL.Reveal()
	scheme, rest, _ := strings.Cut(store, ":")
	problem(rest != "" && (scheme == "sqlite" || scheme == "postgres" || scheme == "postgresql"),
		"STORE_URL must be sqlite:PATH or postgres://user:password@host/database")
	problem(e.LogFormat == LogText || e.LogFormat == LogJSON, "LOG_FORMAT must be text or json")
	problem((e.TLSCert == "") == (e.TLSKey == ""), "TLS_CERT and TLS_KEY go together: set both or neither")
	problem(e.ZendeskEmail == "" || validEmail(e.ZendeskEmail), "ZENDESK_EMAIL must be an e-mail address")
	problem(validAddr(e.WebhookAddr), "WEBHOOK_ADDR must be host:port, such as 127.0.0.1:8080")
	problem(e.AdminAddr == AdminOff || validAddr(e.AdminAddr), "ADMIN_ADDR must be host:port, such as 127.0.0.1:9464, or off")
	problem(!sameAddr(e.AdminAddr, e.WebhookAddr),
		"ADMIN_ADDR and WEBHOOK_ADDR are one address: metrics and the API must not be where webhooks arrive, so set ADMIN_ADDR to another port, or to off")
	problem(e.PublicURL == "" || webAddress(e.PublicURL), "PUBLIC_URL must be the address that Zendesk can reach, such as https://hooks.example.com")
	problem(e.TemporalUIURL == "" || webAddress(e.TemporalUIURL), "TEMPORAL_UI_URL must be the address of Temporal's Web UI, such as http://127.0.0.1:8233")
	return errors.Join(problems...)
}

func webAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// AdminOff is the ADMIN_ADDR of a worker that serves neither metrics nor health nor the API.
const AdminOff = "off"

// sameAddr reports whether one cannot listen on both: the port is the same, and one host holds the other.
func sameAddr(x, y string) bool {
	hostX, portX, errX := net.SplitHostPort(x)
	hostY, portY, errY := net.SplitHostPort(y)
	if errX != nil || errY != nil || portX != portY || portX == "0" {
		return false
	}
	everywhere := func(host string) bool {
		ip, err := netip.ParseAddr(host)
		return host == "" || err == nil && ip.IsUnspecified()
	}
	return hostX == hostY || everywhere(hostX) || everywhere(hostY)
}

func validAddr(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	return err == nil && port != ""
}

// envError names variables where the library names struct fields, and drops the values it quotes.
func envError(err error) error {
	if err == nil {
		return nil
	}
	var all env.AggregateError
	if !errors.As(err, &all) {
		return errors.New("read environment: unreadable variables")
	}
	var problems []error
	for _, one := range all.Errors {
		var parse env.ParseError
		if !errors.As(one, &parse) {
			problems = append(problems, one)
			continue
		}
		name := parse.Name
		if field, ok := reflect.TypeFor[Env]().FieldByName(parse.Name); ok {
			name = field.Tag.Get("env")
		}
		if parse.Type.Kind() == reflect.Bool {
			problems = append(problems, fmt.Errorf("%s must be true or false", name))
			continue
		}
		problems = append(problems, fmt.Errorf("%s %w", name, parse.Err))
	}
	return errors.Join(problems...)
}

// loadDotEnv sets each variable of the file that has no value yet, neither itself nor by a file of its own.
func loadDotEnv(path string) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	pairs, err := parseDotEnv(path, string(text))
	if err != nil {
		return err
	}
	pairs = slices.DeleteFunc(pairs, func(pair variable) bool {
		return os.Getenv(pair.name) != "" || os.Getenv(otherForm(pair.name)) != ""
	})
	for _, pair := range slices.Backward(pairs) { // the last line of a name wins, as in a shell
		if os.Getenv(pair.name) != "" {
			continue
		}
		if err := os.Setenv(pair.name, pair.value); err != nil {
			return fmt.Errorf("set %s from %s: %w", pair.name, path, err)
		}
	}
	return nil
}

// otherForm is NAME_FILE for NAME, and the reverse.
func otherForm(name string) string {
	if short, found := strings.CutSuffix(name, fileSuffix); found {
		return short
	}
	return name + fileSuffix
}
