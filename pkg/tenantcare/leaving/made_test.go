package leaving_test

import (
	"testing"
	"time"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare/leaving"
)

// Only what came after a row's cut-over can be its Cloud PC; a colleague's is not taken back with it.
func TestMadeBy(t *testing.T) {
	t.Parallel()
	cut := time.Date(2026, 11, 27, 20, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		cutOver time.Time
		known   string
		pc      graph.CloudPC
		want    bool
	}{
		"the one that it waited for":        {cut, "a", graph.CloudPC{ID: "A", ProvisionedAt: cut.Add(time.Hour)}, true},
		"none known, and it came after":     {cut, "", graph.CloudPC{ID: "a", ProvisionedAt: cut.Add(time.Hour)}, true},
		"still being built":                 {cut, "", graph.CloudPC{ID: "a"}, true},
		"another one than it waited for":    {cut, "a", graph.CloudPC{ID: "b", ProvisionedAt: cut.Add(time.Hour)}, false},
		"there before, though it was noted": {cut, "a", graph.CloudPC{ID: "a", ProvisionedAt: cut.Add(-time.Hour)}, false},
		"before any cut-over":               {time.Time{}, "", graph.CloudPC{ID: "a", ProvisionedAt: cut}, false},
	} {
		row := migration.Row{Facts: migration.Facts{CutOver: tc.cutOver, CloudPCID: tc.known}}
		if got := leaving.MadeBy(row, tc.pc); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
