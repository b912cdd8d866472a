package compare_test

import (
	"testing"
	"time"

	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary/compare"
)

func TestPlanOf(t *testing.T) {
	t.Parallel()
	p := compare.PlanOf(reporttest.Sample())
	if p.Rows != 20 || p.LeftOut != 4 || p.Done != 14 || !p.StopBy.Equal(reporttest.Start().Add(5*time.Hour)) || p.Imported != 16 || p.ImportsEnded.IsZero() || p.Ended.IsZero() {
		t.Errorf("finished: %+v", p)
	}
	p = compare.PlanOf(reporttest.Running())
	if p.Rows != 20 || p.Done != 1 || p.Imported == 0 || !p.ImportsEnded.IsZero() || !p.Ended.IsZero() {
		t.Errorf("running: %+v", p)
	}
}
