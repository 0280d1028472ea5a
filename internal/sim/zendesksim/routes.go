package zendesksim

const (
	v2      = "/api/v2"
	meRoute = "GET " + v2 + "/users/me"
)

// allRoutes lists the endpoints that the simulated account has.
func allRoutes() []route {
	var all []route
	for _, group := range [][]route{exportRoutes(), ticketRoutes(), userRoutes(), organizationRoutes(), otherRoutes(), webhookRoutes(), oauthRoutes()} {
		all = append(all, group...)
	}
	return all
}

func exportRoutes() []route {
	r := func(path, resource string, handle func(*Server, *exchange)) route {
		return route{"GET " + v2 + "/incremental/" + path, admins, resource, incrementalExports, handle}
	}
	return []route{
		r("tickets/cursor", "tickets", cursorTickets),
		r("users/cursor", "users", cursorUsers),
		r("organizations", "organizations", timedOrganizations),
		r("tickets", "tickets", timedTickets),
		r("users", "users", timedUsers),
	}
}

func ticketRoutes() []route {
	return []route{
		{"GET " + v2 + "/tickets", agents, "tickets", ticketsIndex, listTickets},
		{"GET " + v2 + "/tickets/count", agents, "tickets", "", countTickets},
		{"GET " + v2 + "/tickets/show_many", agents, "tickets", "", showManyTickets},
		{"GET " + v2 + "/tickets/{id}", agents, "tickets", "", showTicket},
		{"POST " + v2 + "/tickets", agents, "tickets", "", createTicket},
		{"PUT " + v2 + "/tickets/{id}", agents, "tickets", updateTicket, putTicket},
		{"GET " + v2 + "/tickets/{id}/comments", agents, "tickets", "", listComments},
		{"PUT " + v2 + "/tickets/{id}/tags", agents, "tickets", updateTicket, changeTicketTags},
		{"DELETE " + v2 + "/tickets/{id}/tags", agents, "tickets", updateTicket, changeTicketTags},
		{"GET " + v2 + "/ticket_fields", agents, "tickets", "", listTicketFields},
		{"GET " + v2 + "/custom_statuses", agents, "tickets", "", listCustomStatuses},
		{"GET " + v2 + "/satisfaction_ratings", admins, "satisfaction_ratings", "", listRatings},
		{"GET " + v2 + "/satisfaction_ratings/count", admins, "satisfaction_ratings", "", countRatings},
		{"GET " + v2 + "/satisfaction_ratings/{id}", admins, "satisfaction_ratings", "", showRating},
		{"GET " + v2 + "/guide/survey_responses", admins, "tickets", "", listSurveyResponses},
		{"GET " + v2 + "/guide/survey_responses/{id}", admins, "tickets", "", showSurveyResponse},
	}
}

func userRoutes() []route {
	return []route{
		{meRoute, anyone, "users", "", showMe},
		{"GET " + v2 + "/users", agents, "users", "", listUsers},
		{"GET " + v2 + "/users/count", agents, "users", "", countUsers},
		{"GET " + v2 + "/deleted_users/count", agents, "users", "", countDeletedUsers},
		{"GET " + v2 + "/users/search", agents, "users", "", searchUsers},
		{"GET " + v2 + "/users/show_many", agents, "users", "", showManyUsers},
		{"GET " + v2 + "/users/{id}", agents, "users", "", showUser},
		{"GET " + v2 + "/users/{id}/identities", agents, "users", "", listIdentities},
		{"GET " + v2 + "/users/{id}/events", agents, "users", "", listUserEvents},
		{"POST " + v2 + "/users", agents, "users", "", createUser},
		{"PUT " + v2 + "/users/{id}", agents, "users", createUpdateUser, putUser},
		{"PUT " + v2 + "/users/{id}/tags", agents, "users", createUpdateUser, changeUserTags},
		{"DELETE " + v2 + "/users/{id}/tags", agents, "users", createUpdateUser, changeUserTags},
		{"GET " + v2 + "/user_fields", agents, "users", "", listUserFields},
	}
}

func organizationRoutes() []route {
	return []route{
		{"GET " + v2 + "/organizations", agents, "organizations", "", listOrganizations},
		{"GET " + v2 + "/organizations/count", agents, "organizations", "", countOrganizations},
		{"GET " + v2 + "/organizations/show_many", agents, "organizations", "", showManyOrganizations},
		{"GET " + v2 + "/organizations/{id}", agents, "organizations", "", showOrganization},
		{"GET " + v2 + "/organizations/{id}/users", agents, "organizations", "", listMembers},
		{"POST " + v2 + "/organizations", agents, "organizations", "", createOrganization},
		{"PUT " + v2 + "/organizations/{id}", agents, "organizations", "", putOrganization},
		{"GET " + v2 + "/organization_fields", agents, "organizations", "", listOrganizationFields},
	}
}

func otherRoutes() []route {
	return []route{
		{"GET " + v2 + "/search", agents, "", searchIndex, search},
		{"GET " + v2 + "/search/count", agents, "", searchIndex, countSearch},
		{"GET " + v2 + "/account/settings", agents, "", "", showSettings},
		{"GET " + v2 + "/help_center/articles", agents, "hc", "", listArticles},
	}
}
