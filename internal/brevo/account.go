package brevo

import (
	"context"
	"net/http"
)

// Account is whom the credential belongs to.
type Account struct {
	OrganizationID      string `json:"organization_id"`
	UserID              int64  `json:"user_id"`
	Enterprise          bool   `json:"enterprise"`
	CompanyName         string `json:"companyName"`
	Email               string `json:"email"`
	Plans               []Plan `json:"plan"`
	DateTimePreferences struct {
		Timezone   string `json:"timezone"`
		TimeFormat string `json:"timeFormat"`
		DateFormat string `json:"dateFormat"`
	} `json:"dateTimePreferences"`
	PlanVerticals []PlanVertical `json:"planVerticals"`
}

// Plan is one credit balance: e-mail ("free", "subscription" ...) or "sms".
type Plan struct {
	Type        string  `json:"type"`
	Credits     float64 `json:"credits"`
	CreditsType string  `json:"creditsType"`
}

// PlanVertical is one product of the plan: Marketing, Chat or CRM.
type PlanVertical struct {
	Category string `json:"planCategory"`
	Type     string `json:"planType"`
	Name     string `json:"name"`
	Status   string `json:"status"`
}

// Account reads GET /account: https://developers.brevo.com/reference/get-account. It costs one of the 100 calls an
// hour of BucketOther, so it is a check and no heartbeat.
func (c *Client) Account(ctx context.Context) (Account, error) {
	var a Account
	_, err := c.do(ctx, call{method: http.MethodGet, route: "/account", bucket: BucketOther}, &a)
	return a, err
}
