package config

import (
	"regexp"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

// Automation is one entry of automations, kept as written: it is read by the rules that run it. In what Load returns, every one
// has its Node.
type Automation struct {
	At   Position
	Node *ast.MappingNode
}

var connectorName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)

func (d *decoder) root(n ast.Node, file *File) {
	v := value{node: n, at: position(n)}
	if _, ok := unwrapped(n).(*ast.MappingNode); !ok {
		if _, ok := unwrapped(n).(*ast.MappingValueNode); !ok {
			d.problem(v.at, "begin with brevo: and connectors:", "the file must be a mapping (key: value lines), found %s", kind(unwrapped(n)))
			return
		}
	}
	file.Brevo.BaseURL = DefaultBrevoURL
	written := d.section(v, "the file", []key{
		{"brevo", func(v value) { d.brevo(v, &file.Brevo) }},
		{"connectors", func(v value) { d.connectors(v, file) }},
	})
	if !written["brevo"] {
		d.keyFromEnv(v.at, `brevo: {api_key: "${NAME}"}`, &file.Brevo)
	}
	if !written["connectors"] {
		d.problem(v.at, "add connectors: with a zendesk: entry", "connectors is missing")
	}
}

func (d *decoder) connectors(v value, file *File) {
	list, ok := d.entries(v, "connectors")
	if ok && len(list) == 0 {
		d.problem(v.at, "add a zendesk: entry", "connectors has no entry")
	}
	enabled, enabledLine := "", 0
	for _, e := range list {
		if !connectorName.MatchString(e.name) {
			d.problem(e.at, "use up to 63 letters, digits, dots, hyphens and underscores", "%s is no name for a connector", shownKey(e.name))
			continue
		}
		c := d.connector(e)
		file.Connectors[c.Name] = c
		file.Ordered = append(file.Ordered, c)
		if !c.Enabled {
			continue
		}
		if enabled != "" {
			d.problem(e.at, "set enabled: false on one of them: one enabled connector per Brevo account",
				"connectors %s (line %d) and %s are both enabled", shownKey(enabled), enabledLine, shownKey(c.Name))
			continue
		}
		enabled, enabledLine = c.Name, e.at.Line
	}
}

// switchedOff looks ahead, because it decides how the other settings are read.
func switchedOff(n ast.Node) bool {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		return false
	}
	for _, pair := range m.Values {
		if b, ok := unwrapped(pair.Value).(*ast.BoolNode); ok && keyText(pair.Key) == "enabled" {
			return !b.Value
		}
	}
	return false
}

func (d *decoder) connector(e entry) *Connector {
	d.lenient = switchedOff(e.value.node)
	defer func() { d.lenient = false }()
	c := DefaultConnector(e.name, "")
	if e.name != TypeZendesk {
		c.Type = ""
	}
	var level string
	what := "connectors." + e.name
	in := e.value
	in.path = ""
	written := d.section(in, what, append([]key{
		{"enabled", d.boolean(&c.Enabled)},
		{"type", d.choice(&c.Type, TypeZendesk)},
		{"subdomain", d.text(&c.Subdomain, subdomain)},
		{"base_url", d.text(&c.BaseURL, baseURL(false))},
		{"auth", func(v value) { d.auth(v, &c.Auth) }},
		{"sync", func(v value) { d.sync(v, &c.Sync) }},
		{"lists", func(v value) { d.lists(v, &c.Lists) }},
		{"list_folder", d.text(&c.ListFolder, notEmpty)},
		{"adopt_lists", d.boolean(&c.AdoptLists)},
		{"log_level", d.choice(&level, logLevels()...)},
	}, d.settings(c)...))
	d.required(e, c, written)
	if c.BaseURL == "" && c.Subdomain != "" {
		c.BaseURL = zendeskURL(c.Subdomain)
	}
	c.BaseURL = strings.TrimRight(c.BaseURL, "/")
	c.DefaultRegion = strings.ToUpper(c.DefaultRegion)
	if level != "" {
		c.LogLevel = LogLevel(level)
	}
	if c.Debug && c.LogLevel != LevelDebug {
		c.LogLevel = LevelVerbose
	}
	d.judge(c)
	return c
}

