package sandbox_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"wave365/pkg/sandbox"
)

// asSDK sends a request as Microsoft's generated Go client was seen to: bodies packed, its own headers, answers packed if
// the server likes.
func (c client) asSDK(want int, method, path, body string) string {
	c.t.Helper()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = io.WriteString(z, body)
	_ = z.Close()
	req, err := http.NewRequest(method, c.root+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	h := req.Header
	h.Set("Accept", "application/json")
	h.Set("Authorization", "Bearer sdk")
	h.Set("Client-Request-Id", "01d18198-ecb1-4519-b6f8-220d2c3c212f")
	h.Set("Sdkversion", "graph-go-core/1.4.0 (hostOS=linux; hostArch=amd64; runtimeEnvironment=go1.26;)")
	h.Set("User-Agent", "kiota-go/1.5.4")
	h.Set("Accept-Encoding", "gzip")
	if body != "" {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Type", "application/json")
		req.Body, req.ContentLength = io.NopCloser(&packed), int64(packed.Len())
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != want {
		c.t.Fatalf("%s %s: %d %s, %v; want %d", method, path, resp.StatusCode, text, err, want)
	}
	return string(text)
}

// TestGeneratedClientIsWelcome is what Microsoft's generated Go clients put on the wire: users, licenses, mail and user
// settings as captured from msgraph-sdk-go v1.89 and msgraph-beta-sdk-go v0.130, the import as their templates spell it.
func TestGeneratedClientIsWelcome(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(*testing.T, *sandbox.Sandbox) client{"InMemory": inMemory, "OverLoopback": overLoopback} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := load(t, strings.Replace(story, "knobs: {", "knobs: {retrieve_route: plural, ", 1))
			c := connect(t, start(t, sandbox.Config{Scenario: sc}))
			user := c.user("anna")
			c.asSDK(200, "GET", "/v1.0/users?$select=id,userPrincipalName,accountEnabled&$top=5", "")
			c.asSDK(202, "POST", "/v1.0/users/"+user+"/sendMail", `{"Message":{"@odata.type":"#microsoft.graph.message","body":{"content":"<p>hello</p>","contentType":"html"},`+
				`"subject":"from the SDK","toRecipients":[{"emailAddress":{"address":"a@b.example"}}]},"SaveToSentItems":false}`)
			c.asSDK(200, "GET", "/v1.0/users/"+user+"/licenseDetails", "")
			// An empty list that the client leaves out is missing for the service, too.
			sku := read[struct{ Value []struct{ SKUID string } }](t, c.do(200, "GET", "/v1.0/subscribedSkus", "")).Value[0].SKUID
			c.asSDK(400, "POST", "/v1.0/users/"+user+"/assignLicense", `{"addLicenses":[{"skuId":"`+sku+`"}]}`)

			setting := `{"@odata.type":"#microsoft.graph.cloudPcUserSetting","displayName":"sdk","localAdminEnabled":false,"provisioningSourceType":"snapshot","resetEnabled":false}`
			var made struct{ ID, ProvisioningSourceType string }
			if err := json.Unmarshal([]byte(c.asSDK(201, "POST", virtualEndpoint+"/userSettings", setting)), &made); err != nil || made.ProvisioningSourceType != "snapshot" {
				t.Errorf("setting %+v, %v", made, err)
			}
			group := read[list](t, c.do(200, "GET", "/v1.0/groups", "")).Value[0].ID
			c.asSDK(204, "POST", virtualEndpoint+"/userSettings/"+made.ID+"/assign",
				`{"assignments":[{"@odata.type":"#microsoft.graph.cloudPcUserSettingAssignment","target":{"@odata.type":"#microsoft.graph.cloudPcManagementGroupAssignmentTarget","groupId":"`+group+`"}}]}`)
			// It sends back what it read, read-only properties and all.
			c.asSDK(200, "PATCH", virtualEndpoint+"/userSettings/"+made.ID, `{"id":"`+made.ID+`","provisioningSourceType":"snapshot","@odata.context":"http://127.0.0.1/beta/$metadata#deviceManagement/virtualEndpoint/userSettings/$entity",`+
				`"createdDateTime":"2026-11-21T19:49:01Z","crossRegionDisasterRecoverySetting":{"disasterRecoveryType":"notConfigured","maintainCrossRegionRestorePointEnabled":false,"userInitiatedDisasterRecoveryAllowed":false},`+
				`"displayName":"sdk2","lastModifiedDateTime":"2026-11-21T19:49:01Z","localAdminEnabled":false,"resetEnabled":false,"restorePointSetting":{"frequencyType":"default","userRestoreEnabled":false}}`)
			imported := c.asSDK(200, "POST", virtualEndpoint+"/snapshots/microsoft.graph.importSnapshot", strings.Replace(c.importBody(user, "disks/anna.vhd", c.clock()),
				`"assignedUserId"`, `"@odata.type":"#microsoft.graph.cloudPcSnapshotImportAction","assignedUserId"`, 1))
			var im thing
			if err := json.Unmarshal([]byte(imported), &im); err != nil || im.SnapshotID == "" {
				t.Fatalf("%s, %v", imported, err)
			}
			many := c.asSDK(200, "GET", virtualEndpoint+"/snapshots/retrieveSnapshotImportResults(snapshotId='"+im.SnapshotID+"')", "")
			if !strings.Contains(many, `"value":[`) {
				t.Errorf("the plural route gives %s", many)
			}
			for _, e := range c.requests() {
				if e.ClientRequestID == "" || e.Outcome == "unknown" {
					t.Errorf("%+v", e)
				}
			}
		})
	}
}

