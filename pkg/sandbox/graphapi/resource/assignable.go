package resource

import (
	"slices"

	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/tenant"
	"wave365/pkg/sandbox/tenant/props"
)

// PolicyNames are the writable properties.
var PolicyNames = []string{"displayName", "description", "imageId", "imageDisplayName", "imageType", "domainJoinConfigurations",
	"provisioningType", "enableSingleSignOn", "windowsSetting", "cloudPcNamingTemplate", "localAdminEnabled", "userExperienceType",
	"managedBy", "microsoftManagedDesktop", "autopatch", "autopilotConfiguration", "snapshotResetMode", "userSettingsPersistenceConfiguration"}

// PolicyIgnored and SettingIgnored are read-only and deprecated names, which a request may name.
var PolicyIgnored = []string{"id", "alternateResourceUrl", "assignments", "cloudPcGroupDisplayName", "createdBy", "createdDateTime",
	"gracePeriodInHours", "lastModifiedBy", "lastModifiedDateTime", "scopeIds", "windowsSettings"}

// SettingNames are the writable properties.
var SettingNames = []string{"displayName", "provisioningSourceType", "localAdminEnabled", "resetEnabled", "restorePointSetting",
	"crossRegionDisasterRecoverySetting", "notificationSetting"}

var SettingIgnored = []string{"id", "createdDateTime", "lastModifiedDateTime", "selfServiceEnabled", "assignments"}

// Policy returns a provisioning policy.
func Policy(p tenant.Assignable, beta bool) odata.Object {
	o := odata.Object{{Name: "id", Value: p.ID}}
	o = append(o, full(p.Props, PolicyNames)...)
	o = append(o, odata.Prop{Name: "alternateResourceUrl"}, odata.Prop{Name: "cloudPcGroupDisplayName"},
		odata.Prop{Name: "gracePeriodInHours", Value: 168})
	if beta {
		o = append(o, odata.Prop{Name: "createdDateTime", Value: p.Created}, odata.Prop{Name: "lastModifiedDateTime", Value: p.Modified},
			odata.Prop{Name: "scopeIds", Value: []string{"0"}})
	} else {
		o = slices.DeleteFunc(o, func(p odata.Prop) bool { return p.Name == "snapshotResetMode" })
	}
	return append(o, odata.Prop{Name: "assignments", Value: assignments(p.ID, p.Assignments, false), When: odata.OnExpand})
}

// Setting returns a user setting.
func Setting(s tenant.Assignable, beta bool) odata.Object {
	o := odata.Object{{Name: "id", Value: s.ID}}
	o = append(o, full(s.Props, SettingNames)...)
	if !beta {
		o = slices.DeleteFunc(o, func(p odata.Prop) bool { return p.Name == "provisioningSourceType" })
	}
	return append(o, odata.Prop{Name: "createdDateTime", Value: s.Created}, odata.Prop{Name: "lastModifiedDateTime", Value: s.Modified},
		odata.Prop{Name: "assignments", Value: assignments(s.ID, s.Assignments, true), When: odata.OnExpand})
}

// full returns every writable property, null where it was never set.
func full(props props.Props, names []string) odata.Object {
	o := make(odata.Object, 0, len(names))
	for _, n := range names {
		o = append(o, odata.Prop{Name: n, Value: props[n]})
	}
	return o
}

func assignments(id string, as []tenant.Assignment, created bool) []odata.Object {
	out := make([]odata.Object, 0, len(as))
	for _, a := range as {
		o := odata.Object{{Name: "id", Value: id + "_" + a.GroupID}}
		if created {
			o = append(o, odata.Prop{Name: "createdDateTime", Value: a.Created})
		}
		out = append(out, append(o, odata.Prop{Name: "target", Value: odata.Object{
			{Name: "@odata.type", Value: "microsoft.graph.cloudPcManagementGroupAssignmentTarget"}, {Name: "groupId", Value: a.GroupID}}}))
	}
	return out
}
