package preflight_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/service"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	ours "wave365/pkg/blob"
	"wave365/pkg/blob/blobtest"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/preflight"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/vhd"
	"wave365/pkg/vhd/gpt"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// qemuImage makes a disk image, or skips where the program is missing; not on CI, where it has to be there.
func qemuImage(t testing.TB, format, options, path, size string) {
	t.Helper()
	program, err := exec.LookPath("qemu-img")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("qemu-img is needed here: apt-get install qemu-utils")
		}
		t.Skip("no qemu-img on this machine: apt-get install qemu-utils")
	}
	if out, err := exec.CommandContext(t.Context(), program, "create", "-q", "-f", format, "-o", options, path, size).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img: %v\n%s", err, out)
	}
}

// azure is the ordinary Azure client of an Azurite.
func azure(t testing.TB, root string) *service.Client {
	t.Helper()
	c := blobtest.AzureClient(t, root)
	if _, err := c.NewContainerClient("disks").Create(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	return c
}

// upload makes a page blob as long as the file, with the first and the last pages of it: what lies between are zeros,
// of which a terabyte takes no room.
func upload(t testing.TB, c *service.Client, name, path string, head []byte) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	length := (info.Size() + 511) / 512 * 512
	b := c.NewContainerClient("disks").NewPageBlobClient(name)
	if _, err := b.Create(context.Background(), length, nil); err != nil {
		t.Fatal(err)
	}
	first, last := make([]byte, min(64<<10, length)), make([]byte, min(1024, length))
	for at, part := range map[int64][]byte{0: first, max(length-1024, 0): last} {
		if _, err := file.ReadAt(part, at); err != nil && err != io.EOF {
			t.Fatal(err)
		}
	}
	copy(first, head)
	pages(t, b, 0, first)
	pages(t, b, length-int64(len(last)), last)
}

func pages(t testing.TB, b *pageblob.Client, at int64, data []byte) {
	t.Helper()
	_, err := b.UploadPages(context.Background(), streaming.NopCloser(bytes.NewReader(data)), blob.HTTPRange{Offset: at, Count: int64(len(data))}, nil)
	if err != nil {
		t.Fatal(err)
	}
}

// on gives a client of the account at root.
func on(t testing.TB, root string) *ours.Client {
	t.Helper()
	origin := strings.TrimSuffix(root, "/"+blobtest.Account)
	_, blobs := clients(t, &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}, origin, root)
	return blobs
}

