package brevosim

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Attribute is the definition of a contact attribute.
type Attribute struct {
	Name       string
	Category   string   // normal, transactional, category, calculated, global
	Type       string   // text, date, float, boolean, id, multiple-choice, user; empty for calculated and global
	Options    []Option // of a category attribute
	Choices    []string // of a multiple-choice attribute
	Calculated string   // formula of a calculated or global attribute
}

// Option is one value of a category attribute.
type Option struct {
	Value string // as it was given: "1" or "gold"
	Label string
}

type attributeBook struct {
	order  []string
	byName map[string]*Attribute
	// What the account calls first and last name.
	first, last string
}

// nameAttributes are the account's own names for first and last name, by language.
var nameAttributes = map[string][2]string{
	"en": {"FIRSTNAME", "LASTNAME"},
	"fr": {"PRENOM", "NOM"},
	"de": {"VORNAME", "NACHNAME"},
	"es": {"NOMBRE", "APELLIDOS"},
	"it": {"NOME", "COGNOME"},
	"pt": {"NOME", "SOBRENOME"},
}

func newAttributeBook(locale string) attributeBook {
	names, ok := nameAttributes[locale]
	if !ok {
		names = nameAttributes["en"]
	}
	b := attributeBook{byName: map[string]*Attribute{}, first: names[0], last: names[1]}
	for _, name := range []string{names[1], names[0], "SMS", "EXT_ID", "WHATSAPP", "LANDLINE_NUMBER"} {
		b.add(Attribute{Name: name, Category: "normal", Type: "text"})
	}
	b.add(Attribute{
		Name: "DOUBLE_OPT-IN", Category: "category", Type: "text",
		Options: []Option{{Value: "1", Label: "Yes"}, {Value: "2", Label: "No"}},
	})
	b.add(Attribute{Name: "BLACKLIST", Category: "global", Calculated: "COUNT[BLACKLISTED,BLACKLISTED,<,NOW()]"})
	return b
}

func (b *attributeBook) add(a Attribute) {
	b.byName[a.Name] = &a
	b.order = append(b.order, a.Name)
}

func (b *attributeBook) remove(name string) {
	delete(b.byName, name)
	b.order = slices.DeleteFunc(b.order, func(n string) bool { return n == name })
}

// identityAttributes are kept beside the others: they are unique across contacts.
var identityAttributes = map[string]bool{"SMS": true, "EXT_ID": true, "WHATSAPP": true, "LANDLINE_NUMBER": true}

// accept turns a JSON value into what the account stores for attribute a. A value of another type is not an error: the
// vendor drops it without a word, and so does this (ok false).
func (a *Attribute) accept(value any) (stored any, ok bool) {
	switch a.Category {
	case "calculated", "global":
		return nil, false
	case "category":
		return a.option(value)
	}
	switch v := value.(type) {
	case string:
		return a.acceptText(v)
	case bool:
		return v, a.Type == "boolean"
	case json.Number:
		f, err := v.Float64()
		return f, err == nil && a.Type == "float"
	case []any:
		return a.choose(v)
	}
	return nil, false
}

func (a *Attribute) acceptText(v string) (any, bool) {
	switch a.Type {
	case "text", "id":
		return v, true
	case "date":
		// The one form that the vendor's own filter syntax shows; a time part is documented nowhere.
		_, err := time.Parse(time.DateOnly, v)
		return v, err == nil
	}
	return nil, false
}

func (a *Attribute) option(value any) (any, bool) {
	text, ok := value.(string)
	if n, isNumber := value.(json.Number); isNumber {
		text, ok = n.String(), true
	}
	if !ok {
		return nil, false
	}
	for _, o := range a.Options {
		if o.Value == text || o.Label == text {
			return o.Value, true
		}
	}
	return nil, false
}

func (a *Attribute) choose(list []any) (any, bool) {
	if a.Type != "multiple-choice" {
		return nil, false
	}
	chosen := make([]string, 0, len(list))
	for _, item := range list {
		text, ok := item.(string)
		if !ok || !slices.Contains(a.Choices, text) {
			return nil, false
		}
		chosen = append(chosen, text)
	}
	return chosen, true
}

// acceptCell is accept for a CSV cell, where every value is text.
func (a *Attribute) acceptCell(text string) (any, bool) {
	switch a.Type {
	case "float":
		return a.accept(json.Number(text))
	case "boolean":
		b, err := strconv.ParseBool(strings.ToLower(text))
		return b, err == nil
	case "multiple-choice":
		var list []any
		for _, choice := range strings.Split(text, ",") {
			list = append(list, strings.TrimSpace(choice))
		}
		return a.choose(list)
	}
	return a.accept(text)
}
