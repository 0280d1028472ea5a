package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

func (c *compiler) overwrite() []string {
	var names []string
	for _, name := range c.cfg.Overwrite {
		name = strings.ToUpper(strings.TrimSpace(name))
		_, written := c.owner[name]
		if !written && name != SMS && !holdsName(name) && !c.unwritten(name) {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// unwritten judges a name of overwrite that nothing writes, and reports whether it may stay. Under auto it may be, or have been,
// that of a user field: one deleted in Zendesk takes its attribute along and leaves the name in overwrite.
func (c *compiler) unwritten(name string) bool {
	targets := []string{FirstName, LastName, SMS}
	for target := range c.owner {
		targets = append(targets, target)
	}
	slices.Sort(targets)
	meant := Nearest(name, slices.Compact(targets))
	switch {
	case !c.isAuto() || !targetName.MatchString(name):
		c.problems.add(meant, []string{"overwrite"}, "nothing writes %q", name)
		return false
	case c.fields.known[KindUser] && c.on(fromUsers):
		if meant != "" {
			meant = fmt.Sprintf(" (nearest: %s)", meant)
		}
		c.notices = append(c.notices, fmt.Sprintf("overwrite: nothing writes %s%s; it has no effect", name, meant))
	}
	return true
}

func (c *compiler) threshold() float64 {
	t := c.cfg.SatisfiedThreshold
	if !(t >= 0 && t <= 100) { // also true for NaN
		c.problems.add("", []string{"thresholds", "satisfied"}, "%v is not between 0 and 100", t)
	}
	if t == 0 {
		return DefaultSatisfied
	}
	return t
}

func (c *compiler) region() string {
	region := strings.ToUpper(strings.TrimSpace(c.cfg.DefaultRegion))
	if region != "" && !phonenumbers.GetSupportedRegions()[region] {
		near := ""
		if region == "UK" {
			near = "GB"
		}
		c.problems.add(near, []string{"default_region"}, "%q is no region: two letters of ISO 3166, such as US or DE", region)
	}
	return region
}

func (c *compiler) roles() []string {
	roles := lowered(c.cfg.Roles)
	if len(roles) == 0 {
		return []string{RoleEndUser}
	}
	valid := []string{RoleEndUser, "agent", "admin"}
	for _, role := range roles {
		if !slices.Contains(valid, role) {
			c.problems.add(Nearest(role, valid), []string{"sync", "roles"}, "%q is no role: %s", role, strings.Join(valid, ", "))
		}
	}
	return roles
}

func (c *compiler) exclude() exclusion {
	x := exclusion{
		Emails: lowered(c.cfg.Exclude.Emails), Domains: lowered(c.cfg.Exclude.Domains),
		Tags: lowered(c.cfg.Exclude.Tags), Patterns: lowered(c.cfg.Exclude.Patterns),
	}
	for i, domain := range x.Domains {
		x.Domains[i] = strings.TrimPrefix(domain, "@")
	}
	x.Domains = lowered(x.Domains)
	if c.cfg.Exclude.Patterns == nil {
		x.Patterns = lowered(DefaultPatterns)
	}
	return x
}

func (c *compiler) lists() []ListRule {
	var lists []ListRule
	for _, key := range lowered(c.cfg.Lists) {
		streams, known := listStreams[key]
		if !known {
			c.problems.add(Nearest(key, listKeys()), []string{"lists", key}, "is no list: %s", strings.Join(listKeys(), ", "))
			continue
		}
		if c.on(streams) {
			lists = append(lists, ListRule{Key: key, Streams: streams})
		}
	}
	return lists
}
