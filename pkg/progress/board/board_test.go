package board_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/migration"
	"wave365/pkg/progress/board"
)

var evening = time.Date(2026, 11, 6, 18, 0, 0, 0, time.UTC)

// row stands at a step since some time; version and index come from the test.
func row(i int, state migration.State, step migration.Step, at time.Time) migration.Row {
	return migration.Row{Index: i, Version: 1, State: state, Step: step, Attempt: 1, StartedAt: at, UpdatedAt: at,
		Target: migration.Target{Trigger: migration.TriggerMembership}}
}

// finished is a row that succeeded with these durations of import and provisioning.
func finished(i int, imported, provisioned time.Duration) migration.Row {
	r := row(i, migration.Succeeded, migration.StepProve, evening)
	r.Facts.ImportStarted, r.Facts.ImportEnded = evening.Add(-time.Hour), evening.Add(-time.Hour+imported)
	r.Facts.CutOver, r.Facts.Provisioned = evening.Add(-time.Hour), evening.Add(-time.Hour+provisioned)
	return r
}

func TestForecast(t *testing.T) {
	t.Parallel()
	three := []migration.Row{finished(0, 8*time.Minute, 20*time.Minute), finished(1, 12*time.Minute, 24*time.Minute), finished(2, 12*time.Minute, 24*time.Minute)}
	queued := func(i int) migration.Row { return row(i, migration.Pending, migration.StepCheck, time.Time{}) }
	for _, c := range []struct {
		name  string
		rows  []migration.Row
		slots int
		want  board.Forecast
	}{
		{"nothing ended", []migration.Row{queued(0)}, 4, board.Forecast{}},
		{"nothing left", three, 4, board.Forecast{Known: true}},
		{"one sample is widened", []migration.Row{three[1], queued(4)}, 4,
			board.Forecast{Known: true, From: 27 * time.Minute, To: 54 * time.Minute}},
		{"one row", append([]migration.Row{queued(4)}, three...), 4,
			board.Forecast{Known: true, From: 28 * time.Minute, To: 45 * time.Minute}},
		{"a queue goes through its slots", append([]migration.Row{queued(4), queued(5), queued(6)}, three...), 1,
			board.Forecast{Known: true, From: (8 + 8 + 28) * time.Minute, To: (12 + 12 + 45) * time.Minute}},
		{"an import in flight holds its slot", append([]migration.Row{row(4, migration.Waiting, migration.StepImportWait, evening), queued(5)}, three...), 1,
			board.Forecast{Known: true, From: (8 + 28) * time.Minute, To: (15 + 45) * time.Minute}},
		{"waiting for provisioning holds none", append([]migration.Row{row(4, migration.Waiting, migration.StepProvisionWait, evening), queued(5)}, three...), 1,
			board.Forecast{Known: true, From: 28 * time.Minute, To: 45 * time.Minute}},
		{"time already spent counts", append([]migration.Row{row(4, migration.Waiting, migration.StepProvisionWait, evening.Add(-15*time.Minute))}, three...), 1,
			board.Forecast{Known: true, From: 5 * time.Minute, To: 15 * time.Minute}},
		{"overdue rows are named, not forecast", append([]migration.Row{row(4, migration.Waiting, migration.StepProvisionWait, evening.Add(-time.Hour))}, three...), 1,
			board.Forecast{Known: true, Slow: 1}},
		{"cut-over and proof", append([]migration.Row{row(4, migration.Running, migration.StepCutover, evening), row(5, migration.Running, migration.StepProve, evening)}, three...), 1,
			board.Forecast{Known: true, From: 20 * time.Minute, To: 30 * time.Minute}},
		{"a row that waits for a slot is in the queue", append([]migration.Row{row(4, migration.Running, migration.StepImport, evening.Add(-time.Hour))}, three...), 1,
			board.Forecast{Known: true, From: 28 * time.Minute, To: 45 * time.Minute}},
		{"slots unknown is one", append([]migration.Row{queued(4)}, three...), 0,
			board.Forecast{Known: true, From: 28 * time.Minute, To: 45 * time.Minute}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := board.New(func() time.Time { return evening })
			b.Start(migration.Run{Slots: c.slots}, c.rows)
			if diff := cmp.Diff(c.want, b.Snapshot().Forecast); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestSlow: quick steps do not make an ordinary one remarkable, and the run's own pace replaces the first guess.
func TestSlow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		rows  []migration.Row
		since time.Duration
		want  bool
		usual time.Duration
	}{
		{"first guess", nil, 44 * time.Minute, false, 45 * time.Minute},
		{"beyond the first guess", nil, 46 * time.Minute, true, 45 * time.Minute},
		{"two samples say little", []migration.Row{finished(0, time.Minute, time.Minute), finished(1, time.Minute, time.Minute)}, 20 * time.Minute, false, 45 * time.Minute},
		{"own pace", []migration.Row{finished(0, 8*time.Minute, 0), finished(1, 4*time.Minute, 0), finished(2, 6*time.Minute, 0)}, 11 * time.Minute, true, 10 * time.Minute},
		{"quick run", []migration.Row{finished(0, time.Second, 0), finished(1, time.Second, 0), finished(2, time.Second, 0)}, time.Minute, false, 2 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := board.New(func() time.Time { return evening })
			b.Start(migration.Run{Slots: 1}, append([]migration.Row{row(9, migration.Waiting, migration.StepImportWait, evening.Add(-c.since))}, c.rows...))
			got := b.Snapshot().Active[0]
			if got.Slow != c.want || got.Usual != c.usual {
				t.Errorf("slow %v, usual %v, want %v, %v", got.Slow, got.Usual, c.want, c.usual)
			}
		})
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	now := evening
	b := board.New(func() time.Time { return now })
	first := row(0, migration.Pending, migration.StepCheck, time.Time{})
	if _, ok := b.Update(first); ok {
		t.Error("taken in before Start")
	}
	b.Start(migration.Run{}, []migration.Row{first})
	if b.Start(migration.Run{}, nil) {
		t.Error("started twice")
	}
	claimed := migration.Claim(first, now).To()
	if c, ok := b.Update(claimed); !ok || !c.Moved || c.Ended || c.Counts.Active != 1 || c.Counts.Total != 1 {
		t.Errorf("claim: %+v, %v", c, ok)
	}
	if _, ok := b.Update(first); ok {
		t.Error("an older version was taken in")
	}
	if c, ok := b.Update(claimed); !ok || c.Moved || c.Tried || c.Counts.Active != 1 {
		t.Errorf("the same again: %+v, %v", c, ok)
	}
	if c, ok := b.Update(row(7, migration.Waiting, migration.StepImportWait, now)); !ok || c.Counts.Total != 2 {
		t.Errorf("a row that was not announced: %+v, %v", c, ok)
	}
	now = now.Add(10 * time.Minute)
	b.Polled([]int{0, 5}, now.Add(time.Minute))
	if l := b.Snapshot().Active[0]; l.Row.Index != 0 || !l.Looked.Equal(now) || !l.Next.Equal(now.Add(time.Minute)) {
		t.Errorf("polled: %+v", l)
	}
	failed := migration.Fail(claimed, migration.Facts{}, migration.Problem{}, now).To()
	if c, ok := b.Update(failed); !ok || !c.Ended || c.Took != 10*time.Minute || c.Counts.Failed != 1 {
		t.Errorf("failure: %+v, %v", c, ok)
	}
	if c, ok := b.End(); !ok || c.Failed != 1 || c.Open() != 1 {
		t.Errorf("end: %+v, %v", c, ok)
	}
	if s := b.Snapshot(); !s.Ended || len(s.Active) > 0 || s.Counts.Total != 2 {
		t.Errorf("after the end: %+v", s)
	}
	if _, ok := b.End(); ok || b.SetStatus("x") || b.Polled(nil, now) {
		t.Error("something was taken in after the end")
	}
}

// TestOrder: what needs eyes comes first, and the rest keeps its place.
func TestOrder(t *testing.T) {
	t.Parallel()
	trouble := row(1, migration.Waiting, migration.StepCutover, evening.Add(-time.Minute))
	trouble.Tries = 2
	b := board.New(func() time.Time { return evening })
	b.Start(migration.Run{}, []migration.Row{
		row(4, migration.Running, migration.StepImport, evening.Add(-time.Minute)),
		row(3, migration.Running, migration.StepImport, evening.Add(-time.Minute)),
		row(2, migration.Running, migration.StepImport, evening.Add(-2*time.Minute)),
		trouble,
		row(0, migration.Waiting, migration.StepProvisionWait, evening.Add(-2*time.Hour)),
		row(5, migration.Pending, migration.StepCheck, evening),
		row(6, migration.Held, migration.StepImport, evening),
	})
	var got []int
	for _, l := range b.Snapshot().Active {
		got = append(got, l.Row.Index)
	}
	if diff := cmp.Diff([]int{0, 1, 2, 3, 4}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
