// Package sandboxtest is for tests: a sandbox tenant in memory with the program's own clients. No product code may import
// it.
package sandboxtest

import (
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"

	"wave365/pkg/blob"
	"wave365/pkg/cloud"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/graph"
	"wave365/pkg/ledger"
	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/reqlog"
	"wave365/pkg/sandbox/scenario"
)

// The tenant's addresses.
const (
	Root     = "http://127.0.0.1"
	BlobRoot = Root + "/" + sandbox.Account
)

// Stage is the tenant and the clients. In a synctest bubble all of it runs in virtual time.
type Stage struct {
	Sandbox *sandbox.Sandbox
	// HTTP reaches the tenant as the clients do; Wire is its transport.
	HTTP  *http.Client
	Wire  http.RoundTripper
	Graph *graph.Client
	Blobs *blob.Client

	t testing.TB
}

// New returns a stage that is closed when the test, or its bubble, ends. between, when not nil, wraps the transport between the
// clients and the tenant.
func New(t testing.TB, sc *scenario.Scenario, between func(http.RoundTripper) http.RoundTripper) *Stage {
	t.Helper()
	s := &Stage{t: t}
	var err error
	if s.Sandbox, err = sandbox.New(sandbox.Config{Scenario: sc}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Sandbox.Close(); err != nil {
			t.Error(err)
		}
	})
	if s.Wire = s.Sandbox.Transport(); between != nil {
		s.Wire = between(s.Wire)
	}
	s.HTTP = &http.Client{Transport: s.Wire}
	if s.Graph, s.Blobs, err = Clients(s.Wire, Root, BlobRoot); err != nil {
		t.Fatal(err)
	}
	return s
}

// Checked returns a scenario as it would be when loaded from a file: checked, and with defaults filled in.
func Checked(t testing.TB, sc *scenario.Scenario) *scenario.Scenario {
	t.Helper()
	text, err := yaml.Marshal(sc)
	if err != nil {
		t.Fatal(err)
	}
	return Parse(t, string(text))
}

// Parse parses a scenario in YAML.
func Parse(t testing.TB, text string) *scenario.Scenario {
	t.Helper()
	sc, err := sandbox.ParseScenario("stage.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// Clients returns those of the program, over a transport, for a service at root with a storage account at blobRoot.
func Clients(wire http.RoundTripper, root, blobRoot string) (*graph.Client, *blob.Client, error) {
	web := &http.Client{Transport: wire}
	calls, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "graph", Root: root, Credential: signin.SandboxCredential(), Transport: web})
	if err != nil {
		return nil, nil, err
	}
	files, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "blob", Root: root, Transport: web})
	if err != nil {
		return nil, nil, err
	}
	blobs, err := blob.New(blob.Config{Root: blobRoot, Pipeline: files, SharedKey: sandbox.AccountKey})
	return graph.New(calls, root, graph.Options{}), blobs, err
}

// Ledger returns a new ledger in a folder of the test. The caller closes it.
func (s *Stage) Ledger() (l *ledger.Ledger, path string) {
	s.t.Helper()
	path = filepath.Join(s.t.TempDir(), "ledger.db")
	l, err := ledger.Open(s.t.Context(), path, ledger.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
	return l, path
}

// Get reads one of the sandbox's own endpoints into into.
func (s *Stage) Get(path string, into any) {
	s.t.Helper()
	resp, err := s.HTTP.Get(Root + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
		s.t.Fatal(err)
	}
}

// Requests returns the tenant's own log.
func (s *Stage) Requests() []reqlog.Entry {
	s.t.Helper()
	var doc struct{ Requests []reqlog.Entry }
	s.Get("/sandbox/requests", &doc)
	return doc.Requests
}
