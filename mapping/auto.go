package mapping

import (
	"fmt"
	"strings"
)

// auto binds every active user field that no rule names, when user_fields.* says so. The attribute is named after the key;
// USER_ goes before a name that is taken, reserved, used for people's names or numbers, or does not begin with a letter.
func (c *compiler) auto() {
	if !c.isAuto() {
		return
	}
	named := map[string]bool{}
	for _, rule := range c.cfg.FieldMapping {
		named[strings.TrimSpace(rule.Source)] = true
	}
	for _, key := range c.fields.keys(KindUser) {
		def := c.fields.byKey[KindUser][key]
		name := prefixUserField + key
		if !def.Active || named[name] {
			continue
		}
		path := []string{"field_mapping", sourceAuto, name}
		c.bind(c.keyed(KindUser, key, name, fromUsers), c.autoTarget(key), path)
	}
}

func (c *compiler) autoTarget(key string) string {
	name := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return '_'
	}, strings.ToUpper(key))
	_, isReserved := reserved[name]
	_, taken := c.owner[name]
	if isReserved || taken || isNumber(name) || holdsName(name) || name[0] < 'A' || name[0] > 'Z' {
		name = "USER_" + name
	}
	name = name[:min(len(name), 50)]
	for i := 2; ; i++ {
		if _, taken := c.owner[name]; !taken {
			return name
		}
		suffix := fmt.Sprintf("_%d", i)
		name = name[:min(len(name), 50-len(suffix))] + suffix
	}
}
