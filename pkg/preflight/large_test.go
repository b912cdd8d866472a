//go:build !race

package preflight_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/preflight"
	"wave365/pkg/wave"
)

// Ten thousand rows with three mistakes give three findings, on their lines, in their order, and progress to its end.
func TestCheck_tenThousand(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	const rows = 10_000
	s, csv := generated(t, rows)
	lines := strings.SplitAfter(string(csv), "\n")
	lines[3_000] = "nobody@nordwind.example" + lines[3_000][strings.IndexByte(lines[3_000], ','):]
	lines[6_000] = strings.Replace(lines[6_000], "-os.vhd", "-so.vhd", 1)
	lines[9_000] = strings.Replace(lines[9_000], ",W365 ", ",W 365 ", 1)
	last := map[string][2]int{}
	res := s.check(strings.Join(lines, ""), func(in *preflight.Input) {
		in.Progress = func(what string, done, total int) { last[what] = [2]int{done, total} }
	})
	if diff := cmp.Diff([]string{"0 import.over-daily-limit w", "3001 user.not-found", "6001 blob.not-found", "9001 policy.not-found"}, brief(res.Findings)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !slices.IsSortedFunc(res.Findings, func(a, b wave.Finding) int { return a.Line - b.Line }) {
		t.Error("findings are not in the order of the file")
	}
	if last["disks"] != [2]int{rows, rows} || last["people"] != [2]int{rows, rows} {
		t.Errorf("progress ended at %v", last)
	}
}
