package groups_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
	"wave365/pkg/summary/groups"
)

func TestGroups_addUp(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	a.Rows[4].Target.Department = ""
	all, _ := summary.RowRecords(a)
	for _, groups := range [][]groups.Group{groups.ByDepartment(all), groups.ByPolicy(all)} {
		total := 0
		for _, g := range groups {
			total += g.Total
			if sum := g.Done() + g.Warned() + g.NotDone() + g.NotStarted() + g.Open(); sum != g.Total {
				t.Errorf("%q: %d in parts, %d in all", g.Name, sum, g.Total)
			}
		}
		if total != len(a.Rows) {
			t.Errorf("%d rows in groups, %d in the wave", total, len(a.Rows))
		}
	}
	var names []string
	for _, g := range groups.ByDepartment(all) {
		names = append(names, g.Name)
	}
	if diff := cmp.Diff([]string{"Engineering", "Finance", "Sales", ""}, names); diff != "" {
		t.Error(diff)
	}
}
