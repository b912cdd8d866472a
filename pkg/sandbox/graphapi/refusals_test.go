package graphapi_test

import (
	"strings"
	"testing"
	"time"

	"wave365/pkg/sandbox/scenario"
)

const nobody = "00000000-0000-4000-8000-000000000000"

// TestNothingOfThatName: every call about a thing that is not there is a 404 that names the thing and changes nothing.
func TestNothingOfThatName(t *testing.T) {
	t.Parallel()
	s := friday()
	s.Permissions = []string{"CloudPC.ReadWrite.All", "User.ReadWrite.All", "Group.ReadWrite.All", "LicenseAssignment.ReadWrite.All", "Mail.Send", "Organization.Read.All"}
	b := setup(t, s)
	join := `{"displayName":"x","imageId":"i","imageDisplayName":"I","imageType":"gallery","domainJoinConfigurations":[{"domainJoinType":"azureADJoin","regionName":"r"}]}`
	whole := `{"displayName":"mig","localAdminEnabled":false,"resetEnabled":false}`
	for _, c := range [][3]string{
		{"GET", ve + "cloudPCs/" + nobody},
		{"POST", ve + "cloudPCs/" + nobody + "/endGracePeriod"},
		{"GET", ve + "provisioningPolicies/" + nobody}, {"PATCH", ve + "provisioningPolicies/" + nobody, join}, {"DELETE", ve + "provisioningPolicies/" + nobody},
		{"POST", ve + "provisioningPolicies/" + nobody + "/assign", `{"assignments":[]}`},
		{"GET", ve + "userSettings/" + nobody}, {"PATCH", ve + "userSettings/" + nobody, whole}, {"DELETE", ve + "userSettings/" + nobody},
		{"POST", ve + "userSettings/" + nobody + "/assign", `{"assignments":[]}`},
		{"GET", ve + "deviceImages/" + nobody}, {"DELETE", ve + "deviceImages/" + nobody},
		{"GET", "/v1.0/users/" + nobody}, {"PATCH", "/v1.0/users/" + nobody, `{"usageLocation":"CH"}`}, {"DELETE", "/v1.0/users/" + nobody},
		{"GET", "/v1.0/users/" + nobody + "/licenseDetails"},
		{"POST", "/v1.0/users/" + nobody + "/assignLicense", `{"addLicenses":[],"removeLicenses":[]}`},
		{"POST", "/v1.0/users/" + nobody + "/sendMail", `{"message":{"subject":"x","toRecipients":[{"emailAddress":{"address":"a@b"}}]}}`},
		{"GET", "/v1.0/groups/" + nobody}, {"GET", "/v1.0/groups/" + nobody + "/members"}, {"DELETE", "/v1.0/groups/" + nobody + "/members/" + nobody + "/$ref"},
		{"POST", "/v1.0/groups/" + nobody + "/members/$ref", `{"@odata.id":"x/` + nobody + `"}`}, {"PATCH", "/v1.0/groups/" + nobody, `{"members@odata.bind":["x/` + nobody + `"]}`},
	} {
		var in any
		if c[2] != "" {
			in = c[2]
		}
		a := b.want(404, c[0], c[1], in)
		if a.str("error", "code") == "" || !strings.Contains(a.str("error", "message"), nobody) {
			t.Errorf("%s %s: %s", c[0], c[1], a.raw)
		}
		if c[0] != "GET" && (b.trace.Outcome != "refused" || !strings.HasSuffix(b.trace.Effect, " refused")) {
			t.Errorf("%s %s: %+v", c[0], c[1], b.trace)
		}
	}
}

