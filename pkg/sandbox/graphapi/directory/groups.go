package directory

import (
	"strings"
	"time"

	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/graphapi/permission"
	"wave365/pkg/sandbox/graphapi/resource"
	"wave365/pkg/sandbox/tenant"
)

// groupObject returns a view of groups of the organization.
func groupObject(c *call.Call) func(tenant.Group) odata.Object {
	return func(g tenant.Group) odata.Object { return resource.Group(g, c.Tenant.Organization().Domain) }
}

func getGroup(c *call.Call) (call.Reply, error) {
	return call.Entity(c, "groups", c.Tenant.Group, groupObject(c))
}

func listGroups(c *call.Call) (call.Reply, error) {
	return c.List("groups", call.From(c, c.Tenant.Groups, groupObject(c)))
}

func createGroup(c *call.Call) (call.Reply, error) {
	m, err := c.Body("displayName", "description", "mailEnabled", "mailNickname", "securityEnabled", "groupTypes", "isAssignableToRole", "visibility")
	if err != nil {
		return call.Reply{}, err
	}
	for _, name := range []string{"mailEnabled", "mailNickname", "securityEnabled"} {
		if _, there := m[name]; !there {
			return call.Reply{}, call.Status(400, "Request_BadRequest", "A value is required for property '"+name+"' of resource 'Group'.")
		}
	}
	if m["mailEnabled"] != false || m["securityEnabled"] != true {
		return call.Reply{}, call.Status(400, "Request_BadRequest", "The sandbox makes security groups without mail only.")
	}
	name, _ := m["displayName"].(string)
	g, err := c.Tenant.CreateGroup(c.Now, name)
	if err != nil {
		return call.Reply{}, err
	}
	c.Resources = []string{g.ID}
	return call.Created("groups", groupObject(c)(g))
}

func deleteGroup(c *call.Call) (call.Reply, error) {
	return call.Empty(), c.Tenant.DeleteGroup(c.Now, c.Params[0])
}

// memberObject returns a view of members with what the sign-in may see of people.
func memberObject(c *call.Call) func(tenant.User) odata.Object {
	return func(u tenant.User) odata.Object {
		o := append(odata.Object{{Name: "@odata.type", Value: "#microsoft.graph.user"}}, userObject(c)(u)...)
		for i := range o {
			if o[i].Name != "id" && o[i].Name != "@odata.type" && !c.Held.Allow(permission.ReadUser) {
				o[i].Value = nil
			}
		}
		return o
	}
}

func members(c *call.Call) (call.Reply, error) {
	id := c.Params[0]
	if _, err := c.Tenant.Group(c.Now, id); err != nil {
		return call.Reply{}, err
	}
	for _, key := range []string{"id", "userPrincipalName"} {
		if v, found := c.Query.Filter.Equals(key); found {
			u, in, err := c.Tenant.Member(c.Now, id, v)
			if err != nil {
				return call.Reply{}, err
			}
			var one []tenant.User
			if in {
				one = append(one, u)
			}
			return c.List("directoryObjects", call.Fixed(one, memberObject(c)))
		}
	}
	return c.List("directoryObjects", call.From(c, func(now time.Time, after int64, n int) ([]tenant.User, bool) {
		us, more, _ := c.Tenant.Members(now, id, after, n) // the group was looked up before
		return us, more
	}, memberObject(c)))
}

// reference returns the object id at the end of an @odata.id.
func reference(v any) string {
	s, _ := v.(string)
	s = strings.TrimSuffix(s, "/")
	if i := strings.LastIndexAny(s, "/"); i >= 0 {
		s = s[i+1:]
	}
	s = strings.TrimPrefix(s, "directoryObjects('")
	return strings.TrimSuffix(s, "')")
}

func addMember(c *call.Call) (call.Reply, error) {
	m, err := c.Body("@odata.id")
	if err != nil {
		return call.Reply{}, err
	}
	id := reference(m["@odata.id"])
	c.User, c.Resources = id, []string{id}
	return call.Empty(), c.Tenant.AddMembers(c.Now, c.Params[0], []string{id})
}

func patchGroup(c *call.Call) (call.Reply, error) {
	m, err := c.Body("members@odata.bind")
	if err != nil {
		return call.Reply{}, err
	}
	list, _ := m["members@odata.bind"].([]any)
	if len(list) == 0 || len(list) > 20 {
		return call.Reply{}, call.Status(400, "Request_BadRequest", "The number of members to bind must be between 1 and 20.")
	}
	var ids []string
	for _, v := range list {
		ids = append(ids, reference(v))
	}
	c.User = ids[0]
	return call.Empty(), c.Tenant.AddMembers(c.Now, c.Params[0], ids)
}

func removeMember(c *call.Call) (call.Reply, error) {
	c.User = c.Params[1]
	return call.Empty(), c.Tenant.RemoveMember(c.Now, c.Params[0], c.Params[1])
}
