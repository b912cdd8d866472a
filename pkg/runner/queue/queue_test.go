package queue

import (
	"slices"
	"testing"
	"time"

	"wave365/pkg/migration"
)

func TestPlace(t *testing.T) {
	t.Parallel()
	row := func(state migration.State, step migration.Step, reason migration.Reason) *migration.Row {
		return &migration.Row{State: state, Step: step, Reason: reason}
	}
	const running, waiting, pending = migration.Running, migration.Waiting, migration.Pending
	for _, tc := range []struct {
		name  string
		row   *migration.Row
		block Block
		want  Place
	}{
		{"EndedWhateverBlocksIt", row(migration.Failed, migration.StepImport, ""), Drained, Ended},
		{"NotTakenUp", row(pending, migration.StepCheck, ""), Free, Queued},
		{"TakenUp", row(running, migration.StepJoin, ""), Free, Ahead},
		{"InTrouble", row(waiting, migration.StepImport, migration.ReasonRetry), Free, Parked},
		{"InFlight", row(waiting, migration.StepImportWait, migration.ReasonRetry), Free, Slotted},
		{"Imported", row(waiting, migration.StepProvisionWait, ""), Free, Beyond},
		{"DrainedBeforeItsStart", row(pending, migration.StepJoin, ""), Drained, Queued},
		{"DrainedWhileItWaits", row(waiting, migration.StepJoin, ""), Drained, Released},
		{"FarEnough", row(pending, migration.StepCutover, ""), Reached, Released},
		{"BehindTheCanaries", row(pending, migration.StepCheck, ""), Behind, Queued},
		{"BehindTheCanariesAndWaiting", row(waiting, migration.StepJoin, ""), Behind, Parked},
	} {
		if got := place(tc.row, tc.block); got != tc.want {
			t.Errorf("%s: place %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestBlockOf(t *testing.T) {
	t.Parallel()
	at := func(step migration.Step) *migration.Row {
		return &migration.Row{State: migration.Waiting, Step: step, Target: migration.Target{Trigger: migration.TriggerLicense}}
	}
	cut := at(migration.StepCutover)
	cut.Facts.CutOver = time.Now()
	for _, tc := range []struct {
		name     string
		row      *migration.Row
		draining bool
		until    migration.Step
		others   bool
		want     Block
	}{
		{"Free", at(migration.StepJoin), false, "", false, Free},
		{"DrainsBeforeTheImport", at(migration.StepImport), true, "", true, Drained},
		{"DrainsAfterIt", at(migration.StepImportWait), true, "", false, Free},
		{"FarEnough", at(migration.StepCutover), false, migration.StepImportWait, false, Reached},
		{"CutOverAlready", cut, false, migration.StepImportWait, false, Free},
		{"OthersGoFirst", at(migration.StepImport), false, "", true, Behind},
		{"OthersGoFirstButItIsImported", at(migration.StepImportWait), false, "", true, Free},
	} {
		if got := BlockOf(tc.row, tc.draining, tc.until, tc.others); got != tc.want {
			t.Errorf("%s: block %d, want %d", tc.name, got, tc.want)
		}
	}
}

// Whose wait is over goes before those who are ready; who is nearly due fills up after them.
func TestNext(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
	wait := func(d time.Duration) migration.Row {
		return migration.Row{State: migration.Waiting, Step: migration.StepJoin, NotBefore: now.Add(d)}
	}
	ready := func(priority int) migration.Row {
		return migration.Row{State: migration.Running, Step: migration.StepJoin, Target: migration.Target{Priority: priority}}
	}
	rows := []migration.Row{ready(0), wait(time.Minute), wait(5 * time.Second), ready(3), wait(-time.Second)}
	l := New(rows)
	for i := range rows {
		l.Put(i, Free, time.Time{})
	}
	take := func(until time.Time) (got []int) {
		for {
			i, ok := l.Next(migration.StepJoin, now, until)
			if !ok {
				return got
			}
			got = append(got, i)
		}
	}
	if got := take(now.Add(10 * time.Second)); !slices.Equal(got, []int{4, 3, 0, 2}) {
		t.Errorf("taken %v", got)
	}
	if due := l.FirstDue(""); !due.Equal(now.Add(time.Minute)) {
		t.Errorf("the last is due at %v", due)
	}
	if due := l.FirstDue(migration.StepJoin); !due.IsZero() {
		t.Errorf("at another step one is due at %v", due)
	}
	l.Remove(map[int]bool{1: true})
	if got := take(now.Add(time.Hour)); len(got) > 0 {
		t.Errorf("taken %v after all were removed", got)
	}
}

func TestRoom(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name                  string
		slots, slotted, ahead int
		step                  migration.Step
		chosen, mayStart      int
		want                  bool
	}{
		{"AFreeSlot", 4, 0, 0, migration.StepCheck, 0, 9, true},
		{"AllSlotsTakenAndNobodyAhead", 4, 4, 0, migration.StepCheck, 0, 9, true},
		{"EnoughAhead", 8, 8, 3, migration.StepCheck, 0, 9, false},
		{"FewAhead", 8, 8, 2, migration.StepCheck, 0, 9, true},
		{"OneMoreOfThoseTakenUpTogether", 4, 4, 0, migration.StepCheck, 1, 9, true},
		{"NoMoreThanTheLookahead", 4, 4, 0, migration.StepCheck, 2, 9, false},
		{"AnImportNeedsASlot", 4, 4, 0, migration.StepImport, 0, 9, false},
		{"AnImportThatTheServiceWouldTake", 4, 3, 0, migration.StepImport, 0, 1, true},
		{"NoSecondOne", 4, 2, 0, migration.StepImport, 1, 1, false},
	} {
		l := New(make([]migration.Row, 40))
		for i := range tc.slotted {
			l.Move(i, Slotted)
		}
		for i := range tc.ahead {
			l.Move(20+i, Ahead)
		}
		if got := l.Room(tc.step, tc.chosen, tc.slots, tc.mayStart); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}
