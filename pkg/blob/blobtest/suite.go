package blobtest

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	azb "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/google/go-cmp/cmp"

	"wave365/pkg/blob"
	"wave365/pkg/fault"
)

// Exercise runs the whole suite: this project's client and the ordinary Azure client against the server. It never asks
// for a suffix range and copies nothing.
func Exercise(t *testing.T, s Server) {
	s.containers = new(atomic.Int64)
	for _, test := range []struct {
		name string
		run  func(*testing.T, Server)
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
		{"ContainerAndAccountSAS", broadSignatures},
		{"PageRanges", pageRanges},
		{"PagesAreWhole", wholePages},
		{"Leases", leases},
		{"LeaseEnds", leaseEnds},
		{"Conditions", conditions},
		{"ListingPages", listingPages},
		{"ExplorerCalls", explorer},
		{"Containers", containers},
		{"BlockBlob", blockBlob},
		{"Archive", archive},
		{"Metadata", metadata},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, s)
		})
	}
}

// A disk as the default Windows image declares it.
const diskLength = 127<<30 + 512

func properties(t *testing.T, s Server) {
	c, name := s.container(t)
	disk(t, c, "a/os.vhd", diskLength, nil, pattern(512, 1))
	r := ref(t, name+"/a/os.vhd", s.Root)
	p, err := s.client(t).Properties(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if p.Length != diskLength || p.Type != blob.PageBlob || p.LeaseState != "available" || p.LeaseStatus != "unlocked" || p.CopyStatus != "" {
		t.Errorf("properties = %+v", p)
	}
	if len(p.ETag) < 3 || p.ETag[0] != '"' || p.LastModified.IsZero() {
		t.Errorf("ETag %q, last modified %v", p.ETag, p.LastModified)
	}
}

func exactReads(t *testing.T, s Server) {
	c, name := s.container(t)
	head, tail := pattern(17408, 2), pattern(1024, 3)
	disk(t, c, "os.vhd", diskLength, head, tail)
	r, client := ref(t, name+"/os.vhd", s.Root), s.client(t)
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

func readBeyond(t *testing.T, s Server) {
	c, name := s.container(t)
	disk(t, c, "os.vhd", 1<<20, nil, nil)
	client := s.client(t)
	for _, at := range []int64{1 << 20, 1<<20 + 512, 1<<20 - 100} {
		got, err := client.Read(t.Context(), ref(t, name+"/os.vhd", s.Root), at, 200)
		if !fault.Is(err, fault.Conflict) || got != nil {
			t.Errorf("read at %d: %d bytes, %v; want a conflict", at, len(got), err)
		}
	}
}

func missing(t *testing.T, s Server) {
	_, name := s.container(t)
	client := s.client(t)
	for path, code := range map[string]string{name + "/none.vhd": "BlobNotFound", "nosuchcontainer/none.vhd": "ContainerNotFound"} {
		_, err := client.Properties(t.Context(), ref(t, path, s.Root))
		wantFault(t, err, fault.NotFound, "blob.not-found")
		_, err = client.Read(t.Context(), ref(t, path, s.Root), 0, 1)
		f := wantFault(t, err, fault.NotFound, "blob.not-found")
		if f.Remote == nil || f.Remote.Code != code || f.Remote.Status != 404 || f.Remote.RequestID == "" || f.Remote.ClientRequestID == "" {
			t.Errorf("%s: remote = %+v, want code %s and both request ids", path, f.Remote, code)
		}
	}
	_, err := client.List(t.Context(), "nosuchcontainer", "")
	wantFault(t, err, fault.NotFound, "blob.not-found")
}

func names(t *testing.T, s Server) {
	c, container := s.container(t)
	client := s.client(t)
	for _, name := range []string{"a b.vhd", "50% off.vhd", "ümläut/日本.vhd", "q?x=1&y.vhd", "hash#1.vhd", "a+b.vhd", "deep/er/and/deeper.vhd", "it's (1).vhd", "a%20b.vhd"} {
		disk(t, c, name, 1024, pattern(512, 5), nil)
		r := blob.Ref{Root: s.Root, Container: container, Name: name}
		again, err := blob.ParseRef(r.URL(), s.Root)
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
		if _, err := client.Read(t.Context(), ref(t, signed, s.Root), 0, 512); err != nil {
			t.Errorf("%s: read with its SAS: %v", name, err)
		}
		items, err := client.List(t.Context(), container, name)
		if err != nil || len(items) != 1 || items[0].Name != name {
			t.Errorf("%s: listed as %+v, %v", name, items, err)
		}
	}
}

func list(t *testing.T, s Server) {
	c, name := s.container(t)
	want := map[string]int64{"w1/a.vhd": 64<<30 + 512, "w1/b.vhd": 1024, "w2/c.vhd": 1 << 40}
	for n, length := range want {
		disk(t, c, n, length, nil, nil)
	}
	client := s.client(t)
	items, err := client.List(t.Context(), name, "")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, i := range items {
		got[i.Name] = i.Length
		p, err := client.Properties(t.Context(), ref(t, name+"/"+i.Name, s.Root))
		if err != nil {
			t.Fatal(err)
		}
		// The listing tells what a look at the blob tells, as far as both tell it.
		p.Tier, i.Tier, p.ContentMD5, i.ContentMD5 = "", "", nil, nil
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

func signRead(t *testing.T, s Server) {
	c, name := s.container(t)
	disk(t, c, "os.vhd", diskLength, pattern(512, 7), nil)
	client := s.client(t)
	expiry := time.Now().Add(48 * time.Hour)
	signed, err := client.SignRead(t.Context(), ref(t, name+"/os.vhd", s.Root), time.Time{}, expiry)
	if err != nil {
		t.Fatal(err)
	}
	r := ref(t, signed, s.Root)
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
	_, err = b.UploadPages(t.Context(), body(pattern(512, 1)), pageblobRange(0, 512), nil)
	wantCode(t, err, bloberror.AuthorizationPermissionMismatch, 403)
	_, err = b.Delete(t.Context(), nil)
	wantCode(t, err, bloberror.AuthorizationPermissionMismatch, 403)
	if again, err := client.SignRead(t.Context(), r, time.Time{}, expiry); err != nil || again != signed {
		t.Error("a signature that came with the reference was not used as it is")
	}
}

func wrongKey(t *testing.T, s Server) {
	c, name := s.container(t)
	disk(t, c, "os.vhd", 1024, nil, nil)
	other := s.clientWith(t, "d3Jvbmcga2V5IHdyb25nIGtleQ==", nil)
	_, err := other.Properties(t.Context(), ref(t, name+"/os.vhd", s.Root))
	wantFault(t, err, fault.Denied, "blob.forbidden")
	_, err = other.List(t.Context(), name, "")
	wantFault(t, err, fault.Denied, "blob.forbidden")
}

func refusedSignatures(t *testing.T, s Server) {
	c, name := s.container(t)
	disk(t, c, "os.vhd", 1024, nil, nil)
	disk(t, c, "other.vhd", 1024, nil, nil)
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
		r := ref(t, tc.url, s.Root)
		_, headErr := client.Properties(t.Context(), r)
		_, readErr := client.Read(t.Context(), r, 0, 512)
		for _, err := range []error{headErr, readErr} {
			f := wantFault(t, err, fault.Denied, tc.code)
			noQuery(t, tc.name, f, r)
		}
	}
}

func broadSignatures(t *testing.T, s Server) {
	c, name := s.container(t)
	disk(t, c, "os.vhd", 1024, pattern(512, 9), nil)
	accountSAS := accountQuery(t)
	for kind, query := range map[string]string{"Container": signBlob(t, name, "", "rl", time.Time{}, time.Now().Add(time.Hour)), "Account": accountSAS} {
		if got, err := s.client(t).Read(t.Context(), ref(t, c.NewBlobClient("os.vhd").URL()+"?"+query, s.Root), 0, 512); err != nil || !bytes.Equal(got, pattern(512, 9)) {
			t.Errorf("%s SAS: read: %v", kind, err)
		}
		lister, err := container.NewClientWithNoCredential(c.URL()+"?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		if page, err := lister.NewListBlobsFlatPager(nil).NextPage(t.Context()); err != nil || len(page.Segment.BlobItems) != 1 {
			t.Errorf("%s SAS: list: %v", kind, err)
		}
		_, err = lister.Delete(t.Context(), nil)
		answer := asAnswer(err)
		if answer == nil || answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s SAS: deleting the container: %v, want 403", kind, err)
		}
	}
	srv, err := service.NewClientWithNoCredential(s.Root+"/?"+accountSAS, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := srv.NewListContainersPager(nil).NextPage(t.Context()); err != nil {
		t.Errorf("account SAS: list containers: %v", err)
	}
}

func pageRanges(t *testing.T, s Server) {
	c, _ := s.container(t)
	b := disk(t, c, "os.vhd", diskLength, pattern(1024, 1), pattern(512, 1))
	if _, err := b.ClearPages(t.Context(), pageblobRange(512, 512), nil); err != nil {
		t.Fatal(err)
	}
	want := []string{"0-511", fmt.Sprintf("%d-%d", int64(diskLength-512), int64(diskLength-1))}
	var got []string
	for pages := b.NewGetPageRangesPager(nil); pages.More(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.PageRange {
			got = append(got, fmt.Sprintf("%d-%d", *r.Start, *r.End))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("page ranges (-want +got):\n%s", diff)
	}
}

func wholePages(t *testing.T, s Server) {
	c, _ := s.container(t)
	b := disk(t, c, "os.vhd", 4096, nil, nil)
	for _, r := range []azb.HTTPRange{{Offset: 100, Count: 512}, {Offset: 0, Count: 100}, {Offset: 4096, Count: 512}} {
		_, err := b.UploadPages(t.Context(), body(pattern(int(r.Count), 1)), r, nil)
		// Servers disagree whether it is the range or the length that is wrong.
		if answer := asAnswer(err); answer == nil || answer.StatusCode != http.StatusRequestedRangeNotSatisfiable && answer.StatusCode != http.StatusBadRequest {
			t.Errorf("write %d at %d: %v, want 416 or 400", r.Count, r.Offset, err)
		}
	}
	if _, err := c.NewPageBlobClient("odd.vhd").Create(t.Context(), 1000, nil); asAnswer(err) == nil || asAnswer(err).StatusCode != http.StatusBadRequest {
		t.Errorf("a page blob of 1,000 bytes: %v, want 400", err)
	}
}

func leases(t *testing.T, s Server) {
	c, name := s.container(t)
	b := disk(t, c, "os.vhd", 4096, pattern(512, 1), nil)
	holder := leaseClient(t, b)
	if _, err := holder.AcquireLease(t.Context(), -1, nil); err != nil {
		t.Fatal(err)
	}
	_, err := leaseClient(t, b).AcquireLease(t.Context(), 15, nil)
	wantCode(t, err, bloberror.LeaseAlreadyPresent, 409)
	_, err = b.UploadPages(t.Context(), body(pattern(512, 1)), pageblobRange(0, 512), nil)
	wantCode(t, err, bloberror.LeaseIDMissing, 412)
	_, err = b.Delete(t.Context(), nil)
	wantCode(t, err, bloberror.LeaseIDMissing, 412)
	_, err = b.UploadPages(t.Context(), body(pattern(512, 1)), pageblobRange(0, 512), &pageblob.UploadPagesOptions{AccessConditions: withLease("11111111-2222-3333-4444-555555555555")})
	wantCode(t, err, bloberror.LeaseIDMismatchWithBlobOperation, 412)
	if _, err = b.UploadPages(t.Context(), body(pattern(512, 8)), pageblobRange(0, 512), &pageblob.UploadPagesOptions{AccessConditions: withLease(*holder.LeaseID())}); err != nil {
		t.Errorf("the holder's write: %v", err)
	}
	client, r := s.client(t), ref(t, name+"/os.vhd", s.Root)
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

func leaseEnds(t *testing.T, s Server) {
	c, name := s.container(t)
	b := disk(t, c, "os.vhd", 4096, nil, nil)
	state := func() string {
		p, err := s.client(t).Properties(t.Context(), ref(t, name+"/os.vhd", s.Root))
		if err != nil {
			t.Fatal(err)
		}
		return p.LeaseState
	}
	holder := leaseClient(t, b)
	if _, err := holder.AcquireLease(t.Context(), 60, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := holder.RenewLease(t.Context(), nil); err != nil {
		t.Errorf("renew: %v", err)
	}
	_, err := leaseClient(t, b).RenewLease(t.Context(), nil)
	wantCode(t, err, bloberror.LeaseIDMismatchWithLeaseOperation, 409)
	if _, err := holder.ReleaseLease(t.Context(), nil); err != nil || state() != "available" {
		t.Errorf("release: %v, then %s", err, state())
	}
	if _, err := holder.AcquireLease(t.Context(), -1, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := leaseClient(t, b).BreakLease(t.Context(), nil); err != nil || state() != "broken" {
		t.Errorf("break: %v, then %s", err, state())
	}
	_, err = holder.RenewLease(t.Context(), nil)
	wantCode(t, err, bloberror.LeaseIsBrokenAndCannotBeRenewed, 409)
	if _, err := leaseClient(t, b).AcquireLease(t.Context(), 15, nil); err != nil || state() != "leased" {
		t.Errorf("acquire after break: %v, then %s", err, state())
	}
}

func conditions(t *testing.T, s Server) {
	c, _ := s.container(t)
	b := disk(t, c, "os.vhd", 4096, nil, nil)
	p, err := b.GetProperties(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	match := ifMatch(*p.ETag)
	if _, err := b.GetProperties(t.Context(), &azb.GetPropertiesOptions{AccessConditions: match}); err != nil {
		t.Errorf("the same ETag: %v", err)
	}
	write(t, b, 0, pattern(512, 1))
	_, err = b.GetProperties(t.Context(), &azb.GetPropertiesOptions{AccessConditions: match})
	wantCode(t, err, bloberror.ConditionNotMet, 412)
	_, err = b.DownloadStream(t.Context(), &azb.DownloadStreamOptions{AccessConditions: match})
	wantCode(t, err, bloberror.ConditionNotMet, 412)
	_, err = b.UploadPages(t.Context(), body(pattern(512, 1)), pageblobRange(0, 512), &pageblob.UploadPagesOptions{AccessConditions: match})
	wantCode(t, err, bloberror.ConditionNotMet, 412)
	_, err = b.Create(t.Context(), 512, &pageblob.CreateOptions{AccessConditions: ifNoneMatchAny()})
	wantCode(t, err, bloberror.BlobAlreadyExists, 409)
}

func listingPages(t *testing.T, s Server) {
	c, _ := s.container(t)
	for i := range 5 {
		disk(t, c, fmt.Sprintf("d%d/os.vhd", i/2), 512, nil, nil)
		disk(t, c, fmt.Sprintf("d%d/x%d.vhd", i/2, i), 512, nil, nil)
	}
	var sizes []int
	var got []string
	two := int32(3)
	for pages := c.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{MaxResults: &two}); pages.More(); {
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

func explorer(t *testing.T, s Server) {
	c, name := s.container(t)
	for _, n := range []string{"a.vhd", "w1/b.vhd", "w1/c.vhd", "w2/d.vhd"} {
		disk(t, c, n, 512, nil, nil)
	}
	page, err := c.NewListBlobsHierarchyPager("/", nil).NextPage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var folders []string
	for _, p := range page.Segment.BlobPrefixes {
		folders = append(folders, *p.Name)
	}
	if !slices.Equal(folders, []string{"w1/", "w2/"}) || len(page.Segment.BlobItems) != 1 {
		t.Errorf("folders %v, %d blobs", folders, len(page.Segment.BlobItems))
	}
	srv := s.service(t)
	containers, err := srv.NewListContainersPager(&service.ListContainersOptions{Prefix: &name}).NextPage(t.Context())
	if err != nil || len(containers.ContainerItems) == 0 || *containers.ContainerItems[0].Name != name {
		t.Errorf("containers = %+v, %v", containers.ContainerItems, err)
	}
	if _, err := srv.GetProperties(t.Context(), nil); err != nil {
		t.Errorf("service properties: %v", err)
	}
	if info, err := srv.GetAccountInfo(t.Context(), nil); err != nil || info.AccountKind == nil {
		t.Errorf("account information: %+v, %v", info, err)
	}
	if _, err := c.GetAccessPolicy(t.Context(), nil); err != nil {
		t.Errorf("access policy: %v", err)
	}
}

func containers(t *testing.T, s Server) {
	c, name := s.container(t)
	_, err := c.Create(t.Context(), nil)
	wantCode(t, err, bloberror.ContainerAlreadyExists, 409)
	if _, err := c.GetProperties(t.Context(), nil); err != nil {
		t.Errorf("properties: %v", err)
	}
	b := disk(t, c, "os.vhd", 512, nil, nil)
	if _, err := b.Delete(t.Context(), nil); err != nil {
		t.Errorf("delete the blob: %v", err)
	}
	_, err = b.GetProperties(t.Context(), nil)
	wantCode(t, err, bloberror.BlobNotFound, 404)
	if _, err := c.Delete(t.Context(), nil); err != nil {
		t.Errorf("delete the container: %v", err)
	}
	_, err = s.client(t).List(t.Context(), name, "")
	wantFault(t, err, fault.NotFound, "blob.not-found")
}

func blockBlob(t *testing.T, s Server) {
	c, name := s.container(t)
	b := c.NewBlockBlobClient("notes.txt")
	if _, err := b.Upload(t.Context(), body([]byte("no disk at all")), nil); err != nil {
		t.Fatal(err)
	}
	r, client := ref(t, name+"/notes.txt", s.Root), s.client(t)
	if p, err := client.Properties(t.Context(), r); err != nil || p.Type != blob.BlockBlob || p.Length != 14 {
		t.Errorf("properties = %+v, %v", p, err)
	}
	if got, err := client.Read(t.Context(), r, 3, 4); err != nil || string(got) != "disk" {
		t.Errorf("read %q, %v", got, err)
	}
	whole := make([]byte, 14)
	if _, err := b.DownloadBuffer(t.Context(), whole, nil); err != nil || string(whole) != "no disk at all" {
		t.Errorf("download %q, %v", whole, err)
	}
}

func archive(t *testing.T, s Server) {
	c, name := s.container(t)
	b := c.NewBlockBlobClient("old.vhd")
	if _, err := b.Upload(t.Context(), body(pattern(512, 1)), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.SetTier(t.Context(), azb.AccessTierArchive, nil); err != nil {
		t.Fatal(err)
	}
	r, client := ref(t, name+"/old.vhd", s.Root), s.client(t)
	if p, err := client.Properties(t.Context(), r); err != nil || p.Tier != "Archive" {
		t.Errorf("properties = %+v, %v", p, err)
	}
	_, err := client.Read(t.Context(), r, 0, 512)
	wantFault(t, err, fault.Conflict, "blob.archived")
}

func metadata(t *testing.T, s Server) {
	c, _ := s.container(t)
	b := disk(t, c, "os.vhd", 512, nil, nil)
	owner := "alice"
	if _, err := b.SetMetadata(t.Context(), map[string]*string{"owner": &owner}, nil); err != nil {
		t.Fatal(err)
	}
	p, err := b.GetProperties(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range p.Metadata {
		if strings.EqualFold(k, "owner") && *v == owner {
			return
		}
	}
	t.Errorf("metadata = %v", p.Metadata)
}

func leaseClient(t *testing.T, b *pageblob.Client) *lease.BlobClient {
	t.Helper()
	l, err := lease.NewBlobClient(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
