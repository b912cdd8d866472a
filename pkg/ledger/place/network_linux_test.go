package place

import "testing"

func TestNetwork(t *testing.T) {
	t.Parallel()
	if got := network(t.TempDir()); got != "" {
		t.Errorf("a temporary folder: %q", got)
	}
	for _, magic := range []uint32{0x6969, 0xFE534D42, 0xFF534D42, 0x65735546, 0x01021997} {
		if remote[magic] == "" {
			t.Errorf("file system %#x counts as local", magic)
		}
	}
	for _, magic := range []uint32{0xEF53, 0x58465342, 0x9123683E, 0x01021994} {
		if remote[magic] != "" {
			t.Errorf("file system %#x counts as remote", magic)
		}
	}
}
