package sandbox_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/generate"
	"wave365/pkg/sandbox/loopback"
	"wave365/pkg/sandbox/reqlog"
)

const tenantID = "11111111-2222-4333-8444-555555555555"

// story is a small tenant: anna and ben without a license, in no group yet.
const story = `version: 1
name: story
seed: 3
tenant: {id: ` + tenantID + `, name: Contoso, domain: contoso.example}
users: [{upn: anna}, {upn: ben}, {upn: cleo, licenses: [CPC_E_2C_8GB_128GB]}]
licenses: [{sku: CPC_E_2C_8GB_128GB, seats: 5}]
groups: [{name: pilots}]
policies: [{name: Pilot, groups: [pilots]}]
settings: [{name: Snapshots, source: snapshot, groups: [pilots]}]
blobs:
  - {path: disks/anna.vhd, gib: 128}
  - {path: disks/ben.vhd, gib: 64}
knobs: {membership_lag: 0s, license_lag: 0s}
`

func load(t *testing.T, text string) *sandbox.Scenario {
	t.Helper()
	s, err := sandbox.ParseScenario("story.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func start(t *testing.T, cfg sandbox.Config) *sandbox.Sandbox {
	t.Helper()
	if cfg.Scenario == nil {
		cfg.Scenario = load(t, story)
	}
	s, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// client talks to a sandbox over a transport.
type client struct {
	t    *testing.T
	root string
	http *http.Client
}

func inMemory(t *testing.T, s *sandbox.Sandbox) client {
	return client{t, "http://127.0.0.1:1", &http.Client{Transport: s.Transport()}}
}

// overLoopback serves the sandbox on a real socket.
func overLoopback(t *testing.T, s *sandbox.Sandbox) client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	tr := &http.Transport{}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return client{t, loopback.Of(l.Addr()).Graph, &http.Client{Transport: tr}}
}

type reply struct {
	status int
	header http.Header
	body   string
}

// try sends a request; body may be nil.
func (c client) try(ctx context.Context, method, path, body string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.root+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer planted-token")
	req.Header.Set("client-request-id", uuid.NewString())
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(data)}, err
}

// do sends a request that must be answered with the status.
func (c client) do(want int, method, path, body string) reply {
	c.t.Helper()
	got, err := c.try(context.Background(), method, path, body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	if got.status != want {
		c.t.Fatalf("%s %s: got %d, want %d: %s", method, path, got.status, want, got.body)
	}
	return got
}

// read decodes an answer.
func read[T any](t *testing.T, r reply) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	return v
}

type thing struct {
	ID, SnapshotID, ImportStatus, UsageStatus, Status, UserPrincipalName string
}

type list struct{ Value []thing }

func (c client) user(upn string) string {
	c.t.Helper()
	return read[thing](c.t, c.do(200, "GET", "/v1.0/users/"+upn+"@contoso.example", "")).ID
}

