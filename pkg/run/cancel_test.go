package run_test

import (
	"strings"
	"testing"

	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/runner"
)

// One row is cancelled, then all; the run is finished when no row is open, and not before. The event names who asked.
func TestSession_Cancel(t *testing.T) {
	t.Parallel()
	s, _, _ := begun(t, migration.Settings{})
	if _, err := s.Cancel(t.Context(), "zoe@x.example"); err == nil || !strings.Contains(err.Error(), "zoe@x.example") {
		t.Errorf("somebody who is not in the wave: %v", err)
	}
	c, err := s.Cancel(t.Context(), "bob@x.example")
	if err != nil || c.Rows != 1 || c.Named == nil || c.Named.Target.User != "bob@x.example" || len(c.GoOn) != 0 {
		t.Fatalf("%+v, %v", c, err)
	}
	same(t, "rows", states(s), []string{"ada@x.example pending P", "bob@x.example cancelled P", "cyd@x.example pending P"})
	if !s.Run.FinishedAt.IsZero() {
		t.Error("the run is finished with two rows open")
	}
	if c, err = s.Cancel(t.Context(), "bob@x.example"); err != nil || c.Rows != 0 {
		t.Errorf("once more: %+v, %v", c, err)
	}
	if c, err = s.Cancel(t.Context(), ""); err != nil || c.Rows != 2 || c.Named != nil {
		t.Fatalf("all: %+v, %v", c, err)
	}
	r, err := s.Ledger.Run(t.Context(), s.Run.ID)
	if err != nil || !r.FinishedAt.Equal(evening) {
		t.Errorf("nothing is left, and the run is finished at %s, %v", r.FinishedAt, err)
	}
	events, err := s.Ledger.Events(t.Context(), s.Run.ID)
	if err != nil {
		t.Fatal(err)
	}
	var notes []string
	for _, e := range events {
		if e.Row == migration.WaveRow && e.Reason == migration.RunCancelled {
			notes = append(notes, e.Note)
		}
	}
	same(t, "recorded", notes, []string{"1 row, by op on here", "2 rows, by op on here"})
}

// A row whose import the service has continues, and so does the run.
func TestSession_Cancel_importSent(t *testing.T) {
	t.Parallel()
	s, _, _ := begun(t, migration.Settings{})
	in, err := s.Ledger.Intend(t.Context(), migration.Intent{Run: s.Run.ID, Row: 0, Attempt: s.Rows[0].Attempt, Effect: migration.EffectImport, ClientRequestID: "c", Subject: "u", At: evening})
	if err == nil {
		err = s.Ledger.Conclude(t.Context(), in, migration.Outcome{Status: migration.OutcomeDone, RemoteID: "s", At: evening})
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Cancel(t.Context(), "")
	if err != nil || c.Rows != 2 || len(c.GoOn) != 1 || c.GoOn[0].Target.User != "ada@x.example" {
		t.Fatalf("%+v, %v", c, err)
	}
	if r, err := s.Ledger.Run(t.Context(), s.Run.ID); err != nil || !r.FinishedAt.IsZero() {
		t.Errorf("the run is finished at %s, %v, and an import goes on", r.FinishedAt, err)
	}
}

func TestStanding_State(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]run.Standing{
		"running": {Running: true}, "interrupted": {}, "waiting": {End: runner.Yielded}, "finished": {End: runner.Finished},
		"halted": {End: runner.Halted}, "drained": {End: runner.Drained}, "stopped": {End: runner.Stopped}, "reached": {End: runner.Reached},
	} {
		if got := s.State(); got != want || s.Died() != (want == "interrupted") {
			t.Errorf("%+v: %s, died %t; want %s", s, got, s.Died(), want)
		}
	}
}

func TestCheckSlots(t *testing.T) {
	t.Parallel()
	for n, ok := range map[int]bool{-1: false, 0: false, 1: true, run.MaxSlots: true, run.MaxSlots + 1: false} {
		if err := run.CheckSlots(n); (err == nil) != ok {
			t.Errorf("%d: %v", n, err)
		}
	}
}
