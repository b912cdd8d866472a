package page

import (
	"testing"

	"wave365/pkg/summary"
)

func TestBarOf_fillsTheBar(t *testing.T) {
	t.Parallel()
	for _, tally := range []map[summary.Class]int{
		{summary.Succeeded: 1}, {summary.Succeeded: 9999, summary.Failed: 1}, {summary.Failed: 1, summary.Held: 1, summary.Skipped: 1},
		{summary.Succeeded: 3, summary.Warned: 1, summary.Failed: 1, summary.Held: 1, summary.Skipped: 1, summary.Deferred: 1, summary.Cancelled: 1, summary.Queued: 9000},
	} {
		total := 0
		for _, n := range tally {
			total += n
		}
		x := 0
		for _, s := range barOf(tally, total) {
			if s.X != x || s.W < 6 {
				t.Errorf("%v: %s begins at %d (want %d) and is %d wide", tally, s.Class, s.X, x, s.W)
			}
			x += s.W
		}
		if x != 1000 {
			t.Errorf("%v: the bar ends at %d", tally, x)
		}
	}
	if barOf(nil, 0) != nil {
		t.Error("an empty wave has a bar")
	}
}