// TestBodiesThatMakeNoSense: no writing call takes a body that is empty, broken or lacks what is required.
func TestBodiesThatMakeNoSense(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	ada := "/v1.0/users/" + b.userID("ada")
	setting := b.snapshotSetting()
	for path, bodies := range map[string][]string{
		"POST " + ve + "snapshots/importSnapshot":                     {"", "{", `{"sourceFiles":[]}`, `{"assignedUserId":"ada","sourceFiles":[{"sourceType":"sasUrl"}]}`, `{"assignedUserId":"ada","sourceFiles":[{"sourceType":"tape","sasUrl":"x"}]}`, `{"assignedUserId":"ada","sourceFiles":[{"fileType":"music","sasUrl":"x"}]}`, `{"assignedUserId":"ada","sourceFiles":[{}]}`},
		"POST " + ve + "snapshots/purgeImportedSnapshot":              {"", "[", `{}`},
		"POST " + ve + "userSettings":                                 {"", "{", `{}`, `{"displayName":"x","resetEnabled":"yes"}`, `{"displayName":"x","nonsense":1}`},
		"PATCH " + ve + "userSettings/" + setting:                     {"", "{", `{"provisioningSourceType":"image"}`, `{"displayName":"x","localAdminEnabled":1,"resetEnabled":false}`},
		"POST " + ve + "userSettings/" + setting + "/assign":          {"", "{", `{}`, `{"assignments":[{"target":{}}]}`, `{"assignments":[{"target":{"groupId":"` + nobody + `"}}]}`},
		"POST " + ve + "provisioningPolicies":                         {"", "{", `{}`, `{"displayName":"x","imageType":"painted"}`},
		"PATCH " + ve + "provisioningPolicies/" + policyID:            {"", "{", `{"provisioningType":"sharedByUser"}`, `{"displayName":""}`},
		"POST " + ve + "provisioningPolicies/" + policyID + "/assign": {"", "{", `{}`},
		"POST " + ve + "deviceImages":                                 {"", "{", `{"displayName":"x"}`},
		"POST " + ada + "/assignLicense":                              {"", "{", `{}`, `{"addLicenses":[]}`, `{"addLicenses":[{"skuId":"` + nobody + `"}],"removeLicenses":[]}`, `{"addLicenses":[],"removeLicenses":["` + sku8 + `"]}`},
		"POST " + ada + "/sendMail":                                   {"", "{", `{}`},
		"POST /v1.0/groups/" + groupID + "/members/$ref":              {"", "{", `{"id":"x"}`},
		"PATCH /v1.0/groups/" + groupID:                               {"", "{", `{}`, `{"members@odata.bind":[]}`, `{"displayName":"x"}`},
		"POST /v1.0/groups":                                           {"", "{"},
		"POST /v1.0/$batch":                                           {"", "{", `{}`, `{"requests":[{"id":"1"}]}`, `{"requests":[{"id":"a","method":"GET","url":"/users"},{"id":"A","method":"GET","url":"/users"}]}`, `{"requests":[{"id":"1","method":"GET","url":"/users","dependsOn":["2"]}]}`},
	} {
		method, url, _ := strings.Cut(path, " ")
		for _, body := range bodies {
			if a := b.want(400, method, url, body); a.str("error", "code") == "" || a.str("error", "message") == "" {
				t.Errorf("%s %s: %s", path, body, a.raw)
			}
			if strings.HasSuffix(b.trace.Effect, "accepted") {
				t.Errorf("%s %s: %+v", path, body, b.trace)
			}
		}
	}
	if n := len(b.want(200, "GET", ve+"userSettings", nil).list()); n != 1 {
		t.Errorf("%d settings: something refused was made all the same", n)
	}
}

