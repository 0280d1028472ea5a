package brevosim

import (
	"net/http"
)

func (s *Server) routes() {
	s.handle("GET /account", s.getAccount)
	s.attributeRoutes()
	s.contactRoutes()
	s.listRoutes()
	s.processRoutes()
	s.companyRoutes()
	s.eventRoutes()
	s.emailRoutes()
}

func (s *Server) getAccount(*query) reply {
	plan := map[Plan]string{General: "Starter", Advanced: "Professional", Extended: "Enterprise", Unlimited: "Enterprise"}[s.opts.Plan]
	vertical := func(category string) map[string]any {
		return map[string]any{
			"planCategory": category, "planType": "subscription", "name": plan, "status": "active",
			"startDate": "1751234567", "endDate": "1893456000", "users": map[string]any{"purchasedSeats": "1", "usedSeats": "1"},
		}
	}
	return reply{http.StatusOK, map[string]any{
		"organization_id": "5fa2b8c123456789abcdef01", "user_id": 1234567, "enterprise": s.opts.Plan == Extended,
		"companyName": "Simulated Ltd", "email": s.opts.AccountEmail, "firstName": "Sim", "lastName": "Ulated",
		"address":             map[string]any{"city": "Lyon", "country": "France", "street": "1 rue du Port", "zipCode": "69001"},
		"dateTimePreferences": map[string]any{"timezone": s.opts.Zone.String(), "timeFormat": "24", "dateFormat": "dd-mm-yyyy"},
		"marketingAutomation": map[string]any{"enabled": true, "key": "simulated-tracker-key"},
		"plan":                []any{map[string]any{"type": "subscription", "credits": 20000, "creditsType": "sendLimit"}},
		"planVerticals":       []any{vertical("Marketing"), vertical("CRM")},
		"relay": map[string]any{
			"enabled": true, "data": map[string]any{"port": 587, "relay": "smtp-relay.brevo.com", "userName": s.opts.AccountEmail},
		},
	}}
}
