package blob_test

import (
	"bytes"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	azb "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"
	"github.com/google/go-cmp/cmp"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
)

// exercise runs the whole suite, the reading side and the deletion of a blob: this project's client and the ordinary Azure client
// against the server. It never asks for a suffix range and copies nothing.
func exercise(t *testing.T, s server) {
	s.containers = new(atomic.Int64)
	for _, test := range []struct {
		name string
		run  func(*testing.T, server)
	}{
		{"Properties", properties},
		{"ReadGivesExactlyTheRange", exactReads},
		{"ReadBeyondTheEnd", readBeyond},
		{"MissingBlobAndContainer", missing},
		{"NamesSurvive", names},
		{"List", list},
		{"SignRead", signRead},
		{"WrongKey", wrongKey},
		{"RefusedSignatures", refusedSignatures},
		{"ContainerSAS", containerSignatures},
		{"Leased", leased},
		{"Conditions", conditions},
		{"ListingPages", listingPages},
		{"Delete", deletes},
		{"BlockBlob", blockBlob},
		{"Archive", archive},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, s)
		})
	}
}

// A disk as the default Windows image declares it.
const diskLength = 127<<30 + 512

func properties(t *testing.T, s server) {
	name := s.container()
	s.put(t, name, testBlob{Name: "a/os.vhd", Length: diskLength, Tail: pattern(512, 1)})
	r := ref(t, name+"/a/os.vhd", s.root)
	p, err := s.client(t).Properties(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if p.Length != diskLength || p.Type != blob.PageBlob || p.LeaseState != "available" || p.LeaseStatus != "unlocked" || p.CopyStatus != "" {
		t.Errorf("properties = %+v", p)
	}
	if len(p.ETag) < 3 || p.ETag[0] != '"' {
		t.Errorf("ETag %q", p.ETag)
	}
}

func exactReads(t *testing.T, s server) {
	name := s.container()
	head, tail := pattern(17408, 2), pattern(1024, 3)
	s.put(t, name, testBlob{Name: "os.vhd", Length: diskLength, Head: head, Tail: tail})
	r, client := ref(t, name+"/os.vhd", s.root), s.client(t)
	for _, tc := range []struct {
		name          string
		offset, count int64
		want          []byte
	}{
		{"Head", 0, 17408, head},
		{"Tail", diskLength - 1024, 1024, tail},
		{"LastByte", diskLength - 1, 1, tail[1023:]},
		{"Unaligned", 511, 3, head[511:514]},
		{"NeverWritten", 64 << 30, 4096, make([]byte, 4096)},
		{"AcrossTheEdge", 17408 - 100, 200, append(slices.Clone(head[17308:]), make([]byte, 100)...)},
		{"Nothing", 5, 0, nil},
	} {
		got, err := client.Read(t.Context(), r, tc.offset, tc.count)
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
		} else if !bytes.Equal(got, tc.want) {
			t.Errorf("%s: other bytes than were written", tc.name)
		}
	}
}

func readBeyond(t *testing.T, s server) {
	name := s.container()
	s.put(t, name, testBlob{Name: "os.vhd", Length: 1 << 20})
	client := s.client(t)
	for _, at := range []int64{1 << 20, 1<<20 + 512, 1<<20 - 100} {
		got, err := client.Read(t.Context(), ref(t, name+"/os.vhd", s.root), at, 200)
		if !fault.Is(err, fault.Conflict) || got != nil {
			t.Errorf("read at %d: %d bytes, %v; want a conflict", at, len(got), err)
		}
	}
}

func missing(t *testing.T, s server) {
	name := s.container()
	s.put(t, name, testBlob{Name: "another.vhd", Length: 512})
	client := s.client(t)
	for path, code := range map[string]string{name + "/none.vhd": "BlobNotFound", "nosuchcontainer/none.vhd": "ContainerNotFound"} {
		_, err := client.Properties(t.Context(), ref(t, path, s.root))
		wantFault(t, err, fault.NotFound, "blob.not-found")
		_, err = client.Read(t.Context(), ref(t, path, s.root), 0, 1)
		f := wantFault(t, err, fault.NotFound, "blob.not-found")
		if f.Remote == nil || f.Remote.Code != code || f.Remote.Status != 404 || f.Remote.RequestID == "" || f.Remote.ClientRequestID == "" {
			t.Errorf("%s: remote = %+v, want code %s and both request ids", path, f.Remote, code)
		}
	}
	_, err := client.List(t.Context(), "nosuchcontainer", "")
	wantFault(t, err, fault.NotFound, "blob.not-found")
}

