package activities

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"zendesk-brevo/internal/brevo"
	"zendesk-brevo/internal/store"
)

const (
	// companyKey is the label of the company attribute that holds the Zendesk organization's id: Brevo knows no external
	// id. Under which internal name Brevo keeps it is Brevo's choice.
	companyKey = "zendesk_id"
	// companyCategory marks the one stored attribute that belongs to companies: the key, by its internal name.
	companyCategory = "company"
	companyName     = "name"
)

// storedKey gives the key attribute's internal name as it was last found, or the likely one.
func (s *companySync) storedKey(ctx context.Context) (string, error) {
	stored, err := s.store.Attributes(ctx)
	if err != nil {
		return "", fmt.Errorf("read attributes: %w", err)
	}
	if at := slices.IndexFunc(stored, func(a store.Attribute) bool { return a.Category == companyCategory }); at >= 0 {
		return stored[at].Name, nil
	}
	return companyKey, nil
}

// ensureKey finds or makes the company attribute that holds the organization's id. It looks before every creation, for a
// company without its key could not be told from a stranger's. ok is false when the account does not let it be made: the
// run goes on without companies.
func (s *companySync) ensureKey(ctx context.Context, creating bool) (ok bool, _ error) {
	if !creating {
		return true, nil
	}
	for attempt := 0; ; attempt++ {
		there, err := s.brevo.ListCompanyAttributes(ctx)
		if err != nil {
			return s.keyless(err, "cannot be listed")
		}
		if at := keyAmong(there); at >= 0 {
			return s.useKey(ctx, there[at])
		}
		if attempt > 0 {
			return s.keyless(nil, "was made but is not listed")
		}
		if _, err := s.brevo.CreateCompanyAttribute(ctx, companyKey, brevo.CompanyText); err != nil {
			return s.keyless(err, "cannot be made")
		}
	}
}

func keyAmong(there []brevo.CompanyAttribute) int {
	if at := slices.IndexFunc(there, func(a brevo.CompanyAttribute) bool { return a.InternalName == companyKey }); at >= 0 {
		return at
	}
	return slices.IndexFunc(there, func(a brevo.CompanyAttribute) bool { return strings.EqualFold(a.Label, companyKey) })
}

// holdsKey reports whether a company attribute of a type keeps the key as text.
func holdsKey(kind string) bool {
	return !slices.Contains([]string{"number", "date", "boolean", "single-select", "multi-choice", "user"}, kind)
}

func (s *companySync) useKey(ctx context.Context, found brevo.CompanyAttribute) (bool, error) {
	if !holdsKey(found.Type) {
		return s.keyless(nil, "has the type "+found.Type)
	}
	stored, err := s.storedKey(ctx)
	if err != nil {
		return false, err
	}
	if stored != found.InternalName {
		if err := s.store.DropAttribute(ctx, stored); err != nil {
			return false, fmt.Errorf("forget attribute: %w", err)
		}
	}
	s.key = found.InternalName
	key := store.Attribute{Name: s.key, Category: companyCategory, Type: brevo.CompanyText, Ours: true}
	if err := s.store.SaveAttributes(ctx, []store.Attribute{key}); err != nil {
		return false, fmt.Errorf("store attribute: %w", err)
	}
	return true, nil
}

// keyless gives companies up for this run, unless err is one that passes or that is not about the attribute.
func (s *companySync) keyless(err error, what string) (bool, error) {
	if err != nil && Classify(err) != Reject {
		return false, err
	}
	s.notices = append(s.notices, fmt.Sprintf("organizations stay out of Brevo: the company attribute %q %s; create it in Brevo as a text attribute with that label", companyKey, what))
	return false, nil
}

// wanted are the attributes of an organization's company.
func (s *companySync) wanted(o *store.OrganizationRow) map[string]any {
	return map[string]any{companyName: o.Name, s.key: strconv.FormatInt(o.ID, 10)}
}

// keyOf reads the organization's id from a company, 0 when it has none.
func (s *companySync) keyOf(c *brevo.Company) int64 {
	var text string
	switch v := c.Attributes[s.key].(type) {
	case string:
		text = strings.TrimSpace(v)
	case json.Number:
		text = v.String()
	case float64:
		text = strconv.FormatFloat(v, 'f', -1, 64)
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return id
}
