package runner

import (
	"fmt"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
)

// This file holds the rules about imports as the service takes them: pauses and quotas, and the first ones of a run.

const (
	// shortPause is how long a pause may be that is just a pause; a longer one means that a quota is used up.
	shortPause = 2 * time.Minute
	// probeEvery is how often one import is tried while a quota is used up: refused ones count as well.
	probeEvery = 15 * time.Minute
	// firstImports is how many imports are sent before one was accepted. When all of them are refused alike, the others
	// would be as well.
	firstImports = 3
)

// quota takes up what the service said about imports as such: that is about everybody's imports, not about the row whose
// call was refused. before is the step at which the row stood.
func (w *wave) quota(before migration.Step, r migration.Row) {
	now := w.cfg.Clock.Now()
	if before == migration.StepImport && r.State == migration.Failed {
		w.refused++
	}
	switch {
	case before == migration.StepImport && r.Step.Imported():
		w.accepted, w.usedUp, w.throttled = true, false, 0
		w.quotaUntil = time.Time{}
		return
	case r.State != migration.Waiting || r.Step != migration.StepImport || r.Reason != migration.ReasonRetry,
		r.Problem == nil || r.Problem.Kind != string(fault.Throttled) || !r.NotBefore.After(now):
		return
	}
	until := r.NotBefore
	if r.Problem.Status != 0 { // it was sent, and refused
		if !now.Before(w.quotaUntil) {
			w.throttled++ // those that were under way together count once
		}
		if w.usedUp = w.usedUp || w.throttled > 1 || until.Sub(now) > shortPause; w.usedUp {
			until = now.Add(probeEvery)
		}
	}
	if until.After(w.quotaUntil) {
		w.quotaUntil, w.quotaWhy = until, r.Problem.Message
	}
}

// quotaText says why no import is started.
func (w *wave) quotaText() string {
	text := "no new imports until " + clocks.OfDay(w.quotaUntil.Local(), w.cfg.Clock.Now()) + ": " + w.quotaWhy
	if w.usedUp {
		text += "; an allowance is used up, so one import is tried every " + probeEvery.String()
	}
	return text + "; what is in flight is watched"
}

// holdStarts reports whether no import may be started now.
func (w *wave) holdStarts(now time.Time) bool {
	return w.paused || now.Before(w.quotaUntil) || w.mayStart() == 0
}

// mayStart is how many imports may be sent now, besides what slots allow.
func (w *wave) mayStart() int {
	switch {
	case w.usedUp:
		return max(0, 1-w.sending)
	case !w.accepted && w.sending == 0:
		return max(1, firstImports-w.refused)
	case !w.accepted:
		return max(0, firstImports-w.refused-w.sending)
	}
	return len(w.rows)
}

// refusedAlike says why the run halts when its first imports, or the first since it halted last, were refused in one way and none was
// accepted; "" when it does not. A rule that the operator set stands in its place.
func (w *wave) refusedAlike() string {
	if w.accepted || w.cfg.Halt != (migration.Halt{}) {
		return ""
	}
	type refusal struct {
		code, serviceCode string
		status            int
	}
	count := map[refusal]int{}
	for _, r := range w.rows {
		p := r.Problem
		if r.State != migration.Failed || r.Step != migration.StepImport || p == nil || p.Service == "" || p.Status == 0 || p.Code == "import.exists" ||
			!w.cfg.HaltedAt.IsZero() && !r.FinishedAt.After(w.cfg.HaltedAt) {
			continue
		}
		how := refusal{p.Code, p.ServiceCode, p.Status}
		if count[how]++; count[how] >= firstImports {
			return fmt.Sprintf("halted: the first %d imports were refused alike and none was accepted, so the others would be as well: %s", count[how], p.Message)
		}
	}
	return ""
}