func names(t *testing.T, s server) {
	container := s.container()
	client := s.client(t)
	for _, name := range []string{"a b.vhd", "50% off.vhd", "ümläut/日本.vhd", "q?x=1&y.vhd", "hash#1.vhd", "a+b.vhd", "deep/er/and/deeper.vhd", "it's (1).vhd", "a%20b.vhd"} {
		s.put(t, container, testBlob{Name: name, Length: 1024, Head: pattern(512, 5)})
		r := bloburl.Ref{Root: s.root, Container: container, Name: name}
		again, err := bloburl.Parse(r.URL(), s.root)
		if err != nil || again != r {
			t.Errorf("%s: its URL reads as %v, %v", name, again, err)
		}
		if _, err := client.Properties(t.Context(), again); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		signed, err := client.SignRead(t.Context(), r, time.Time{}, time.Now().Add(time.Hour))
		if err != nil {
			t.Errorf("%s: sign: %v", name, err)
			continue
		}
		if _, err := client.Read(t.Context(), ref(t, signed, s.root), 0, 512); err != nil {
			t.Errorf("%s: read with its SAS: %v", name, err)
		}
		items, err := client.List(t.Context(), container, name)
		if err != nil || len(items) != 1 || items[0].Name != name {
			t.Errorf("%s: listed as %+v, %v", name, items, err)
		}
	}
}

