package graph_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/cloud/clouds"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
)

const (
	listSettings = "GET VE/userSettings?$expand=assignments"
	getSetting   = "GET VE/userSettings/s1?$expand=assignments"
	getPolicy    = "GET VE/provisioningPolicies/p1?$expand=assignments"
	userQuery    = "?$select=id%2CuserPrincipalName%2CdisplayName%2CaccountEnabled%2CusageLocation%2CuserType%2ConPremisesSyncEnabled%2CassignedLicenses%2ClicenseAssignmentStates"
	groupQuery   = "?$select=id%2CdisplayName%2CsecurityEnabled%2CmailEnabled%2CgroupTypes%2ConPremisesSyncEnabled%2CisAssignableToRole%2CisManagementRestricted%2CassignedLicenses%2CmembershipRule"
)

// TestTrapT06FactsForTheOrder shows that the client brings what the order of steps is decided by: who is licensed already,
// and which license comes with a group.
func TestTrapT06FactsForTheOrder(t *testing.T) {
	t.Parallel()
	c, _ := play(t,
		exchange{want: "GET /v1.0/users/" + userID + userQuery, reply: `{"id":"` + userID + `","userPrincipalName":"a@b","accountEnabled":true,"assignedLicenses":[{"skuId":"` + skuID + `"}],
			"licenseAssignmentStates":[{"skuId":"` + skuID + `","state":"Active","error":"None","assignedByGroup":"` + groupID + `"},{"skuId":"x","state":"error","error":"CountViolation","assignedByGroup":null}]}`},
		exchange{want: "GET /v1.0/groups/" + groupID + groupQuery, reply: `{"id":"` + groupID + `","groupTypes":["dynamicMembership"],"onPremisesSyncEnabled":null,"assignedLicenses":[{"skuId":"` + skuID + `"}]}`},
		exchange{want: "GET VE/cloudPCs?$filter=userPrincipalName%20eq%20%27a%40b%27", reply: `{"value":[]}`},
	)
	u, err := c.User(t.Context(), userID)
	want := []graph.LicenseState{{SKUID: skuID, AssignedByGroup: groupID}, {SKUID: "x", Error: "CountViolation"}}
	if d := cmp.Diff(want, u.LicenseStates); err != nil || d != "" || !u.Enabled {
		t.Errorf("%v %s", err, d)
	}
	g, err := c.Group(t.Context(), groupID)
	if err != nil || !g.Dynamic || g.Synced || len(g.LicenseSKUs) != 1 {
		t.Errorf("%+v, %v", g, err)
	}
	if pcs, err := c.CloudPCs(t.Context(), "userPrincipalName eq 'a@b'"); err != nil || len(pcs) != 0 {
		t.Errorf("%v, %v", pcs, err)
	}
}

func TestTrapT08SourceDrifts(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{`"snapshot"`: "snapshot", `"Snapshot"`: "snapshot", `"image"`: "image", `null`: "image", `"unknownFutureValue"`: "unknownFutureValue"} {
		c, _ := play(t, exchange{want: getSetting, reply: `{"id":"s1","provisioningSourceType":` + in + `}`})
		if s, err := c.UserSetting(t.Context(), "s1"); err != nil || s.ProvisioningSourceType != want {
			t.Errorf("%s: %+v, %v", in, s, err)
		}
	}
	c, _ := play(t, exchange{want: getSetting, reply: `{"id":"s1"}`})
	if s, err := c.UserSetting(t.Context(), "s1"); err != nil || s.ProvisioningSourceType != "image" {
		t.Errorf("absent: %+v, %v", s, err)
	}
}

