package zendesksim

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"zendesk-brevo/internal/sim/seed"
)

type userInput struct {
	User *struct {
		Name              *string        `json:"name"`
		Email             *string        `json:"email"`
		Phone             *string        `json:"phone"`
		SharedPhoneNumber *bool          `json:"shared_phone_number"`
		Role              *string        `json:"role"`
		ExternalID        *string        `json:"external_id"`
		OrganizationID    *int64         `json:"organization_id"`
		Suspended         *bool          `json:"suspended"`
		Verified          *bool          `json:"verified"`
		Tags              *[]string      `json:"tags"`
		UserFields        map[string]any `json:"user_fields"`
	} `json:"user"`
}

// fill copies what the body sets into u, all but the address.
func (in *userInput) fill(u *seed.User) {
	p := in.User
	set(&u.Name, p.Name)
	set(&u.Phone, p.Phone)
	set(&u.SharedPhoneNumber, p.SharedPhoneNumber)
	set(&u.Role, p.Role)
	set(&u.ExternalID, p.ExternalID)
	set(&u.OrganizationID, p.OrganizationID)
	set(&u.Suspended, p.Suspended)
	set(&u.Verified, p.Verified)
	if p.Tags != nil {
		u.Tags = slices.Clone(*p.Tags)
	}
	u.Fields = mergeFields(u.Fields, p.UserFields)
}

// mergeFields returns a copy of the fields with the changes; fields that are not there are ignored.
func mergeFields(fields, changes map[string]any) map[string]any {
	if changes == nil {
		return fields
	}
	out := maps.Clone(fields)
	if out == nil {
		out = map[string]any{}
	}
	for k, v := range changes {
		out[k] = fieldValue(v)
	}
	return out
}

// checkUser notes what is wrong with a write; id is the user's, 0 for a new one.
func (s *Server) checkUser(in *userInput, id int64, bad invalid) {
	p := in.User
	if id == 0 && p.Name == nil || p.Name != nil && strings.TrimSpace(*p.Name) == "" {
		bad.add("name", "BlankValue", "Name: cannot be blank")
	}
	if p.Role != nil && !slices.Contains([]string{"end-user", "agent", "admin"}, *p.Role) {
		bad.add("role", "InvalidValue", "Role: is not valid")
	}
	if p.Email == nil || *p.Email == "" {
		return
	}
	if !strings.Contains(*p.Email, "@") {
		bad.add("email", "InvalidFormat", "Email: "+*p.Email+" is not properly formatted")
	} else if other, ok := s.account.UserByEmail(*p.Email); ok && other.ID != id {
		bad.add("email", "DuplicateValue", "Email: "+*p.Email+" is already being used by another user")
	}
}

func createUser(s *Server, x *exchange) {
	var in userInput
	if !decode(x, &in, func() bool { return in.User != nil }, "user") {
		return
	}
	bad := invalid{}
	if s.checkUser(&in, 0, bad); len(bad) > 0 {
		bad.send(x.w)
		return
	}
	u := seed.User{Role: "end-user", TicketRestriction: "requested"}
	in.fill(&u)
	set(&u.Email, in.User.Email)
	id := s.CreateUser(u)
	x.w.Header().Set("Location", s.base+"/api/v2/users/"+strconv.FormatInt(id, 10)+".json")
	u, _ = s.account.Users.Get(id)
	s.sendUser(x, http.StatusCreated, &u)
}

// userToChange is the user of the path, unless the limit of five changes a minute or the lack of such a user has been answered.
func (s *Server) userToChange(x *exchange) (seed.User, bool) {
	if !s.limits.takeRecord(x.w, "user "+x.r.PathValue("id"), 5, time.Minute) {
		return seed.User{}, false
	}
	u, ok := s.account.Users.Get(pathID(x))
	if !ok || !u.Active {
		recordNotFound(x.w)
		return seed.User{}, false
	}
	return u, true
}

