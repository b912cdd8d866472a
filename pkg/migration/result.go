package migration

import (
	"time"

	"wave365/pkg/fault"
)

// ResultKind is what a step found for a row.
type ResultKind string

// The kinds of result.
const (
	ResultDone    ResultKind = "done"
	ResultWait    ResultKind = "wait"
	ResultAgain   ResultKind = "again"
	ResultFail    ResultKind = "fail"
	ResultHold    ResultKind = "hold"
	ResultStopped ResultKind = "stopped"
)

// Result is what a step found for one row. Build it with the functions below.
type Result struct {
	Kind  ResultKind
	Facts Facts
	// Delay is how long to wait: before the next step (done), before the next poll (wait), at least before the next try
	// (again; 0: the runner's own back-off).
	Delay time.Duration
	// Note describes for people what is being waited for.
	Note    string
	Problem *Problem
}

// Done: the step is done; the next may start at once.
func Done(f Facts) Result { return Result{Kind: ResultDone, Facts: f} }

// DoneAfter: the step is done; the next one is worth trying after d.
func DoneAfter(f Facts, d time.Duration, note string) Result {
	return Result{Kind: ResultDone, Facts: f, Delay: d, Note: note}
}

// Wait: nothing is wrong; poll again after d.
func Wait(f Facts, d time.Duration, note string) Result {
	return Result{Kind: ResultWait, Facts: f, Delay: d, Note: note}
}

// TryAgain: this try failed in a way that the next one may not.
func TryAgain(f Facts, p Problem, atLeast time.Duration) Result {
	return Result{Kind: ResultAgain, Facts: f, Problem: &p, Delay: atLeast}
}

// Failure: the row cannot succeed.
func Failure(f Facts, p Problem) Result { return Result{Kind: ResultFail, Facts: f, Problem: &p} }

// Unknown: the outcome of an effect could not be determined.
func Unknown(f Facts, p Problem) Result { return Result{Kind: ResultHold, Facts: f, Problem: &p} }

// Stopped: the step was asked to stop before it did anything.
func Stopped(f Facts) Result { return Result{Kind: ResultStopped, Facts: f} }

// ProblemOf turns a call's error into a row's problem; code is ours, doing describes what was being done. The service's
// own message is kept.
func ProblemOf(err error, code, doing string) Problem {
	do := fault.RemedyOf(err)
	p := Problem{Code: code, Message: doing, Hint: do.Text, Commands: do.Commands, Kind: string(fault.KindOf(err))}
	f := fault.As(err)
	if f == nil {
		if err != nil {
			p.Message += ": " + err.Error()
		}
		return p
	}
	p.Message += ": " + f.Error()
	if r := f.Remote; r != nil {
		p.Service, p.Status, p.ServiceCode = r.Service, r.Status, r.Code
		p.RequestID, p.ClientRequestID = r.RequestID, r.ClientRequestID
	}
	return p
}
