package rules

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// Brevo's alphabet for event names and property keys: https://developers.brevo.com/docs/event-endpoints
	brevoWord = regexp.MustCompile(`^[A-Za-z0-9_-]{1,200}$`)
	// Brevo states no alphabet for attributes; this is what its own examples keep to, and what field_mapping takes.
	attribute = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,49}$`)
	param     = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,99}$`)
	tag       = regexp.MustCompile(`^[^\s,"{}]{1,100}$`)
)

var (
	priorities  = []string{"urgent", "high", "normal", "low"}
	ticketTypes = []string{"problem", "incident", "question", "task"}
)

// reserved holds the attributes that are not an automation's to write: those that decide who a contact is, and Brevo's own.
var reserved = []string{"EMAIL", "SMS", "EXT_ID", "ADDED_TIME", "MODIFIED_TIME"}

func (c *compiler) action(r *rule, at string, a *Action) {
	path := at + "." + a.Kind
	if !slices.Contains(kinds, a.Kind) {
		c.problem(at, suggestion(a.Kind, kinds), "has an unknown action %s", shown(a.Kind))
		return
	}
	switch a.Kind {
	case BrevoEvent:
		if !brevoWord.MatchString(a.Event) {
			c.problem(path+".name", "use up to 200 letters, digits, hyphens and underscores", "is no name for a Brevo event")
		}
		c.keys(path+".properties", a.Properties, brevoWord, standardProperties)
	case BrevoEmail:
		if a.Template < 1 {
			c.problem(path+".template", "copy the number that Brevo shows as its id", "is missing")
		}
		c.keys(path+".params", a.Params, param, nil)
	case BrevoListAdd, BrevoListRemove:
		if (a.ListID > 0) == (a.ListName != "") {
			c.problem(path, "write a list's id or name", "needs one list")
		}
	case BrevoAttribute:
		a.Attributes = c.upperKeys(path, a.Attributes)
		if len(a.Attributes) == 0 {
			c.problem(path, "write ATTRIBUTE: value", "has no attribute")
		}
		c.keys(path, a.Attributes, attribute, reserved)
	case ZendeskTag:
		if len(a.Add)+len(a.Remove) == 0 {
			c.problem(path, "write add: [TAG] or remove: [TAG]", "has no tag")
		}
		c.tags(path+".add", a.Add)
		c.tags(path+".remove", a.Remove)
	case ZendeskNote:
		if r.aboutUsers() {
			c.problem(path, "use zendesk.ticket, or remove the user events from on", "needs a ticket, and what happens to a user has none")
		}
		c.present(path+".body", a.Body)
	case ZendeskTicket:
		c.present(path+".subject", a.Subject)
		c.present(path+".body", a.Body)
		c.oneOf(path+".priority", a.Priority, priorities)
		c.oneOf(path+".type", a.Type, ticketTypes)
		c.tags(path+".tags", a.Tags)
	}
	c.texts(r, path, a)
	c.oneType(path, a)
}

// texts compiles the templates of an action.
func (c *compiler) texts(r *rule, path string, a *Action) {
	seen := map[string]bool{}
	_ = a.eachText(func(text string) (any, error) {
		if !templated(text) || seen[text] {
			return text, nil
		}
		seen[text] = true
		t, err := compileTemplate(text)
		switch {
		case err != nil:
			c.problem(path, "", "%s", err)
		case t.usesTicket() && r.aboutUsers():
			c.problem(path, noTicket, "has a template that asks about the ticket, and what happens to a user has none")
		default:
			c.set.templates[text] = t
		}
		return text, nil
	})
}

func (c *compiler) keys(path string, values map[string]any, allowed *regexp.Regexp, taken []string) {
	for _, key := range sortedKeys(values) {
		switch {
		case !allowed.MatchString(key):
			c.problem(path, "use letters, digits and underscores", "has a name that Brevo does not take: %s", shown(key))
		case slices.Contains(taken, key):
			c.problem(path, "choose another name", "cannot write %s", key)
		}
	}
}

// upperKeys writes the names of attributes as Brevo does; they stand where they stood.
func (c *compiler) upperKeys(path string, values map[string]any) map[string]any {
	if values == nil {
		return nil
	}
	out := make(map[string]any, len(values))
	for _, k := range sortedKeys(values) {
		upper := strings.ToUpper(k)
		if _, twice := out[upper]; twice {
			c.problem(path, "keep one of them", "writes %s twice", shown(upper))
		}
		if at, ok := c.places[path+"."+k]; ok {
			c.places[path+"."+upper] = at
		}
		out[upper] = values[k]
	}
	return out
}

func (c *compiler) tags(path string, tags []string) {
	for _, t := range tags {
		if !tag.MatchString(t) {
			c.problem(path, "use words without spaces, commas and quotes", "has %s, which is no tag", shown(t))
		}
	}
}

func (c *compiler) present(path, text string) {
	if text == "" {
		c.problem(path, "write some text", "is empty")
	}
}

func (c *compiler) oneOf(path, word string, known []string) {
	if word != "" && !slices.Contains(known, word) {
		c.problem(path, suggestion(word, known), "cannot be %s", shown(word))
	}
}
