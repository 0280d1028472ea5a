package activities

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

// attributes verifies or creates what the mapping writes. An attribute that is to be made is booked as ours first: should
// the process die between the call and its record, the attribute must not look like the marketer's afterwards.
func (p *preflight) attributes(ctx context.Context) error {
	there, err := p.brevo.ListAttributes(ctx)
	if err != nil {
		return err
	}
	found := make([]store.Attribute, len(there))
	byName := map[string]store.Attribute{}
	for i, a := range there {
		found[i] = store.Attribute{Name: a.Name, Category: a.Category, Type: a.Type, Options: optionsOf(&a)}
		byName[a.Name] = found[i]
	}
	for _, name := range builtIn {
		if _, shown := byName[name]; !shown {
			found = append(found, store.Attribute{Name: name, Category: brevo.CategoryNormal, Type: brevo.TypeText})
		}
		byName[name] = store.Attribute{Name: name, Category: brevo.CategoryNormal, Type: brevo.TypeText}
	}
	p.attributesThere = byName
	if err := p.bookAttributes(ctx, found); err != nil {
		return err
	}
	m, err := p.compiled(ctx)
	if err != nil {
		return err
	}
	p.notices = append(p.notices, m.Notices()...)
	ours, err := p.ours(ctx)
	if err != nil {
		return err
	}
	for _, want := range m.Attributes() {
		have, exists := byName[want.Name]
		switch {
		case !exists:
			err = p.createAttribute(ctx, want.Name, want.Type, fmt.Sprintf("create it in Brevo as %s, or map %s elsewhere; it is left out",
				want.Type, strings.Join(want.Sources, ", ")))
		case !compatible(want.Type, have):
			p.clash(TypeClash{Attribute: want.Name, Type: have.Type, Wanted: want.Type, By: want.Sources}, fmt.Sprintf(
				"attribute %s is %s in Brevo, but %s is %s: map it to another name under field_mapping; it is left out",
				want.Name, have.Type, strings.Join(want.Sources, ", "), want.Type))
		case !ours[want.Name] && !want.Named && !want.FillIfEmpty:
			p.note("attribute %s existed before: name it under field_mapping to have it written; it is left alone", want.Name)
		case len(have.Options) > 0:
			p.note("attribute %s is a category in Brevo: a value that is none of its options is left out", want.Name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// builtIn are identifiers that every account has, whether its attribute list shows them or not; none can be created.
var builtIn = []string{attributePhone, "WHATSAPP", "LANDLINE_NUMBER"}

func (p *preflight) ours(ctx context.Context) (map[string]bool, error) {
	stored, err := p.store.Attributes(ctx)
	if err != nil {
		return nil, fmt.Errorf("read attributes: %w", err)
	}
	out := map[string]bool{}
	for _, a := range stored {
		out[a.Name] = a.Ours
	}
	return out, nil
}

// createAttribute makes an attribute; otherwise is what to do, and what becomes of it, when Brevo does not let us.
func (p *preflight) createAttribute(ctx context.Context, name, kind, otherwise string) error {
	made := store.Attribute{Name: name, Category: brevo.CategoryNormal, Type: kind, Ours: true}
	if p.dry != nil {
		p.dry.found.Attributes = append(p.dry.found.Attributes, MissingAttribute{Name: name, Type: kind})
		p.attributesThere[name] = made
		return nil
	}
	ours, err := p.ours(ctx)
	if err != nil {
		return err
	}
	if err := p.store.SaveAttributes(ctx, []store.Attribute{made}); err != nil {
		return fmt.Errorf("store attribute %s: %w", name, err)
	}
	err = p.brevo.CreateAttribute(ctx, brevo.CategoryNormal, name, brevo.AttributeSpec{Type: kind})
	// What is there afterwards is somebody else's then, unless an earlier attempt, booked as this one, may have made it.
	if err != nil && !mayHaveArrived(err) && !ours[name] {
		if dropped := p.store.DropAttribute(context.WithoutCancel(ctx), name); dropped != nil {
			return fmt.Errorf("forget attribute %s: %w", name, dropped)
		}
	}
	if err != nil && Classify(err) == Reject {
		return p.refusedAttribute(ctx, name, otherwise, err)
	}
	if err != nil {
		return err
	}
	p.attributesThere[name] = made
	p.note("attribute %s created in Brevo (%s)", name, kind)
	return nil
}

// refusedAttribute looks whether an attribute that could not be created is there all the same, made a moment ago by an
// attempt whose answer was lost or by somebody else; otherwise whoever wanted it does without.
func (p *preflight) refusedAttribute(ctx context.Context, name, otherwise string, cause error) error {
	there, err := p.brevo.ListAttributes(ctx)
	if err != nil {
		return err
	}
	if at := slices.IndexFunc(there, func(a brevo.Attribute) bool { return a.Name == name }); at >= 0 {
		found := store.Attribute{Name: name, Category: there[at].Category, Type: there[at].Type, Options: optionsOf(&there[at])}
		p.attributesThere[name] = found
		return p.bookAttributes(ctx, []store.Attribute{found})
	}
	p.note("attribute %s cannot be created (%v): %s", name, cause, otherwise)
	return p.store.DropAttribute(ctx, name)
}

// optionsOf are the values of a category attribute, and their labels; none for other attributes.
// https://developers.brevo.com/reference/get-attributes
func optionsOf(a *brevo.Attribute) []string {
	if a.Category != brevo.CategoryCategory {
		return nil
	}
	var values, labels []string
	for _, o := range a.Enumeration {
		values, labels = append(values, cmp.Or(o.ValueStr, strconv.FormatInt(o.Value, 10))), append(labels, o.Label)
	}
	return append(values, labels...)
}

// compatible reports whether Brevo would keep a value of the wanted type: it drops others in silence.
func compatible(want string, have store.Attribute) bool {
	if have.Category == brevo.CategoryCategory {
		return want == brevo.TypeText
	}
	return have.Category == brevo.CategoryNormal && (have.Type == want || have.Type == "")
}