// putUser serves PUT /users/{id}: one a second for the account, five a minute for one user. An address in the body is
// added as a further identity and does not replace the primary one.
func putUser(s *Server, x *exchange) {
	u, ok := s.userToChange(x)
	if !ok {
		return
	}
	var in userInput
	if !decode(x, &in, func() bool { return in.User != nil }, "user") {
		return
	}
	bad := invalid{}
	if s.checkUser(&in, u.ID, bad); len(bad) > 0 {
		bad.send(x.w)
		return
	}
	s.UpdateUser(u.ID, func(u *seed.User) {
		in.fill(u)
		if e := in.User.Email; e != nil && *e != "" && !strings.EqualFold(*e, u.Email) {
			if u.Email == "" {
				u.Email = *e
			} else if !slices.Contains(u.OtherEmails, *e) {
				u.OtherEmails = append(slices.Clone(u.OtherEmails), *e)
			}
		}
	})
	u, _ = s.account.Users.Get(u.ID)
	s.sendUser(x, http.StatusOK, &u)
}

type organizationInput struct {
	Organization *struct {
		Name               *string        `json:"name"`
		ExternalID         *string        `json:"external_id"`
		Details            *string        `json:"details"`
		Notes              *string        `json:"notes"`
		DomainNames        *[]string      `json:"domain_names"`
		Tags               *[]string      `json:"tags"`
		OrganizationFields map[string]any `json:"organization_fields"`
	} `json:"organization"`
}

func (in *organizationInput) fill(o *seed.Organization) {
	p := in.Organization
	set(&o.Name, p.Name)
	set(&o.ExternalID, p.ExternalID)
	set(&o.Details, p.Details)
	set(&o.Notes, p.Notes)
	if p.DomainNames != nil {
		o.DomainNames = slices.Clone(*p.DomainNames)
	}
	if p.Tags != nil {
		o.Tags = slices.Clone(*p.Tags)
	}
	o.Fields = mergeFields(o.Fields, p.OrganizationFields)
}

// checkOrganization notes what is wrong with a write: names are unique.
func (s *Server) checkOrganization(in *organizationInput, id int64, bad invalid) {
	name := in.Organization.Name
	if id == 0 && name == nil || name != nil && strings.TrimSpace(*name) == "" {
		bad.add("name", "BlankValue", "Name: cannot be blank")
		return
	}
	if name == nil {
		return
	}
	s.account.Organizations.EachAfter(0, func(o *seed.Organization) bool {
		if o.ID != id && o.DeletedAt.IsZero() && strings.EqualFold(o.Name, *name) {
			bad.add("name", "DuplicateValue", "Name: "+*name+" has already been taken")
			return false
		}
		return true
	})
}

func createOrganization(s *Server, x *exchange) {
	var in organizationInput
	if !decode(x, &in, func() bool { return in.Organization != nil }, "organization") {
		return
	}
	bad := invalid{}
	if s.checkOrganization(&in, 0, bad); len(bad) > 0 {
		bad.send(x.w)
		return
	}
	o := seed.Organization{Fields: map[string]any{}}
	in.fill(&o)
	id := s.CreateOrganization(o)
	x.w.Header().Set("Location", s.base+"/api/v2/organizations/"+strconv.FormatInt(id, 10)+".json")
	o, _ = s.account.Organizations.Get(id)
	s.sendOrganization(x, http.StatusCreated, &o)
}

// putOrganization serves PUT /organizations/{id}: five a minute for one organization.
func putOrganization(s *Server, x *exchange) {
	if !s.limits.takeRecord(x.w, "organization "+x.r.PathValue("id"), 5, time.Minute) {
		return
	}
	id := pathID(x)
	o, ok := s.account.Organizations.Get(id)
	if !ok || !o.DeletedAt.IsZero() {
		recordNotFound(x.w)
		return
	}
	var in organizationInput
	if !decode(x, &in, func() bool { return in.Organization != nil }, "organization") {
		return
	}
	bad := invalid{}
	if s.checkOrganization(&in, id, bad); len(bad) > 0 {
		bad.send(x.w)
		return
	}
	s.UpdateOrganization(id, in.fill)
	o, _ = s.account.Organizations.Get(id)
	s.sendOrganization(x, http.StatusOK, &o)
}
