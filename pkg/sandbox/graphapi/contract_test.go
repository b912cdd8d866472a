package graphapi_test

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wave365/pkg/sandbox/scenario"
)

//go:embed testdata/graph-enums.json
var enumsJSON []byte

type schema struct {
	Enums     map[string][]string
	Resources map[string][]string
}

// inner says of which type the value of a property is; the names of enums start with "=".
var inner = map[string]map[string]string{
	"cloudPC": {"status": "=cloudPcStatus", "statusDetail": "cloudPcStatusDetail", "statusDetails": "cloudPcStatusDetails",
		"provisioningType": "=cloudPcProvisioningType", "servicePlanType": "=cloudPcServicePlanType", "productType": "=cloudPcProductType",
		"diskEncryptionState": "=cloudPcDiskEncryptionState", "userAccountType": "=cloudPcUserAccountType", "osVersion": "=cloudPcOperatingSystem",
		"userExperienceType": "=cloudPcUserExperienceType", "powerState": "=cloudPcPowerState", "connectivityResult": "cloudPcConnectivityResult",
		"lastRemoteActionResult": "cloudPcRemoteActionResult", "userDetail": "cloudPcEntraUserDetail"},
	"cloudPcConnectivityResult": {"status": "=cloudPcConnectivityStatus"},
	"cloudPcStatusDetail":       {"additionalInformation": "keyValuePair"},
	"cloudPcStatusDetails":      {"additionalInformation": "keyValuePair"},
	"cloudPcRemoteActionResult": {"actionName": "=cloudPcRemoteActionName", "actionState": "=actionState"},
	"cloudPcProvisioningPolicy": {"provisioningType": "=cloudPcProvisioningType", "imageType": "=cloudPcProvisioningPolicyImageType",
		"domainJoinConfigurations": "cloudPcDomainJoinConfiguration", "windowsSetting": "cloudPcWindowsSetting", "managedBy": "=cloudPcManagementService",
		"userExperienceType": "=cloudPcUserExperienceType", "assignments": "cloudPcProvisioningPolicyAssignment"},
	"cloudPcDomainJoinConfiguration":      {"domainJoinType": "=cloudPcDomainJoinType", "regionGroup": "=cloudPcRegionGroup"},
	"cloudPcProvisioningPolicyAssignment": {"target": "cloudPcManagementGroupAssignmentTarget"},
	"cloudPcUserSettingAssignment":        {"target": "cloudPcManagementGroupAssignmentTarget"},
	"cloudPcUserSetting": {"provisioningSourceType": "=cloudPcProvisioningSourceType", "restorePointSetting": "cloudPcRestorePointSetting",
		"crossRegionDisasterRecoverySetting": "cloudPcCrossRegionDisasterRecoverySetting", "assignments": "cloudPcUserSettingAssignment"},
	"cloudPcRestorePointSetting":                {"frequencyType": "=cloudPcRestorePointFrequencyType"},
	"cloudPcCrossRegionDisasterRecoverySetting": {"disasterRecoveryType": "=cloudPcDisasterRecoveryType"},
	"cloudPcSnapshotImportActionResult":         {"importStatus": "=cloudPcSnapshotImportActionStatus", "usageStatus": "=cloudPcImportedSnapshotState"},
	"cloudPcServicePlan": {"type": "=cloudPcServicePlanType", "provisioningType": "=cloudPcProvisioningType",
		"supportedSolution": "=cloudPcManagementService"},
	"cloudPcGalleryImage": {"status": "=cloudPcGalleryImageStatus"},
	"cloudPcDeviceImage":  {"status": "=cloudPcDeviceImageStatus", "errorCode": "=cloudPcDeviceImageErrorCode", "statusDetails": "=cloudPcDeviceImageStatusDetails", "osStatus": "=cloudPcDeviceImageOsStatus"},
	"cloudPcOnPremisesConnection": {"connectionType": "=cloudPcOnPremisesConnectionType", "type": "=cloudPcOnPremisesConnectionType",
		"healthCheckStatus": "=cloudPcOnPremisesConnectionStatus", "healthCheckStatusDetail": "cloudPcOnPremisesConnectionStatusDetail",
		"healthCheckStatusDetails": "cloudPcOnPremisesConnectionStatusDetails", "subnetPrivateIpDetail": "cloudPcOnPremisesConnectionSubnetIpDetail",
		"managedBy": "=cloudPcManagementService"},
	"cloudPcOnPremisesConnectionStatusDetail":  {"healthChecks": "cloudPcOnPremisesConnectionHealthCheck"},
	"cloudPcOnPremisesConnectionStatusDetails": {"healthChecks": "cloudPcOnPremisesConnectionHealthCheck"},
	"cloudPcOnPremisesConnectionHealthCheck":   {"status": "=cloudPcOnPremisesConnectionStatus", "errorType": "=cloudPcOnPremisesConnectionHealthCheckErrorType"},
	"cloudPcAuditEvent": {"activityOperationType": "=cloudPcAuditActivityOperationType", "activityResult": "=cloudPcAuditActivityResult",
		"category": "=cloudPcAuditCategory", "actor": "cloudPcAuditActor", "resources": "cloudPcAuditResource"},
	"cloudPcAuditActor": {"type": "=cloudPcAuditActorType"},
	"user":              {"assignedLicenses": "assignedLicense", "licenseAssignmentStates": "licenseAssignmentState"},
	"group":             {"assignedLicenses": "assignedLicense", "licenseProcessingState": "licenseProcessingState"},
	"licenseDetails":    {"servicePlans": "servicePlanInfo"},
	"subscribedSku":     {"servicePlans": "servicePlanInfo", "prepaidUnits": "licenseUnitsDetail"},
	"odataError":        {"error": "odataMainError"},
	"odataMainError":    {"innerError": "odataInnerError"},
}

