package pilot_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"wave365/pkg/cloud/exchange"
	"wave365/pkg/fault"
	"wave365/pkg/pilot"
	"wave365/pkg/pilot/recording"
	"wave365/pkg/sandbox/scenario"
)

var evening = time.Date(2026, 11, 27, 18, 0, 0, 0, time.UTC)

const ve = "/beta/deviceManagement/virtualEndpoint"

// tape writes a recording, a minute from line to line.
type tape struct {
	t     *testing.T
	text  strings.Builder
	lines int
}

func (p *tape) add(method, path string, status int, body, reply string, headers ...string) {
	p.t.Helper()
	e := exchange.Exchange{
		Schema: exchange.Schema, At: evening.Add(time.Duration(p.lines) * time.Minute), Service: "graph", Method: method, Path: path, Status: status,
		Asked: map[string]string{"client-request-id": fmt.Sprintf("our-%d", p.lines)}, Answered: map[string]string{"request-id": fmt.Sprintf("their-%d", p.lines)},
	}
	for i := 0; i < len(headers); i += 2 {
		e.Answered[headers[i]] = headers[i+1]
	}
	if body != "" {
		e.Body = json.RawMessage(body)
	}
	if reply != "" {
		e.Reply = json.RawMessage(reply)
	}
	line, err := json.Marshal(e)
	if err != nil {
		p.t.Fatal(err)
	}
	p.text.Write(append(line, '\n'))
	p.lines++
}

func (p *tape) answers() map[string]pilot.Answer {
	p.t.Helper()
	rec, err := recording.Read(strings.NewReader(p.text.String()))
	if err != nil {
		p.t.Fatal(err)
	}
	out := map[string]pilot.Answer{}
	for _, a := range pilot.Answers(rec) {
		if (a.Answer == "") != (a.Seen == 0 || a.Missing != "") {
			p.t.Errorf("%s: answer %q with %d exchanges, missing %q", a.Code, a.Answer, a.Seen, a.Missing)
		}
		if out[a.Code].Code != "" {
			p.t.Errorf("%s is asked twice", a.Code)
		}
		out[a.Code] = a
	}
	return out
}

func refusal(code string) string { return `{"error":{"code":"` + code + `","message":"x"}}` }

const (
	anna = "11111111-1111-4111-8111-111111111111"
	bo   = "22222222-2222-4222-8222-222222222222"
)

func importBody(user string) string {
	return `{"assignedUserId":"` + user + `","sourceFiles":[{"sourceType":"sasUrl","sasUrl":"https://a/b?[redacted]"}]}`
}

