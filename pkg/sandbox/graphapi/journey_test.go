package graphapi_test

import (
	"testing"
	"time"
)

func TestJourney(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	b.snapshotSetting()
	b.join("ada")
	ada := b.userID("ada")
	id := b.startImport("ada", "ada-os.vhd")
	if tr := b.trace; id == "" || tr.Effect != "importSnapshot accepted" || tr.Outcome != "accepted" || tr.User != ada {
		t.Fatalf("import: id %q, trace %+v", id, tr)
	}
	a := b.retrieve(id)
	if a.code != 200 || a.str("usageStatus") != "notUsed" || a.str("policyName") != "Finance" || a.m["endDateTime"] != nil {
		t.Fatalf("import just begun: %s", a.raw)
	}
	b.advance(time.Minute)
	if s := b.retrieve(id).str("importStatus"); s != "inProgress" {
		t.Fatalf("after a minute: %s", s)
	}
	b.advance(40 * time.Minute)
	if a = b.retrieve(id); a.str("importStatus") != "succeeded" || a.str("usageStatus") != "notUsed" {
		t.Fatalf("after 41 minutes: %s", a.raw)
	}
	if n := len(b.pcs("")); n != 0 {
		t.Fatalf("%d Cloud PCs before the license", n)
	}
	b.license("ada")
	pcs := b.pcs("?$filter=userPrincipalName eq 'ADA@contoso.example'")
	if len(pcs) != 1 || pcs[0]["status"] != "notProvisioned" || pcs[0]["servicePlanId"] != plan8 || pcs[0]["provisioningPolicyId"] != policyID {
		t.Fatalf("after the license: %v", pcs)
	}
	if s := b.retrieve(id).str("usageStatus"); s != "inUse" {
		t.Fatalf("import while provisioning: %s", s)
	}
	b.advance(5 * time.Minute)
	if s := b.pcs("")[0]["status"]; s != "provisioning" {
		t.Fatalf("five minutes later: %v", s)
	}
	b.advance(time.Hour)
	pc := b.pcs("")[0]
	if pc["status"] != "provisioned" || pc["provisionedDateTime"] == nil || pc["managedDeviceId"] == nil {
		t.Fatalf("an hour later: %v", pc)
	}
	if a = b.retrieve(id); a.code != 404 {
		t.Fatalf("the record of a used import is still there: %s", a.raw)
	}
	if p, _ := b.tenant.CloudPCOf(b.clock(), "ada@contoso.example"); p.Source != "snapshot" {
		t.Fatalf("built from %s", p.Source)
	}
}

// The wrong order must be caught: a licensed user who joins before the import is done gets an image.
func TestJourneyWrongOrder(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	b.snapshotSetting()
	b.license("ada")
	id := b.startImport("ada", "ada-os.vhd")
	b.join("ada")
	b.advance(2 * time.Hour)
	if p, _ := b.tenant.CloudPCOf(b.clock(), "ada@contoso.example"); p.Source != "image" || p.Status != "provisioned" {
		t.Fatalf("got %s from %s", p.Status, p.Source)
	}
	if a := b.retrieve(id); a.str("importStatus") != "succeeded" || a.str("usageStatus") != "notUsed" {
		t.Fatalf("the import was touched: %s", a.raw)
	}
}

// With the membership trigger the license is there first and the join comes last.
func TestJourneyMembershipTrigger(t *testing.T) {
	t.Parallel()
	s := friday()
	s.Users[0].Licenses = []string{"CPC_E_2C_8GB_128GB"}
	s.Knobs.MembershipLag = "60s"
	b := setup(t, s)
	b.snapshotSetting()
	id := b.startImport("ada", "ada-os.vhd")
	if a := b.retrieve(id); a.m["policyName"] != nil {
		t.Fatalf("policy before the join: %s", a.raw)
	}
	b.advance(time.Hour)
	b.join("ada")
	b.advance(time.Minute)
	if s := b.retrieve(id).str("usageStatus"); s != "inUse" {
		t.Fatalf("after join and lag: %s", s)
	}
	b.advance(time.Hour)
	if pcs := b.pcs("?$filter=status eq 'provisioned'"); len(pcs) != 1 {
		t.Fatalf("provisioned: %v", pcs)
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	b := setup(t, friday())
	one, two := b.startImport("ada", "ada-os.vhd"), b.startImport("bob", "bob-os.vhd")
	a := b.want(200, "POST", "/beta/$batch", map[string]any{"requests": []any{
		map[string]any{"id": "1", "method": "GET", "url": "/deviceManagement/virtualEndpoint/snapshots/retrieveSnapshotImportResult(snapshotId='" + one + "')"},
		map[string]any{"id": "2", "method": "GET", "url": "deviceManagement/virtualEndpoint/snapshots/retrieveSnapshotImportResult(snapshotId='" + two + "')"},
		map[string]any{"id": "3", "method": "GET", "url": "/users/nobody"},
		map[string]any{"id": "4", "method": "GET", "url": "/users/ada@contoso.example", "dependsOn": []string{"3"}},
		map[string]any{"id": "5", "method": "POST", "url": "/groups/" + groupID + "/members/$ref", "body": map[string]string{"@odata.id": "x/" + b.userID("ada")}},
		map[string]any{"id": "6", "method": "POST", "url": "/groups/" + groupID + "/members/$ref", "headers": map[string]string{"Content-Type": "application/json"},
			"body": map[string]string{"@odata.id": "x/" + b.userID("ada")}},
	}})
	want := []float64{200, 200, 404, 424, 400, 204}
	rs, _ := a.m["responses"].([]any)
	if len(rs) != len(want) {
		t.Fatalf("responses: %s", a.raw)
	}
	for i, r := range rs {
		if m := r.(map[string]any); m["status"] != want[i] {
			t.Errorf("response %v: status %v, want %v: %v", m["id"], m["status"], want[i], m["body"])
		}
	}
	body := rs[0].(map[string]any)["body"].(map[string]any)
	if body["snapshotId"] != one {
		t.Errorf("inner body: %v", body)
	}
	var many []any
	for i := range 21 {
		many = append(many, map[string]any{"id": string(rune('a' + i)), "method": "GET", "url": "/users"})
	}
	b.want(400, "POST", "/v1.0/$batch", map[string]any{"requests": many})
	b.want(400, "POST", "/v1.0/$batch", map[string]any{"requests": []any{
		map[string]any{"id": "a", "method": "GET", "url": "/users"}, map[string]any{"id": "A", "method": "GET", "url": "/users"}}})
}
