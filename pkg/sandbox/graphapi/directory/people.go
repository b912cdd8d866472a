package directory

import (
	"strings"

	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/graphapi/permission"
	"wave365/pkg/sandbox/graphapi/resource"
	"wave365/pkg/sandbox/tenant"
)

// userObject returns a view of people in the requested version.
func userObject(c *call.Call) func(tenant.User) odata.Object {
	return func(u tenant.User) odata.Object { return resource.User(u, c.Beta()) }
}

// basicOnly refuses to show more of a person than the sign-in may see.
func basicOnly(c *call.Call) error {
	if c.Held.Allow(permission.ReadWholeUser) {
		return nil
	}
	for _, name := range []string{"accountenabled", "usagelocation", "usertype", "department", "onpremisessyncenabled", "assignedlicenses", "licenseassignmentstates"} {
		if c.Query.Shape.Select[name] {
			return call.Status(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
		}
	}
	return nil
}

func getUser(c *call.Call) (call.Reply, error) {
	if err := basicOnly(c); err != nil {
		return call.Reply{}, err
	}
	return call.Entity(c, "users", c.Tenant.User, userObject(c))
}

func listUsers(c *call.Call) (call.Reply, error) {
	if err := basicOnly(c); err != nil {
		return call.Reply{}, err
	}
	for _, key := range []string{"userPrincipalName", "id", "mail"} {
		if v, found := c.Query.Filter.Equals(key); found {
			var one []tenant.User
			if u, err := c.Tenant.User(c.Now, v); err == nil {
				one = append(one, u)
			}
			return c.List("users", call.Fixed(one, userObject(c)))
		}
	}
	return c.List("users", call.From(c, c.Tenant.Users, userObject(c)))
}

func patchUser(c *call.Call) (call.Reply, error) {
	m, err := c.Body("usageLocation")
	if err != nil {
		return call.Reply{}, err
	}
	loc, _ := m["usageLocation"].(string)
	u, err := c.Tenant.SetUsageLocation(c.Now, c.Params[0], loc)
	c.User = u.ID
	return call.Empty(), err
}

// deleteUser deletes the user whom a parameter names.
func deleteUser(param int) func(*call.Call) (call.Reply, error) {
	return func(c *call.Call) (call.Reply, error) {
		u, err := c.Tenant.DeleteUser(c.Now, c.Params[param])
		c.User = u.ID
		return call.Empty(), err
	}
}

func organization(c *call.Call) (call.Reply, error) {
	return c.List("organization", call.Fixed([]tenant.Organization{c.Tenant.Organization()}, resource.Organization))
}

func sendMail(c *call.Call) (call.Reply, error) {
	// encoding/json matches names without case: generated clients write Message, the documentation message.
	var in struct {
		Message *struct {
			Subject      string
			Body         struct{ ContentType, Content string }
			ToRecipients []struct{ EmailAddress struct{ Address string } }
		}
		SaveToSentItems *bool
	}
	if err := c.Decode(&in); err != nil {
		return call.Reply{}, err
	}
	if in.Message == nil {
		return call.Reply{}, call.Status(400, "ErrorInvalidRequest", "The parameter Message is required.")
	}
	m := tenant.Mail{Subject: in.Message.Subject, ContentType: strings.ToLower(in.Message.Body.ContentType), Body: in.Message.Body.Content}
	for _, to := range in.Message.ToRecipients {
		m.To = append(m.To, to.EmailAddress.Address)
	}
	var err error
	c.User, err = c.Tenant.SendMail(c.Now, c.Params[0], m)
	return call.Reply{Status: 202}, err
}
