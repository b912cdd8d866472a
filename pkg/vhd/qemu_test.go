package vhd_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"wave365/pkg/vhd"
	"wave365/pkg/vhd/gpt"
)

// qemuImg makes an image, or skips where the program is missing; not on CI, where it has to be there.
func qemuImg(t *testing.T, args ...string) {
	t.Helper()
	program, err := exec.LookPath("qemu-img")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("qemu-img is needed here: apt-get install qemu-utils")
		}
		t.Skip("no qemu-img on this machine: apt-get install qemu-utils")
	}
	if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img %v: %v\n%s", args, err, out)
	}
}

// ends reads what Inspect needs from a file, which is sparse: disks of a terabyte take no room.
func ends(t *testing.T, path string) image {
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
	i := image{length: info.Size()}
	i.head = make([]byte, min(i.length, vhd.HeadLength))
	i.tail = make([]byte, min(i.length, vhd.TailLength))
	if _, err := file.ReadAt(i.head, 0); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	if _, err := file.ReadAt(i.tail, i.length-int64(len(i.tail))); err != nil && err != io.EOF {
		t.Fatal(err)
	}
	return i
}

func TestInspect_Qemu(t *testing.T) {
	t.Parallel()
	for _, size := range []string{"64G", "127G", "128G", "256G", "512G", "1024G"} {
		for _, tc := range []struct{ name, format, options, want string }{
			{"fixed", "vpc", "subformat=fixed,force_size=on", "vhd.unwritten"},
			{"dynamic", "vpc", "subformat=dynamic,force_size=on", "vhd.dynamic"},
			{"vhdx", "vhdx", "subformat=dynamic", "vhd.vhdx"},
		} {
			t.Run(size+" "+tc.name, func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "disk")
				qemuImg(t, "create", "-q", "-f", tc.format, "-o", tc.options, path, size)
				i := ends(t, path)
				disk, problems := vhd.Inspect(i.length, i.head, i.tail)
				if got := codes(problems); got != tc.want {
					t.Errorf("problems %q, want %q: %+v", got, tc.want, problems)
				}
				if disk.Virtual != 0 && disk.Virtual%gib != 0 {
					t.Errorf("virtual size %d", disk.Virtual)
				}
			})
		}
	}
}

// A converted disk keeps what was on it: a raw image with a partition table becomes a disk without a complaint.
func TestInspect_QemuConverted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	raw := filepath.Join(dir, "raw")
	if err := os.WriteFile(raw, gpt.Build(64*mib, true), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(raw, 64*mib); err != nil {
		t.Fatal(err)
	}
	i := ends(t, raw)
	if _, problems := vhd.Inspect(i.length, i.head, i.tail); codes(problems) != "vhd.not-vhd" {
		t.Errorf("raw: %+v", problems)
	}
	for options, want := range map[string]string{"subformat=fixed,force_size=on": "", "subformat=dynamic,force_size=on": "vhd.dynamic"} {
		path := filepath.Join(dir, "disk.vhd")
		qemuImg(t, "convert", "-f", "raw", "-O", "vpc", "-o", options, raw, path)
		i := ends(t, path)
		if _, problems := vhd.Inspect(i.length, i.head, i.tail); codes(problems) != want {
			t.Errorf("%s: %+v", options, problems)
		}
	}
}

// What this package builds, others read.
func TestFixedFooter_Qemu(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ours.vhd")
	footer := vhd.FixedFooter(64 * mib)
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt(gpt.Build(64*mib, true), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := file.WriteAt(footer[:], 64*mib); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	back := filepath.Join(t.TempDir(), "raw")
	qemuImg(t, "convert", "-f", "vpc", "-O", "raw", path, back)
	info, err := os.Stat(back)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() != 64*mib {
		t.Errorf("read back as %d bytes", info.Size())
	}
}
