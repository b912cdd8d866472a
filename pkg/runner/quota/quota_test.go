package quota

import (
	"strings"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

var now = time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)

// refusal is a row whose import the service did not take until so long after now; sent: it answered with a status.
func refusal(pause time.Duration, sent bool) migration.Row {
	p := &migration.Problem{Kind: string(fault.Throttled), Message: "slow down"}
	if sent {
		p.Status = 429
	}
	return migration.Row{State: migration.Waiting, Step: migration.StepImport, Reason: migration.ReasonRetry, Problem: p, NotBefore: now.Add(pause)}
}

func accepted() migration.Row {
	return migration.Row{State: migration.Waiting, Step: migration.StepImportWait}
}

func TestAPauseIsWaitedOut(t *testing.T) {
	t.Parallel()
	s := Imports{}.Learn(migration.StepImport, refusal(time.Minute, true), now)
	until, paused := s.Paused(now)
	if !paused || !until.Equal(now.Add(time.Minute)) || strings.Contains(s.Text(now), "allowance") {
		t.Errorf("until %v, %v: %s", until, paused, s.Text(now))
	}
	if _, paused := s.Paused(until); paused {
		t.Error("it goes on past its end")
	}
}

// People read until when on the clock of their zone, which is that of the time they are told at.
func TestText(t *testing.T) {
	t.Parallel()
	s := Imports{}.Learn(migration.StepImport, refusal(3*time.Minute, true), now)
	const want = "no new imports until 18:15 CET (17:15 UTC): slow down; a quota is used up, so one import is tried every 15 min; what is in flight is watched"
	if got := s.Text(now.In(time.FixedZone("CET", 3600))); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestAQuotaIsProbed(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]Imports{
		"a long pause":   Imports{}.Learn(migration.StepImport, refusal(3*time.Minute, true), now),
		"a second pause": Imports{}.Learn(migration.StepImport, refusal(-time.Minute, true), now.Add(-2*time.Minute)).Learn(migration.StepImport, refusal(time.Second, true), now),
	} {
		if until, _ := s.Paused(now); !until.Equal(now.Add(probeEvery)) || s.MayStart(20) != 1 || s.Send(1).MayStart(20) != 0 {
			t.Errorf("%s: until %v, %d may start", name, until, s.MayStart(20))
		}
		s = s.Learn(migration.StepImport, accepted(), now)
		if _, paused := s.Paused(now); paused || s.MayStart(20) != 20 {
			t.Errorf("%s: after an import was accepted %d may start", name, s.MayStart(20))
		}
	}
	s := Imports{}.Learn(migration.StepImport, refusal(time.Hour, false), now)
	if until, _ := s.Paused(now); !until.Equal(now.Add(time.Hour)) || s.usedUp {
		t.Errorf("a pause that nothing was sent into ends at %v, used up: %v", until, s.usedUp)
	}
}

func TestFirstImports(t *testing.T) {
	t.Parallel()
	var s Imports
	if n := s.MayStart(20); n != 3 {
		t.Errorf("%d may start before one was accepted", n)
	}
	if n := s.Send(2).MayStart(20); n != 1 {
		t.Errorf("%d may start beside two", n)
	}
	s = s.Send(3)
	for range 3 {
		s = s.Send(-1).Learn(migration.StepImport, migration.Row{State: migration.Failed, Step: migration.StepImport}, now)
	}
	if n := s.MayStart(20); n != 1 {
		t.Errorf("%d may start after three were refused", n)
	}
	if n := s.Recall(migration.Row{Step: migration.StepProve}, now).MayStart(20); n != 20 {
		t.Errorf("%d may start although an earlier process has imported", n)
	}
}
