package sandbox_test

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/sandbox"
)

// evening drives the rows of a wave through a sandbox by hand, as the service wants it: setting, group, import, license.
type evening struct {
	client
	groups, skus map[string]string // by name
	imports      map[string]string // snapshot ids by user
}

func (e *evening) join(row map[string]string, user string) {
	group := e.groups["grp-w365-"+strings.ToLower(row["department"])]
	got, err := e.try(e.t.Context(), "POST", "/v1.0/groups/"+group+"/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/`+user+`"}`)
	if err != nil || got.status != 204 && !strings.Contains(got.body, "already exist") {
		e.t.Fatalf("%s does not join: %v %s", row["user"], err, got.body)
	}
}

func (e *evening) names(path, name string) map[string]string {
	out := map[string]string{}
	for _, v := range read[struct{ Value []map[string]any }](e.t, e.do(200, "GET", path, "")).Value {
		id, _ := v["id"].(string)
		if sku, ok := v["skuId"].(string); ok {
			id = sku
		}
		out[v[name].(string)] = id
	}
	return out
}

// setting makes a snapshot setting for all groups.
func (e *evening) setting() {
	id := read[thing](e.t, e.do(201, "POST", virtualEndpoint+"/userSettings", `{"displayName":"Wave","provisioningSourceType":"snapshot"}`)).ID
	var to []map[string]any
	for _, g := range e.groups {
		to = append(to, map[string]any{"target": map[string]any{"@odata.type": "#microsoft.graph.cloudPcManagementGroupAssignmentTarget", "groupId": g}})
	}
	body, err := json.Marshal(map[string]any{"assignments": to})
	if err != nil {
		e.t.Fatal(err)
	}
	got, err := e.try(e.t.Context(), "POST", virtualEndpoint+"/userSettings/"+id+"/assign", string(body))
	if err != nil || got.status >= 300 {
		e.t.Fatalf("assign: %v %s", err, got.body)
	}
}

func TestFridayEndsAsItsReadmeSays(t *testing.T) {
	t.Parallel()
	waves := filepath.Join("..", "..", "waves")
	sc, err := sandbox.LoadScenario(filepath.Join(waves, "friday.tenant.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	e := evening{client: inMemory(t, start(t, sandbox.Config{Scenario: sc})), imports: map[string]string{}}
	e.groups, e.skus = e.names("/v1.0/groups", "displayName"), e.names("/v1.0/subscribedSkus", "skuPartNumber")
	rows := valid(t, filepath.Join(waves, "friday.csv"))
	if len(rows) != 20 {
		t.Fatalf("%d rows are to run, want 20", len(rows))
	}
	e.setting()
	users := map[string]string{}
	for _, row := range rows {
		user := read[thing](t, e.do(200, "GET", "/v1.0/users/"+row["user"], "")).ID
		users[row["user"]] = user
		if row["license"] != "" {
			e.join(row, user)
		}
		body := e.importBody(user, row["blob"], e.clock())
		e.imports[row["user"]] = read[thing](t, e.do(200, "POST", virtualEndpoint+"/snapshots/importSnapshot", body)).SnapshotID
	}
	e.advance("1h20m")
	got := map[string]string{}
	for _, row := range rows {
		if r := e.importOf(e.imports[row["user"]]); r.ImportStatus != "succeeded" {
			got[row["user"]] = "import " + r.ImportStatus
			continue
		}
		if row["license"] == "" {
			e.join(row, users[row["user"]])
			continue
		}
		e.do(200, "POST", "/v1.0/users/"+users[row["user"]]+"/assignLicense", `{"addLicenses":[{"skuId":"`+e.skus[row["license"]]+`"}],"removeLicenses":[]}`)
	}
	e.advance("1h10m")
	for _, pc := range read[list](t, e.do(200, "GET", virtualEndpoint+"/cloudPCs", "")).Value {
		end := pc.Status
		path := virtualEndpoint + "/snapshots/retrieveSnapshotImportResult(snapshotId='" + e.imports[pc.UserPrincipalName] + "')"
		if r, err := e.try(t.Context(), "GET", path, ""); err == nil && r.status == 200 && end == "provisioned" {
			end = "provisioned, import " + read[thing](t, r).UsageStatus
		}
		got[pc.UserPrincipalName] = end
	}
	want := map[string]string{}
	for _, row := range rows {
		want[row["user"]] = "provisioned"
	}
	want["yuki.tanaka@nordwind.example"] = "import failed"
	want["julia.steiner@nordwind.example"] = "failed"
	want["katja.lindqvist@nordwind.example"] = "provisionedWithWarnings"
	want["jan.kowalski@nordwind.example"] = "provisioned, import notUsed"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// valid gives the rows that pass validation, by column.
func valid(t *testing.T, name string) []map[string]string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(string(data))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	var out []map[string]string
	for _, cells := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = cells[i]
		}
		seen[strings.ToLower(row["user"])]++
		out = append(out, row)
	}
	if len(out) != 24 {
		t.Errorf("%d rows, want 24", len(out))
	}
	kept := out[:0]
	for _, row := range out {
		user := strings.ToLower(row["user"])
		if seen[user] == 1 && !strings.HasPrefix(user, "thomas.brunner@") && !strings.HasPrefix(user, "oliver.grant@") {
			kept = append(kept, row)
		}
	}
	return kept
}
