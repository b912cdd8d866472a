// Package halting decides when a run starts nothing new because too much goes wrong: the operator's threshold, first imports
// that are all refused in the same way, and the canaries.
package halting

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/runner/queue"
	"wave365/pkg/runner/quota"
)

// Rules are those that the operator set.
type Rules struct {
	// Canary is how many rows run first; the others start when all of these have succeeded, and never when one failed
	// or is held. 0: none.
	Canary int
	// Halt is the threshold at which nothing new may start because too much goes wrong; the zero value: never.
	Halt migration.Halt
	// HaltedAt is when the run halted last: imports that were refused until then are known to the operator who continued
	// it all the same. Zero: it never halted.
	HaltedAt time.Time
}

// Stop returns why nothing new starts any more, by the rules about the run as a whole; "": no rule applies. imports is what is
// known of its imports.
func (h Rules) Stop(rows []migration.Row, tally migration.Counts, imports quota.Imports) string {
	if h.Halt.Fires(tally) {
		return threshold(h.Halt, tally, rows)
	}
	if imports.Accepted() || h.Halt != (migration.Halt{}) { // a rule that the operator set replaces this one
		return ""
	}
	return refusedAlike(rows, h.HaltedAt)
}

// threshold describes that the operator's rule was met, and by which rows.
func threshold(h migration.Halt, c migration.Counts, rows []migration.Row) string {
	bad := c.Failed + c.Held
	return fmt.Sprintf("halted: %d of %d finished rows failed or are held (%.0f%%), the rule is --halt-after %s; %s",
		bad, c.Ended(), 100*float64(bad)/float64(c.Ended()), h, named(rows, func(int) bool { return true }))
}

// lost reports whether a row came to no good end.
func lost(r migration.Row) bool { return r.State == migration.Failed || r.State == migration.Held }

// named lists those of some rows for people that failed or are held, the first ten by name.
func named(rows []migration.Row, meant func(i int) bool) string {
	const most = 10
	var names []string
	n := 0
	for i, r := range rows {
		if !lost(r) || !meant(i) {
			continue
		}
		if n++; n > most {
			continue
		}
		text := fmt.Sprintf("line %d %s", r.Target.Line, r.Target.User)
		if r.Problem != nil {
			text += " (" + r.Problem.Code + ")"
		}
		names = append(names, text)
	}
	text := strings.Join(names, ", ")
	if n > most {
		text += fmt.Sprintf(" and %d more", n-most)
	}
	return text
}

// refusedAlike returns why a run halts of which no import was accepted yet, when its first imports, or the first since it
// last halted, were all refused in the same way; "" when it does not. since is zero when it never halted.
func refusedAlike(rows []migration.Row, since time.Time) string {
	type refusal struct {
		code, serviceCode string
		status            int
	}
	count := map[refusal]int{}
	for _, r := range rows {
		if !refused(r) || !since.IsZero() && !r.FinishedAt.After(since) {
			continue
		}
		how := refusal{r.Problem.Code, r.Problem.ServiceCode, r.Problem.Status}
		if count[how]++; count[how] >= quota.FirstImports {
			return fmt.Sprintf("halted: the first %d imports were refused in the same way and none was accepted, so the others would be as well: %s", count[how], r.Problem.Message)
		}
	}
	return ""
}

// refused reports whether the service refused the row's import, for another reason than that there is one.
func refused(r migration.Row) bool {
	p := r.Problem
	return r.State == migration.Failed && r.Step == migration.StepImport && p != nil && p.Service != "" && p.Status != 0 && p.Code != "import.exists"
}

// Canaries are the rows that go alone first, by position, and how they have come out.
type Canaries struct {
	Rows map[int]bool
	// Passed: all of them have succeeded.
	Passed bool
	// Failed names those that did not succeed and what follows; "": none failed or is held.
	Failed string
}

// JudgeCanaries returns the results of the n canaries of rows.
func JudgeCanaries(rows []migration.Row, n int) Canaries {
	c := Canaries{Rows: ChooseCanaries(rows, n), Passed: true}
	bad := false
	for i := range c.Rows {
		c.Passed = c.Passed && rows[i].State == migration.Succeeded
		bad = bad || lost(rows[i])
	}
	if bad {
		c.Failed = "halted: a canary did not succeed, so no other row starts: " + named(rows, func(i int) bool { return c.Rows[i] })
	}
	return c
}

// ChooseCanaries returns the positions of the n rows that run first: those that have already begun, then in start order.
// Cancelled rows are not canaries. On a resumed run they are the same ones as before.
func ChooseCanaries(rows []migration.Row, n int) map[int]bool {
	var at []int
	for i := range rows {
		switch rows[i].State {
		case migration.Skipped, migration.Cancelled, migration.Deferred:
		default:
			at = append(at, i)
		}
	}
	slices.SortFunc(at, func(a, b int) int {
		x, y := &rows[a], &rows[b]
		if x.Begun() && y.Begun() {
			return cmp.Or(x.StartedAt.Compare(y.StartedAt), cmp.Compare(a, b))
		}
		return queue.Before(x, y)
	})
	chosen := map[int]bool{}
	for _, i := range at[:min(n, len(at))] {
		chosen[i] = true
	}
	return chosen
}