// Disks of six sizes as qemu-img makes them, on Azurite, under a license that fits exactly and under the next smaller
// one: fixed ones pass (without a partition table with a warning), the others are called what they are.
func TestCheck_disksOnAzurite(t *testing.T) {
	t.Parallel()
	root := blobtest.StartAzurite(t)
	account := azure(t, root)
	sc := newScenario()
	sc.Licenses = nil
	for _, gib := range []int{64, 128, 256, 512, 1024} {
		sc.Licenses = append(sc.Licenses, scenario.License{SKU: license(gib), Seats: 100, Plan: license(gib), PlanID: fmt.Sprintf("56565656-0000-4000-8000-%012d", gib), DiskGiB: gib})
	}
	dir := t.TempDir()
	csv, line := head, 1
	var want []string
	row := func(disk string, plan int, codes ...string) {
		line++
		name := fmt.Sprintf("u%d", line)
		sc.Users = append(sc.Users, scenario.User{UPN: name})
		csv += fmt.Sprintf("%s@%s,disks/%s,P,%s\n", name, domain, disk, license(plan))
		for _, c := range codes {
			want = append(want, fmt.Sprintf("%d %s", line, c))
		}
	}
	// The smallest plan that holds the disk, and the largest that does not.
	for size, plan := range map[int][2]int{64: {64, 0}, 127: {128, 64}, 128: {128, 64}, 256: {256, 128}, 512: {512, 256}, 1024: {1024, 512}} {
		path := filepath.Join(dir, fmt.Sprint(size))
		qemuImage(t, "vpc", "subformat=fixed,force_size=on", path, fmt.Sprint(size, "G"))
		for _, part := range []bool{true, false} {
			var start []byte
			name, codes := fmt.Sprintf("fixed-%d-raw.vhd", size), []string{"vhd.unwritten"}
			if part {
				name, codes, start = fmt.Sprintf("fixed-%d.vhd", size), nil, gpt.Build(int64(size)<<30, true)
			}
			upload(t, account, name, path, start)
			row(name, plan[0], codes...)
		}
		if plan[1] > 0 {
			name := fmt.Sprintf("fixed-%d-small.vhd", size)
			upload(t, account, name, path, gpt.Build(int64(size)<<30, true))
			row(name, plan[1], "license.disk-too-small")
		}
		for kind, make := range map[string][2]string{"dynamic": {"vpc", "subformat=dynamic,force_size=on"}, "vhdx": {"vhdx", "subformat=dynamic"}} {
			path := fmt.Sprintf("%s-%s", path, kind)
			qemuImage(t, make[0], make[1], path, fmt.Sprint(size, "G"))
			upload(t, account, fmt.Sprintf("%s-%d.vhd", kind, size), path, nil)
			row(fmt.Sprintf("%s-%d.vhd", kind, size), plan[0], "vhd."+kind)
		}
	}
	s := newStage(t, sc)
	file, findings := reading.Read("w", []byte(csv), wave.Options{})
	res, err := checkRows(t.Context(), s.graph, on(t, root), preflight.Input{
		File: file, Findings: findings, BlobRoot: root, Cloud: "sandbox", Slots: 20, Now: time.Now(),
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, brief(res.Findings)); diff != "" {
		t.Errorf("(-want +got):\n%s\n%s", diff, csv)
	}
	for i, target := range res.Targets {
		if strings.Contains(target.Disk.Name, "fixed") && !strings.Contains(target.Disk.Name, "-raw") && target.Disk.Virtual != target.Disk.Length-512 {
			t.Errorf("row %d: %+v", i, target.Disk)
		}
	}
}

func license(gib int) string { return fmt.Sprintf("CPC_E_TEST_%dGB", gib) }

// BenchmarkCheckAzurite validates disks on Azurite, and asks it just before, as many at a time, for HEADs and for the same
// bytes without judging them. It gives the median rates, and the median of what share of each a validation reached, two
// requests a row.
//
// A validation cannot reach what HEADs alone would allow, half a HEAD's rate in rows. Azurite 3.35 works on one thread: by
// its own processor time a HEAD takes about 0.5 ms of it and a ranged GET 0.7 to 0.85 ms, one of 512 bytes as much as one of
// 17,408, on disk as in memory (it reads each range twice, the first time for an MD5 that it does not send). So two GETs
// come to 60 to 70 % of the HEADs' rate, with 4, 8, 16, 32 or 64 at a time; the client takes 0.2 ms of another core for
// either, and opens no connection twice. What a validation adds of its own shows in the share of the GETs.
func BenchmarkCheckAzurite(b *testing.B) {
	const rows = 500
	root := blobtest.StartAzurite(b)
	account := azure(b, root)
	sc, csv := newScenario(), head
	sc.Knobs.RequestsPer20s = -1
	footer := vhd.FixedFooter(64 << 30)
	var refs []bloburl.Ref
	for i := range rows {
		name := fmt.Sprintf("u%04d", i)
		sc.Users = append(sc.Users, scenario.User{UPN: name})
		csv += name + "@" + domain + ",disks/" + name + ".vhd,P," + sku + "\n"
		page := account.NewContainerClient("disks").NewPageBlobClient(name + ".vhd")
		if _, err := page.Create(context.Background(), 64<<30+512, nil); err != nil {
			b.Fatal(err)
		}
		pages(b, page, 0, gpt.Build(64<<30, true))
		pages(b, page, 64<<30, footer[:])
		refs = append(refs, bloburl.Ref{Root: root, Container: "disks", Name: name + ".vhd"})
	}
	s, storage := newStage(b, sc), on(b, root)
	file, findings := reading.Read("w", []byte(csv), wave.Options{})
	// each asks something about every disk, as many at a time as a validation does.
	each := func(ask func(bloburl.Ref) error) func() error {
		return func() error {
			var group errgroup.Group
			group.SetLimit(16)
			for _, r := range refs {
				group.Go(func() error { return ask(r) })
			}
			return group.Wait()
		}
	}
	heads := each(func(r bloburl.Ref) error {
		_, err := storage.Properties(context.Background(), r)
		return err
	})
	ends := each(func(r bloburl.Ref) error {
		if _, err := storage.Read(context.Background(), r, 64<<30-512, vhd.TailLength); err != nil {
			return err
		}
		_, err := storage.Read(context.Background(), r, 0, vhd.HeadLength)
		return err
	})
	check := func() error {
		res, err := checkRows(context.Background(), s.graph, storage, preflight.Input{File: file, Findings: findings, BlobRoot: root, Slots: 20, Now: time.Now()})
		if err == nil && len(res.Findings) > 0 {
			err = fmt.Errorf("%+v", res.Findings[0])
		}
		return err
	}
	// rate gives how many requests a second were answered.
	rate := func(requests int, do func() error) float64 {
		began := time.Now()
		if err := do(); err != nil {
			b.Fatal(err)
		}
		return float64(requests) / time.Since(began).Seconds()
	}
	for _, do := range []func() error{heads, ends, check} { // until Azurite's compiler has seen them
		rate(0, do)
	}
	found := map[string][]float64{}
	for b.Loop() {
		head, get, row := rate(rows, heads), rate(2*rows, ends), rate(2*rows, check)
		for unit, v := range map[string]float64{"HEAD/s": head, "GET/s": get, "rows/s": row / 2, "%ofHEAD": 100 * row / head, "%ofGET": 100 * row / get} {
			found[unit] = append(found[unit], v)
		}
	}
	for unit, all := range found {
		slices.Sort(all)
		b.ReportMetric(all[len(all)/2], unit)
	}
}