// importBody is the body of importSnapshot with a blob of the account, signed by the account.
func (c client) importBody(user, blob string, now time.Time) string {
	c.t.Helper()
	signed := sign(c.t, c.root, blob, now)
	body, err := json.Marshal(map[string]any{
		"assignedUserId": user,
		"sourceFiles":    []map[string]any{{"sourceType": "sasUrl", "fileType": "dataFile", "sasUrl": signed}},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return string(body)
}

const virtualEndpoint = "/beta/deviceManagement/virtualEndpoint"

func (c client) startImport(upn string) string {
	c.t.Helper()
	body := c.importBody(c.user(upn), "disks/"+upn+".vhd", c.clock())
	return read[thing](c.t, c.do(200, "POST", virtualEndpoint+"/snapshots/importSnapshot", body)).SnapshotID
}

func (c client) importOf(id string) thing {
	c.t.Helper()
	return read[thing](c.t, c.do(200, "GET", virtualEndpoint+"/snapshots/retrieveSnapshotImportResult(snapshotId='"+id+"')", ""))
}

func (c client) clock() time.Time {
	c.t.Helper()
	return read[struct{ Now time.Time }](c.t, c.do(200, "GET", "/sandbox/clock", "")).Now
}

func (c client) advance(d string) {
	c.t.Helper()
	c.do(200, "POST", "/sandbox/clock", fmt.Sprintf(`{"advance":%q}`, d))
}

func (c client) requests() []reqlog.Entry {
	c.t.Helper()
	return read[struct{ Requests []reqlog.Entry }](c.t, c.do(200, "GET", "/sandbox/requests", "")).Requests
}

// migrate takes anna all the way: group, import, license.
func (c client) migrate(upn string) string {
	c.t.Helper()
	user := c.user(upn)
	group := read[list](c.t, c.do(200, "GET", "/v1.0/groups", "")).Value[0].ID
	c.do(204, "POST", "/v1.0/groups/"+group+"/members/$ref", `{"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/`+user+`"}`)
	id := c.startImport(upn)
	c.advance("45m")
	if got := c.importOf(id); got.ImportStatus != "succeeded" || got.UsageStatus != "notUsed" {
		c.t.Fatalf("after 45 minutes the import is %+v", got)
	}
	sku := read[struct{ Value []struct{ SKUID string } }](c.t, c.do(200, "GET", "/v1.0/subscribedSkus", "")).Value[0].SKUID
	c.do(200, "POST", "/v1.0/users/"+user+"/assignLicense", `{"addLicenses":[{"skuId":"`+sku+`","disabledPlans":[]}],"removeLicenses":[]}`)
	return id
}

func TestJourney(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(*testing.T, *sandbox.Sandbox) client{"in memory": inMemory, "over loopback": overLoopback} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, sandbox.Config{})
			c := connect(t, s)
			id := c.migrate("anna")
			c.advance("1h5m")
			pcs := read[list](t, c.do(200, "GET", virtualEndpoint+"/cloudPCs", "")).Value
			if len(pcs) != 1 || pcs[0].Status != "provisioned" || pcs[0].UserPrincipalName != "anna@contoso.example" {
				t.Errorf("got %+v", pcs)
			}
			c.do(404, "GET", virtualEndpoint+"/snapshots/retrieveSnapshotImportResult(snapshotId='"+id+"')", "")
		})
	}
}