// judge has the automations of a connector checked, all of whose other settings are known now.
func (d *decoder) judge(c *Connector) {
	if d.checkAutomations == nil || len(c.Automations) == 0 || d.elsewhere {
		return
	}
	for _, p := range d.checkAutomations(c) {
		d.problem(p.At, p.Fix, "%s", p.Message)
	}
}

// settings are the keys of a connector that tune what it does; those above say what it is.
func (d *decoder) settings(c *Connector) []key {
	return []key{
		{"thresholds", func(v value) {
			d.section(v, v.path, []key{{"satisfied", d.number(&c.Thresholds.Satisfied, percentage)}})
		}},
		{"default_region", d.text(&c.DefaultRegion, region)},
		{"field_mapping", func(v value) { d.fieldMapping(v, &c.FieldMapping) }},
		{"overwrite", d.texts(&c.Overwrite, upper, attribute)},
		{"new_contacts", d.choice(&c.NewContacts, NewContactsCreate, NewContactsBlocklist, NewContactsSkip)},
		{"on_brevo_deleted", d.choice(&c.OnBrevoDeleted, OnBrevoDeletedSkip, OnBrevoDeletedRecreate)},
		{"on_user_merged", d.choice(&c.OnUserMerged, OnUserKeep, OnUserDelete)},
		{"on_user_deleted", d.choice(&c.OnUserDeleted, OnUserKeep)},
		{"pilot", func(v value) {
			d.section(v, v.path, []key{{"emails", d.texts(&c.Pilot.Emails, lower, email)}})
		}},
		{"rate_limits", func(v value) {
			d.section(v, v.path, []key{
				{"zendesk_share", d.number(&c.RateLimits.ZendeskShare, share)},
				{"export_share", d.number(&c.RateLimits.ExportShare, share)},
			})
		}},
		{"schedule", func(v value) {
			d.section(v, v.path, []key{{"every", d.duration(&c.Schedule.Every, 10*time.Second, 24*time.Hour)}})
		}},
		{"events", func(v value) {
			d.section(v, v.path, []key{
				{"max_age", d.duration(&c.Events.MaxAge, time.Minute, 90*24*time.Hour)}, // finished actions are kept 90 days
				{"settle", d.duration(&c.Events.Settle, 0, 10*time.Minute)},
				{"prefix", d.text(&c.Events.Prefix, eventPrefix)},
			})
		}},
		{"webhooks", func(v value) {
			d.section(v, v.path, []key{{"max_age", d.duration(&c.Webhooks.MaxAge, time.Minute, 24*time.Hour)}})
		}},
		{"automations_mode", d.choice(&c.AutomationsMode, AutomationsLive, AutomationsShadow)},
		{"builtin_automations", d.boolean(&c.BuiltinAutomations)},
		{"automations", func(v value) { d.automations(v, &c.Automations) }},
		{"debug", d.boolean(&c.Debug)},
		{"log_webhooks", d.boolean(&c.LogWebhooks)},
	}
}

func (d *decoder) required(e entry, c *Connector, written map[string]bool) {
	if written == nil {
		return
	}
	what := "connectors." + e.name
	if c.Type == "" && !written["type"] {
		d.problem(e.at, "add type: zendesk", "%s.type is missing: the name alone does not say which product it is", what)
	}
	if !written["subdomain"] {
		d.missing(e.at, `add subdomain: "yourcompany"`, "%s.subdomain is missing", what)
	}
	if !written["auth"] {
		d.missing(e.at, `add auth: {email: "admin@yourcompany.com", api_token: "${ZENDESK_API_TOKEN}"}`, "%s.auth is missing", what)
	}
}

func (d *decoder) auth(v value, a *Auth) {
	written := d.section(v, v.path, []key{
		{"email", d.text(&a.Email, email)},
		{"api_token", d.secret(&a.APIToken)},
		{"oauth", func(v value) { d.oauth(v, &a.OAuth) }},
	})
	switch {
	case written == nil:
	case written["api_token"] && written["oauth"]:
		d.problem(v.at, "keep one of them", "auth has both api_token and oauth")
	case !written["api_token"] && !written["oauth"]:
		d.missing(v.at, `add api_token: "${ZENDESK_API_TOKEN}", or oauth: {client_id: "..."}`, "auth has neither api_token nor oauth")
	case written["api_token"] && !written["email"]:
		d.emailFromEnv(v, a)
	}
}

