package run_test

import (
	"testing"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/run"
)

// What is left shrinks as rows end, counts queued rows by slots, and is nothing at the end.
func TestStanding_Left(t *testing.T) {
	t.Parallel()
	row := func(i int, s migration.State, step migration.Step) migration.Row {
		r := migration.Row{Index: i, State: s, Step: step, UpdatedAt: evening}
		r.Target.Disk.Virtual = 128 << 30
		if step == migration.StepImportWait {
			r.Facts.ImportStarted = evening
		}
		return r
	}
	of := func(slots int, rows ...migration.Row) run.Standing {
		return run.Standing{Run: migration.Run{Slots: slots}, Rows: rows}
	}
	likely := func(s run.Standing, now time.Time) time.Duration {
		left, ok := s.TimeLeft(now)
		if !ok || left.From > left.Likely || left.Likely > left.To {
			t.Errorf("%v %v", left, ok)
		}
		return left.Likely
	}
	queued := []migration.Row{row(0, migration.Pending, migration.StepCheck), row(1, migration.Pending, migration.StepCheck)}
	importing := row(0, migration.Waiting, migration.StepImportWait)
	if one, two := likely(of(1, queued...), evening), likely(of(2, queued...), evening); one <= two {
		t.Errorf("with one slot %s, with two %s", one, two)
	}
	at, later := likely(of(1, importing), evening), likely(of(1, importing), evening.Add(10*time.Minute))
	if at-later < 8*time.Minute || at-later > 12*time.Minute {
		t.Errorf("ten minutes later %s are left of %s", later, at)
	}
	if half := likely(of(1, queued[0], row(1, migration.Succeeded, migration.StepProve)), evening); half >= likely(of(1, queued...), evening) {
		t.Errorf("half of it takes %s", half)
	}
	for name, s := range map[string]run.Standing{
		"no rows": of(1), "all have ended": of(1, row(0, migration.Succeeded, migration.StepProve), row(1, migration.Failed, migration.StepCheck)),
		"it drains": {Run: migration.Run{Slots: 1, Settings: migration.Settings{Draining: true}}, Rows: queued},
	} {
		if left, ok := s.TimeLeft(evening); ok {
			t.Errorf("%s: %v are left", name, left)
		}
	}
}
