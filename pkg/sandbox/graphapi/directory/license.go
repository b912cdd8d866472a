package directory

import (
	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/graphapi/resource"
	"wave365/pkg/sandbox/tenant"
)

func licenseDetails(c *call.Call) (call.Reply, error) {
	u, err := c.Tenant.User(c.Now, c.Params[0])
	if err != nil {
		return call.Reply{}, err
	}
	var held []tenant.Held
	seen := map[string]bool{}
	for _, h := range u.Licenses {
		if h.Error == "" && !seen[h.SKUID] {
			seen[h.SKUID] = true
			held = append(held, h)
		}
	}
	return c.List("users('"+u.ID+"')/licenseDetails", call.Fixed(held, func(h tenant.Held) odata.Object { return resource.License(h, u.ID) }))
}

func subscribedSkus(c *call.Call) (call.Reply, error) {
	return c.List("subscribedSkus", call.Fixed(c.Tenant.SKUs(c.Now), func(s tenant.SKU) odata.Object { return resource.SKU(s, c.Tenant.Organization()) }))
}

func assignLicense(c *call.Call) (call.Reply, error) {
	var in struct {
		AddLicenses    *[]tenant.Grant
		RemoveLicenses *[]string
	}
	if err := c.Decode(&in); err != nil {
		return call.Reply{}, err
	}
	if in.AddLicenses == nil || in.RemoveLicenses == nil {
		return call.Reply{}, call.Status(400, "Request_BadRequest", "The parameters addLicenses and removeLicenses are required.")
	}
	u, err := c.Tenant.User(c.Now, c.Params[0])
	if err != nil {
		return call.Reply{}, err
	}
	c.User, c.Resources = u.ID, []string{u.ID}
	if len(*in.AddLicenses) == 0 {
		c.Effect = "license removed"
	}
	if u, err = c.Tenant.AssignLicense(c.Now, u.ID, *in.AddLicenses, *in.RemoveLicenses); err != nil {
		return call.Reply{}, err
	}
	return call.OK("users", userObject(c)(u))
}
