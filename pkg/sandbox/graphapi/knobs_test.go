package graphapi_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"wave365/pkg/sandbox/graphapi/resource"
	"wave365/pkg/sandbox/scenario"
)

// with is friday under other knobs.
func with(t *testing.T, set func(*scenario.Knobs)) *bundle {
	t.Helper()
	s := friday()
	set(&s.Knobs)
	return setup(t, s)
}

func TestTrapT04RetrieveRoute(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		route, shape     string
		singular, plural int
		collection       bool
	}{
		{"", "", 200, 404, false}, {"plural", "", 404, 200, false}, {"both", "", 200, 200, false}, {"", "collection", 200, 404, true},
	} {
		b := with(t, func(k *scenario.Knobs) { k.RetrieveRoute, k.RetrieveShape = c.route, c.shape })
		id := b.startImport("ada", "ada")
		one := b.want(c.singular, "GET", ve+"snapshots/retrieveSnapshotImportResult(snapshotId='"+id+"')", nil)
		many := b.want(c.plural, "GET", ve+"snapshots/retrieveSnapshotImportResults(snapshotId='"+id+"')", nil)
		for _, a := range []answer{one, many} {
			if a.code == 404 && !strings.Contains(a.str("error", "message"), "Resource not found for the segment") {
				t.Errorf("%+v: %s", c, a.raw)
			}
		}
		if c.singular == 200 && (one.m["value"] != nil) != c.collection {
			t.Errorf("%+v: shape %s", c, one.raw)
		}
		if c.plural == 200 && (len(many.list()) != 1 || many.list()[0]["snapshotId"] != id) {
			t.Errorf("%+v: plural %s", c, many.raw)
		}
		if a := b.call("GET", ve+"snapshots/retrieveSnapshotImportResult(snapshotId='00000000-0000-0000-0000-000000000000')", nil); c.singular == 200 &&
			(a.code != 404 || strings.Contains(a.str("error", "message"), "segment")) {
			t.Errorf("an unknown id looks like an unknown route: %s", a.raw)
		}
	}
}

func TestTrapT01SnapshotID(t *testing.T) {
	t.Parallel()
	for knob, want := range map[string]string{"": "snapshotId", "id": "id", "omitted": ""} {
		b := with(t, func(k *scenario.Knobs) { k.SnapshotID = knob })
		a := b.want(200, "POST", ve+"snapshots/importSnapshot", importBody(b.userID("ada"), "ada"))
		for _, name := range []string{"snapshotId", "id"} {
			if _, has := a.m[name]; has != (name == want) {
				t.Errorf("%q: %s", knob, a.raw)
			}
		}
	}
}

func TestTrapT03AssignedUser(t *testing.T) {
	t.Parallel()
	for knob, want := range map[string]func(*bundle) string{
		"": func(b *bundle) string { return b.userID("ada") }, "upn": func(*bundle) string { return "ada@contoso.example" },
		"empty": func(*bundle) string { return "" },
	} {
		b := with(t, func(k *scenario.Knobs) { k.AssignedUser = knob })
		if got := b.retrieve(b.startImport("ada", "ada")).str("assignedUserPrincipalName"); got != want(b) {
			t.Errorf("%q: %q", knob, got)
		}
	}
}

func TestTrapT02BlobName(t *testing.T) {
	t.Parallel()
	body := func(b *bundle, field string) any {
		return map[string]any{"assignedUserId": b.userID("ada"), "sourceFiles": []any{map[string]any{"sourceType": "azureStorageAccount",
			"storageBlobInfo": map[string]any{"storageAccountId": "/subscriptions/x", "containerName": "c", field: "ada-os.vhd"}}}}
	}
	for _, c := range []struct {
		knob               string
		fileName, blobName string // the error code, empty: accepted
	}{
		{"", "", "invalidStorageInformation"}, {"blobName", "invalidStorageInformation", ""}, {"both", "", ""}, {"strict", "", "BadRequest"},
	} {
		for field, want := range map[string]string{"fileName": c.fileName, "blobName": c.blobName} {
			b := with(t, func(k *scenario.Knobs) { k.StorageField = c.knob })
			a := b.call("POST", ve+"snapshots/importSnapshot", body(b, field))
			if got := a.str("error", "code"); got != want || (want == "") != (a.code == 200) {
				t.Errorf("knob %q, %s: %d %s", c.knob, field, a.code, a.raw)
			}
			if want == "BadRequest" && !strings.Contains(a.str("error", "message"), "'blobName'") {
				t.Errorf("the unknown property is not named: %s", a.raw)
			}
			if want != "" && b.trace.Effect != "importSnapshot refused" {
				t.Errorf("trace: %+v", b.trace)
			}
		}
	}
}