func list(t *testing.T, s server) {
	name := s.container()
	want := map[string]int64{"w1/a.vhd": 64<<30 + 512, "w1/b.vhd": 1024, "w2/c.vhd": 1 << 40}
	for n, length := range want {
		s.put(t, name, testBlob{Name: n, Length: length})
	}
	client := s.client(t)
	items, err := client.List(t.Context(), name, "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, i := range items {
		got[i.Name] = i.Length
		p, err := client.Properties(t.Context(), ref(t, name+"/"+i.Name, s.root))
		if err != nil {
			t.Fatal(err)
		}
		// The listing tells what a look at the blob tells, as far as both tell it.
		p.Tier, i.Tier = "", ""
		if diff := cmp.Diff(p, i.Properties); diff != "" {
			t.Errorf("%s: properties against listing:\n%s", i.Name, diff)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
	if items, err = client.List(t.Context(), name, "w2/"); err != nil || len(items) != 1 || items[0].Name != "w2/c.vhd" {
		t.Errorf("with prefix: %+v, %v", items, err)
	}
}

func signRead(t *testing.T, s server) {
	name := s.container()
	s.put(t, name, testBlob{Name: "os.vhd", Length: diskLength, Head: pattern(512, 7)})
	client := s.client(t)
	expiry := time.Now().Add(48 * time.Hour)
	signed, err := client.SignRead(t.Context(), ref(t, name+"/os.vhd", s.root), time.Time{}, expiry)
	if err != nil {
		t.Fatal(err)
	}
	r := ref(t, signed, s.root)
	if sas := r.SAS(); sas.Permissions != "r" || sas.Resource != "b" || sas.Excess() != "" || time.Until(sas.Start) > -14*time.Minute || sas.Expiry.Sub(expiry).Abs() > time.Second {
		t.Errorf("signature = %+v", *sas)
	}
	if p, err := client.Properties(t.Context(), r); err != nil || p.Length != diskLength {
		t.Errorf("properties by SAS = %+v, %v", p, err)
	}
	if got, err := client.Read(t.Context(), r, 0, 512); err != nil || !bytes.Equal(got, pattern(512, 7)) {
		t.Errorf("read by SAS: %v", err)
	}
	b, err := pageblob.NewClientWithNoCredential(signed, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Delete(t.Context(), nil)
	wantCode(t, err, bloberror.AuthorizationPermissionMismatch, 403)
	if again, err := client.SignRead(t.Context(), r, time.Time{}, expiry); err != nil || again != signed {
		t.Error("a signature that came with the reference was not used as it is")
	}
}

func wrongKey(t *testing.T, s server) {
	name := s.container()
	s.put(t, name, testBlob{Name: "os.vhd", Length: 1024})
	other := s.clientWith(t, "d3Jvbmcga2V5IHdyb25nIGtleQ==")
	_, err := other.Properties(t.Context(), ref(t, name+"/os.vhd", s.root))
	wantFault(t, err, fault.Denied, "blob.forbidden")
	_, err = other.List(t.Context(), name, "")
	wantFault(t, err, fault.Denied, "blob.forbidden")
}

func refusedSignatures(t *testing.T, s server) {
	name := s.container()
	s.put(t, name, testBlob{Name: "os.vhd", Length: 1024})
	s.put(t, name, testBlob{Name: "other.vhd", Length: 1024})
	c := s.azure(t).NewContainerClient(name)
	signer := c.NewBlobClient("os.vhd")
	sign := func(perms string, from, to time.Duration) string {
		return signBlob(t, name, "os.vhd", perms, time.Now().Add(from), time.Now().Add(to))
	}
	good := sign("r", -time.Hour, time.Hour)
	forged := forge(t, good)
	for _, tc := range []struct {
		name, url, code string
	}{
		{"Expired", signer.URL() + "?" + sign("r", -2*time.Hour, -time.Hour), "sas.expired"},
		{"NotYetValid", signer.URL() + "?" + sign("r", time.Hour, 2*time.Hour), "sas.not-yet-valid"},
		{"WriteOnly", signer.URL() + "?" + sign("w", -time.Hour, time.Hour), "sas.no-read"},
		{"AnotherBlobs", c.NewBlobClient("other.vhd").URL() + "?" + good, "blob.forbidden"},
		{"Forged", signer.URL() + "?" + forged, "blob.forbidden"},
	} {
		client := s.client(t)
		r := ref(t, tc.url, s.root)
		_, headErr := client.Properties(t.Context(), r)
		_, readErr := client.Read(t.Context(), r, 0, 512)
		for _, err := range []error{headErr, readErr} {
			f := wantFault(t, err, fault.Denied, tc.code)
			noQuery(t, tc.name, f, r)
		}
	}
}

func containerSignatures(t *testing.T, s server) {
	name := s.container()
	s.put(t, name, testBlob{Name: "os.vhd", Length: 1024, Head: pattern(512, 9)})
	c := s.azure(t).NewContainerClient(name)
	query := signBlob(t, name, "", "rl", time.Time{}, time.Now().Add(time.Hour))
	if got, err := s.client(t).Read(t.Context(), ref(t, c.NewBlobClient("os.vhd").URL()+"?"+query, s.root), 0, 512); err != nil || !bytes.Equal(got, pattern(512, 9)) {
		t.Errorf("read: %v", err)
	}
	lister, err := container.NewClientWithNoCredential(c.URL()+"?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if page, err := lister.NewListBlobsFlatPager(nil).NextPage(t.Context()); err != nil || len(page.Segment.BlobItems) != 1 {
		t.Errorf("list: %v", err)
	}
	_, err = lister.NewBlobClient("os.vhd").Delete(t.Context(), nil)
	wantCode(t, err, bloberror.AuthorizationPermissionMismatch, 403)
}

func leased(t *testing.T, s server) {
	name := s.container()
	s.put(t, name, testBlob{Name: "os.vhd", Length: 4096, Head: pattern(512, 8), Leased: true})
	_, err := s.azure(t).NewContainerClient(name).NewBlobClient("os.vhd").Delete(t.Context(), nil)
	wantCode(t, err, bloberror.LeaseIDMissing, 412)
	client, r := s.client(t), ref(t, name+"/os.vhd", s.root)
	if p, err := client.Properties(t.Context(), r); err != nil || p.LeaseState != "leased" || p.LeaseStatus != "locked" {
		t.Errorf("properties = %+v, %v", p, err)
	}
	if items, err := client.List(t.Context(), name, ""); err != nil || len(items) != 1 || items[0].LeaseState != "leased" || items[0].LeaseStatus != "locked" {
		t.Errorf("listing = %+v, %v", items, err)
	}
	if got, err := client.Read(t.Context(), r, 0, 512); err != nil || !bytes.Equal(got, pattern(512, 8)) {
		t.Errorf("reads need no lease: %v", err)
	}
}

func conditions(t *testing.T, s server) {
	name := s.container()
	s.put(t, name, testBlob{Name: "os.vhd", Length: 4096})
	b := s.azure(t).NewContainerClient(name).NewBlobClient("os.vhd")
	p, err := b.GetProperties(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.GetProperties(t.Context(), &azb.GetPropertiesOptions{AccessConditions: ifMatch(*p.ETag)}); err != nil {
		t.Errorf("the same ETag: %v", err)
	}
	other := ifMatch(`"0x8DC0000000000"`)
	_, err = b.GetProperties(t.Context(), &azb.GetPropertiesOptions{AccessConditions: other})
	wantCode(t, err, bloberror.ConditionNotMet, 412)
	_, err = b.DownloadStream(t.Context(), &azb.DownloadStreamOptions{AccessConditions: other})
	wantCode(t, err, bloberror.ConditionNotMet, 412)
}

func listingPages(t *testing.T, s server) {
	name := s.container()
	for i := range 5 {
		s.put(t, name, testBlob{Name: fmt.Sprintf("d%d/os.vhd", i/2), Length: 512})
		s.put(t, name, testBlob{Name: fmt.Sprintf("d%d/x%d.vhd", i/2, i), Length: 512})
	}
	c := s.azure(t).NewContainerClient(name)
	var sizes []int
	var got []string
	three := int32(3)
	for pages := c.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{MaxResults: &three}); pages.More(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page.Segment.BlobItems))
		for _, b := range page.Segment.BlobItems {
			got = append(got, *b.Name)
		}
	}
	want := []string{"d0/os.vhd", "d0/x0.vhd", "d0/x1.vhd", "d1/os.vhd", "d1/x2.vhd", "d1/x3.vhd", "d2/os.vhd", "d2/x4.vhd"}
	if diff := cmp.Diff(want, got); diff != "" || !slices.Equal(sizes, []int{3, 3, 2}) {
		t.Errorf("pages of %v (-want +got):\n%s", sizes, diff)
	}
}

// deletes: the version that was looked at goes, another one stays.
func deletes(t *testing.T, s server) {
	name := s.container()
	s.put(t, name, testBlob{Name: "os.vhd", Length: 512})
	b := s.azure(t).NewContainerClient(name).NewBlobClient("os.vhd")
	p, err := b.GetProperties(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Delete(t.Context(), &azb.DeleteOptions{AccessConditions: ifMatch(`"0x8DC0000000000"`)})
	wantCode(t, err, bloberror.ConditionNotMet, 412)
	if _, err := b.Delete(t.Context(), &azb.DeleteOptions{AccessConditions: ifMatch(*p.ETag)}); err != nil {
		t.Errorf("delete: %v", err)
	}
	_, err = b.GetProperties(t.Context(), nil)
	wantCode(t, err, bloberror.BlobNotFound, 404)
	_, err = b.Delete(t.Context(), nil)
	wantCode(t, err, bloberror.BlobNotFound, 404)
}

func blockBlob(t *testing.T, s server) {
	name := s.container()
	s.put(t, name, testBlob{Name: "notes.txt", Length: 14, Head: []byte("no disk at all"), Block: true})
	r, client := ref(t, name+"/notes.txt", s.root), s.client(t)
	if p, err := client.Properties(t.Context(), r); err != nil || p.Type != blob.BlockBlob || p.Length != 14 {
		t.Errorf("properties = %+v, %v", p, err)
	}
	if got, err := client.Read(t.Context(), r, 3, 4); err != nil || string(got) != "disk" {
		t.Errorf("read %q, %v", got, err)
	}
	whole := make([]byte, 14)
	b := s.azure(t).NewContainerClient(name).NewBlobClient("notes.txt")
	if _, err := b.DownloadBuffer(t.Context(), whole, nil); err != nil || string(whole) != "no disk at all" {
		t.Errorf("download %q, %v", whole, err)
	}
}

func archive(t *testing.T, s server) {
	name := s.container()
	s.put(t, name, testBlob{Name: "old.vhd", Length: 512, Head: pattern(512, 1), Block: true, Archived: true})
	r, client := ref(t, name+"/old.vhd", s.root), s.client(t)
	if p, err := client.Properties(t.Context(), r); err != nil || p.Tier != "Archive" {
		t.Errorf("properties = %+v, %v", p, err)
	}
	_, err := client.Read(t.Context(), r, 0, 512)
	wantFault(t, err, fault.Conflict, "blob.archived")
}