// beyond are names that the service sends although the schema does not have them.
var beyond = map[string][]string{"odataInnerError": {"code"}}

func (s schema) check(typ string, v any, at string) (bad []string) {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		for i, x := range v {
			bad = append(bad, s.check(typ, x, fmt.Sprintf("%s[%d]", at, i))...)
		}
		return bad
	case string:
		if enum, ok := strings.CutPrefix(typ, "="); ok && !slices.Contains(s.Enums[enum], v) {
			return []string{fmt.Sprintf("%s: %q is no member of %s", at, v, enum)}
		}
		return nil
	case map[string]any:
		names, ok := s.Resources[typ]
		if !ok {
			return []string{at + ": no such type " + typ}
		}
		for name, x := range v {
			if strings.HasPrefix(name, "@") {
				continue
			}
			if !slices.Contains(names, name) && !slices.Contains(beyond[typ], name) {
				bad = append(bad, at+": "+typ+" has no property "+name)
			}
			if t := inner[typ][name]; t != "" {
				bad = append(bad, s.check(t, x, at+"."+name)...)
			} else if _, deep := x.(map[string]any); deep {
				bad = append(bad, at+"."+name+": an object that this test does not know")
			}
		}
	}
	return bad
}

// Every answer holds only properties and enum members that the published schema has.
func TestAnswersFollowTheSchema(t *testing.T) {
	t.Parallel()
	var s schema
	if err := json.Unmarshal(enumsJSON, &s); err != nil {
		t.Fatal(err)
	}
	sc := friday()
	sc.Users = append(sc.Users, scenario.User{UPN: "old", Licenses: []string{"CPC_E_2C_8GB_128GB"}}, scenario.User{UPN: "bad", Licenses: []string{"CPC_E_2C_8GB_128GB"}}, scenario.User{UPN: "again", Licenses: []string{"CPC_E_2C_8GB_128GB"}})
	sc.Groups[0].Members = append(sc.Groups[0].Members, "again")
	sc.CloudPCs = []scenario.CloudPC{{User: "old", Policy: "Finance", Status: "inGracePeriod"}, {User: "bad", Policy: "Finance", Status: "failed"}, {User: "again", Policy: "Finance"}}
	sc.Connections = []scenario.Connection{{Name: "Zurich"}, {Name: "Bern", Health: "failed", Hybrid: true}}
	sc.Imports = []scenario.Import{{User: "bob", Status: "failed"}}
	sc.Knobs.ListImports, sc.Knobs.RetrieveRoute = true, "both"
	b := setup(t, sc)
	setting := b.snapshotSetting()
	b.join("ada")
	id := b.startImport("ada", "ada-os.vhd")
	img := b.want(201, "POST", ve+"deviceImages", `{"displayName":"i","version":"1","sourceImageResourceId":"nonsense"}`).str("id")
	b.advance(time.Hour)
	pc := b.pcs("")[1]["id"].(string)
	retrieve := "snapshots/retrieveSnapshotImportResult"
	for path, typ := range map[string]string{
		"cloudPCs": "cloudPC", "cloudPCs/" + pc: "cloudPC",
		"cloudPCs?$select=id,status,connectivityResult,userDetail": "cloudPC",
		"provisioningPolicies?$expand=assignments":                 "cloudPcProvisioningPolicy",
		"provisioningPolicies/" + policyID:                         "cloudPcProvisioningPolicy",
		"userSettings?$expand=assignments":                         "cloudPcUserSetting",
		"userSettings/" + setting:                                  "cloudPcUserSetting",
		"servicePlans":                                             "cloudPcServicePlan",
		retrieve + "(snapshotId='" + id + "')":                     "cloudPcSnapshotImportActionResult",
		retrieve + "s(snapshotId='" + id + "')":                    "cloudPcSnapshotImportActionResult",
		"snapshots/listSnapshotImportResults":                      "cloudPcSnapshotImportActionResult",
		"galleryImages":                                            "cloudPcGalleryImage",
		"deviceImages/" + img:                                      "cloudPcDeviceImage",
		"onPremisesConnections":                                    "cloudPcOnPremisesConnection",
		"onPremisesConnections?$select=id,healthCheckStatusDetail,healthCheckStatusDetails,inUse,subnetPrivateIpDetail": "cloudPcOnPremisesConnection",
		"auditEvents": "cloudPcAuditEvent",
	} {
		b.check(s, ve+path, typ)
	}
	for path, typ := range map[string]string{
		"/v1.0/users/ada@contoso.example?$select=id,accountEnabled,assignedLicenses,licenseAssignmentStates,usageLocation": "user",
		"/beta/users": "user", "/v1.0/users/old@contoso.example/licenseDetails": "licenseDetails", "/v1.0/subscribedSkus": "subscribedSku",
		"/v1.0/groups": "group", "/v1.0/groups/" + groupID + "?$select=assignedLicenses,licenseProcessingState,isManagementRestricted": "group",
		"/v1.0/groups/" + groupID + "/members": "user",
	} {
		b.check(s, path, typ)
	}
	bad := b.want(404, "GET", "/v1.0/users/nobody", nil)
	for _, e := range s.check("odataError", bad.m, "error") {
		t.Error(e)
	}
}

func (b *bundle) check(s schema, path, typ string) {
	b.t.Helper()
	a := b.want(200, "GET", path, nil)
	v, isList := a.m["value"]
	if !isList {
		v = a.m
	} else if len(a.list()) == 0 {
		b.t.Errorf("%s: nothing to check", path)
	}
	for _, e := range s.check(typ, v, path) {
		b.t.Error(e)
	}
}
