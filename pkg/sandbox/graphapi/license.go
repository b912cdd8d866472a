package graphapi

import (
	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/tenant"
	"wave365/pkg/sandbox/tenant/catalog"
)

func planInfo(p catalog.Product, state string) []odata.Object {
	return []odata.Object{{
		{Name: "servicePlanId", Value: p.PlanID}, {Name: "servicePlanName", Value: p.Plan},
		{Name: "provisioningStatus", Value: state}, {Name: "appliesTo", Value: "User"},
	}}
}

func (c *call) licenseDetails() (reply, error) {
	u, err := c.t.User(c.now, c.params[0])
	if err != nil {
		return reply{}, err
	}
	var held []tenant.Held
	seen := map[string]bool{}
	for _, h := range u.Licenses {
		if h.Error == "" && !seen[h.SKUID] {
			seen[h.SKUID] = true
			held = append(held, h)
		}
	}
	return c.list("users('"+u.ID+"')/licenseDetails", fixed(held, func(h tenant.Held) odata.Object {
		return odata.Object{{Name: "id", Value: u.ID + "_" + h.SKUID}, {Name: "skuId", Value: h.SKUID}, {Name: "skuPartNumber", Value: h.SKU.SKU},
			{Name: "servicePlans", Value: planInfo(h.Product, h.PlanStatus)}}
	}))
}

func (c *call) subscribedSkus() (reply, error) {
	org := c.t.Organization()
	return c.list("subscribedSkus", fixed(c.t.SKUs(c.now), func(s tenant.SKU) odata.Object {
		units := odata.Object{{Name: "enabled", Value: s.Units.Enabled}, {Name: "suspended", Value: s.Units.Suspended},
			{Name: "warning", Value: s.Units.Warning}, {Name: "lockedOut", Value: s.Units.LockedOut}}
		return odata.Object{{Name: "id", Value: org.ID + "_" + s.SKUID}, {Name: "accountId", Value: org.ID}, {Name: "accountName", Value: org.Name},
			{Name: "appliesTo", Value: "User"}, {Name: "capabilityStatus", Value: s.Status}, {Name: "consumedUnits", Value: s.Consumed},
			{Name: "prepaidUnits", Value: units}, {Name: "skuId", Value: s.SKUID}, {Name: "skuPartNumber", Value: s.SKU},
			{Name: "subscriptionIds", Value: []string{}}, {Name: "servicePlans", Value: planInfo(s.Product, "Success")}}
	}))
}

func (c *call) assignLicense() (reply, error) {
	var in struct {
		AddLicenses    *[]tenant.Grant
		RemoveLicenses *[]string
	}
	if err := c.decode(&in); err != nil {
		return reply{}, err
	}
	if in.AddLicenses == nil || in.RemoveLicenses == nil {
		return reply{}, status(400, "Request_BadRequest", "The parameters addLicenses and removeLicenses are required.")
	}
	u, err := c.t.User(c.now, c.params[0])
	if err != nil {
		return reply{}, err
	}
	c.user, c.resources = u.ID, []string{u.ID}
	if len(*in.AddLicenses) == 0 {
		c.effect = "license removed"
	}
	if u, err = c.t.AssignLicense(c.now, u.ID, *in.AddLicenses, *in.RemoveLicenses); err != nil {
		return reply{}, err
	}
	return ok("users", c.userObject(u))
}

func (c *call) servicePlans() (reply, error) {
	return c.list("deviceManagement/virtualEndpoint/servicePlans", fixed(c.t.Plans(), func(p catalog.Product) odata.Object {
		profile := 25
		if p.DiskGiB >= 256 {
			profile = 55
		}
		return odata.Object{{Name: "id", Value: p.PlanID}, {Name: "displayName", Value: p.PlanName()}, {Name: "type", Value: p.Edition},
			{Name: "vCpuCount", Value: p.VCPU}, {Name: "ramInGB", Value: p.RAMGB}, {Name: "storageInGB", Value: p.DiskGiB},
			{Name: "userProfileInGB", Value: profile}, {Name: "provisioningType", Value: "dedicated"},
			{Name: "supportedSolution", Value: "windows365"}}
	}))
}
