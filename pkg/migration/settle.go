package migration

import (
	"time"

	"wave365/pkg/fault"
)

// patience is how long a step may be in trouble, by the kind of trouble, before its row fails.
func patience(kind fault.Kind) time.Duration {
	switch kind {
	case fault.Throttled:
		return 72 * time.Hour // a quota for a day may be used up on the next day as well
	case fault.Unavailable, fault.Interrupted:
		return 12 * time.Hour // a network that fails in the evening may be fixed in the morning
	case fault.Conflict:
		return 30 * time.Minute
	case fault.Denied:
		return 10 * time.Minute
	}
	return 0
}

// Backoff returns how long to wait before try number tries+1: 15 s doubled per failed try, at most 10 min, spread by
// ±20 % with roll from [0,1).
func Backoff(tries int, roll float64) time.Duration {
	d := 15 * time.Second << min(tries, 6)
	d = min(d, 10*time.Minute)
	return time.Duration(float64(d) * (0.8 + 0.4*roll))
}

// maxTries limits the tries of one step whatever the failure: failures of alternating kinds must not continue forever.
const maxTries = 400

// named reports whether the service named a time to come back that is so far off, as with quotas, that it is waited for
// however late it gets.
func named(p Problem, wait time.Duration) bool {
	return p.Kind == string(fault.Throttled) && wait >= time.Hour
}

// unattended reports whether a row that was due then is processed so late that it cannot have been processed before: no
// process ran, or the run held it back. That time was not spent trying.
func unattended(due, now time.Time) bool {
	return !due.IsZero() && now.Sub(due) > 15*time.Minute
}

// troubleSince returns when the failure began whose patience is measured. Each kind is measured separately: waiting hours
// for a quota must not use up the patience for the first reset after it.
func troubleSince(r Row, p Problem, now time.Time) time.Time {
	other := r.Problem != nil && r.Problem.Kind != p.Kind
	if r.TroubleSince.IsZero() || other || unattended(r.NotBefore, now) {
		return now
	}
	return r.TroubleSince
}

// exhausted reports whether a row has been failing for so long, or so often, that it is not tried again.
func exhausted(r Row, res Result, now time.Time) bool {
	since := troubleSince(r, *res.Problem, now)
	return (now.Sub(since) >= patience(fault.Kind(res.Problem.Kind)) && !named(*res.Problem, res.Delay)) || r.Tries >= maxTries
}

// Settle turns a step's result into the row's next transition. It returns false when nothing needs to be recorded: the
// row continues to wait, only its due time moves. roll, from [0,1), spreads the back-off.
func Settle(r Row, res Result, now time.Time, roll float64) (Transition, bool) {
	switch res.Kind {
	case ResultDone:
		if Next(r.Target.Trigger, r.Step) == "" {
			return Succeed(r, res.Facts, now), true
		}
		var until time.Time
		if res.Delay > 0 {
			until = now.Add(res.Delay)
		}
		return Advance(r, res.Facts, until, res.Note, now), true
	case ResultWait:
		if r.State == Waiting && r.Facts == res.Facts && r.Problem == nil {
			return Transition{}, false
		}
		return Park(r, res.Facts, now.Add(res.Delay), res.Note, now), true
	case ResultAgain:
		if exhausted(r, res, now) {
			return Fail(r, res.Facts, *res.Problem, now), true
		}
		return Again(r, res.Facts, *res.Problem, now.Add(max(res.Delay, Backoff(r.Tries, roll))), now), true
	case ResultFail:
		return Fail(r, res.Facts, *res.Problem, now), true
	case ResultHold:
		return Hold(r, res.Facts, *res.Problem, now), true
	case ResultStopped:
		if r.State == Running {
			return Interrupt(r, "stopped before this step was done", now), true
		}
		return Transition{}, false
	}
	panic("migration: unknown result " + string(res.Kind))
}