func TestTrapT05ListImports(t *testing.T) {
	t.Parallel()
	b := with(t, func(*scenario.Knobs) {})
	b.want(404, "GET", ve+"snapshots/listSnapshotImportResults", nil)
	b = with(t, func(k *scenario.Knobs) { k.ListImports = true })
	id := b.startImport("ada", "ada")
	if l := b.want(200, "GET", ve+"snapshots/listSnapshotImportResults", nil).list(); len(l) != 1 || l[0]["snapshotId"] != id {
		t.Errorf("list: %v", l)
	}
}

func TestTrapT07SecondImport(t *testing.T) {
	t.Parallel()
	for knob, want := range map[int]int{0: 400, 409: 409} {
		b := with(t, func(k *scenario.Knobs) { k.SecondImport = knob })
		b.startImport("ada", "ada")
		b.want(want, "POST", ve+"snapshots/importSnapshot", importBody(b.userID("ada"), "ada"))
	}
}

func TestTrapT09PatchSetting(t *testing.T) {
	t.Parallel()
	whole := `{"displayName":"mig","localAdminEnabled":false,"resetEnabled":false,"provisioningSourceType":"image"}`
	b := with(t, func(*scenario.Knobs) {})
	id := b.snapshotSetting()
	if a := b.want(400, "PATCH", ve+"userSettings/"+id, `{"provisioningSourceType":"image"}`); a.str("error", "code") != "requiredFieldsNotProvided" {
		t.Errorf("partial: %s", a.raw)
	}
	if a := b.want(200, "PATCH", ve+"userSettings/"+id, whole); a.str("provisioningSourceType") != "image" {
		t.Errorf("patched: %s", a.raw)
	}
	b = with(t, func(k *scenario.Knobs) { k.PatchStatus, k.PartialPatch = 204, "accept" })
	id = b.snapshotSetting()
	b.want(204, "PATCH", ve+"userSettings/"+id, `{"provisioningSourceType":"image"}`)
	a := b.want(200, "GET", ve+"userSettings/"+id+"?$expand=assignments", nil)
	if a.str("provisioningSourceType") != "image" || a.str("displayName") != "mig" || len(a.m["assignments"].([]any)) != 1 {
		t.Errorf("after a partial patch: %s", a.raw)
	}
	b.want(204, "DELETE", ve+"userSettings/"+id, nil)
	b.want(404, "GET", ve+"userSettings/"+id, nil)
}

func TestTrapT08SourceTypeIgnored(t *testing.T) {
	t.Parallel()
	b := with(t, func(k *scenario.Knobs) { k.IgnoreSourceType = true })
	if v := b.want(200, "GET", ve+"userSettings/"+b.snapshotSetting(), nil).m["provisioningSourceType"]; v != nil {
		t.Errorf("the service remembered %v", v)
	}
}

