package resource

import (
	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
)

// Import returns an imported snapshot, in the variant that the knobs choose. Its id comes first.
func Import(im tenant.Import, k scenario.Knobs) odata.Object {
	who := im.UserID
	switch k.AssignedUser {
	case "upn":
		who = im.UPN
	case "empty":
		who = ""
	}
	id := "snapshotId"
	if k.SnapshotID == "id" {
		id = "id"
	}
	return odata.Object{
		{Name: id, Value: im.ID},
		{Name: "filename", Value: im.File},
		{Name: "importStatus", Value: im.Status},
		{Name: "usageStatus", Value: im.Usage},
		{Name: "assignedUserPrincipalName", Value: who},
		{Name: "policyName", Value: orNull(im.PolicyName)},
		{Name: "startDateTime", Value: im.Started},
		{Name: "endDateTime", Value: im.Ended},
		{Name: "additionalDetail", Value: orNull(im.Detail)},
	}
}
