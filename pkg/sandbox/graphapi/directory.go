package graphapi

import (
	"strings"
	"time"

	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/tenant"
)

// user is a person as the directory shows them; v1.0 keeps much back unless it is selected.
func (c *call) userObject(u tenant.User) odata.Object {
	more := odata.OnSelect
	if c.version == "beta" {
		more = odata.Always
	}
	given, sur, _ := strings.Cut(u.Name, " ")
	licenses, states := []odata.Object{}, []odata.Object{}
	for _, h := range u.Licenses {
		disabled := h.Disabled
		if disabled == nil {
			disabled = []string{}
		}
		state, by := "Active", any(nil)
		if h.ByGroup != "" {
			by = h.ByGroup
		}
		errText := "None"
		if h.Error != "" {
			state, errText = "Error", h.Error
		} else {
			licenses = append(licenses, odata.Object{{Name: "disabledPlans", Value: disabled}, {Name: "skuId", Value: h.SKUID}})
		}
		states = append(states, odata.Object{{Name: "skuId", Value: h.SKUID}, {Name: "disabledPlans", Value: disabled},
			{Name: "assignedByGroup", Value: by}, {Name: "state", Value: state}, {Name: "error", Value: errText},
			{Name: "lastUpdatedDateTime", Value: h.Since}})
	}
	return odata.Object{
		{Name: "id", Value: u.ID},
		{Name: "displayName", Value: u.Name},
		{Name: "givenName", Value: orNull(given)},
		{Name: "surname", Value: orNull(sur)},
		{Name: "jobTitle"},
		{Name: "mail", Value: u.UPN},
		{Name: "mobilePhone"},
		{Name: "officeLocation"},
		{Name: "preferredLanguage"},
		{Name: "businessPhones", Value: []string{}},
		{Name: "userPrincipalName", Value: u.UPN},
		{Name: "accountEnabled", Value: u.Enabled, When: more},
		{Name: "usageLocation", Value: orNull(u.Location), When: more},
		{Name: "userType", Value: "Member", When: more},
		{Name: "department", Value: orNull(u.Department), When: more},
		{Name: "onPremisesSyncEnabled", When: more},
		{Name: "assignedLicenses", Value: licenses, When: more},
		{Name: "licenseAssignmentStates", Value: states, When: more},
	}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// basicOnly refuses to show more of a person than the sign-in may see.
func (c *call) basicOnly() error {
	if c.h.perms.allow(readWholeUser) {
		return nil
	}
	for _, name := range []string{"accountenabled", "usagelocation", "usertype", "department", "onpremisessyncenabled", "assignedlicenses", "licenseassignmentstates"} {
		if c.query.Shape.Select[name] {
			return status(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
		}
	}
	return nil
}

func (c *call) getUser() (reply, error) {
	if err := c.basicOnly(); err != nil {
		return reply{}, err
	}
	return entity(c, "users", c.t.User, c.userObject)
}

func (c *call) listUsers() (reply, error) {
	if err := c.basicOnly(); err != nil {
		return reply{}, err
	}
	for _, key := range []string{"userPrincipalName", "id", "mail"} {
		if v, found := c.query.Filter.Equals(key); found {
			var one []tenant.User
			if u, err := c.t.User(c.now, v); err == nil {
				one = append(one, u)
			}
			return c.list("users", fixed(one, c.userObject))
		}
	}
	return c.list("users", from(c, c.t.Users, c.userObject))
}

func (c *call) patchUser() (reply, error) {
	m, err := c.body("usageLocation")
	if err != nil {
		return reply{}, err
	}
	loc, _ := m["usageLocation"].(string)
	u, err := c.t.SetUsageLocation(c.now, c.params[0], loc)
	c.user = u.ID
	return empty(), err
}

func (c *call) deleteUser(key string) (reply, error) {
	u, err := c.t.DeleteUser(c.now, key)
	c.user = u.ID
	return empty(), err
}

func (c *call) groupObject(g tenant.Group) odata.Object {
	types := []string{}
	var rule any
	if g.Dynamic {
		types, rule = []string{"DynamicMembership"}, `user.accountEnabled -eq true`
	}
	if g.Unified {
		types = append(types, "Unified")
	}
	var synced, mail any
	if g.MailEnabled {
		mail = g.ID[:8] + "@" + c.t.Organization().Domain
	}
	if g.Synced {
		synced = true
	}
	licenses := []odata.Object{}
	for _, s := range g.Licenses {
		licenses = append(licenses, odata.Object{{Name: "disabledPlans", Value: []string{}}, {Name: "skuId", Value: s.SKUID}})
	}
	return odata.Object{
		{Name: "id", Value: g.ID},
		{Name: "createdDateTime", Value: g.Created},
		{Name: "description"},
		{Name: "displayName", Value: g.Name},
		{Name: "groupTypes", Value: types},
		{Name: "isAssignableToRole", Value: g.RoleAssignable},
		{Name: "isManagementRestricted", Value: g.Restricted, When: odata.OnSelect},
		{Name: "mail", Value: mail},
		{Name: "mailEnabled", Value: g.MailEnabled},
		{Name: "mailNickname", Value: strings.ReplaceAll(g.Name, " ", "")},
		{Name: "membershipRule", Value: rule},
		{Name: "onPremisesSyncEnabled", Value: synced},
		{Name: "securityEnabled", Value: !g.Unified},
		{Name: "visibility"},
		{Name: "assignedLicenses", Value: licenses, When: odata.OnSelect},
		{Name: "licenseProcessingState", Value: odata.Object{{Name: "state", Value: "ProcessingComplete"}}, When: odata.OnSelect},
	}
}

func (c *call) getGroup() (reply, error) {
	return entity(c, "groups", c.t.Group, c.groupObject)
}

func (c *call) listGroups() (reply, error) {
	return c.list("groups", from(c, c.t.Groups, c.groupObject))
}

func (c *call) createGroup() (reply, error) {
	m, err := c.body("displayName", "description", "mailEnabled", "mailNickname", "securityEnabled", "groupTypes", "isAssignableToRole", "visibility")
	if err != nil {
		return reply{}, err
	}
	for _, name := range []string{"mailEnabled", "mailNickname", "securityEnabled"} {
		if _, there := m[name]; !there {
			return reply{}, status(400, "Request_BadRequest", "A value is required for property '"+name+"' of resource 'Group'.")
		}
	}
	if m["mailEnabled"] != false || m["securityEnabled"] != true {
		return reply{}, status(400, "Request_BadRequest", "The sandbox makes security groups without mail only.")
	}
	name, _ := m["displayName"].(string)
	g, err := c.t.CreateGroup(c.now, name)
	if err != nil {
		return reply{}, err
	}
	c.resources = []string{g.ID}
	return created("groups", c.groupObject(g))
}

func (c *call) deleteGroup() (reply, error) { return empty(), c.t.DeleteGroup(c.now, c.params[0]) }

// memberObject shows of a member what the sign-in may see of people.
func (c *call) memberObject(u tenant.User) odata.Object {
	o := append(odata.Object{{Name: "@odata.type", Value: "#microsoft.graph.user"}}, c.userObject(u)...)
	if c.h.perms.allow(readUser) {
		return o
	}
	for i := range o {
		if o[i].Name != "id" && o[i].Name != "@odata.type" {
			o[i].Value = nil
		}
	}
	return o
}

func (c *call) members() (reply, error) {
	id := c.params[0]
	if _, err := c.t.Group(c.now, id); err != nil {
		return reply{}, err
	}
	for _, key := range []string{"id", "userPrincipalName"} {
		if v, found := c.query.Filter.Equals(key); found {
			u, in, err := c.t.Member(c.now, id, v)
			if err != nil {
				return reply{}, err
			}
			var one []tenant.User
			if in {
				one = append(one, u)
			}
			return c.list("directoryObjects", fixed(one, c.memberObject))
		}
	}
	return c.list("directoryObjects", from(c, func(now time.Time, after int64, n int) ([]tenant.User, bool) {
		us, more, _ := c.t.Members(now, id, after, n) // the group was looked up before
		return us, more
	}, c.memberObject))
}

// reference is the object id at the end of an @odata.id.
func reference(v any) string {
	s, _ := v.(string)
	s = strings.TrimSuffix(s, "/")
	if i := strings.LastIndexAny(s, "/"); i >= 0 {
		s = s[i+1:]
	}
	s = strings.TrimPrefix(s, "directoryObjects('")
	return strings.TrimSuffix(s, "')")
}

func (c *call) addMember() (reply, error) {
	m, err := c.body("@odata.id")
	if err != nil {
		return reply{}, err
	}
	id := reference(m["@odata.id"])
	c.user, c.resources = id, []string{id}
	return empty(), c.t.AddMembers(c.now, c.params[0], []string{id})
}

func (c *call) patchGroup() (reply, error) {
	m, err := c.body("members@odata.bind")
	if err != nil {
		return reply{}, err
	}
	list, _ := m["members@odata.bind"].([]any)
	if len(list) == 0 || len(list) > 20 {
		return reply{}, status(400, "Request_BadRequest", "The number of members to bind must be between 1 and 20.")
	}
	var ids []string
	for _, v := range list {
		ids = append(ids, reference(v))
	}
	c.user = ids[0]
	return empty(), c.t.AddMembers(c.now, c.params[0], ids)
}

func (c *call) removeMember() (reply, error) {
	c.user = c.params[1]
	return empty(), c.t.RemoveMember(c.now, c.params[0], c.params[1])
}

func (c *call) organization() (reply, error) {
	o := c.t.Organization()
	return c.list("organization", fixed([]tenant.Organization{o}, func(o tenant.Organization) odata.Object {
		return odata.Object{{Name: "id", Value: o.ID}, {Name: "displayName", Value: o.Name}, {Name: "tenantType", Value: "AAD"},
			{Name: "verifiedDomains", Value: []odata.Object{{{Name: "name", Value: o.Domain}, {Name: "isDefault", Value: true},
				{Name: "isInitial", Value: true}, {Name: "type", Value: "Managed"}, {Name: "capabilities", Value: "Email, OfficeCommunicationsOnline"}}}}}
	}))
}