func TestTrapT11AssignmentID(t *testing.T) {
	t.Parallel()
	for knob, want := range map[string]int{"": 204, "refuse": 400} {
		b := with(t, func(k *scenario.Knobs) { k.AssignmentID = knob })
		body := func(id string) string {
			return `{"assignments":[{` + id + `"target":{"@odata.type":"microsoft.graph.cloudPcManagementGroupAssignmentTarget","groupId":"` + groupID + `"}}]}`
		}
		a := b.want(want, "POST", ve+"provisioningPolicies/"+policyID+"/assign", body(`"id":"x",`))
		if want == 400 && !strings.Contains(a.str("error", "message"), "Id") {
			t.Errorf("the property is not named: %s", a.raw)
		}
		b.want(204, "POST", ve+"provisioningPolicies/"+policyID+"/assign", body(""))
		b.want(204, "POST", ve+"provisioningPolicies/"+policyID+"/assign", `{"assignments":[]}`)
		if as := b.want(200, "GET", ve+"provisioningPolicies/"+policyID+"?$expand=assignments", nil).m["assignments"].([]any); len(as) != 0 {
			t.Errorf("assign does not replace: %v", as)
		}
	}
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	for knob, want := range map[int]int{0: 400, 409: 409} {
		b := with(t, func(k *scenario.Knobs) { k.DeletePolicyInUse = knob })
		b.want(want, "DELETE", ve+"provisioningPolicies/"+policyID, nil)
		b.want(204, "POST", ve+"provisioningPolicies/"+policyID+"/assign", `{"assignments":[]}`)
		b.want(204, "DELETE", ve+"provisioningPolicies/"+policyID, nil)
	}
	b := with(t, func(*scenario.Knobs) {})
	join := func(s string) string {
		return `{"displayName":"New","imageId":"i","imageDisplayName":"I","imageType":"gallery","domainJoinConfigurations":[` + s + `]}`
	}
	b.want(400, "POST", ve+"provisioningPolicies", `{"displayName":"New"}`)
	b.want(400, "POST", ve+"provisioningPolicies", join(`{"domainJoinType":"hybridAzureADJoin","regionName":"westeurope"}`))
	b.want(400, "POST", ve+"provisioningPolicies", join(`{"domainJoinType":"azureADJoin"}`))
	id := b.want(201, "POST", ve+"provisioningPolicies", join(`{"domainJoinType":"azureADJoin","regionName":"westeurope"}`)).str("id")
	b.want(400, "PATCH", ve+"provisioningPolicies/"+id, `{"provisioningType":"shared"}`)
	if a := b.want(200, "PATCH", ve+"provisioningPolicies/"+id, `{"description":"d"}`); a.str("description") != "d" || a.str("displayName") != "New" {
		t.Errorf("patched: %s", a.raw)
	}
	b.license("ada")
	b.join("ada")
}

func TestPurgeOverHTTP(t *testing.T) {
	t.Parallel()
	b := with(t, func(k *scenario.Knobs) { k.PurgeBusy, k.PurgeUnknown = 409, 404 })
	id := b.startImport("ada", "ada")
	b.want(409, "POST", ve+"snapshots/purgeImportedSnapshot", map[string]any{"snapshotIds": []string{id}})
	if b.trace.Effect != "purgeImportedSnapshot refused" || b.trace.Outcome != "refused" {
		t.Errorf("trace: %+v", b.trace)
	}
	b.want(404, "POST", ve+"snapshots/purgeImportedSnapshot", `{"snapshotIds":["x"]}`)
	b.advance(time.Hour)
	b.want(204, "POST", ve+"snapshots/purgeImportedSnapshot", map[string]any{"snapshotIds": []string{id}})
	if b.trace.Effect != "import purged" || b.trace.User == "" {
		t.Errorf("trace: %+v", b.trace)
	}
	if a := b.retrieve(id); a.code != 404 {
		t.Errorf("purged: %s", a.raw)
	}
}

func TestCloudPCActions(t *testing.T) {
	t.Parallel()
	s := friday()
	s.Users[0].Licenses = []string{"CPC_E_2C_8GB_128GB"}
	s.CloudPCs = []scenario.CloudPC{{User: "ada", Policy: "Finance", Status: "inGracePeriod"}}
	b := setup(t, s)
	pc := b.pcs("")[0]
	id, _ := pc["id"].(string)
	if pc["gracePeriodEndDateTime"] == nil {
		t.Errorf("no end of grace: %v", pc)
	}
	b.want(204, "POST", ve+"cloudPCs/"+id+"/microsoft.graph.endGracePeriod", nil)
	if b.trace.Effect != "grace period ended" || b.trace.User != b.userIDQuiet("ada") {
		t.Errorf("trace: %+v", b.trace)
	}
	b.advance(30 * time.Minute)
	b.want(404, "GET", ve+"cloudPCs/"+id, nil)
	b.want(404, "POST", ve+"cloudPCs/"+id+"/endGracePeriod", nil)
}

