// Package summary describes the state of a run in words: who has a Cloud PC and who has not, and why. Below it, in one
// package each, are what to do next, how rows are grouped, what happened when, how two runs differ, and how text is made
// fit for people. Terminal, status, report, tables and the live page all read it, so that they say the same in the same
// order. Everything here is a value or a pure function of a [Record]; it does no I/O and knows no HTML.
package summary

import (
	"cmp"
	"encoding/json"
	"strconv"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/summary/wording"
	"wave365/pkg/wave"
)

// Record is everything that is recorded of a run, at one moment. The same record gives the same words.
type Record struct {
	Run migration.Run
	// Rows are all rows of the run, by index. Events are the run's history, oldest first.
	Rows     []migration.Row
	Events   []migration.Event
	Intents  []migration.Intent
	Findings []wave.Finding
	// Since is how users whose rows ended here without a Cloud PC fare in later runs of the ledger, by row index; may be nil.
	Since map[int]Later
	// Audit is the run's part of the audit chain, one JSON object each; may be empty.
	Audit []AuditLine
	// At is the moment that the record describes.
	At       time.Time
	ExitCode int
	// Zone is the zone in which people read times; nil means UTC.
	Zone *time.Location
	// Shell says how commands are written; it names the run.
	Shell wording.Shell
	// Forecast is what was expected when the run began; zero: nothing was.
	Forecast Forecast
	// Expected is the range of times in which the run is expected to end; zero: it is not known, or the run has ended.
	Expected Forecast
	// Redacted says that names, addresses and hosts are pseudonyms.
	Redacted bool
	// Live marks the page of a run in progress that reloads itself. A file is never live.
	Live bool
}

// Later is the state of a user in another run of the ledger that has included them since.
type Later struct {
	Run   string
	State migration.State
}

// Text describes it in words.
func (l Later) Text() string {
	switch {
	case l.State == migration.Succeeded:
		return "Migrated since by run " + l.Run + "."
	case !l.State.Final():
		return "Run " + l.Run + " works on this user now."
	}
	return "Included since in run " + l.Run + ": " + string(l.State) + " there."
}

// remedy is what to do about the row that the other run has overtaken: look at that run.
func (l Later) remedy() fault.Remedy {
	text := "nothing is left to do here"
	if l.State != migration.Succeeded {
		text = "the row there counts: this one gets no new attempt while that row has the user"
	}
	return fault.Remedy{Text: text, Commands: []fault.Command{fault.NewCommand("status").For(l.Run)}}
}

// Forecast is the range of times in which a run was, or is, expected to end.
type Forecast struct{ From, To time.Time }

// AuditLine is one entry of the audit chain as raw JSON.
type AuditLine = json.RawMessage

// Location returns the time zone for people, never nil.
func (a Record) Location() *time.Location {
	if a.Zone == nil {
		return time.UTC
	}
	return a.Zone
}

// Rehearsal reports whether the run was on a sandbox tenant, so that no user was migrated.
func (a Record) Rehearsal() bool {
	return a.Run.Sandbox != "" || a.Run.SandboxState != "" || a.Run.Cloud == "sandbox"
}

// End returns when the run ended, or the moment of the record while it has not.
func (a Record) End() time.Time {
	if !a.Run.FinishedAt.IsZero() {
		return a.Run.FinishedAt
	}
	return a.At
}

// Tally counts the rows per outcome class.
func (a Record) Tally() map[Class]int {
	n := make(map[Class]int, 9)
	for _, r := range a.Rows {
		n[ClassOf(r)]++
	}
	return n
}

// Unsettled counts the rows per outcome class that this run has to finish: those of users whom another run has included since are
// left out.
func (a Record) Unsettled() map[Class]int {
	n := a.Tally()
	for _, r := range a.Rows {
		if _, elsewhere := a.Since[r.Index]; elsewhere {
			n[ClassOf(r)]--
		}
	}
	return n
}

// People counts the people of the wave, and those who have their Cloud PC, unless it was taken back since. A person with
// two rows in the wave counts once.
func (a Record) People() (all, done int) {
	back := TakenBack(a.Events)
	has := make(map[string]bool, len(a.Rows))
	for i, r := range a.Rows {
		who := wave.UserKey(cmp.Or(r.Target.UPN, r.Target.User))
		if who == "" {
			who = "row " + strconv.Itoa(i)
		}
		had, known := has[who]
		_, since := back[r.Index]
		has[who] = had || ClassOf(r).HasCloudPC() && !since
		if !known {
			all++
		}
		if !had && has[who] {
			done++
		}
	}
	return all, done
}