// emailFromEnv serves configurations that hold only the token; Zendesk wants the pair {email}/token:{api_token}.
func (d *decoder) emailFromEnv(v value, a *Auth) {
	a.Email = strings.TrimSpace(d.getenv("ZENDESK_EMAIL"))
	switch {
	case a.Email == "":
		d.missing(v.at, "set the environment variable ZENDESK_EMAIL (or put it in .env), or add email: under auth",
			"auth.email is missing: a Zendesk API token signs in together with an agent's e-mail address")
	case !validEmail(a.Email):
		d.problem(v.at, "set it like name@example.com", "the environment variable ZENDESK_EMAIL is not an e-mail address")
	}
}

func (d *decoder) oauth(v value, o *OAuth) {
	o.Scopes = []string{"read"}
	written := d.section(v, v.path, []key{
		{"client_id", d.text(&o.ClientID, notEmpty)},
		{"client_secret", d.secret(&o.ClientSecret)},
		{"scopes", d.texts(&o.Scopes, asIs, scope)},
	})
	if written != nil && !written["client_id"] {
		d.missing(v.at, "copy it from Zendesk Admin Center > Apps and integrations > APIs > OAuth clients", "auth.oauth.client_id is missing")
	}
	if len(o.Scopes) == 0 {
		d.problem(v.at, "write [read], or remove the line", "auth.oauth.scopes is empty")
	}
}

func (d *decoder) sync(v value, s *Sync) {
	d.section(v, v.path, []key{
		{"users", d.boolean(&s.Users)},
		{"tickets", d.boolean(&s.Tickets)},
		{"organizations", d.boolean(&s.Organizations)},
		{"satisfaction_ratings", d.boolean(&s.SatisfactionRatings)},
		{"roles", func(v value) {
			before := len(d.problems)
			d.texts(&s.Roles, asIs, role)(v)
			if len(s.Roles) == 0 && len(d.problems) == before {
				d.problem(v.at, "write [end-user], or remove the line", "sync.roles is empty: nobody would become a contact")
			}
		}},
		{"exclude", func(v value) {
			d.section(v, v.path, []key{
				{"emails", d.texts(&s.Exclude.Emails, lower, email)},
				{"domains", d.texts(&s.Exclude.Domains, bareDomain, domain)},
				{"tags", d.texts(&s.Exclude.Tags, lower, word)},
				{"patterns", d.texts(&s.Exclude.Patterns, lower, word)},
			})
		}},
	})
}

func (d *decoder) lists(v value, l *Lists) {
	refs := []struct {
		name string
		ref  *ListRef
	}{{"all_customers", &l.AllCustomers}, {"active_tickets", &l.ActiveTickets}, {"satisfied_customers", &l.SatisfiedCustomers}}
	keys, at := []key{}, map[string]Position{}
	for _, r := range refs {
		keys = append(keys, key{r.name, func(v value) {
			at[r.name] = v.at
			d.list(r.ref)(v)
		}})
	}
	d.section(v, v.path, keys)
	for i, second := range refs {
		for _, first := range refs[:i] {
			if !second.ref.IsZero() && first.ref.ID == second.ref.ID && strings.EqualFold(first.ref.Name, second.ref.Name) {
				d.problem(at[second.name], "give each condition a list of its own", "lists.%s and lists.%s are the same list", first.name, second.name)
				break
			}
		}
	}
}

func (d *decoder) automations(v value, dst *[]Automation) {
	sequence, ok := v.node.(*ast.SequenceNode)
	if !ok {
		d.wrongKind(v, "a list", "begin each automation with a hyphen")
		return
	}
	for _, item := range d.items(v, sequence) {
		mapping, ok := item.node.(*ast.MappingNode)
		if !ok {
			d.wrongKind(item, "a mapping (key: value lines)", "write its settings as key: value")
		}
		*dst = append(*dst, Automation{At: item.at, Node: mapping}) // without a node too: the others keep their numbers
	}
}
