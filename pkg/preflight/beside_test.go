package preflight_test

import (
	"strings"
	"testing"

	"wave365/pkg/sandbox/scenario"
)

// Which neighbour of a disk is its guest state, by the names that tools give them.
func TestCheck_guestMissing(t *testing.T) {
	t.Parallel()
	cases := []struct {
		disk   string
		beside []string
		want   string // "": no finding
	}{
		{"a/vm.vhd", []string{"a/vm.vmgs"}, "a/vm.vmgs"},
		{"b/vm.vhd", []string{"b/vm-gueststate.vhd"}, "b/vm-gueststate.vhd"},
		{"c/snap-os.vhd", []string{"c/snap-gueststate.vhd"}, "c/snap-gueststate.vhd"},
		{"d/snap-os.vhd", []string{"d/other-gueststate.vhd", "d/other-os.vhd"}, ""},
		{"e/vm.vhd", []string{"e/VM.VMGS"}, "e/VM.VMGS"},
		{"f/vm.vhd", []string{"f/vm.vhd.vmgs"}, "f/vm.vhd.vmgs"},
		{"g/disk.vhd", []string{"g/virtualMachineGuestState.vhd"}, "g/virtualMachineGuestState.vhd"},
		{"h/disk.vhd", []string{"h/virtualMachineGuestState.vhd", "h/disk2.vhd"}, ""},
		{"i/vm.vhd", []string{"i/deeper/vm.vmgs", "vm.vmgs"}, ""},
		{"j/vm.vhd", []string{"j/vm2.vmgs", "j/vm.txt"}, ""},
		{"k.vhd", []string{"k_gueststate.vhd"}, "k_gueststate.vhd"},
	}
	sc := newScenario()
	csv := head
	for i, tc := range cases {
		name := string(rune('a' + i))
		sc.Users = append(sc.Users, scenario.User{UPN: name})
		sc.Blobs = append(sc.Blobs, scenario.Blob{Path: "disks/" + tc.disk, GiB: 64})
		for _, b := range tc.beside {
			sc.Blobs = append(sc.Blobs, scenario.Blob{Path: "disks/" + b, Kind: "guest-state"})
		}
		csv += name + "@" + domain + ",disks/" + tc.disk + ",P," + sku + "\n"
	}
	s := newStage(t, sc)
	found := map[int]string{}
	for _, f := range s.check(csv).Findings {
		if f.Code != "guest.missing" {
			t.Errorf("%+v", f)
		}
		found[f.Line] = strings.TrimPrefix(f.Value, "disks/")
	}
	for i, tc := range cases {
		if got := found[i+2]; got != tc.want {
			t.Errorf("%s beside %q: %q, want %q", tc.disk, tc.beside, got, tc.want)
		}
	}
}
