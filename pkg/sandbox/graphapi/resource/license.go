package resource

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

// License returns the license details of a user's product.
func License(h tenant.Held, userID string) odata.Object {
	return odata.Object{{Name: "id", Value: userID + "_" + h.SKUID}, {Name: "skuId", Value: h.SKUID}, {Name: "skuPartNumber", Value: h.SKU.SKU},
		{Name: "servicePlans", Value: planInfo(h.Product, h.PlanStatus)}}
}

// SKU returns a product that the organization owns.
func SKU(s tenant.SKU, org tenant.Organization) odata.Object {
	units := odata.Object{{Name: "enabled", Value: s.Units.Enabled}, {Name: "suspended", Value: s.Units.Suspended},
		{Name: "warning", Value: s.Units.Warning}, {Name: "lockedOut", Value: s.Units.LockedOut}}
	return odata.Object{{Name: "id", Value: org.ID + "_" + s.SKUID}, {Name: "accountId", Value: org.ID}, {Name: "accountName", Value: org.Name},
		{Name: "appliesTo", Value: "User"}, {Name: "capabilityStatus", Value: s.Status}, {Name: "consumedUnits", Value: s.Consumed},
		{Name: "prepaidUnits", Value: units}, {Name: "skuId", Value: s.SKUID}, {Name: "skuPartNumber", Value: s.SKU},
		{Name: "subscriptionIds", Value: []string{}}, {Name: "servicePlans", Value: planInfo(s.Product, "Success")}}
}

// Plan returns a service plan of the catalog.
func Plan(p catalog.Product) odata.Object {
	profile := 25
	if p.DiskGiB >= 256 {
		profile = 55
	}
	return odata.Object{{Name: "id", Value: p.PlanID}, {Name: "displayName", Value: p.PlanName()}, {Name: "type", Value: p.Edition},
		{Name: "vCpuCount", Value: p.VCPU}, {Name: "ramInGB", Value: p.RAMGB}, {Name: "storageInGB", Value: p.DiskGiB},
		{Name: "userProfileInGB", Value: profile}, {Name: "provisioningType", Value: "dedicated"},
		{Name: "supportedSolution", Value: "windows365"}}
}