// userIDQuiet leaves the trace of the last call alone.
func (b *bundle) userIDQuiet(user string) string {
	u, err := b.tenant.User(b.clock(), user+"@contoso.example")
	if err != nil {
		b.t.Fatal(err)
	}
	return u.ID
}

func TestDeviceImages(t *testing.T) {
	t.Parallel()
	b := with(t, func(*scenario.Knobs) {})
	b.want(400, "POST", ve+"deviceImages", `{"displayName":"i"}`)
	create := func(source string) string {
		a := b.want(201, "POST", ve+"deviceImages", map[string]string{"displayName": "i", "version": "1", "sourceImageResourceId": source})
		if a.str("status") != "pending" {
			t.Errorf("created: %s", a.raw)
		}
		return a.str("id")
	}
	good, bad := create("/subscriptions/x/resourceGroups/y/providers/Microsoft.Compute/images/z"), create("nonsense")
	b.advance(time.Hour)
	if s := b.want(200, "GET", ve+"deviceImages/"+good, nil).str("status"); s != "ready" {
		t.Errorf("good: %s", s)
	}
	if a := b.want(200, "GET", ve+"deviceImages/"+bad, nil); a.str("status") != "failed" || a.str("errorCode") == "" {
		t.Errorf("bad: %s", a.raw)
	}
	b.want(204, "DELETE", ve+"deviceImages/"+bad, nil)
	if n := len(b.want(200, "GET", ve+"deviceImages", nil).list()); n != 1 {
		t.Errorf("%d images left", n)
	}
}

// The day's limit counts requests, those that were refused too, and says nothing of a quota.
func TestDailyImports(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ knob, header string }{{"", ""}, {"10h", "36000"}} {
		b := with(t, func(k *scenario.Knobs) { k.DailyImports, k.DailyRetryAfter = 2, c.knob })
		b.want(400, "POST", ve+"snapshots/importSnapshot", `{"assignedUserId":"nobody"}`)
		b.startImport("ada", "ada")
		for range 2 {
			a := b.want(429, "POST", ve+"snapshots/importSnapshot", importBody(b.userID("bob"), "bob"))
			if a.str("error", "code") != "TooManyRequests" || a.str("error", "innerError", "code") != "429" || a.head.Get("Retry-After") != c.header {
				t.Errorf("over the limit: %v %s", a.head, a.raw)
			}
		}
		b.advance(24 * time.Hour)
		b.startImport("bob", "bob")
	}
}

// The example of the documentation of the call that creates policies: no imageType, any connection.
func TestDocumentedPolicyIsTaken(t *testing.T) {
	t.Parallel()
	b := with(t, func(*scenario.Knobs) {})
	a := b.want(201, "POST", ve+"provisioningPolicies", `{"@odata.type": "#microsoft.graph.cloudPcProvisioningPolicy",
		"description": "Description value", "displayName": "Display Name value", "domainJoinConfigurations": [
		{"onPremisesConnectionId": "16ee6c71-fc10-438b-88ac-daa1ccafffff", "domainJoinType": "hybridAzureADJoin"},
		{"onPremisesConnectionId": "26e16c71-f210-438b-88ac-d481ccafffff", "domainJoinType": "hybridAzureADJoin"}],
		"id": "1d164206-bf41-4fd2-8424-a3192d39ffff", "enableSingleSignOn": true, "imageDisplayName": "Windows-10 19h1-evd",
		"imageId": "MicrosoftWindowsDesktop_Windows-10_19h1-evd", "windowsSetting": {"locale": "en-US"}, "provisioningType": "dedicated"}`)
	if a.str("imageType") != "gallery" || a.str("id") == "1d164206-bf41-4fd2-8424-a3192d39ffff" {
		t.Errorf("created: %s", a.raw)
	}
	// What it stands for fails when somebody is to get a Cloud PC by it.
	b.want(204, "POST", ve+"provisioningPolicies/"+a.str("id")+"/assign", `{"assignments":[{"target":{"groupId":"`+groupID+`"}}]}`)
}

