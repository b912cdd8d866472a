package graph_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/cloud"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/graph"
)

const (
	root    = "https://graph.example.test"
	userID  = "11111111-1111-4111-8111-111111111111"
	groupID = "22222222-2222-4222-8222-222222222222"
	snapID  = "33333333-3333-4333-8333-333333333333"
	otherID = "44444444-4444-4444-8444-444444444444"
	skuID   = "55555555-5555-4555-8555-555555555555"
	sasURL  = "https://acct.blob.core.windows.net/c/os.vhd?sv=2024-05-04&sr=b&sig=cGxhbnRlZC1zaWduYXR1cmUtMDEyMw%3D%3D"
	planted = "cGxhbnRlZC1zaWduYXR1cmUtMDEyMw"
)

// exchange is one request that must come, and the answer to it.
type exchange struct {
	// want is "METHOD path?query"; VE/ stands for the virtual endpoint's path in beta.
	want string
	// body, when not empty, is the JSON that must be sent.
	body string
	// headers must be sent; an empty value means that the header must not be there.
	headers map[string]string
	// status and reply are the answer; status 0 is 200. answer headers are pairs.
	status int
	reply  string
	answer []string
	err    error
}

// request is one that came.
type request struct {
	at     time.Time
	method string
	uri    string
	header http.Header
	body   []byte
}

// tape plays exchanges in order. It fails the test on a request that is not next, and on one that never came.
type tape struct {
	t    *testing.T
	mu   sync.Mutex
	left []exchange
	came []request
}

func (tp *tape) Do(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		body, _ = io.ReadAll(r.Body)
	}
	tp.mu.Lock()
	defer tp.mu.Unlock()
	got := request{time.Now(), r.Method, r.URL.RequestURI(), r.Header.Clone(), body}
	tp.came = append(tp.came, got)
	if len(tp.left) == 0 {
		tp.t.Errorf("unexpected %s %s %s", got.method, got.uri, body)
		return respond(500, `{"error":{"code":"unexpected","message":"the tape is at its end"}}`)
	}
	ex := tp.left[0]
	tp.left = tp.left[1:]
	want := strings.Replace(ex.want, " VE/", " /beta/deviceManagement/virtualEndpoint/", 1)
	if line := got.method + " " + got.uri; line != want {
		tp.t.Errorf("got  %s\nwant %s", line, want)
	}
	if ex.body != "" {
		if d := cmp.Diff(parsed(tp.t, []byte(ex.body)), parsed(tp.t, body)); d != "" {
			tp.t.Errorf("%s: body (-want +got)\n%s", want, d)
		}
	}
	for k, v := range ex.headers {
		if g := got.header.Get(k); g != v {
			tp.t.Errorf("%s: header %s is %q, want %q", want, k, g, v)
		}
	}
	if ex.err != nil {
		return nil, ex.err
	}
	if ex.status == 0 {
		ex.status = 200
	}
	return respond(ex.status, ex.reply, ex.answer...)
}

func parsed(t *testing.T, b []byte) any {
	t.Helper()
	var v any
	if len(bytes.TrimSpace(b)) == 0 {
		return nil
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Errorf("%s is not JSON: %v", b, err)
	}
	return v
}

func respond(status int, body string, header ...string) (*http.Response, error) {
	h := http.Header{"Request-Id": {"service-request-id"}}
	for i := 0; i < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
}

// play gives a client that must send exactly these requests.
func play(t *testing.T, exchanges ...exchange) (*graph.Client, *tape) {
	t.Helper()
	tp := &tape{t: t, left: exchanges}
	t.Cleanup(func() {
		for _, ex := range tp.left {
			t.Errorf("never came: %s", ex.want)
		}
	})
	return newClient(t, tp, graph.Options{}), tp
}

type transporter interface {
	Do(*http.Request) (*http.Response, error)
}

func newClient(t *testing.T, tr transporter, o graph.Options) *graph.Client {
	t.Helper()
	p, err := cloud.NewPipeline(cloud.PipelineConfig{Service: "graph", Root: root, Credential: signin.SandboxCredential(), Transport: tr, Clock: o.Clock})
	if err != nil {
		t.Fatal(err)
	}
	return graph.New(p, root, o)
}

// errorBody is an error as Graph writes it.
func errorBody(code, message string) string {
	b, _ := json.Marshal(map[string]any{"error": map[string]any{"code": code, "message": message,
		"innerError": map[string]string{"request-id": "inner-request-id", "client-request-id": "inner-client-id", "date": "2026-08-05T12:00:00"}}})
	return string(b)
}

var disk = []graph.SourceFile{{SASURL: sasURL}}

var stored = []graph.SourceFile{{StorageAccountID: "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/acct", Container: "c", Name: "os.vhd"}}

const postImport = "POST VE/snapshots/importSnapshot"

func result(fields string) string {
	return `{"snapshotId":"` + snapID + `",` + fields + `}`
}

func singular(id string) string {
	return "GET VE/snapshots/retrieveSnapshotImportResult(snapshotId='" + id + "')"
}
func plural(id string) string {
	return "GET VE/snapshots/retrieveSnapshotImportResults(snapshotId='" + id + "')"
}

// endless always points to one page more.
type endless struct{ n int }

func (e *endless) Do(*http.Request) (*http.Response, error) {
	e.n++
	return respond(200, `{"value":[],"@odata.nextLink":"`+root+`/beta/x?$skiptoken=`+strings.Repeat("x", e.n)+`"}`)
}