func TestWavesHoldTogether(t *testing.T) {
	t.Parallel()
	sc, err := sandbox.LoadScenario(filepath.Join("..", "..", "waves", "friday.tenant.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	start(t, sandbox.Config{Scenario: sc})
	for _, faults := range []bool{false, true} {
		_, text, err := generate.Wave(200, 5, faults)
		if err != nil {
			t.Fatal(err)
		}
		sc, err := sandbox.ParseScenario("generated.yaml", text)
		if err != nil {
			t.Fatal(err)
		}
		start(t, sandbox.Config{Scenario: sc})
	}
}

func TestServeRefusesOtherMachines(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Config{})
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(l); err == nil || !strings.Contains(err.Error(), "loopback only") {
		t.Errorf("got %v", err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener is still open")
	}
}

func TestRequestLog(t *testing.T) {
	t.Parallel()
	c := inMemory(t, start(t, sandbox.Config{}))
	c.startImport("anna")
	c.do(400, "POST", virtualEndpoint+"/snapshots/importSnapshot", c.importBody(c.user("anna"), "disks/anna.vhd", c.clock()))
	c.do(501, "GET", "/beta/deviceManagement/unheardOf", "")
	user := c.user("ben")
	batch, err := json.Marshal(map[string]any{"requests": []map[string]any{
		{"id": "1", "method": "GET", "url": "/users/" + user}, {"id": "2", "method": "GET", "url": "/users/nobody@contoso.example"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	c.do(200, "POST", "/v1.0/$batch", string(batch))
	accepted, refused, unknown, inside := 0, 0, 0, 0
	last := int64(0)
	for _, e := range c.requests() {
		if e.N != last+1 || e.Time.IsZero() || e.Method == "" || e.Status == 0 || e.RequestID == "" || e.ClientRequestID == "" {
			t.Errorf("incomplete: %+v", e)
		}
		last = e.N
		if strings.HasPrefix(e.Path, "/sandbox") {
			t.Errorf("an endpoint of the sandbox itself is in the log: %+v", e)
		}
		switch {
		case e.Effect == "importSnapshot accepted" && e.Outcome == "accepted" && e.User != "":
			accepted++
		case e.Effect == "importSnapshot refused" && e.Outcome == "refused":
			refused++
		case e.Outcome == "unknown" && e.Status == 501:
			unknown++
		case e.Batch:
			inside++
		}
	}
	if accepted != 1 || refused != 1 || unknown != 1 || inside != 2 {
		t.Errorf("accepted %d, refused %d, unknown %d, inside a batch %d of %d", accepted, refused, unknown, inside, last)
	}
	page := read[struct{ Requests []reqlog.Entry }](t, c.do(200, "GET", fmt.Sprintf("/sandbox/requests?after=%d&limit=1", last-3), ""))
	if len(page.Requests) != 1 || page.Requests[0].N != last-2 {
		t.Errorf("a page: %+v", page)
	}
}

func TestNoSecretIsKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := inMemory(t, start(t, sandbox.Config{StateDir: dir}))
	c.migrate("anna")
	signed := sign(t, c.root, "disks/ben.vhd", c.clock())
	c.do(200, "HEAD", strings.TrimPrefix(signed, c.root), "")
	signature := strings.Split(strings.Split(signed, "sig=")[1], "&")[0]
	all := c.do(200, "GET", "/sandbox/requests", "").body + c.do(200, "GET", "/sandbox/state", "").body + everyFile(t, dir)
	for _, secret := range []string{"sig=", signature, "planted-token", "skoid"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q is kept", secret)
		}
	}
	if !bytes.Contains([]byte(all), []byte("importSnapshot accepted")) {
		t.Error("the check looked at nothing")
	}
}

func TestBadAdminRequests(t *testing.T) {
	t.Parallel()
	c := inMemory(t, start(t, sandbox.Config{}))
	for _, r := range []struct {
		status       int
		method, path string
		body, want   string
	}{
		{400, "POST", "/sandbox/clock", `{"advance":"soon"}`, "expected a duration such as 20m"},
		{400, "POST", "/sandbox/clock", `{"advance":"-5m"}`, "expected a duration such as 20m"},
		{400, "POST", "/sandbox/clock", `{"speed":5}`, "speed"},
		{400, "GET", "/sandbox/requests?after=x", ``, "after: expected a whole number"},
		{400, "POST", "/sandbox/faults", `{"kind":"explode"}`, "kind: expected one of drop-reply"},
		{400, "POST", "/sandbox/faults", `[{"kind":"reset"},{"kind":"reset","rate":3}]`, "rate: expected a share"},
		{400, "POST", "/sandbox/faults", `{"knd":"reset"}`, "knd"},
		{404, "GET", "/sandbox/nothing", ``, "no such sandbox endpoint: GET /sandbox/nothing"},
		{404, "DELETE", "/sandbox/clock", ``, "no such sandbox endpoint"},
	} {
		if got := c.do(r.status, r.method, r.path, r.body); !strings.Contains(got.body, r.want) {
			t.Errorf("%s %s %s: got %s, want %s", r.method, r.path, r.body, got.body, r.want)
		}
	}
}

// No web page steers a sandbox: not by a form or a script of another origin, not by a name that was made to lead to this machine.
func TestNoForeignPageSteers(t *testing.T) {
	t.Parallel()
	s := start(t, sandbox.Config{})
	for _, c := range []struct {
		host, header, value string
		want                int
	}{
		{"127.0.0.1:1", "", "", 200},
		{"localhost:1", "", "", 200},
		{"LOCALHOST", "", "", 200},
		{"[::1]:1", "", "", 200},
		{"127.0.0.1", "Origin", "http://127.0.0.1", 200},
		{"127.0.0.1:1", "Sec-Fetch-Site", "none", 200}, // typed by a person
		{"127.0.0.1:1", "Sec-Fetch-Site", "same-origin", 200},
		{"127.0.0.1:1", "Origin", "https://evil.example", 403},
		{"127.0.0.1:1", "Origin", "http://127.0.0.1:2", 403},
		{"127.0.0.1:1", "Origin", "null", 403},
		{"127.0.0.1:1", "Sec-Fetch-Site", "cross-site", 403},
		{"127.0.0.1:1", "Sec-Fetch-Site", "same-site", 403},
		{"evil.example:1", "", "", 403},
		{"evil.example", "Origin", "http://evil.example", 403},
		{"127.0.0.1.evil.example", "", "", 403},
		{"10.0.0.7:1", "", "", 403},
	} {
		for _, path := range []string{"/sandbox/clock", "/sandbox/faults", "/sandbox/requests", "/sandbox/state", "/v1.0/users", "/" + sandbox.Account + "/disks/anna.vhd"} {
			req, err := http.NewRequestWithContext(t.Context(), "GET", "http://127.0.0.1:1"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = c.host
			if c.header != "" {
				req.Header.Set(c.header, c.value)
			}
			req.Header.Set("Authorization", "Bearer x")
			req.Header.Set("Range", "bytes=0-9")
			resp, err := s.Transport().RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != c.want && (c.want != 200 || resp.StatusCode != 206) {
				t.Errorf("%s at %s with %s %s: %d, want %d", path, c.host, c.header, c.value, resp.StatusCode, c.want)
			}
		}
	}
}
