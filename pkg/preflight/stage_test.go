package preflight_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/google/go-cmp/cmp"

	"wave365/pkg/blob"
	"wave365/pkg/graph"
	"wave365/pkg/preflight"
	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/blobapi"
	"wave365/pkg/sandbox/reqlog"
	"wave365/pkg/sandbox/sandboxtest"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
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
// checkRows is [preflight.Check] without what is told of nearly every wave: TestCheck_told has that.
func checkRows(ctx context.Context, t preflight.Tenant, st preflight.Storage, in preflight.Input) (preflight.Result, error) {
	res, err := preflight.Check(ctx, t, st, in)
	res.Findings = slices.DeleteFunc(res.Findings, func(f wave.Finding) bool { return slices.Contains(told, f.Code) })
	return res, err
}

var told = []string{"network.not-the-source", "user.policy-after-import"}

// The network of each policy is told once, and so are the rows whose membership comes last, unless they are done.
func TestCheck_told(t *testing.T) {
	t.Parallel()
	sc := newScenario()
	for _, name := range []string{"ada", "bob", "cyd"} {
		person(sc, name, func(u *scenario.User, _ *scenario.Blob) {
			if name != "bob" {
				u.Licenses = []string{sku}
			}
		})
	}
	s := newStage(t, sc)
	ask := func(csv string) (out []string) {
		file, findings := reading.Read("stage", []byte(csv), wave.Options{})
		res, err := preflight.Check(t.Context(), s.graph, s.blobs, preflight.Input{File: file, Findings: findings, BlobRoot: blobRoot, Cloud: "sandbox", Slots: 20, Now: s.now})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range res.Findings {
			out = append(out, fmt.Sprintf("%s %s %d: %s", f.Severity, f.Code, f.Line, f.Message))
		}
		return out
	}
	network := "info network.not-the-source 0: the network of each policy: P: Microsoft-hosted, switzerlandnorth"
	last := "warning user.policy-after-import 0: disks are imported before their users join the policy's group; the documented order is the other one (lines 2, 4)"
	row := func(name, license string) string {
		return name + "@" + domain + ",disks/" + name + ".vhd,P," + license + "\n"
	}
	if diff := cmp.Diff([]string{network, last}, ask("user,blob,policy,license\n"+row("ada", "")+row("bob", sku)+row("cyd", ""))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{network}, ask("user,blob,policy,license\n"+row("bob", sku))); diff != "" {
		t.Errorf("license last (-want +got):\n%s", diff)
	}
}

func (s *stage) check(csv string, change ...func(*preflight.Input)) preflight.Result {
	s.t.Helper()
	file, findings := reading.Read("stage", []byte(csv), wave.Options{})
	if file == nil {
		return preflight.Result{Findings: findings}
	}
	in := preflight.Input{File: file, Findings: findings, BlobRoot: blobRoot, Cloud: "sandbox", Slots: 20, Now: s.now}
	for _, f := range change {
		f(&in)
	}
	res, err := checkRows(s.t.Context(), s.graph, s.blobs, in)
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
