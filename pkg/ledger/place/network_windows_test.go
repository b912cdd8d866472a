package place

import "testing"

func TestShare(t *testing.T) {
	t.Parallel()
	for volume, want := range map[string]bool{
		`\\server\share`: true, `//server/share`: true, `\\?\UNC\server\share`: true,
		`C:`: false, `\\?\C:`: false, `\\.\C:`: false, ``: false,
	} {
		if got := share(volume); got != want {
			t.Errorf("share(%q) = %v", volume, got)
		}
	}
}
