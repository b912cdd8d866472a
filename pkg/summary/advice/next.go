// Package advice decides what happens next with a run, who has to act, and which command to type for it.
package advice

import (
	"fmt"
	"slices"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/summary"
)

// Move is what happens next for rows of one outcome, and who has to act.
type Move struct {
	Class summary.Class
	Count int
	// Who is a role: Helpdesk, Endpoint admin or Operator.
	Who  string
	What string
}

// The roles.
const (
	helpdesk = "Helpdesk"
	admin    = "Endpoint admin"
	operator = "Operator"
)

// Moves returns what happens next, the most urgent first. A rehearsal asks nothing of the helpdesk.
func Moves(a summary.Record) []Move {
	n, cancelled := a.Unsettled(), takenUpByRetry(a)
	var out []Move
	say := func(c summary.Class, count int, who, one, many string) {
		if count == 0 {
			return
		}
		what := one
		if count > 1 {
			what = fmt.Sprintf(many, count)
		}
		out = append(out, Move{Class: c, Count: count, Who: who, What: what})
	}
	say(summary.Held, n[summary.Held], admin, "Find out whether the held import happened, then settle the row with reconcile. Until then nothing is repeated.",
		"Find out whether the %d held imports happened, then settle the rows with reconcile. Until then nothing is repeated.")
	say(summary.Failed, n[summary.Failed], admin, "Remove the cause of the failure below, then retry. Only the failed step onward is repeated.",
		"Remove the causes of the %d failures below, then retry. Only the failed step onward is repeated.")
	one, many := "One row is not finished. Resume the run if no process is working on it.", "%d rows are not finished. Resume the run if no process is working on it."
	if a.Live {
		one, many = "One row is being worked on or waits for its turn. Nothing needs to be done.", "%d rows are being worked on or wait for their turn. Nothing needs to be done."
	}
	say(summary.Active, n[summary.Active]+n[summary.Waiting]+n[summary.Queued], operator, one, many)
	others := ""
	if n[summary.Failed]+n[summary.Deferred]+cancelled > 0 {
		others = " The other rows in it need retry: do that first."
	}
	say(summary.Skipped, n[summary.Skipped], operator, "Correct the row in failed.csv and run that file as a wave."+others,
		"Correct the %d rows in failed.csv and run that file as a wave."+others)
	say(summary.Deferred, n[summary.Deferred], operator, "One row was deferred: retry it at another time.",
		"%d rows were deferred: retry them at another time.")
	say(summary.Cancelled, cancelled, operator, "One row was cancelled. Retry starts it after all.",
		"%d rows were cancelled. Retry starts them after all.")
	say(summary.Warned, n[summary.Warned], admin, "One Cloud PC works but carries a warning. Look at it in the Intune admin center.",
		"%d Cloud PCs work but carry warnings. Look at them in the Intune admin center.")
	_, done := a.People()
	if a.Rehearsal() {
		say(summary.Succeeded, done, operator, "The rehearsal worked for one row. Run the wave against the real tenant when the rest is settled.",
			"The rehearsal worked for %d rows. Run the wave against the real tenant when the rest is settled.")
		return out
	}
	say(summary.Succeeded, done, helpdesk, "Tell the person that the Cloud PC is ready, in the Windows App or at windows365.microsoft.com.",
		"Tell %d people that their Cloud PC is ready, in the Windows App or at windows365.microsoft.com.")
	return out
}

// takenUpByRetry counts the cancelled rows that retry includes: all but those whose line was removed from the wave file and those
// of users whom another run has included since.
func takenUpByRetry(a summary.Record) (n int) {
	for _, r := range a.Rows {
		if _, elsewhere := a.Since[r.Index]; r.State == migration.Cancelled && r.Retryable() && !elsewhere {
			n++
		}
	}
	return n
}

// Next returns the commands worth typing now, the most important first. While a process drives the run there are none:
// it holds the ledger, which refuses them.
func Next(a summary.Record) []fault.Command {
	if a.Live {
		return nil
	}
	n := a.Unsettled()
	var out []fault.Command
	open := n[summary.Active]+n[summary.Waiting]+n[summary.Queued] > 0
	if open {
		out = append(out, Resume(a.Run, a.Rows, a.Events))
	}
	if n[summary.Held] > 0 {
		i := slices.IndexFunc(a.Rows, func(r migration.Row) bool { return r.State == migration.Held })
		out = append(out, settles(a.Rows[i])...) // one row serves as the example
	}
	if n[summary.Failed]+n[summary.Deferred]+takenUpByRetry(a) > 0 {
		out = append(out, fault.NewCommand("retry"))
	}
	if n[summary.Failed]+n[summary.Skipped]+n[summary.Deferred] > 0 && !open {
		out = append(out, ValidateFailed(a.Run))
	}
	if !open && n[summary.Held] == 0 && !closed(a) {
		out = append(out, fault.NewCommand("close"))
	}
	return out
}

// closed reports whether close, or a command like it, has dealt with the tenant since the run last ended; a run in which
// no row was started leaves nothing to close.
func closed(a summary.Record) bool {
	for _, e := range slices.Backward(a.Events) {
		switch e.Reason {
		case migration.RunClosed:
			return true
		case migration.RunEnded:
			return false
		}
	}
	return true
}

// settles returns the commands that decide about a held row: its own, or else the two there are.
func settles(r migration.Row) []fault.Command {
	if own := summary.WhyOf(r).Remedy.Commands; len(own) > 0 {
		return own
	}
	return []fault.Command{
		fault.NewCommand("reconcile", "--row", r.Target.User, "--snapshot-id", "ID"), fault.NewCommand("reconcile", "--row", r.Target.User, "--no-effect"),
	}
}

// ValidateFailed returns the command that validates the corrected file of rows that did not succeed, for a rehearsal on
// its scenario.
func ValidateFailed(run migration.Run) fault.Command {
	words := []string{summary.FailedFile(run)}
	if run.Sandbox != "" {
		words = append(words, "--sandbox="+run.Sandbox)
	}
	return fault.NewCommand("validate", words...)
}

// Beyond returns the commands of a remedy that are not among those of [Next].
func Beyond(a summary.Record, r fault.Remedy) []fault.Command {
	next := Next(a)
	return slices.DeleteFunc(slices.Clone(r.Commands), func(c fault.Command) bool {
		return a.Live || slices.ContainsFunc(next, c.Equal)
	})
}
