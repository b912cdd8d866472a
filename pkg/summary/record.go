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

// Record is everything that is recorded of a run, as it stood at one moment. The same record gives the same words.
type Record struct {
	Run migration.Run
	// Rows are all rows of the run, by index. Events are the run's history, oldest first.
	Rows     []migration.Row
	Events   []migration.Event
	Intents  []migration.Intent
	Findings []wave.Finding
	// Since is what other runs of the ledger did since about users whose rows ended here without a Cloud PC, by row index; may be
	// nil.
	Since map[int]Later
	// Audit is the run's part of the audit chain, one JSON object each; may be empty.
	Audit []AuditLine
	// At is the moment the record is true for.
	At       time.Time
	ExitCode int
	// Zone is the zone in which people read times; nil means UTC.
	Zone *time.Location
	// Shell says how commands are written; it names the run.
	Shell wording.Shell
	// Forecast is what was reckoned with when the run began; zero: nothing was.
	Forecast Forecast
	// Expected is between when and when the end is expected as things stand; zero: it is not, or the run has ended.
	Expected Forecast
	// Redacted says that names, addresses and hosts are pseudonyms.
	Redacted bool
	// Live marks the page of a run that goes on and is watched: it follows by itself. A file is never live.
	Live bool
}

// Later is how a user stands in another run of the ledger that has taken them up since.
type Later struct {
	Run   string
	State migration.State
}

// Text says it.
func (l Later) Text() string {
	switch {
	case l.State == migration.Succeeded:
		return "Migrated since by run " + l.Run + "."
	case !l.State.Final():
		return "Run " + l.Run + " works on this user now."
	}
	return "Taken up since by run " + l.Run + ": " + string(l.State) + " there."
}

// remedy is what to do about the row that the other run has overtaken: nothing but to look there.
func (l Later) remedy() fault.Remedy {
	text := "nothing is left to do here"
	if l.State != migration.Succeeded {
		text = "the row there counts: this one gets no new attempt as long as that one stands"
	}
	return fault.Remedy{Text: text, Commands: []fault.Command{fault.NewCommand("status").For(l.Run)}}
}

// Forecast is between when and when the end of a run was, or is, expected.
type Forecast struct{ From, To time.Time }

// AuditLine is one entry of the audit chain as raw JSON.
type AuditLine = json.RawMessage

// Location is the zone for people, never nil.
func (a Record) Location() *time.Location {
	if a.Zone == nil {
		return time.UTC
	}
	return a.Zone
}

// Rehearsal reports whether the run met a sandbox tenant, so that nobody was moved.
func (a Record) Rehearsal() bool {
	return a.Run.Sandbox != "" || a.Run.SandboxState != "" || a.Run.Cloud == "sandbox"
}

// End is when the run ended, or the moment of the record while it has not.
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

// Unsettled counts the rows per outcome class that are this run's to bring to their end: those of users whom another run has taken
// up since are not.
func (a Record) Unsettled() map[Class]int {
	n := a.Tally()
	for _, r := range a.Rows {
		if _, elsewhere := a.Since[r.Index]; elsewhere {
			n[ClassOf(r)]--
		}
	}
	return n
}

// People counts the people of the wave, and those of them who have their Cloud PC, as far as it was not taken back since.
// Somebody who stands in the wave twice is one person.
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
