package wavegroup_test

import (
	"strings"
	"testing"

	"wave365/pkg/tenantcare/wavegroup"
)

func TestName(t *testing.T) {
	t.Parallel()
	for template, want := range map[string]string{
		"grp-{wave}-{policy}": "grp-friday-W365 Finance", " {policy} ": "W365 Finance", "grp-{wave}": "", "{policy}" + strings.Repeat("x", 120): "",
	} {
		got, err := wavegroup.Name(template, "friday", "W365 Finance")
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", template, got, err)
		}
	}
}
