package e2e_test

import (
	"strconv"
	"strings"
	"time"
)

// The block of the product's source text, and what it asks for beyond the defaults.
const sourceTextMapping = `
field_mapping:
  # Standard fields
  email: email
  name: FULLNAME
  phone: SMS
  # Support metrics
  open_tickets: OPEN_TICKETS
  total_tickets: TOTAL_TICKETS
  avg_satisfaction: CSAT_SCORE
  last_ticket_date: LAST_SUPPORT_DATE
  # Organization fields
  organization.name: COMPANY_NAME
  organization.tags: COMPANY_TAGS
  # Custom fields
  user_fields.customer_type: CUSTOMER_TYPE
  user_fields.account_tier: ACCOUNT_TIER
`

func sourceTextFields(h dossier) map[string]any {
	return map[string]any{"CUSTOMER_TYPE": h.user.Fields["customer_type"], "ACCOUNT_TIER": h.user.Fields["account_tier"]}
}

// everyUserField is what user_fields.* brings: each active field, typed by its definition.
func everyUserField(h dossier) map[string]any {
	out := map[string]any{}
	for key, kind := range map[string]string{
		"customer_type": "text", "account_tier": "text", "renewal_date": "day", "vip": "as it is", "lifetime_value": "number",
		"seats": "number", "interests": "list", "loyalty_id": "text", "background": "text",
	} {
		out[strings.ToUpper(key)] = fieldValue(kind, h.user.Fields[key])
	}
	return out
}

const ticketFieldMapping = `
field_mapping:
  ticket_fields.Product area: PRODUCT_AREA
  ticket_fields.product area.label: PRODUCT_AREA_NAME
  ticket_fields.Order number: ORDER_NUMBER
  ticket_fields.Refund amount: REFUND
  ticket_fields.Root cause: ROOT_CAUSE
  ticket_fields.Purchase date: PURCHASED
  ticket_fields.Escalated: ESCALATED
  ticket_fields.Devices affected: DEVICES
  last_status: LAST_STATUS
  reopens: REOPENS
  organization.fields.org_tier.label: TIER
  user_fields.account_tier.label: [ACCOUNT_TIER, TIER_AGAIN]
  tags: null
`

func ticketFields(h dossier) map[string]any {
	// The seed's custom fields in their order.
	out := map[string]any{"TAGS": nil} // switched off
	for i, f := range []struct{ target, kind string }{
		{"PRODUCT_AREA", "text"},
		{"ORDER_NUMBER", "text"},
		{"REFUND", "number"},
		{"ROOT_CAUSE", "list"},
		{"PURCHASED", "day"},
		{"ESCALATED", "as it is"},
		{"DEVICES", "number"},
	} {
		for _, t := range h.tickets { // the newest that has a value wins
			if v := t.CustomFields[i].Value; v != nil {
				out[f.target] = fieldValue(f.kind, v)
			}
		}
	}
	label := func(target string, value any, labels map[string]string) {
		if tag, ok := value.(string); ok {
			out[target] = labels[tag]
		}
	}
	label("PRODUCT_AREA_NAME", out["PRODUCT_AREA"], map[string]string{
		"area_billing": "Billing", "area_shipping": "Shipping", "area_app": "App & web", "area_api": "API",
	})
	tiers := map[string]string{"tier_bronze": "Bronze", "tier_silver": "Silver", "tier_gold": "Gold"}
	label("ACCOUNT_TIER", h.user.Fields["account_tier"], tiers)
	label("TIER_AGAIN", h.user.Fields["account_tier"], tiers)
	if h.organization != nil {
		label("TIER", h.organization.Fields["org_tier"], map[string]string{"org_standard": "Standard", "org_premium": "Premium"})
	}
	reopens := 0
	for _, t := range h.tickets {
		reopens += t.Metrics.Reopens
		out["LAST_STATUS"] = t.Status
	}
	out["REOPENS"] = float64(reopens)
	return out
}

// fieldValue is a custom field's value as an attribute of its type holds it.
func fieldValue(kind string, value any) any {
	switch v := value.(type) {
	case nil:
		return nil
	case []string:
		return joined(v)
	case int64:
		return float64(v)
	case string:
		switch kind {
		case "day":
			return v[:len(time.DateOnly)]
		case "number":
			n, err := strconv.ParseFloat(v, 64)
			if err != nil {
				return nil
			}
			return n
		}
		return plain(v)
	}
	return value
}