func TestNamingTemplate(t *testing.T) {
	t.Parallel()
	b := with(t, func(*scenario.Knobs) {})
	for template, want := range map[string]int{"CPC-%USERNAME:4%-%RAND:5%": 201, "CPC-%username:5%-%RAND:5%": 201, "CPC-%USERNAME:6%-%RAND:5%": 400,
		"A-name-of-sixtee": 400, "%RAND:99999999999999999999%": 400, "CPC-%DATE:4%": 400, "CPC-%USERNAME%": 400} {
		b.want(want, "POST", ve+"provisioningPolicies", `{"displayName":"New","imageId":"i","imageDisplayName":"I","cloudPcNamingTemplate":"`+template+
			`","domainJoinConfigurations":[{"domainJoinType":"azureADJoin","regionName":"westeurope"}]}`)
	}
}

// What nobody made is unknown, not missing.
func TestUnknownIsNotNotFound(t *testing.T) {
	t.Parallel()
	b := with(t, func(*scenario.Knobs) {})
	for _, path := range []string{ve + "cloudPCs/$count", ve + "cloudPCs/retrieveSomething", ve + "cloudPCs/getSomething()", ve + "userSettings/$count",
		ve + "reports", "/v1.0/users/$count", "/v1.0/devices"} {
		if b.want(501, "GET", path, nil); b.trace.Outcome != "unknown" {
			t.Errorf("%s: outcome %q", path, b.trace.Outcome)
		}
	}
	b.want(404, "GET", ve+"cloudPCs/16ee6c71-fc10-438b-88ac-daa1ccafffff", nil)
	b.want(404, "GET", "/v1.0/users/getrude@contoso.example", nil)
}

func TestPendingImageKnowsNoSystem(t *testing.T) {
	t.Parallel()
	b := with(t, func(*scenario.Knobs) {})
	a := b.want(201, "POST", ve+"deviceImages", `{"displayName": "ImageForDev", "version": "0.0.1", "sourceImageResourceId":
		"/subscriptions/0ac520ee-14c0-480f-b6c9-0a90c58ffff/resourceGroups/Example/providers/Microsoft.Compute/images/exampleImage"}`)
	for _, name := range []string{"operatingSystem", "osBuildNumber", "osStatus", "expirationDate", "statusDetails", "errorCode"} {
		if v, there := a.m[name]; !there || v != nil {
			t.Errorf("%s of a pending image: %v", name, v)
		}
	}
	b.advance(time.Hour)
	if a = b.want(200, "GET", ve+"deviceImages/"+a.str("id"), nil); a.str("status") != "ready" || a.str("osStatus") != "supported" {
		t.Errorf("later: %s", a.raw)
	}
}

// Who purged what is in the audit log, by id.
func TestPurgesAreAudited(t *testing.T) {
	t.Parallel()
	b := with(t, func(*scenario.Knobs) {})
	id := b.startImport("ada", "ada")
	b.advance(2 * time.Hour)
	b.want(204, "POST", ve+"snapshots/purgeImportedSnapshot", `{"snapshotIds":["`+id+`"]}`)
	a := b.want(200, "GET", ve+"auditEvents", nil)
	last := a.list()[len(a.list())-1]
	if !strings.Contains(fmt.Sprint(last), "purgeImportedSnapshot") || !strings.Contains(fmt.Sprint(last), id) {
		t.Errorf("audit: %v", last)
	}
}

