package timeline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/migration"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
	"wave365/pkg/summary/timeline"
)

func find(t *testing.T, a summary.Record, index int) summary.RowRecord {
	t.Helper()
	all, _ := summary.RowRecords(a)
	return all[index]
}

func TestSegments(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	for _, c := range []struct {
		name string
		row  int
		want []timeline.Phase
	}{
		{"license trigger", 0, []timeline.Phase{"turn", "prepare", "import", "provision"}},
		{"membership trigger", 1, []timeline.Phase{"turn", "prepare", "import", "provision"}},
		{"second attempt", 3, []timeline.Phase{"turn", "prepare", "import", "turn", "import", "provision"}},
		{"skipped", 5, nil},
		{"failed import", 8, []timeline.Phase{"turn", "prepare", "import"}},
		{"throttled", 12, []timeline.Phase{"turn", "prepare", "retry", "import", "provision"}},
		{"deferred", 23, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := find(t, a, c.row)
			segments := timeline.Segments(d, a.Run.CreatedAt, a.At)
			var got []timeline.Phase
			for i, s := range segments {
				got = append(got, s.Phase)
				if !s.To.After(s.From) || i > 0 && s.From.Before(segments[i-1].To) {
					t.Errorf("segment %d runs from %s to %s", i, s.From, s.To)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if len(segments) > 0 && !segments[len(segments)-1].To.Equal(d.Row.FinishedAt) {
				t.Errorf("the last segment ends at %s, the row at %s", segments[len(segments)-1].To, d.Row.FinishedAt)
			}
		})
	}
}

func TestSegments_openRowsEndNow(t *testing.T) {
	t.Parallel()
	a := reporttest.Running()
	for _, r := range a.Rows {
		segments := timeline.Segments(find(t, a, r.Index), a.Run.CreatedAt, a.At)
		if !r.StartedAt.IsZero() && !r.State.Final() && !segments[len(segments)-1].To.Equal(a.At) {
			t.Errorf("row %d ends at %s, now is %s", r.Index, segments[len(segments)-1].To, a.At)
		}
	}
}

func TestAttempts_areKeptApart(t *testing.T) {
	t.Parallel()
	attempts := timeline.Attempts(find(t, reporttest.Sample(), 3))
	var got []string
	for _, a := range attempts {
		for _, s := range a.Steps {
			got = append(got, string(rune('0'+a.N))+" "+string(s.Step)+" "+s.End)
			if s.To.Before(s.From) {
				t.Errorf("%s ends before it begins", s.Step)
			}
		}
	}
	want := []string{
		"1 check done", "1 join done", "1 import done", "1 import-wait failed",
		"2 import done", "2 import-wait done", "2 cutover done", "2 provision-wait done", "2 prove done",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	throttled := timeline.Attempts(find(t, reporttest.Sample(), 12))
	if s := throttled[0].Steps[1]; s.Step != migration.StepImport || s.Tries != 1 || !strings.Contains(s.Trouble, "busy") {
		t.Errorf("the throttled try reads %+v", s)
	}
}

// A row that has ended waits for nothing until a retry includes it.
func TestSegments_endedDoesNotWait(t *testing.T) {
	t.Parallel()
	start := reporttest.Start()
	event := func(m int, from, to migration.State) migration.Event {
		return migration.Event{At: start.Add(time.Duration(m) * time.Minute), From: from, To: to, NextStep: migration.StepImport}
	}
	d := summary.RowRecord{Row: &migration.Row{StartedAt: start}, Events: []migration.Event{event(0, migration.Pending, migration.Running),
		event(10, migration.Running, migration.Failed), event(300, migration.Failed, migration.Pending),
		event(305, migration.Pending, migration.Running), event(310, migration.Running, migration.Succeeded)}}
	spent := timeline.Spent(timeline.Segments(d, start, start.Add(400*time.Minute)))
	if spent[timeline.Turn] != 5*time.Minute || spent[timeline.Import] != 15*time.Minute {
		t.Errorf("got %v", spent)
	}
}

func TestMarks(t *testing.T) {
	t.Parallel()
	start := reporttest.Start()
	at := func(m int, why migration.Reason) migration.Event {
		return migration.Event{Row: migration.WaveRow, At: start.Add(time.Duration(m) * time.Minute), Reason: why}
	}
	row := migration.Event{Row: 1, At: start.Add(7 * time.Minute), From: migration.Pending, To: migration.Running}
	gap := func(from, to int) timeline.Gap {
		return timeline.Gap{From: start.Add(time.Duration(from) * time.Minute), To: start.Add(time.Duration(to) * time.Minute)}
	}
	for _, c := range []struct {
		name     string
		events   []migration.Event
		finished bool
		want     []timeline.Gap
	}{
		{"never down", []migration.Event{at(0, migration.RunStarted), row, at(9, migration.RunEnded)}, true, nil},
		{"drained and resumed", []migration.Event{at(0, migration.RunStarted), row, at(10, migration.RunDrained), at(30, migration.RunResumed)}, true, []timeline.Gap{gap(10, 30)}},
		{"halted and resumed", []migration.Event{at(0, migration.RunStarted), at(10, migration.RunHalted), at(20, migration.RunResumed)}, true, []timeline.Gap{gap(10, 20)}},
		{"killed", []migration.Event{at(0, migration.RunStarted), row, at(30, migration.RunResumed)}, true, []timeline.Gap{gap(7, 30)}},
		{"ended and retried", []migration.Event{at(0, migration.RunStarted), at(5, migration.RunEnded), row, at(30, migration.RunResumed), at(40, migration.RunEnded)}, true, []timeline.Gap{gap(5, 30)}},
		{"still down", []migration.Event{at(0, migration.RunStarted), at(10, migration.RunStopped)}, false, []timeline.Gap{gap(10, 60)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			a := summary.Record{Events: c.events, At: start.Add(time.Hour)}
			if c.finished {
				a.Run.FinishedAt = a.At
			}
			_, gaps := timeline.Marks(a)
			if diff := cmp.Diff(c.want, gaps); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLevels_neverMoreThanRows(t *testing.T) {
	t.Parallel()
	a := reporttest.Sample()
	all, _ := summary.RowRecords(a)
	var segments [][]timeline.Segment
	for _, d := range all {
		segments = append(segments, timeline.Segments(d, a.Run.CreatedAt, a.At))
	}
	levels := timeline.Levels(segments)
	for _, l := range levels {
		if l.Import < 0 || l.Provision < 0 || l.Import > a.Run.Slots+1 || l.Import+l.Provision > len(a.Rows) {
			t.Errorf("%s: %d importing, %d provisioning", l.From, l.Import, l.Provision)
		}
	}
	if end := levels[len(levels)-1]; end.Import != 0 || end.Provision != 0 {
		t.Errorf("it ends with %+v", end)
	}
}