// synced is a buffer for a log.
type synced struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *synced) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *synced) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// TestUnknownRequestsAreNamed: whatever the sandbox does not know is a 501 that is named in the answer, in the log and among
// the requests; of what it knows the log says nothing.
func TestUnknownRequestsAreNamed(t *testing.T) {
	t.Parallel()
	var log synced
	c := inMemory(t, start(t, sandbox.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}))
	c.do(200, "GET", "/v1.0/users", "")
	c.do(404, "GET", "/v1.0/users/nobody@contoso.example", "")
	if log.String() != "" {
		t.Errorf("the log is not empty: %s", &log)
	}
	unknown := map[string]string{
		"/beta/deviceManagement/unheardOf":                                   "GET",
		virtualEndpoint + "/bulkActions":                                     "POST",
		virtualEndpoint + "/snapshots/getSubscriptions":                      "GET",
		virtualEndpoint + "/provisioningPolicies/x/apply":                    "POST",
		"/v1.0/groups/11111111-2222-4333-8444-555555555555/assignLicense":    "POST",
		"/" + sandbox.Account + "/disks?comp=nonsense&sig=planted-signature": "PATCH",
	}
	for path, method := range unknown {
		plain, _, _ := strings.Cut(path, "?")
		if got := c.do(501, method, path, "{}"); !strings.Contains(got.body, plain) {
			t.Errorf("%s %s: %s", method, path, got.body)
		}
		if !strings.Contains(log.String(), "path="+plain) {
			t.Errorf("%s is not in the log:\n%s", plain, &log)
		}
	}
	c.do(200, "POST", "/v1.0/$batch", `{"requests":[{"id":"1","method":"GET","url":"/nothing/like/it"}]}`)
	named := map[string]bool{}
	for _, e := range c.requests() {
		if e.Outcome == "unknown" {
			named[e.Path] = e.Status == 501
		}
	}
	for path := range unknown {
		plain, _, _ := strings.Cut(path, "?")
		if !named[plain] {
			t.Errorf("%s is not among the requests as unknown: %v", plain, named)
		}
	}
	if !named["/v1.0/nothing/like/it"] || strings.Count(log.String(), "\n") != len(unknown)+1 {
		t.Errorf("inside a batch: %v, log\n%s", named, &log)
	}
	if strings.Contains(log.String(), "planted-signature") {
		t.Errorf("a signature is in the log:\n%s", &log)
	}
}
