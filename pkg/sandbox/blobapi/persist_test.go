package blobapi_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/blobapi"
	"wave365/pkg/sandbox/scenario"
)

func TestStateSurvivesARestart(t *testing.T) {
	t.Parallel()
	disks := []scenario.Blob{{Path: "vhds/a.vhd", GiB: 127}, {Path: "vhds/b.vhd", GiB: 64}, {Path: "gone/c.vhd", GiB: 64}, {Path: "vhds/untouched.vhd", GiB: 64}}
	a := newAccount(t, disks...)
	page := bytes.Repeat([]byte{7}, 512)
	for _, step := range []struct {
		method, path string
		body         []byte
		headers      []string
	}{
		{"PUT", "/vhds/a.vhd?comp=lease", nil, []string{"x-ms-lease-action: acquire", "x-ms-lease-duration: 60"}},
		{"DELETE", "/vhds/b.vhd", nil, nil},
		{"DELETE", "/gone?restype=container", nil, nil},
		{"PUT", "/made?restype=container", nil, []string{"x-ms-meta-owner: alice"}},
		{"PUT", "/made/new.vhd", nil, []string{"x-ms-blob-type: PageBlob", "x-ms-blob-content-length: 1099511628288", "x-ms-meta-owner: alice"}},
		{"PUT", "/made/new.vhd?comp=page", page, []string{"x-ms-page-write: update", "x-ms-range: bytes=1099511627776-1099511628287"}},
		{"PUT", "/made/note.txt", []byte("hello"), []string{"x-ms-blob-type: BlockBlob", "Content-Type: text/plain"}},
		{"PUT", "/made/note.txt?comp=tier", nil, []string{"x-ms-access-tier: Archive"}},
	} {
		if w := a.do(step.method, step.path, step.body, step.headers...); w.Code >= 300 {
			t.Fatalf("%s %s: %d %s", step.method, step.path, w.Code, w.Body)
		}
	}
	saved, err := a.store.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(saved, []byte("untouched")) {
		t.Error("what nobody changed is kept")
	}
	b := newAccount(t, disks...)
	if err := b.store.Restore(saved); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/vhds/a.vhd", "/vhds/b.vhd", "/gone/c.vhd", "/made/new.vhd", "/made/note.txt", "/vhds/untouched.vhd"} {
		was, is := a.do("HEAD", path, nil), b.do("HEAD", path, nil)
		was.Header().Del("x-ms-request-id")
		is.Header().Del("x-ms-request-id")
		if was.Code != is.Code || !cmp.Equal(was.Header(), is.Header()) {
			t.Errorf("%s: %d %v, after the restart %d %v", path, was.Code, was.Header(), is.Code, is.Header())
		}
	}
	for _, path := range []string{"/vhds?restype=container&comp=list", "/made?restype=container&comp=list&include=metadata", "/?comp=list&include=metadata"} {
		if was, is := a.do("GET", path, nil).Body.String(), b.do("GET", path, nil).Body.String(); was != is {
			t.Errorf("%s:\n%s\nafter the restart\n%s", path, was, is)
		}
	}
	if got := b.do("GET", "/made/new.vhd", nil, "x-ms-range: bytes=1099511627776-1099511628287").Body.Bytes(); !bytes.Equal(got, page) {
		t.Error("what was written is lost")
	}
	again, err := b.store.Snapshot()
	if err != nil || !bytes.Equal(saved, again) {
		t.Errorf("the state changes by being restored: %v\n%s\n%s", err, saved, again)
	}
	// The lease goes on where it was.
	b.at(evening.Add(time.Minute))
	if got := b.do("HEAD", "/vhds/a.vhd", nil).Header().Get("x-ms-lease-state"); got != "expired" {
		t.Errorf("lease state = %q", got)
	}
	// New changes do not repeat ETags that were given before.
	tag := b.do("PUT", "/made/x.vhd", nil, "x-ms-blob-type: PageBlob", "x-ms-blob-content-length: 512").Header().Get("ETag")
	if bytes.Contains(saved, []byte(tag[1:len(tag)-1])) {
		t.Errorf("ETag %s was used before", tag)
	}
}

func TestRestoreRefusesNonsense(t *testing.T) {
	t.Parallel()
	s := blobapi.NewStore("", "")
	put(t, s, scenario.Blob{Path: "vhds/a.vhd", GiB: 1})
	if err := s.Restore([]byte("{")); !fault.Is(err, fault.Invalid) || s.Len() != 1 {
		t.Errorf("err = %v, %d blobs", err, s.Len())
	}
}
