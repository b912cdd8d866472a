package preflight_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"

	"wave365/pkg/blob"
	"wave365/pkg/graph"
	"wave365/pkg/preflight"
	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/blobapi"
	"wave365/pkg/sandbox/reqlog"
	"wave365/pkg/sandbox/sandboxtest"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/wave"
)

const (
	root     = "http://127.0.0.1"
	blobRoot = root + "/" + blobapi.DevelopmentAccount
	tenantID = "11111111-2222-3333-4444-555555555555"
	domain   = "contoso.example"
	sku      = "CPC_E_2C_8GB_128GB"
)

// stage is a sandbox tenant behind an in-memory transport, and the real clients.
type stage struct {
	*sandboxtest.Stage
	t     testing.TB
	http  *http.Client
	graph *graph.Client
	blobs *blob.Client
	now   time.Time
	sent  *counter
}

// counter counts requests on their way.
type counter struct {
	next http.RoundTripper
	mu   sync.Mutex
	n    map[string]int
}

// RoundTrip implements [http.RoundTripper].
func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	kind := "graph"
	switch {
	case strings.Contains(r.URL.Path, "/sandbox/"):
		kind = "sandbox"
	case !strings.HasPrefix(r.URL.Path, "/"+blobapi.DevelopmentAccount):
	case r.Method == http.MethodHead:
		kind = "head"
	case r.URL.Query().Get("comp") == "list":
		kind = "list"
	case ranged(r.Header):
		kind = "range"
	default:
		kind = "blob"
	}
	c.mu.Lock()
	c.n[kind]++
	c.mu.Unlock()
	return c.next.RoundTrip(r)
}

// ranged reports a read of a part. The storage client does not spell header names as Go does.
func ranged(h http.Header) bool {
	for name := range h {
		if strings.EqualFold(name, "x-ms-range") {
			return true
		}
	}
	return false
}

// newScenario is a tenant with one license, one group and one policy "P".
func newScenario() *scenario.Scenario {
	return &scenario.Scenario{
		Version: 1, Name: "stage", Seed: 1,
		Tenant:   scenario.Tenant{ID: tenantID, Name: "Contoso", Domain: domain},
		Licenses: []scenario.License{{SKU: sku, Seats: 1000}},
		Groups:   []scenario.Group{{Name: "grp-p"}},
		Policies: []scenario.Policy{{Name: "P", Groups: []string{"grp-p"}}},
	}
}

// person adds a user with a disk of 64 GiB, disks/NAME.vhd.
func person(sc *scenario.Scenario, name string, change ...func(*scenario.User, *scenario.Blob)) {
	u, b := scenario.User{UPN: name}, scenario.Blob{Path: "disks/" + name + ".vhd", GiB: 64}
	for _, f := range change {
		f(&u, &b)
	}
	sc.Users, sc.Blobs = append(sc.Users, u), append(sc.Blobs, b)
}

func newStage(t testing.TB, sc *scenario.Scenario) *stage {
	t.Helper()
	return stageOf(t, sandboxtest.Checked(t, sc))
}

func stageOf(t testing.TB, parsed *sandbox.Scenario) *stage {
	t.Helper()
	s := &stage{t: t, sent: &counter{n: map[string]int{}}}
	s.Stage = sandboxtest.New(t, parsed, func(tenant http.RoundTripper) http.RoundTripper { s.sent.next = tenant; return s.sent })
	s.http, s.graph, s.blobs = s.HTTP, s.Graph, s.Blobs
	var clock struct{ Now time.Time }
	s.Get("/sandbox/clock", &clock)
	s.now = clock.Now
	return s
}

// clients are those of the program.
func clients(t testing.TB, via *http.Client, root, blobRoot string) (*graph.Client, *blob.Client) {
	t.Helper()
	g, b, err := sandboxtest.Clients(via.Transport, root, blobRoot)
	if err != nil {
		t.Fatal(err)
	}
	return g, b
}

// requests is the tenant's own log.
func (s *stage) requests() []reqlog.Entry { return s.Requests() }

// check validates a wave against the stage.
func (s *stage) check(csv string, change ...func(*preflight.Input)) preflight.Result {
	s.t.Helper()
	file, findings := wave.Read("stage", []byte(csv), wave.Options{})
	if file == nil {
		return preflight.Result{Findings: findings}
	}
	in := preflight.Input{File: file, Findings: findings, BlobRoot: blobRoot, Cloud: "sandbox", Slots: 20, Now: s.now}
	for _, f := range change {
		f(&in)
	}
	res, err := preflight.Check(s.t.Context(), s.graph, s.blobs, in)
	if err != nil {
		s.t.Fatalf("%+v", err)
	}
	return res
}

// signed is a URL of the account's with a signature that allows rights until an end.
func signed(t testing.TB, path, rights string, end time.Time) string {
	t.Helper()
	container, name, _ := strings.Cut(path, "/")
	cred, err := service.NewSharedKeyCredential(blobapi.DevelopmentAccount, blobapi.DevelopmentKey)
	if err != nil {
		t.Fatal(err)
	}
	query, err := sas.BlobSignatureValues{
		Protocol: sas.ProtocolHTTPSandHTTP, ExpiryTime: end.UTC(), Permissions: rights, ContainerName: container, BlobName: name,
	}.SignWithSharedKey(cred)
	if err != nil {
		t.Fatal(err)
	}
	return blobRoot + "/" + path + "?" + query.Encode()
}

// brief is a finding in one line: severity unless error, line, code.
func brief(findings []wave.Finding) []string {
	var out []string
	for _, f := range findings {
		text := fmt.Sprintf("%d %s", f.Line, f.Code)
		if f.Severity != wave.Error {
			text += " " + string(f.Severity[:1])
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}
