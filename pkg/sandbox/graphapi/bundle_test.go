package graphapi_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"wave365/pkg/sandbox/graphapi"
	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
	"wave365/pkg/sandbox/tenant/source"
)

var start = time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)

// disks knows files by name, whatever the account and the signature.
type disks map[string]source.File

func (d disks) find(name string) (source.File, error) {
	for k, f := range d {
		if strings.Contains(name, k) {
			return f, nil
		}
	}
	return source.File{}, errors.New("the blob does not exist")
}

func (d disks) CheckSAS(raw string, _ time.Time) (source.File, error) { return d.find(raw) }
func (d disks) Touch(string, time.Time)                               {}
func (d disks) CheckBlob(_, _, name string) (source.File, error)      { return d.find(name) }

func fixedDisk(name string, gib int64) source.File {
	return source.File{Name: name, PageBlob: true, Length: gib<<30 + 512, Virtual: gib << 30, Kind: "fixed"}
}

// bundle is one tenant behind one handler with a clock that tests move.
type bundle struct {
	t      *testing.T
	tenant *tenant.Tenant
	h      http.Handler
	mu     sync.Mutex
	now    time.Time
	prefer bool
	trace  call.Trace
}

func (b *bundle) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bundle) advance(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

const (
	sku8     = "e2aebe6c-897d-480f-9d62-fff1381581f7" // CPC_E_2C_8GB_128GB
	plan8    = "3efff3fe-528a-4fc5-b1ba-845802cc764f"
	ve       = "/beta/deviceManagement/virtualEndpoint/"
	groupID  = "aaaaaaaa-0000-0000-0000-000000000001"
	policyID = "bbbbbbbb-0000-0000-0000-000000000001"
)

// friday is a small tenant: ada and bob hold no license and are in no group, the policy reaches the group.
func friday() *scenario.Scenario {
	return &scenario.Scenario{
		Tenant:   scenario.Tenant{ID: "11111111-2222-3333-4444-555555555555", Name: "Contoso", Domain: "contoso.example"},
		Users:    []scenario.User{{UPN: "ada", DisplayName: "Ada Lovelace", Department: "Math"}, {UPN: "bob"}, {UPN: "eve", Location: "none"}},
		Licenses: []scenario.License{{SKU: "CPC_E_2C_8GB_128GB", Seats: 10}, {SKU: "CPC_E_2C_4GB_64GB", Seats: 1}},
		Groups:   []scenario.Group{{Name: "Wave", ID: groupID}, {Name: "Dyn", Dynamic: true}},
		Policies: []scenario.Policy{{Name: "Finance", ID: policyID, Groups: []string{"Wave"}}},
		Knobs:    scenario.Knobs{MembershipLag: "0s", LicenseLag: "0s"},
	}
}

func setup(t *testing.T, s *scenario.Scenario) *bundle {
	t.Helper()
	b := &bundle{t: t, now: start, prefer: true}
	var err error
	b.tenant, err = tenant.New(s, 1, start, disks{"ada": fixedDisk("ada.vhd", 127), "bob": fixedDisk("bob.vhd", 64),
		"big": fixedDisk("big.vhd", 512), "vhdx": {Name: "x.vhdx", PageBlob: true, Kind: "vhdx"}})
	if err != nil {
		t.Fatal(err)
	}
	b.h = graphapi.New(graphapi.Config{Tenant: b.tenant, Now: b.clock, Knobs: s.Knobs, Permissions: s.Permissions})
	return b
}

type answer struct {
	code int
	head http.Header
	raw  []byte
	m    map[string]any
}

func (b *bundle) call(method, path string, body any, headers ...string) answer {
	b.t.Helper()
	var r io.Reader
	if body != nil {
		switch x := body.(type) {
		case string:
			r = strings.NewReader(x)
		case []byte:
			r = bytes.NewReader(x)
		default:
			raw, err := json.Marshal(x)
			if err != nil {
				b.t.Fatal(err)
			}
			r = bytes.NewReader(raw)
		}
	}
	req := httptest.NewRequest(method, strings.ReplaceAll(path, " ", "%20"), r)
	req.Header.Set("Authorization", "Bearer x")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if b.prefer {
		req.Header.Set("Prefer", "include-unknown-enum-members")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	var tr call.Trace
	req = req.WithContext(call.WithTrace(req.Context(), &tr))
	rec := httptest.NewRecorder()
	b.h.ServeHTTP(rec, req)
	b.trace = tr
	a := answer{code: rec.Code, head: rec.Header(), raw: rec.Body.Bytes()}
	if strings.Contains(a.head.Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.raw, &a.m); err != nil {
			b.t.Fatalf("%s %s: answer is not JSON: %v\n%s", method, path, err, a.raw)
		}
	}
	return a
}

// want calls and fails the test unless the status is right.
func (b *bundle) want(code int, method, path string, body any, headers ...string) answer {
	b.t.Helper()
	a := b.call(method, path, body, headers...)
	if a.code != code {
		b.t.Fatalf("%s %s: status %d, want %d\n%s", method, path, a.code, code, a.raw)
	}
	return a
}

func (a answer) str(path ...string) string {
	var v any = a.m
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	s, _ := v.(string)
	return s
}

func (a answer) list() []map[string]any {
	vs, _ := a.m["value"].([]any)
	var out []map[string]any
	for _, v := range vs {
		m, _ := v.(map[string]any)
		out = append(out, m)
	}
	return out
}

func (b *bundle) userID(upn string) string {
	b.t.Helper()
	return b.want(200, "GET", "/v1.0/users/"+upn+"@contoso.example?$select=id", nil).str("id")
}

func importBody(userID, blob string) map[string]any {
	return map[string]any{"assignedUserId": userID, "sourceFiles": []any{map[string]any{"sourceType": "sasUrl", "fileType": "dataFile",
		"sasUrl": "https://acct.blob.core.windows.net/c/" + blob + "?sig=secret"}}}
}

func (b *bundle) startImport(user, blob string) string {
	b.t.Helper()
	return b.want(200, "POST", ve+"snapshots/importSnapshot", importBody(b.userID(user), blob)).str("snapshotId")
}

func (b *bundle) retrieve(id string) answer {
	b.t.Helper()
	return b.call("GET", ve+"snapshots/retrieveSnapshotImportResult(snapshotId='"+id+"')", nil)
}

// join puts a user into the wave's group and assigns a snapshot setting to the group.
func (b *bundle) snapshotSetting() string {
	b.t.Helper()
	id := b.want(201, "POST", ve+"userSettings", `{"@odata.type":"#microsoft.graph.cloudPcUserSetting","displayName":"mig","localAdminEnabled":false,"resetEnabled":false,"provisioningSourceType":"snapshot","restorePointSetting":{"frequencyType":"default","userRestoreEnabled":true}}`).str("id")
	b.want(204, "POST", ve+"userSettings/"+id+"/assign", `{"assignments":[{"target":{"@odata.type":"#microsoft.graph.cloudPcManagementGroupAssignmentTarget","groupId":"`+groupID+`"}}]}`)
	return id
}

func (b *bundle) join(user string) {
	b.t.Helper()
	b.want(204, "POST", "/v1.0/groups/"+groupID+"/members/$ref", map[string]string{"@odata.id": "http://example.com/v1.0/directoryObjects/" + b.userID(user)})
}

func (b *bundle) license(user string) {
	b.t.Helper()
	b.want(200, "POST", "/v1.0/users/"+user+"@contoso.example/assignLicense", `{"addLicenses":[{"skuId":"`+sku8+`","disabledPlans":[]}],"removeLicenses":[]}`)
}

func (b *bundle) pcs(query string) []map[string]any {
	b.t.Helper()
	return b.want(200, "GET", ve+"cloudPCs"+query, nil).list()
}
