package board_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/estimate"
	"wave365/pkg/migration"
	"wave365/pkg/progress/board"
)

var evening = time.Date(2026, 11, 6, 18, 0, 0, 0, time.UTC)

// row returns a row that has been at a step since some time; version and index come from the test.
func row(i int, state migration.State, step migration.Step, at time.Time) migration.Row {
	return migration.Row{Index: i, Version: 1, State: state, Step: step, Attempt: 1, StartedAt: at, UpdatedAt: at,
		Target: migration.Target{Trigger: migration.TriggerMembership}}
}

// finished returns a row that succeeded with these durations of import and provisioning.
func finished(i int, imported, provisioned time.Duration) migration.Row {
	r := row(i, migration.Succeeded, migration.StepProve, evening)
	r.Facts.ImportStarted, r.Facts.ImportEnded = evening.Add(-time.Hour), evening.Add(-time.Hour+imported)
	r.Facts.ImportStatus, r.Target.Disk.Virtual = "succeeded", 128<<30
	r.Facts.CutOver, r.Facts.Provisioned = evening.Add(-time.Hour), evening.Add(-time.Hour+provisioned)
	return r
}

// TestLeft: the board estimates the rest of the rows that it knows, learns from each import and Cloud PC once, and
// never returns an estimate older than some seconds.
func TestLeft(t *testing.T) {
	t.Parallel()
	now := evening
	b := board.New(func() time.Time { return now })
	waiting := row(0, migration.Waiting, migration.StepImportWait, evening)
	waiting.Target.Disk.Virtual, waiting.Facts.ImportStarted = 128<<30, evening
	open := []migration.Row{waiting, row(1, migration.Pending, migration.StepCheck, time.Time{})}
	b.Start(migration.Run{Slots: 1}, append(open, row(2, migration.Held, migration.StepImport, evening)))
	first := b.Snapshot().Left
	if want := estimate.RestOf(migration.Run{Slots: 1}, open).TimeLeft(now); first != want || want.To == 0 {
		t.Errorf("two of three rows are open: %v, want %v", first, want)
	}
	now = now.Add(5 * time.Second)
	if got := b.Snapshot().Left; got.To != first.To-5*time.Second || got.From != first.From-5*time.Second {
		t.Errorf("five seconds later: %v after %v", got, first)
	}
	// The first import takes three times as long as expected.
	now = now.Add(75 * time.Minute)
	done := waiting
	done.Version, done.Step = 2, migration.StepCutover
	done.Facts.ImportStatus, done.Facts.ImportEnded = "succeeded", now
	b.Update(done)
	learned := b.Snapshot().Left
	b.Update(done)
	now = now.Add(time.Minute)
	if again := b.Snapshot().Left; learned.To <= 0 || again.To > learned.To {
		t.Errorf("learned twice from one import: %v after %v", again, learned)
	}
}

// TestSlow: fast steps do not make an ordinary one slow, and the run's own pace replaces the first guess.
func TestSlow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		rows  []migration.Row
		since time.Duration
		want  bool
		usual time.Duration
	}{
		{"first guess", nil, 45 * time.Minute, false, 2736 * time.Second},
		{"beyond the first guess", nil, 46 * time.Minute, true, 2736 * time.Second},
		{"quick run", []migration.Row{finished(0, time.Second, 0), finished(1, time.Second, 0), finished(2, time.Second, 0),
			finished(3, time.Second, 0), finished(4, time.Second, 0), finished(5, time.Second, 0), finished(6, time.Second, 0)}, time.Minute, false, 2 * time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := board.New(func() time.Time { return evening })
			b.Start(migration.Run{Slots: 1}, append([]migration.Row{row(9, migration.Waiting, migration.StepImportWait, evening.Add(-c.since))}, c.rows...))
			got := b.Snapshot().Active[0]
			if got.Slow != c.want || got.Usual.Round(time.Second) != c.usual {
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

// TestOrder: rows that need attention come first, and the others keep their place.
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
