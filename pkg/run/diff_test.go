package run_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

const before = "user,blob,policy,notes\nada@x.example,d/ada.vhd,P,\nbob@x.example,d/bob.vhd,P,\ncyd@x.example,d/cyd.vhd,P,\n"

func read(t *testing.T, csv string) *wave.File {
	t.Helper()
	f, findings := reading.Read("w", []byte(csv), wave.Options{})
	if f == nil {
		t.Fatalf("%v", findings)
	}
	return f
}

func TestCompare(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
	for _, tc := range []struct {
		name    string
		change  func([]migration.Row)
		after   string
		want    run.Difference
		lines   int
		refused string
	}{
		{name: "Nothing", after: before},
		{name: "LinesMoved", after: "user,blob,policy,notes\n\ncyd@x.example,d/cyd.vhd,P,\nADA@x.example,d/ada.vhd,P,\nbob@x.example,d/bob.vhd,P,\n",
			// Another spelling changes the cell, but it is the same row.
			want: run.Difference{Changed: []run.Pair{{Row: 0, File: 1}}}, lines: 1},
		{name: "Added", after: before + "dan@x.example,d/dan.vhd,P,\n", want: run.Difference{Added: []int{3}}, lines: 1},
		{name: "Removed", after: strings.Replace(before, "bob@x.example,d/bob.vhd,P,\n", "", 1), want: run.Difference{Removed: []int{1}}, lines: 1},
		{name: "Changed", after: strings.Replace(before, "cyd.vhd,P", "cyd.vhd,Q", 1), want: run.Difference{Changed: []run.Pair{{Row: 2, File: 2}}}, lines: 1},
		{name: "AnotherBlobIsAnotherRow", after: strings.Replace(before, "d/cyd.vhd", "d/new.vhd", 1), want: run.Difference{Added: []int{2}, Removed: []int{2}}, lines: 2},
		{name: "ChangedAfterItBegan", change: func(r []migration.Row) { r[2].StartedAt = began }, after: strings.Replace(before, "cyd.vhd,P", "cyd.vhd,Q", 1), lines: 1, refused: `policy was "P" and is "Q"`},
		{name: "RemovedAfterItBegan", change: func(r []migration.Row) { r[1].StartedAt = began }, after: strings.Replace(before, "bob@x.example,d/bob.vhd,P,\n", "", 1), lines: 1, refused: "has begun"},
		{name: "RemovedAfterItEnded", change: func(r []migration.Row) { r[1].StartedAt, r[1].State = began, migration.Succeeded }, after: strings.Replace(before, "bob@x.example,d/bob.vhd,P,\n", "", 1)},
		{name: "ASkippedRowIsMended", change: func(r []migration.Row) { r[0].State = migration.Skipped }, after: strings.Replace(before, "ada.vhd,P", "ada.vhd,Q", 1), want: run.Difference{Changed: []run.Pair{{Row: 0, File: 0}}}, lines: 1},
		{name: "ARemovedRowComesBack", change: func(r []migration.Row) { r[0] = migration.Remove(r[0], began).To() }, after: before, want: run.Difference{Added: []int{0}}, lines: 1},
		{name: "ACancelledRowStaysCancelled", change: func(r []migration.Row) { r[0] = migration.Cancel(r[0], "by the operator", began).To() }, after: before},
		{name: "AFailedRowGetsAnotherDisk", change: func(r []migration.Row) {
			r[2].StartedAt, r[2].State, r[2].Step, r[2].Problem = began, migration.Failed, migration.StepImportWait, &migration.Problem{Code: "import.failed"}
		}, after: strings.Replace(before, "d/cyd.vhd", "d/new.vhd", 1), want: run.Difference{Again: []run.Pair{{Row: 2, File: 2}}}, lines: 1},
		{name: "AFailedRowThatIsImportedKeepsItsDiskAndTheLineIsNew", change: func(r []migration.Row) {
			r[2].StartedAt, r[2].State, r[2].Step, r[2].Problem = began, migration.Failed, migration.StepCutover, &migration.Problem{Code: "cutover.failed"}
		}, after: strings.Replace(before, "d/cyd.vhd", "d/new.vhd", 1), want: run.Difference{Added: []int{2}}, lines: 1},
		{name: "AFailedRowKeepsItsPolicy", change: func(r []migration.Row) {
			r[2].StartedAt, r[2].State, r[2].Step, r[2].Problem = began, migration.Failed, migration.StepImportWait, &migration.Problem{Code: "import.failed"}
		}, after: strings.Replace(before, "d/cyd.vhd,P", "d/new.vhd,Q", 1), lines: 1, refused: "has begun"},
		{name: "AFailedRowIsReplacedOnce", change: func(r []migration.Row) {
			r[2].StartedAt, r[2].State, r[2].Step, r[2].Problem = began, migration.Failed, migration.StepImportWait, &migration.Problem{Code: "import.failed"}
		}, after: strings.Replace(before, "d/cyd.vhd,P,\n", "d/new.vhd,P,\ncyd@x.example,d/newer.vhd,P,\n", 1), want: run.Difference{Added: []int{3}, Again: []run.Pair{{Row: 2, File: 2}}}, lines: 2},
		{name: "OtherColumns", after: "user,blob,policy\nada@x.example,d/ada.vhd,P\n", refused: "the columns were"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			file := read(t, before)
			var rows []migration.Row
			for i, r := range file.Rows {
				rows = append(rows, migration.Row{Index: i, Input: r.Cells, State: migration.Pending, Target: migration.Target{User: r.User, Line: r.Line}})
			}
			if tc.change != nil {
				tc.change(rows)
			}
			got := run.Compare(migration.Run{Columns: file.Columns}, rows, read(t, tc.after))
			if len(got.Lines) != tc.lines || (len(got.Refused) > 0) != (tc.refused != "") || !strings.Contains(strings.Join(got.Refused, "\n"), tc.refused) {
				t.Errorf("lines %q, refused %q", got.Lines, got.Refused)
			}
			if got.Empty() != (tc.lines == 0 && tc.refused == "") {
				t.Errorf("Empty = %v", got.Empty())
			}
			got.Lines, got.Refused = nil, nil
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// A renewed signature changes the file and no row.
func TestRenewedSignatureIsNotAnEdit(t *testing.T) {
	t.Parallel()
	csv := func(sig string) string {
		return "user,blob,policy\nada@x.example,https://a.blob.core.windows.net/d/ada.vhd?sv=2024&sp=r&sig=" + sig + ",P\n"
	}
	old := read(t, csv("AAAA"))
	rows := []migration.Row{{Input: old.Rows[0].Cells, State: migration.Running, StartedAt: time.Now()}}
	if d := run.Compare(migration.Run{Columns: old.Columns}, rows, read(t, csv("BBBB"))); !d.Empty() {
		t.Errorf("%+v", d)
	}
}
