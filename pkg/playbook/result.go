package playbook

import (
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// resultOf turns a call's error into a row's result: what may pass is tried again, what will not is a failure, an
// unknown outcome is held. An error of the journal is given back as it is.
func resultOf(r migration.Row, err error, code, doing string) (migration.Result, error) {
	if isJournalError(err) {
		return migration.Result{}, err
	}
	p := migration.ProblemOf(err, code, doing)
	switch fault.KindOf(err) {
	case fault.Interrupted:
		return migration.Stopped(r.Facts), nil
	case fault.OutcomeUnknown:
		return migration.Unknown(r.Facts, p), nil
	case fault.Throttled, fault.Unavailable, fault.Denied:
		return migration.TryAgain(r.Facts, p, retryAfter(err)), nil
	case fault.Conflict:
		// A usage location that was set a moment ago has not reached the license service yet.
		if fault.CodeOf(err) == graph.CodeUsageLocation {
			return migration.TryAgain(r.Facts, p, time.Minute), nil
		}
	}
	return migration.Failure(r.Facts, p), nil
}

// effectFailed is resultOf for an effect that may be tried again after a refusal: what passes by itself (409, 412, 423, a 400
// that speaks of concurrency, an object that a replica does not know yet) is tried again, within the row's patience.
func effectFailed(r migration.Row, err error, code, doing string) (migration.Result, error) {
	res, jerr := resultOf(r, err, code, doing)
	if jerr != nil || res.Kind != migration.ResultFail || !passes(err) {
		return res, jerr
	}
	p := *res.Problem
	p.Kind = string(fault.Conflict) // whose patience it has
	if fault.CodeOf(err) == codeSeatLost {
		p.Code = codeSeatLost
		return migration.TryAgain(r.Facts, p, retryAfter(err)), nil
	}
	p.Hint = "the service refused it for what else was going on at the time: retry tries again"
	p.Commands = retry()
	return migration.TryAgain(r.Facts, p, retryAfter(err)), nil
}

// passes reports whether a refusal is temporary rather than about the request.
func passes(err error) bool {
	f := fault.As(err)
	for f != nil && f.Remote == nil {
		f = fault.As(f.Err)
	}
	if f == nil {
		return false
	}
	switch f.Kind {
	case fault.Conflict, fault.NotFound:
		return true
	case fault.Invalid:
		return strings.Contains(strings.ToLower(f.Remote.Code+" "+f.Remote.Message), "concurren")
	}
	return false
}

// readFailed is resultOf for a read: the same, but an answer that would end the row must be there twice, apart in time.
func (b *Playbook) readFailed(r migration.Row, err error, code, doing string) (migration.Result, error) {
	res, err := resultOf(r, err, code, doing)
	if err != nil || res.Kind != migration.ResultFail {
		return res, err
	}
	return b.confirmTwice(r, r.Facts, "could not "+doing, func(migration.Facts) migration.Result { return res }), nil
}

func retryAfter(err error) time.Duration {
	if f := fault.As(err); f != nil && f.Remote != nil {
		return f.Remote.RetryAfter
	}
	return 0
}

// apart is how much time passes between two looks before a surprising answer is believed.
const apart = 90 * time.Second

// confirmTwice handles an answer that must be seen twice, apart in time, before it is believed. The first time it asks
// for another look; believed is the result when the same answer is there again.
func (b *Playbook) confirmTwice(r migration.Row, f migration.Facts, what string, believed func(migration.Facts) migration.Result) migration.Result {
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

// clearSuspicion forgets a surprise that was not seen again.
func clearSuspicion(f migration.Facts) migration.Facts {
	f.Suspect, f.SuspectAt = "", time.Time{}
	return f
}

// stop is a result that ends a step's work on a row before it is done; nil: the work continues.
type stop = *migration.Result

// orNone is the result of a stop; nil: none.
func orNone(s stop) migration.Result {
	if s == nil {
		return migration.Result{}
	}
	return *s
}

func stopWith(res migration.Result, err error) (stop, error) {
	if err != nil {
		return nil, err
	}
	return &res, nil
}
