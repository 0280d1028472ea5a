package seed

// options are the choices of a drop-down, given as value, name pairs.
func options(pairs ...string) []FieldOption {
	var out []FieldOption
	for i := 0; i+1 < len(pairs); i += 2 {
		out = append(out, FieldOption{Value: pairs[i], Name: pairs[i+1]})
	}
	return out
}

// number gives the definitions their ids, in steps that leave room for the options.
func number(first int64, fields []FieldDefinition) []FieldDefinition {
	for i := range fields {
		fields[i].ID = first + int64(i)*100
		for j := range fields[i].Options {
			fields[i].Options[j].ID = fields[i].ID + int64(j) + 1
		}
	}
	return fields
}

func userFields() []FieldDefinition {
	return number(firstUserFieldID, []FieldDefinition{
		{Key: "customer_type", Type: "tagger", Title: "Customer type", Active: true, Options: options(
			"ct_trial", "Free trial", "ct_subscriber", "Subscriber", "ct_reseller", "Reseller & partner", "ct_former", "Former customer")},
		{Key: "account_tier", Type: "tagger", Title: "Account tier", Active: true, Options: options(
			"tier_bronze", "Bronze", "tier_silver", "Silver", "tier_gold", "Gold")},
		{Key: "renewal_date", Type: "date", Title: "Renewal date", Active: true},
		{Key: "vip", Type: "checkbox", Title: "VIP", Active: true, Tag: "vip_customer"},
		{Key: "lifetime_value", Type: "decimal", Title: "Lifetime value", Active: true},
		{Key: "seats", Type: "integer", Title: "Seats", Active: true},
		{Key: "interests", Type: "multiselect", Title: "Interests", Active: true, Options: options(
			"int_webinars", "Webinars", "int_beta", "Beta programme", "int_events", "Events")},
		{Key: "loyalty_id", Type: "regexp", Title: "Loyalty number", Active: true, Regexp: `\ALY-\d{6}\z`},
		{Key: "background", Type: "textarea", Title: "Background", Active: true},
		{Key: "fax", Type: "text", Title: "Fax", Active: false},
	})
}

func organizationFields() []FieldDefinition {
	return number(firstOrgFieldID, []FieldDefinition{
		{Key: "org_tier", Type: "tagger", Title: "Tier", Active: true, Options: options("org_standard", "Standard", "org_premium", "Premium")},
		{Key: "org_arr", Type: "decimal", Title: "Annual revenue", Active: true},
		{Key: "org_since", Type: "date", Title: "Customer since", Active: true},
		{Key: "org_region", Type: "text", Title: "Region", Active: true},
		{Key: "org_partner", Type: "checkbox", Title: "Partner", Active: true, Tag: "partner"},
	})
}

// customTicketFields is where the custom ones begin among ticketFields.
const customTicketFields = 7

func ticketFields() []FieldDefinition {
	return number(firstTicketFieldID, []FieldDefinition{
		{Type: "subject", Title: "Subject", Active: true, System: true},
		{Type: "description", Title: "Description", Active: true, System: true},
		{Type: "status", Title: "Status", Active: true, System: true},
		{Type: "tickettype", Title: "Type", Active: true, System: true},
		{Type: "priority", Title: "Priority", Active: true, System: true},
		{Type: "group", Title: "Group", Active: true, System: true},
		{Type: "assignee", Title: "Assignee", Active: true, System: true},
		{Type: "tagger", Title: "Product area", Active: true, Options: options(
			"area_billing", "Billing", "area_shipping", "Shipping", "area_app", "App & web", "area_api", "API")},
		{Type: "text", Title: "Order number", Active: true},
		{Type: "decimal", Title: "Refund amount", Active: true},
		{Type: "multiselect", Title: "Root cause", Active: true, Options: options(
			"cause_carrier", "Carrier", "cause_bug", "Software fault", "cause_user", "Handling")},
		{Type: "date", Title: "Purchase date", Active: true},
		{Type: "checkbox", Title: "Escalated", Active: true, Tag: "escalated"},
		{Type: "integer", Title: "Devices affected", Active: true},
		{Type: "partialcreditcard", Title: "Card", Active: false},
	})
}

func customStatuses() []CustomStatus {
	s := []CustomStatus{
		{Category: "new", Label: "New", Default: true},
		{Category: "open", Label: "Open", Default: true},
		{Category: "pending", Label: "Pending", Default: true},
		{Category: "hold", Label: "On-hold", Default: true},
		{Category: "solved", Label: "Solved", Default: true},
		{Category: "open", Label: "Waiting for engineering"},
		{Category: "pending", Label: "Waiting for carrier"},
	}
	for i := range s {
		s[i].ID = firstStatusID + int64(i)*7
	}
	return s
}

// CustomStatusFor returns the id of the default custom status of a status category; closed tickets keep solved's.
func (a *Account) CustomStatusFor(status string) int64 {
	if status == "closed" || status == "deleted" {
		status = "solved"
	}
	for i := range a.CustomStatuses {
		if a.CustomStatuses[i].Category == status && a.CustomStatuses[i].Default {
			return a.CustomStatuses[i].ID
		}
	}
	return 0
}
