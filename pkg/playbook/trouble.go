package playbook

import (
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// trouble turns a call's error into a row's result: what may pass is tried again, what will not is a failure, an
// unknown outcome is held.
func trouble(r migration.Row, err error, code, doing string) migration.Result {
	p := migration.ProblemOf(err, code, doing)
	switch fault.KindOf(err) {
	case fault.Interrupted:
		return migration.Stopped(r.Facts)
	case fault.OutcomeUnknown:
		return migration.Unknown(r.Facts, p)
	case fault.Throttled, fault.Unavailable, fault.Denied:
		return migration.TryAgain(r.Facts, p, retryAfter(err))
	case fault.Conflict:
		// A usage location that was set a moment ago has not reached the license service yet.
		if fault.CodeOf(err) == graph.CodeUsageLocation {
			return migration.TryAgain(r.Facts, p, time.Minute)
		}
	}
	return migration.Failure(r.Facts, p)
}

// unread is trouble with a read: the same, but an answer that would end the row must be there twice, apart in time.
func unread(b *Book, r migration.Row, err error, code, doing string) migration.Result {
	res := trouble(r, err, code, doing)
	if res.Kind != migration.ResultFail {
		return res
	}
	return b.surprising(r, r.Facts, "could not "+doing, func(migration.Facts) migration.Result { return res })
}

func retryAfter(err error) time.Duration {
	if f := fault.As(err); f != nil && f.Remote != nil {
		return f.Remote.RetryAfter
	}
	return 0
}

// apart is how much time lies between two looks before a surprising answer is believed.
const apart = 90 * time.Second

// surprising handles an answer that must be seen twice, apart in time, before it is believed. The first time it asks
// for another look; believed is what follows when the same answer is there again.
func (b *Book) surprising(r migration.Row, f migration.Facts, what string, believed func(migration.Facts) migration.Result) migration.Result {
	now := b.clock.Now()
	if f.Suspect != what {
		f.Suspect, f.SuspectAt = what, now
		return migration.Wait(f, apart, "looking twice: "+what)
	}
	if wait := f.SuspectAt.Add(apart).Sub(now); wait > 0 {
		return migration.Wait(f, wait, "looking twice: "+what)
	}
	return believed(f)
}

// calm forgets a surprise that was not seen again.
func calm(f migration.Facts) migration.Facts {
	f.Suspect, f.SuspectAt = "", time.Time{}
	return f
}
