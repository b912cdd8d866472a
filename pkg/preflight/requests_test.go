package preflight_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/generate"
)

// generated is a stage with a wave of so many good rows.
func generated(t testing.TB, rows int) (*stage, []byte) {
	t.Helper()
	csv, text, err := generate.Wave(rows, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	// Quotas are another test's matter.
	parsed, err := sandbox.ParseScenario("generated.yaml", bytes.Replace(text, []byte("knobs: {"), []byte("knobs: {writes_per_20s: -1, requests_per_20s: -1, "), 1))
	if err != nil {
		t.Fatal(err)
	}
	return stageOf(t, parsed), csv
}

// The tenant is asked in pages and batches; the storage account once per container, three times per disk and twice per guest state.
func TestCheck_requests(t *testing.T) {
	t.Parallel()
	const rows = 1000
	s, csv := generated(t, rows)
	if res := s.check(string(csv)); len(res.Findings) != 0 {
		t.Fatalf("%+v", res.Findings[0])
	}
	blobs := rows + bytes.Count(csv, []byte("-gueststate.vhd"))
	groups := 60 // departments at most: a page of members each
	if got, most := s.sent.n["graph"], 2*rows/20+groups+20; got > most {
		t.Errorf("%d requests to the tenant for %d rows; %d at most", got, rows, most)
	}
	t.Logf("%d rows, %d blobs: %v", rows, blobs, s.sent.n)
	delete(s.sent.n, "graph")
	delete(s.sent.n, "sandbox")
	if diff := cmp.Diff(map[string]int{"list": 1, "range": 2*blobs + rows}, s.sent.n); diff != "" {
		t.Errorf("requests to the storage account (-want +got):\n%s", diff)
	}
	seen := map[string]bool{}
	for _, r := range s.requests() {
		seen[r.Method] = true
		if r.Effect != "" || r.Method != "GET" && !strings.HasSuffix(r.Path, "$batch") {
			t.Fatalf("validation sent %+v", r)
		}
	}
	if !seen["POST"] {
		t.Error("the request log shows no batch: it is not the one that was asked")
	}
}

// Blobs that cannot be listed are asked one by one: those that bring a signature.
func TestCheck_requestsOfSigned(t *testing.T) {
	t.Parallel()
	sc := newScenario()
	person(sc, "ada")
	person(sc, "bob")
	s := newStage(t, sc)
	csv := head + ada + "," + signed(t, "disks/ada.vhd", "r", s.now.Add(1000*3600e9)) + ",P," + sku + "\n"
	if res := s.check(csv); len(res.Findings) != 0 {
		t.Fatalf("%+v", res.Findings)
	}
	delete(s.sent.n, "graph")
	delete(s.sent.n, "sandbox")
	if diff := cmp.Diff(map[string]int{"head": 1, "range": 3}, s.sent.n); diff != "" {
		t.Error(diff)
	}
}