// Each question is answered by the exchanges that show it, and by nothing else.
func TestAnswers(t *testing.T) {
	t.Parallel()
	importPath, purge := ve+"/snapshots/importSnapshot", ve+"/snapshots/purgeImportedSnapshot"
	result := func(id string) string { return ve + "/snapshots/retrieveSnapshotImportResult(snapshotId='" + id + "')" }
	for name, tc := range map[string]struct {
		record func(p *tape)
		want   map[string]string // code → knob: value
	}{
		"Omitted": {func(p *tape) { p.add("POST", importPath, 202, importBody(anna), `{"policyName":null}`) },
			map[string]string{"snapshot-id": "snapshot_id: omitted", "import-status": "", "no-policy-import": "no_policy_import: accept"}},
		"Second": {func(p *tape) {
			p.add("POST", importPath, 200, importBody(anna), `{"snapshotId":"s1"}`)
			p.add("POST", importPath, 409, importBody(anna), refusal("Duplicate"))
		}, map[string]string{"snapshot-id": "snapshot_id: present", "second-import": "second_import: 409", "import-status": "", "refusals": ""}},
		"SecondAfterPurge": {func(p *tape) {
			p.add("POST", importPath, 200, importBody(anna), `{"snapshotId":"s1"}`)
			p.add("POST", purge, 204, `{"snapshotIds":["s1"]}`, "")
			p.add("POST", importPath, 400, importBody(anna), refusal("InvalidVHD"))
		}, map[string]string{"snapshot-id": "snapshot_id: present", "bad-disk": "bad_disk: refuse", "import-status": "", "refusals": ""}},
		"NoPolicy": {func(p *tape) { p.add("POST", importPath, 400, importBody(anna), refusal("MissingProvisionPolicy")) },
			map[string]string{"no-policy-import": "no_policy_import: refuse", "refusals": ""}},
		"Storage": {func(p *tape) {
			body := func(field string) string {
				return `{"assignedUserId":"` + bo + `","sourceFiles":[{"storageBlobInfo":{"` + field + `":"a.vhd"}}]}`
			}
			p.add("POST", importPath, 400, body("fileName"), refusal("invalidStorageInformation"))
			p.add("POST", importPath, 200, body("blobName"), `{"id":"s"}`)
		}, map[string]string{"storage-field": "storage_field: blobName", "snapshot-id": "snapshot_id: id", "import-status": "", "refusals": ""}},
		"Daily": {func(p *tape) {
			for range 3 {
				p.add("POST", importPath, 200, importBody(anna), `{"snapshotId":"s"}`)
			}
			p.add("POST", importPath, 429, importBody(bo), refusal("TooManyRequests"), "retry-after", "3600.5")
		}, map[string]string{"daily-limit": "daily_imports: 3", "daily-retry-after": "daily_retry_after: 1h0m0.5s", "snapshot-id": "snapshot_id: present", "import-status": "", "refusals": ""}},
		"Record": {func(p *tape) {
			p.add("POST", importPath, 200, importBody(anna), `{"snapshotId":"s"}`)
			p.add("GET", result("s"), 200, "", `{"importStatus":"inProgress","assignedUserPrincipalName":"`+anna+`"}`)
			p.add("GET", result("s"), 200, "", `{"importStatus":"succeeded","usageStatus":"notUsed","assignedUserPrincipalName":"`+anna+`"}`)
			p.add("GET", result("s"), 200, "", `{"importStatus":"succeeded","usageStatus":"inUse","assignedUserPrincipalName":"`+anna+`"}`)
			p.add("GET", result("s"), 404, "", refusal("ResourceNotFound"))
		}, map[string]string{"snapshot-id": "snapshot_id: present", "import-status": "", "retrieve-route": "retrieve_route: singular", "retrieve-shape": "retrieve_shape: object",
			"assigned-user": "assigned_user: id", "record-after": "keep_import_record: false", "import-time": "import_base: 2m0s"}},
		"Batch": {func(p *tape) {
			p.add("POST", "/beta/$batch", 200, `{"requests":[{"id":"1","method":"GET","url":"/deviceManagement/virtualEndpoint/snapshots/retrieveSnapshotImportResults(snapshotId='s')"}]}`,
				`{"responses":[{"id":"1","status":200,"headers":{},"body":{"value":[{"importStatus":"pending","assignedUserPrincipalName":"anna@contoso.example"}]}}]}`)
		}, map[string]string{"retrieve-route": "retrieve_route: plural", "retrieve-shape": "retrieve_shape: collection", "assigned-user": "assigned_user: upn"}},
		"Audited": {func(p *tape) {
			p.add("POST", importPath, 200, importBody(anna), `{"snapshotId":"s"}`)
			p.add("GET", ve+"/auditEvents?$filter=x", 200, "", `{"value":[{"correlationId":"OUR-0"}]}`)
		}, map[string]string{"audit": "unaudited_imports: false", "snapshot-id": "snapshot_id: present", "import-status": ""}},
		"Unaudited": {func(p *tape) {
			p.add("POST", importPath, 200, importBody(anna), `{"snapshotId":"s"}`)
			p.add("GET", ve+"/auditEvents", 200, "", `{"value":[{"correlationId":"another"}]}`)
		}, map[string]string{"audit": "unaudited_imports: true", "snapshot-id": "snapshot_id: present", "import-status": ""}},
		"Throttled": {func(p *tape) {
			p.add("GET", "/v1.0/users/x", 429, "", refusal("TooManyRequests"), "x-ms-throttle-scope", "Tenant/ReadWrite/a/b")
		}, map[string]string{"retry-after": "no_retry_after: true", "limits": ""}},
		"Service": {func(p *tape) {
			p.add("GET", ve+"/snapshots/listSnapshotImportResults", 404, "", refusal("x"))
			p.add("POST", purge, 404, `{"snapshotIds":["s"]}`, refusal("ResourceNotFound"))
			p.add("POST", purge, 409, `{"snapshotIds":["s"]}`, refusal("InUse"))
			p.add("PATCH", ve+"/userSettings/x", 204, "{}", "")
			p.add("PATCH", ve+"/userSettings/x", 400, "{}", refusal("requiredFieldsNotProvided"))
			p.add("GET", ve+"/cloudPCs", 200, "", `{"value":[{"id":"a","status":"provisioning"},{"id":"b"}],"@odata.nextLink":"x"}`)
			p.add("GET", ve+"/cloudPCs", 200, "", `{"value":[{"id":"a","status":"provisioned"},{"id":"b","status":"unknownFutureValue"}]}`)
			p.add("POST", "/v1.0/groups/G/members/$ref", 204, `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/`+anna+`"}`, "")
			p.add("GET", "/v1.0/groups/g/members", 200, "", `{"value":[]}`)
			p.add("GET", "/v1.0/groups/g/members", 200, "", `{"value":[{"id":"`+strings.ToUpper(anna)+`"}]}`)
		}, map[string]string{"list-imports": "list_imports: false", "purge-unknown": "purge_unknown: 404", "purge-busy": "purge_busy: 409", "setting-patch": "patch_status: 204",
			"setting-partial": "partial_patch: refuse", "page-size": "page_size: 2", "enums": "keep_unknown_enums: false", "provision-time": "",
			"provision-shortest": "provision_min: 1m0s", "provision-longest": "provision_max: 1m0s", "member-lag": "membership_lag: 2m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &tape{t: t}
			tc.record(p)
			got := map[string]string{}
			var all []pilot.Answer
			for code, a := range p.answers() {
				all = append(all, a)
				if a.Answer == "" {
					continue
				}
				got[code] = ""
				if a.Knob != "" && a.Value != nil {
					got[code] = fmt.Sprintf("%s: %v", a.Knob, a.Value)
				}
				for _, e := range a.Evidence {
					if e.Line < 1 || e.Line > p.lines || e.Status == 0 || e.RequestID == "" {
						t.Errorf("%s: evidence %+v", code, e)
					}
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			// What is named is a knob of the scenario, and takes the value.
			text, err := yaml.Marshal(pilot.Knobs(all))
			if err != nil {
				t.Fatal(err)
			}
			var knobs scenario.Knobs
			if err := yaml.UnmarshalWithOptions(text, &knobs, yaml.Strict()); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		})
	}
}

// A recording that is none, or is damaged, is refused for its line; one that was cut off is read up to there.
func TestRead(t *testing.T) {
	t.Parallel()
	p := &tape{t: t}
	p.add("GET", "/v1.0/organization", 200, "", "{}")
	good := p.text.String()
	for name, tc := range map[string]struct{ text, want string }{
		"Empty":    {"", "it is empty"},
		"Wave":     {"user,blob,policy\n", "line 1 of the recording"},
		"Middle":   {good + "nonsense\n" + good, "line 2 of the recording"},
		"Foreign":  {`{"schema":"wave365/progress/v1"}` + "\n", "line 1 of the recording"},
		"LongLine": {good + strings.Repeat(" ", 9<<20) + "\n", "longer than 8 MiB"},
		"CutOff":   {good + good[:40], ""},
		"Blank":    {good + "\n\n" + good, ""},
	} {
		_, err := recording.Read(strings.NewReader(tc.text))
		if tc.want == "" && err != nil || tc.want != "" && (!fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), tc.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