func TestGroupsComeAndGo(t *testing.T) {
	t.Parallel()
	b := with(t, func(*scenario.Knobs) {})
	b.want(400, "POST", "/v1.0/groups", `{"displayName":"wave 7"}`)
	id := b.want(201, "POST", "/v1.0/groups", `{"displayName":"wave 7","mailEnabled":false,"mailNickname":"wave7","securityEnabled":true}`).str("id")
	b.want(204, "POST", "/v1.0/groups/"+id+"/members/$ref", `{"@odata.id":"http://example.com/v1.0/directoryObjects/`+b.userID("ada")+`"}`)
	b.want(204, "POST", ve+"provisioningPolicies/"+policyID+"/assign", `{"assignments":[{"target":{"groupId":"`+id+`"}}]}`)
	b.want(204, "DELETE", "/v1.0/groups/"+id, nil)
	b.want(404, "GET", "/v1.0/groups/"+id, nil)
	if a := b.want(200, "GET", ve+"provisioningPolicies/"+policyID+"?$expand=assignments", nil); strings.Contains(string(a.raw), id) {
		t.Errorf("still assigned: %s", a.raw)
	}
	b.want(204, "DELETE", ve+"provisioningPolicies/"+policyID, nil)
}

func TestLicenses(t *testing.T) {
	t.Parallel()
	b := with(t, func(k *scenario.Knobs) { k.LicenseLag = "10m" })
	b.want(400, "POST", "/v1.0/users/eve@contoso.example/assignLicense", `{"addLicenses":[{"skuId":"`+sku8+`"}],"removeLicenses":[]}`)
	b.want(400, "POST", "/v1.0/users/ada@contoso.example/assignLicense", `{"addLicenses":[{"skuId":"`+sku8+`"}]}`)
	b.license("ada")
	if b.trace.Effect != "license assigned" {
		t.Errorf("trace: %+v", b.trace)
	}
	plan := func() map[string]any {
		d := b.want(200, "GET", "/v1.0/users/ada@contoso.example/licenseDetails", nil).list()[0]
		return d["servicePlans"].([]any)[0].(map[string]any)
	}
	if p := plan(); p["provisioningStatus"] != "PendingProvisioning" || p["servicePlanName"] != "CPC_2" {
		t.Errorf("at once: %v", p)
	}
	b.advance(10 * time.Minute)
	if p := plan(); p["provisioningStatus"] != "Success" {
		t.Errorf("after the lag: %v", p)
	}
	sku := b.want(200, "GET", "/v1.0/subscribedSkus", nil).list()[0]
	if sku["consumedUnits"] != 1.0 || sku["prepaidUnits"].(map[string]any)["enabled"] != 10.0 {
		t.Errorf("sku: %v", sku)
	}
	var plans []map[string]any
	for path := ve + "servicePlans"; path != ""; {
		a := b.want(200, "GET", path, nil)
		plans = append(plans, a.list()...)
		path = strings.TrimPrefix(a.str("@odata.nextLink"), "http://example.com")
	}
	i := slices.IndexFunc(plans, func(p map[string]any) bool { return p["id"] == plan8 })
	if i < 0 || plans[i]["storageInGB"] != 128.0 || plans[i]["displayName"] != "Cloud PC Enterprise 2vCPU/8GB/128GB" {
		t.Errorf("plans: %v", plans)
	}
}

// What collapses is what the schema declares after the sentinel, no more and no less.
func TestLateMembersAreTheSchemas(t *testing.T) {
	t.Parallel()
	var s schema
	if err := json.Unmarshal(enumsJSON, &s); err != nil {
		t.Fatal(err)
	}
	for property, enum := range map[string]string{"status": "cloudPcStatus", "regionGroup": "cloudPcRegionGroup",
		"provisioningType": "cloudPcProvisioningType", "geographicLocationType": "cloudPcGeographicLocationType", "managedBy": "cloudPcManagementService"} {
		late := false
		for _, member := range s.Enums[enum] {
			if member == "unknownFutureValue" {
				late = true
				continue
			}
			if want := map[bool]string{true: "unknownFutureValue", false: member}[late]; resource.Collapse(property, member) != want {
				t.Errorf("%s %s: shows as %s, want %s", property, member, resource.Collapse(property, member), want)
			}
		}
	}
}
