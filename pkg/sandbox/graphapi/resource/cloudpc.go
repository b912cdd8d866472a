package resource

import (
	"slices"

	"wave365/pkg/sandbox/graphapi/odata"
	"wave365/pkg/sandbox/tenant"
)

// stableCloudPC are the properties that v1.0 has: no status among them.
var stableCloudPC = []string{"aadDeviceId", "displayName", "gracePeriodEndDateTime", "id", "imageDisplayName", "lastModifiedDateTime",
	"managedDeviceId", "managedDeviceName", "onPremisesConnectionName", "provisioningPolicyId", "provisioningPolicyName",
	"provisioningType", "servicePlanId", "servicePlanName", "userPrincipalName"}

// CloudPC returns a Cloud PC; v1.0 has fewer properties.
func CloudPC(p tenant.CloudPC, beta bool) odata.Object {
	var detail any
	if p.Code != "" {
		detail = odata.Object{{Name: "code", Value: p.Code}, {Name: "message", Value: p.Message},
			{Name: "additionalInformation", Value: []odata.Object{
				{{Name: "name", Value: "retriable"}, {Name: "value", Value: "true"}},
				{{Name: "name", Value: "failedAction"}, {Name: "value", Value: "Provision"}}}}}
	}
	health := "unknown"
	if !p.Provisioned.IsZero() {
		health = "available"
	}
	o := odata.Object{
		{Name: "id", Value: p.ID},
		{Name: "displayName", Value: p.Name},
		{Name: "imageDisplayName", Value: p.Image},
		{Name: "provisioningPolicyId", Value: p.PolicyID},
		{Name: "provisioningPolicyName", Value: p.PolicyName},
		{Name: "provisioningType", Value: "dedicated"},
		{Name: "onPremisesConnectionName", Value: p.Connection},
		{Name: "servicePlanId", Value: p.Plan.PlanID},
		{Name: "servicePlanName", Value: p.Plan.PlanName()},
		{Name: "servicePlanType", Value: p.Plan.Edition},
		{Name: "status", Value: p.Status},
		{Name: "statusDetail", Value: detail},
		{Name: "statusDetails", Value: detail},
		{Name: "userPrincipalName", Value: p.UPN},
		{Name: "aadDeviceId", Value: orNull(p.DeviceID)},
		{Name: "managedDeviceId", Value: orNull(p.ManagedID)},
		{Name: "managedDeviceName", Value: orNull(p.ManagedName)},
		{Name: "lastModifiedDateTime", Value: p.Modified},
		{Name: "provisionedDateTime", Value: p.Provisioned},
		{Name: "gracePeriodEndDateTime", Value: p.GraceEnd},
		{Name: "deviceRegionName", Value: orNull(p.Region)},
		{Name: "diskEncryptionState", Value: "encryptedUsingPlatformManagedKey"},
		{Name: "osVersion", Value: "windows11"},
		{Name: "productType", Value: "enterprise"},
		{Name: "userAccountType", Value: "standardUser"},
		{Name: "userExperienceType", Value: "cloudPc"},
		{Name: "powerState", Value: "running"},
		{Name: "scopeIds", Value: []string{"0"}},
		{Name: "lastRemoteActionResult", When: odata.OnSelect, Value: lastAction(p)},
		{Name: "connectivityResult", When: odata.OnSelect, Value: odata.Object{{Name: "status", Value: health},
			{Name: "updatedDateTime", Value: p.Modified}, {Name: "lastModifiedDateTime", Value: p.Modified}, {Name: "failedHealthCheckItems", Value: []odata.Object{}}}},
		{Name: "lastLogoffDateTime", When: odata.OnSelect},
		{Name: "disasterRecoveryCapability", When: odata.OnSelect},
		{Name: "userDetail", When: odata.OnSelect, Value: odata.Object{{Name: "userId", Value: p.UserID}, {Name: "userDisplayName", Value: p.UserName}}},
	}
	if beta {
		return o
	}
	return slices.DeleteFunc(o, func(p odata.Prop) bool { return !slices.Contains(stableCloudPC, p.Name) })
}

// lastAction is the last remote action on a Cloud PC; nil: none.
func lastAction(p tenant.CloudPC) any {
	if p.Reprovisioned.IsZero() {
		return nil
	}
	state := "active"
	if !p.Provisioned.IsZero() {
		state = "done"
	}
	return odata.Object{{Name: "actionName", Value: "reprovision"}, {Name: "actionState", Value: state}, {Name: "cloudPcId", Value: p.ID},
		{Name: "startDateTime", Value: p.Reprovisioned}, {Name: "lastUpdatedDateTime", Value: p.Modified}}
}