// TestBatchedRequestsAreJudgedAlone: what is wrong with one is its own answer.
func TestBatchedRequestsAreJudgedAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	a := b.want(200, "POST", "/v1.0/$batch", `{"requests":[
		{"id":"nested","method":"POST","url":"/$batch","headers":{"Content-Type":"application/json"},"body":{"requests":[]}},
		{"id":"elsewhere","method":"GET","url":"https://graph.microsoft.com/v1.0/users"},
		{"id":"untyped","method":"POST","url":"/groups","body":{"displayName":"x"}},
		{"id":"missing","method":"GET","url":"/users/nobody"},
		{"id":"after","method":"GET","url":"/users","dependsOn":["missing"]},
		{"id":"good","method":"GET","url":"/users?$top=1"},
		{"id":"afterGood","method":"GET","url":"/groups","dependsOn":["good"]},
		{"id":"odd","method":"GET","url":"/nothing/here"}]}`)
	want := map[string]float64{"nested": 400, "elsewhere": 400, "untyped": 400, "missing": 404, "after": 424, "good": 200, "afterGood": 200, "odd": 501}
	for _, r := range a.m["responses"].([]any) {
		m := r.(map[string]any)
		if id := m["id"].(string); m["status"] != want[id] {
			t.Errorf("%s: %v, want %v", id, m, want[id])
		} else {
			delete(want, id)
		}
	}
	if len(want) > 0 {
		t.Errorf("unanswered: %v", want)
	}
}

func TestConnectionsOverHTTP(t *testing.T) {
	t.Parallel()
	s := friday()
	s.Connections = []scenario.Connection{{Name: "Bern", Health: "warning", Checked: "30h"}}
	b := setup(t, s)
	one := b.want(200, "GET", ve+"onPremisesConnections", nil).list()[0]
	if one["healthCheckStatus"] != "warning" || one["healthCheckStatusDetail"] != nil {
		t.Errorf("%v", one)
	}
	one = b.want(200, "GET", ve+"onPremisesConnections?$select=id,healthCheckStatus,healthCheckStatusDetail", nil).list()[0]
	detail, _ := one["healthCheckStatusDetail"].(map[string]any)
	at, _ := detail["endDateTime"].(string)
	if checked, err := time.Parse(time.RFC3339, at); err != nil || start.Sub(checked) != 30*time.Hour {
		t.Errorf("%v, %v", one, err)
	}
}

// TestUsageLocationOverHTTP: the one property of a person that can be written.
func TestUsageLocationOverHTTP(t *testing.T) {
	t.Parallel()
	s := friday()
	s.Users[0].Location, s.Knobs.UsageLocationLag = "none", "0s"
	s.Permissions = []string{"User.ReadWrite.All"}
	b := setup(t, s)
	ada := "/v1.0/users/ada@contoso.example"
	add := `{"addLicenses":[{"skuId":"` + sku8 + `"}],"removeLicenses":[]}`
	if a := b.want(400, "POST", ada+"/assignLicense", add); !strings.Contains(a.str("error", "message"), "usage location") {
		t.Errorf("%s", a.raw)
	}
	b.want(400, "PATCH", ada, `{"usageLocation":"Schweiz"}`)
	b.want(400, "PATCH", ada, `{"displayName":"Ada L."}`)
	b.want(204, "PATCH", ada, `{"usageLocation":"ch"}`)
	if a := b.want(200, "GET", ada+"?$select=usageLocation", nil); a.str("usageLocation") != "CH" || b.trace.Effect != "" {
		t.Errorf("%s", a.raw)
	}
	b.want(200, "POST", ada+"/assignLicense", add)
}

// TestV1LacksWhatBetaHas: what a client must ask of beta is not there in v1.0.
func TestV1LacksWhatBetaHas(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	setting := b.snapshotSetting()
	const v1 = "/v1.0/deviceManagement/virtualEndpoint/"
	for path, names := range map[string][]string{"userSettings/" + setting: {"provisioningSourceType"}, "provisioningPolicies/" + policyID: {"snapshotResetMode", "createdDateTime", "scopeIds"}} {
		beta, stable := b.want(200, "GET", ve+path, nil), b.want(200, "GET", v1+path, nil)
		for _, n := range names {
			_, has := beta.m[n]
			_, had := stable.m[n]
			if !has || had {
				t.Errorf("%s: beta has %s: %v, v1.0: %v", path, n, has, had)
			}
		}
	}
}
