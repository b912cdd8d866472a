package tenantcare_test

import (
	"slices"
	"testing"

	"wave365/pkg/tenantcare"
)

// The service refuses a set that has a group twice, in whatever letters.
func TestAdding(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		now, add, want []string
		changed        bool
	}{
		"new":           {[]string{"a"}, []string{"b", "c"}, []string{"a", "b", "c"}, true},
		"there already": {[]string{"a", "b"}, []string{"B"}, []string{"a", "b"}, false},
		"named twice":   {[]string{"a"}, []string{"b", "B"}, []string{"a", "b"}, true},
		"to none":       {nil, []string{"a"}, []string{"a"}, true},
	} {
		got, changed := tenantcare.Adding(tc.add...)(tc.now)
		if !slices.Equal(got, tc.want) || changed != tc.changed {
			t.Errorf("%s: %v, changed %t; want %v, %t", name, got, changed, tc.want, tc.changed)
		}
	}
}
