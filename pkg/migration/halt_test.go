package migration_test

import (
	"testing"

	"wave365/pkg/migration"
)

func TestParseHalt(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]migration.Halt{
		"10%,3": {Share: 0.1, Floor: 3}, " 10 %, 3 ": {}, "10%": {Share: 0.1, Floor: 1}, "3": {Share: 0, Floor: 3}, "0%,1": {Share: 0, Floor: 1}, "2.5%,4": {Share: 0.025, Floor: 4}, "100%,1": {Share: 1, Floor: 1}, "": {}, "none": {},
	} {
		got, err := migration.ParseHalt(in)
		if in == " 10 %, 3 " {
			if err == nil {
				t.Errorf("%q was taken as %v", in, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("migration.ParseHalt(%q) = %v, %v, want %v", in, got, err, want)
		}
		if again, err := migration.ParseHalt(got.String()); err != nil || again != got {
			t.Errorf("%q is written as %q, which reads as %v, %v", in, got, again, err)
		}
	}
	for _, in := range []string{"10", "ten%", "101%,3", "-1%,3", "10%,0", "10%,x", "10%,3,4", "10,3", "NaN%,1"} {
		if in == "10" {
			continue // a floor alone
		}
		if got, err := migration.ParseHalt(in); err == nil {
			t.Errorf("migration.ParseHalt(%q) = %v", in, got)
		}
	}
}

func TestHaltFires(t *testing.T) {
	t.Parallel()
	rule := migration.Halt{Share: 0.1, Floor: 3}
	for _, tc := range []struct {
		name string
		rule migration.Halt
		c    migration.Counts
		want bool
	}{
		{"NothingYet", rule, migration.Counts{Total: 100, Queued: 100}, false},
		{"UnderTheFloor", rule, migration.Counts{Total: 100, Failed: 2}, false},
		{"FloorAndShare", rule, migration.Counts{Total: 100, Failed: 3, Succeeded: 27}, true},
		{"UnderTheShare", rule, migration.Counts{Total: 100, Failed: 3, Succeeded: 28}, false},
		{"HeldCount", rule, migration.Counts{Total: 100, Failed: 1, Held: 2}, true},
		{"OnlyFinishedRowsCount", rule, migration.Counts{Total: 1000, Queued: 900, Skipped: 50, Cancelled: 20, Deferred: 20, Failed: 3, Warned: 7}, true},
		{"Never", migration.Halt{}, migration.Counts{Failed: 50}, false},
		{"FloorAlone", migration.Halt{Share: 0, Floor: 2}, migration.Counts{Failed: 2, Succeeded: 998}, true},
	} {
		if got := tc.rule.Fires(tc.c); got != tc.want {
			t.Errorf("%s: Fires = %v", tc.name, got)
		}
	}
}