func TestTrapT09FullBodyThenGet(t *testing.T) {
	t.Parallel()
	const body = `{"@odata.type":"#microsoft.graph.cloudPcUserSetting","displayName":"mig","localAdminEnabled":false,"resetEnabled":false,"provisioningSourceType":"snapshot",
		"restorePointSetting":{"frequencyType":"default","userRestoreEnabled":true}}`
	now := `{"id":"s1","displayName":"mig","provisioningSourceType":"snapshot"}`
	for name, ex := range map[string]exchange{"200": {reply: now}, "204": {status: 204}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ex.want, ex.body = "PATCH VE/userSettings/s1", body
			c, _ := play(t, ex, exchange{want: getSetting, reply: now})
			s, err := c.UpdateUserSetting(t.Context(), graph.UserSetting{ID: "s1", DisplayName: "mig", ProvisioningSourceType: "snapshot"})
			if err != nil || s.ProvisioningSourceType != "snapshot" {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
	c, _ := play(t, exchange{want: "PATCH VE/userSettings/s1", status: 400, reply: errorBody("requiredFieldsNotProvided", "x")})
	if _, err := c.UpdateUserSetting(t.Context(), graph.UserSetting{ID: "s1", DisplayName: "mig"}); !fault.Is(err, fault.Invalid) || !strings.Contains(fault.HintOf(err), "every writable property") {
		t.Errorf("%v, %q", err, fault.HintOf(err))
	}
	// A service that takes the change and does not make it is found out by the read.
	c, _ = play(t, exchange{want: "PATCH VE/userSettings/s1", status: 204}, exchange{want: getSetting, reply: `{"id":"s1","provisioningSourceType":"image"}`})
	if s, err := c.UpdateUserSetting(t.Context(), graph.UserSetting{ID: "s1", DisplayName: "mig", ProvisioningSourceType: "snapshot"}); err != nil || s.ProvisioningSourceType != "image" {
		t.Errorf("%+v, %v", s, err)
	}
}

const oldSetting = `{"@odata.context":"x","id":"s1","displayName":"mig","localAdminEnabled":true,"resetEnabled":true,"selfServiceEnabled":true,
	"provisioningSourceType":"snapshot","notificationSetting":{"restartPromptsDisabled":true},"createdDateTime":"2026-01-01T00:00:00Z","lastModifiedDateTime":"2026-01-02T00:00:00Z",
	"restorePointSetting":{"frequencyInHours":6,"userRestoreEnabled":false},
	"crossRegionDisasterRecoverySetting":{"crossRegionDisasterRecoveryEnabled":true,"disasterRecoveryType":"crossRegion","maintainCrossRegionRestorePointEnabled":true,
		"disasterRecoveryNetworkSetting":{"@odata.type":"#microsoft.graph.cloudPcDisasterRecoveryMicrosoftHostedNetworkSetting","regionGroup":"usEast","regionName":"eastus"}},
	"assignments":[{"id":"s1_g","target":{"@odata.type":"microsoft.graph.cloudPcManagementGroupAssignmentTarget","groupId":"` + groupID + `"}}]}`

func TestTrapT10DeprecatedIsReadNotWritten(t *testing.T) {
	t.Parallel()
	c, _ := play(t,
		exchange{want: getSetting, reply: oldSetting},
		exchange{want: "PATCH VE/userSettings/s1", status: 204, body: `{"@odata.type":"#microsoft.graph.cloudPcUserSetting","displayName":"mig","localAdminEnabled":true,"resetEnabled":true,
			"provisioningSourceType":"snapshot","restorePointSetting":{"frequencyType":"sixHours","userRestoreEnabled":false},
			"crossRegionDisasterRecoverySetting":{"disasterRecoveryType":"crossRegion","maintainCrossRegionRestorePointEnabled":true,
			"disasterRecoveryNetworkSetting":{"@odata.type":"#microsoft.graph.cloudPcDisasterRecoveryMicrosoftHostedNetworkSetting","regionGroup":"usEast","regionName":"eastus"}}}`},
		exchange{want: getSetting, reply: oldSetting})
	s, err := c.UserSetting(t.Context(), "s1")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&graph.RestorePointSetting{FrequencyType: "sixHours"}, s.RestorePoint); d != "" || !s.LastModified.Equal(time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%s %+v", d, s)
	}
	if d := cmp.Diff([]string{groupID}, s.GroupIDs); d != "" {
		t.Error(d)
	}
	if _, err := c.UpdateUserSetting(t.Context(), s); err != nil {
		t.Error(err)
	}
	// The current name wins where both are there; status details and the type of a join likewise.
	c, _ = play(t,
		exchange{want: getSetting, reply: `{"id":"s1","restorePointSetting":{"frequencyInHours":6,"frequencyType":"fourHours"}}`},
		exchange{want: "GET VE/cloudPCs/pc", reply: `{"id":"pc","statusDetail":{"code":"new"},"statusDetails":{"code":"old"}}`},
		exchange{want: "GET VE/cloudPCs/pc", reply: `{"id":"pc","statusDetail":null,"statusDetails":{"code":"old","message":"m","additionalInformation":[{"name":"retriable","value":"true"}]}}`},
		exchange{want: getPolicy, reply: `{"id":"p1","windowsSettings":{"language":"de-DE"},"domainJoinConfigurations":[{"type":"hybridAzureADJoin","onPremisesConnectionId":"n"},{"domainJoinType":"azureADJoin","type":"hybridAzureADJoin","regionName":"eastus"}]}`})
	if s, err := c.UserSetting(t.Context(), "s1"); err != nil || s.RestorePoint.FrequencyType != "fourHours" {
		t.Errorf("%+v, %v", s.RestorePoint, err)
	}
	if p, err := c.CloudPC(t.Context(), "pc"); err != nil || p.Detail.Code != "new" {
		t.Errorf("%+v, %v", p.Detail, err)
	}
	p, err := c.CloudPC(t.Context(), "pc")
	if d := cmp.Diff(graph.StatusDetail{Code: "old", Message: "m", Info: map[string]string{"retriable": "true"}}, p.Detail); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	pol, err := c.ProvisioningPolicy(t.Context(), "p1")
	want := []graph.DomainJoin{{Type: "hybridAzureADJoin", ConnectionID: "n"}, {Type: "azureADJoin", RegionName: "eastus"}}
	if d := cmp.Diff(want, pol.DomainJoin); err != nil || d != "" || pol.Locale != "de-DE" {
		t.Errorf("%v %s %q", err, d, pol.Locale)
	}
}

func TestTrapT11AssignWithoutID(t *testing.T) {
	t.Parallel()
	target := func(id string) string {
		return `{"target":{"@odata.type":"#microsoft.graph.cloudPcManagementGroupAssignmentTarget","groupId":"` + id + `"}}`
	}
	c, _ := play(t,
		exchange{want: "POST VE/userSettings/s1/assign", status: 204, body: `{"assignments":[` + target(groupID) + `,` + target(otherID) + `]}`},
		exchange{want: "POST VE/userSettings/s1/assign", status: 204, body: `{"assignments":[]}`},
		exchange{want: "POST VE/provisioningPolicies/p1/assign", status: 200, body: `{"assignments":[` + target(groupID) + `]}`},
		exchange{want: "POST VE/provisioningPolicies/p1/assign", status: 400, reply: errorBody("BadRequest", "Invalid property Id")})
	if err := c.AssignUserSetting(t.Context(), "s1", []string{groupID, otherID, strings.ToUpper(groupID)}); err != nil {
		t.Error(err)
	}
	if err := c.AssignUserSetting(t.Context(), "s1", nil); err != nil {
		t.Error(err)
	}
	if err := c.AssignProvisioningPolicy(t.Context(), "p1", []string{groupID}); err != nil {
		t.Error(err)
	}
	if err := c.AssignProvisioningPolicy(t.Context(), "p1", []string{groupID}); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	if err := c.AssignProvisioningPolicy(t.Context(), "p1", []string{""}); !fault.Is(err, fault.Invalid) {
		t.Errorf("an empty group was assigned: %v", err)
	}
}

func TestTrapT13UnknownMembersSurvive(t *testing.T) {
	t.Parallel()
	prefer := map[string]string{"Prefer": "include-unknown-enum-members"}
	c, _ := play(t, exchange{want: "GET VE/cloudPCs", headers: prefer, reply: `{"value":[{"id":"1","status":"preparing"}],"@odata.nextLink":"` + root + `/beta/deviceManagement/virtualEndpoint/cloudPCs?$skiptoken=x"}`},
		exchange{want: "GET VE/cloudPCs?$skiptoken=x", headers: prefer, reply: `{"value":[{"id":"2","status":"unknownFutureValue"},{"id":"3","status":"upgrading"},{"id":"4","status":"ProvisionedWithWarnings"},{"id":"5"}]}`},
		exchange{want: "GET /v1.0/organization?$select=id%2CdisplayName%2CverifiedDomains", headers: map[string]string{"Prefer": ""}, reply: `{"value":[{"id":"t","displayName":"T","verifiedDomains":[{"name":"t.example"},{"name":"T.onmicrosoft.com"}]}]}`},
		exchange{want: "GET VE/userSettings?$expand=assignments", headers: prefer, reply: `{"value":[]}`},
		exchange{want: postImport, headers: map[string]string{"Prefer": ""}, reply: result(`"importStatus":"unknownFutureValue"`)})
	pcs, err := c.CloudPCs(t.Context(), "")
	var got []string
	for _, p := range pcs {
		got = append(got, p.Status)
	}
	if d := cmp.Diff([]string{"preparing", "unknownFutureValue", "upgrading", "provisionedWithWarnings", ""}, got); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	if o, err := c.Organization(t.Context()); err != nil || o.ID != "t" || !o.Is("T") || !o.Is("t.onmicrosoft.com") || o.Is("onmicrosoft.com") || o.Is("") {
		t.Errorf("%+v, %v", o, err)
	}
	if _, err := c.UserSettings(t.Context()); err != nil {
		t.Error(err)
	}
	if i, err := c.ImportSnapshot(t.Context(), userID, disk); err != nil || i.Status != "unknownFutureValue" {
		t.Errorf("%+v, %v", i, err)
	}
}

func policy() graph.ProvisioningPolicy {
	return graph.ProvisioningPolicy{ID: "p1", DisplayName: "mig", ImageID: "pub_offer_sku", ImageDisplayName: "Windows 11", EnableSSO: true, Locale: "en-GB",
		DomainJoin: []graph.DomainJoin{{Type: "azureADJoin", RegionGroup: "usEast", RegionName: "automatic"}}}
}

func TestTrapT14ImageIsMandatory(t *testing.T) {
	t.Parallel()
	c, _ := play(t,
		exchange{want: "GET VE/galleryImages", reply: `{"value":[{"id":"pub_offer_sku","displayName":"Windows 11","status":"Supported","publisher":"old","publisherName":"new","offer":"o","expirationDate":"2027-01-01"}]}`},
		exchange{want: "POST VE/provisioningPolicies", status: 201, reply: `{"id":"p1","displayName":"mig"}`, body: `{"@odata.type":"#microsoft.graph.cloudPcProvisioningPolicy","displayName":"mig","description":"",
			"provisioningType":"dedicated","imageId":"pub_offer_sku","imageDisplayName":"Windows 11","imageType":"gallery","enableSingleSignOn":true,"localAdminEnabled":false,
			"windowsSetting":{"locale":"en-GB"},"domainJoinConfigurations":[{"domainJoinType":"azureADJoin","regionGroup":"usEast"}]}`},
		exchange{want: "PATCH VE/provisioningPolicies/p1", status: 204, body: `{"@odata.type":"#microsoft.graph.cloudPcProvisioningPolicy","displayName":"mig","description":"",
			"imageId":"pub_offer_sku","imageDisplayName":"Windows 11","imageType":"gallery","enableSingleSignOn":true,"localAdminEnabled":false,
			"windowsSetting":{"locale":"en-GB"},"domainJoinConfigurations":[{"domainJoinType":"azureADJoin","regionGroup":"usEast"}]}`},
		exchange{want: getPolicy, reply: `{"id":"p1"}`})
	gs, err := c.GalleryImages(t.Context())
	if err != nil || len(gs) != 1 || gs[0].Status != "supported" || gs[0].ExpiresAt.Year() != 2027 {
		t.Errorf("%+v, %v", gs, err)
	}
	if p, err := c.CreateProvisioningPolicy(t.Context(), policy()); err != nil || p.ID != "p1" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := c.UpdateProvisioningPolicy(t.Context(), policy()); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*graph.ProvisioningPolicy){
		"NoName": func(p *graph.ProvisioningPolicy) { p.DisplayName = "" }, "NoImage": func(p *graph.ProvisioningPolicy) { p.ImageID = "" },
		"NoImageName": func(p *graph.ProvisioningPolicy) { p.ImageDisplayName = "" },
		"HybridNoNet": func(p *graph.ProvisioningPolicy) { p.DomainJoin = []graph.DomainJoin{{Type: "hybridAzureADJoin"}} },
		"HybridRegion": func(p *graph.ProvisioningPolicy) {
			p.DomainJoin = []graph.DomainJoin{{Type: "hybridAzureADJoin", ConnectionID: "n", RegionName: "r"}}
		},
		"EntraBoth": func(p *graph.ProvisioningPolicy) {
			p.DomainJoin = []graph.DomainJoin{{Type: "azureADJoin", ConnectionID: "n", RegionName: "r"}}
		},
		"EntraNone": func(p *graph.ProvisioningPolicy) { p.DomainJoin = []graph.DomainJoin{{Type: "azureADJoin"}} },
	} {
		c, _ := play(t)
		p := policy()
		spoil(&p)
		if _, err := c.CreateProvisioningPolicy(t.Context(), p); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTrapT18Spellings: the client uses the documentation's: no parentheses after a function, no namespace before an action.
func TestTrapT18Spellings(t *testing.T) {
	t.Parallel()
	c, _ := play(t, exchange{want: "POST VE/cloudPCs/pc/endGracePeriod", status: 204})
	if err := c.EndGracePeriod(t.Context(), "pc"); err != nil {
		t.Error(err)
	}
}

func TestTrapT19StatusFlips(t *testing.T) {
	t.Parallel()
	var script []exchange
	for _, s := range []string{"inGracePeriod", "deprovisioning", "inGracePeriod", "provisioned"} {
		at := map[bool]string{true: `"2026-08-05T13:00:00Z"`, false: "null"}[s == "provisioned"]
		script = append(script, exchange{want: "GET VE/cloudPCs/pc", reply: `{"id":"pc","status":"` + s + `","provisionedDateTime":` + at + `,"gracePeriodEndDateTime":"0001-01-01T00:00:00Z"}`})
	}
	c, _ := play(t, script...)
	for i, want := range []string{graph.StatusInGracePeriod, graph.StatusDeprovisioning, graph.StatusInGracePeriod, graph.StatusProvisioned} {
		p, err := c.CloudPC(t.Context(), "pc")
		// Nothing is remembered or smoothed here: agreeing polls are the caller's, who tells Cloud PCs apart by this time.
		if err != nil || p.Status != want || p.ProvisionedAt.IsZero() != (i < 3) || !p.GracePeriodEnd.IsZero() {
			t.Errorf("%d: %+v, %v", i, p, err)
		}
	}
}

func TestTrapT20Clouds(t *testing.T) {
	t.Parallel()
	gov, err := clouds.Lookup("usgov")
	if err != nil || gov.Warning == "" || gov.GraphRoot != "https://graph.microsoft.us" {
		t.Errorf("%+v, %v", gov, err)
	}
	for _, name := range []string{"dod", "china"} {
		if _, err := clouds.Lookup(name); fault.CodeOf(err) != "cloud.unsupported" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTrapT22ForbiddenSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	c, _ := play(t,
		exchange{want: "POST VE/provisioningPolicies", status: 403, reply: errorBody("Forbidden", "Application is not supported")},
		exchange{want: "POST VE/provisioningPolicies/p1/assign", status: 403, reply: errorBody("", "")})
	_, err := c.CreateProvisioningPolicy(t.Context(), policy())
	for _, err := range []error{err, c.AssignProvisioningPolicy(t.Context(), "p1", nil)} {
		h := fault.HintOf(err)
		if !fault.Is(err, fault.Denied) || !strings.Contains(h, "CloudPC.ReadWrite.All") || !strings.Contains(h, "Administrator") {
			t.Errorf("%v: %q", err, h)
		}
	}
}

func TestTrapT23ListsTakeNoOptions(t *testing.T) {
	t.Parallel()
	c, _ := play(t,
		exchange{want: "GET VE/servicePlans", reply: `{"value":[{"id":"sp","displayName":"Cloud PC Enterprise 2vCPU/8GB/128GB","type":"Enterprise","vCpuCount":2,"ramInGB":8,"storageInGB":128,"provisioningType":null}]}`},
		exchange{want: listSettings, reply: `{"value":[]}`},
		exchange{want: "GET VE/provisioningPolicies?$expand=assignments", reply: `{"value":[]}`})
	ps, err := c.ServicePlans(t.Context())
	want := []graph.ServicePlan{{ID: "sp", DisplayName: "Cloud PC Enterprise 2vCPU/8GB/128GB", Type: "enterprise", VCPU: 2, RAMGiB: 8, StorageGiB: 128}}
	if d := cmp.Diff(want, ps); err != nil || d != "" {
		t.Errorf("%v %s", err, d)
	}
	if _, err := c.UserSettings(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := c.ProvisioningPolicies(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTrapT26VersionsPerCall(t *testing.T) {
	t.Parallel()
	c, tp := everyCall(t)
	c(t)
	for _, r := range tp.came {
		beta := strings.Contains(r.uri, "/deviceManagement/virtualEndpoint/")
		if strings.HasSuffix(r.uri, "/$batch") {
			beta = strings.Contains(string(r.body), "virtualEndpoint")
		}
		if want := map[bool]string{true: "/beta/", false: "/v1.0/"}[beta]; !strings.HasPrefix(r.uri, want) {
			t.Errorf("%s %s is not asked of %s", r.method, r.uri, want)
		}
	}
}

func TestTrapT27CloseSwitchesToImage(t *testing.T) {
	t.Parallel()
	c, tp := play(t, exchange{want: getSetting, reply: oldSetting}, exchange{want: "PATCH VE/userSettings/s1", status: 204}, exchange{want: getSetting, reply: strings.Replace(oldSetting, `"snapshot"`, `"image"`, 1)})
	s, err := c.UserSetting(t.Context(), "s1")
	if err != nil {
		t.Fatal(err)
	}
	s.ProvisioningSourceType = graph.SourceImage
	if s, err = c.UpdateUserSetting(t.Context(), s); err != nil || s.ProvisioningSourceType != "image" {
		t.Errorf("%+v, %v", s, err)
	}
	var sent map[string]any
	if err := json.Unmarshal(tp.came[1].body, &sent); err != nil || sent["provisioningSourceType"] != "image" || sent["displayName"] != "mig" || sent["assignments"] != nil {
		t.Errorf("sent %s, %v", tp.came[1].body, err)
	}
}
