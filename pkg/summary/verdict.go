package summary

import (
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/migration"
	"wave365/pkg/summary/wording"
)

// Verdict returns the outcome of the run in one or two sentences with numbers. A rehearsal is named as such first.
func Verdict(a Record) string {
	verdict, rest := Headline(a)
	if a.Rehearsal() {
		verdict = "Rehearsal on a sandbox tenant, no user was migrated: " + strings.ToLower(verdict[:1]) + verdict[1:]
	}
	if rest == "" {
		return verdict
	}
	return verdict + " " + rest
}

// Headline returns the verdict in two parts: who has a Cloud PC, and what became of the others (empty if there are
// none). For a rehearsal it says who would have one; that it was a rehearsal is for the caller to say.
func Headline(a Record) (headline, rest string) {
	n := a.Tally()
	total, done := a.People()
	open := n[Active] + n[Waiting] + n[Queued]
	headline = whoHas(total, done, open, a.Rehearsal())
	if total == 0 {
		return headline, ""
	}
	if open > 0 {
		headline += " so far"
	}
	if n[Warned] > 0 {
		headline += fmt.Sprintf(", %d with warnings", n[Warned])
	}
	rest = remainder(n, open, a.MovedBack())
	if rest != "" && total != len(a.Rows) {
		rest = fmt.Sprintf("Of the %d rows, %s", len(a.Rows), rest)
	}
	return headline + ".", rest
}

// MovedBack counts the rows that succeeded and were undone after the run. They still count among the outcomes, and not among
// those who have a Cloud PC.
func (a Record) MovedBack() int {
	n := 0
	for row := range TakenBack(a.Events) {
		if slices.ContainsFunc(a.Rows, func(r migration.Row) bool { return r.Index == row && ClassOf(r).HasCloudPC() }) {
			n++
		}
	}
	return n
}

// whoHas returns the beginning of the headline: how many of the people have, or would have, their Cloud PC. It is a whole sentence
// when there are none.
func whoHas(total, done, open int, rehearsal bool) string {
	have, has, without := "have their Cloud PC", "has their Cloud PC", "has no Cloud PC"
	if rehearsal {
		have, has, without = "would have their Cloud PC", "would have their Cloud PC", "would have no Cloud PC"
	}
	if done == 1 {
		have = has
	}
	switch {
	case total == 0:
		return "The wave has no rows; nothing was done."
	case open > 0 || done > 0 && done < total:
		return fmt.Sprintf("%d of %s %s", done, wording.Count(total, "person"), have)
	case total == 1 && done == 1:
		return "The only person of this wave " + has
	case total == 1:
		return "The only person of this wave " + without
	case done == total:
		return fmt.Sprintf("All %d people %s", total, have)
	}
	return fmt.Sprintf("None of the %d people %s", total, have)
}

// remainder describes what became of the rows without a Cloud PC; "" when there are none.
func remainder(n map[Class]int, open, back int) string {
	var parts []string
	say := func(k int, one, many string) {
		switch {
		case k == 1:
			parts = append(parts, "1 "+one)
		case k > 1:
			parts = append(parts, fmt.Sprintf("%d %s", k, many))
		}
	}
	say(n[Held], "is held until a person decides", "are held until a person decides")
	say(n[Failed], "failed", "failed")
	say(n[Skipped], "was not started because of errors in the wave", "were not started because of errors in the wave")
	say(n[Deferred], "was deferred", "were deferred")
	say(n[Cancelled], "was cancelled", "were cancelled")
	say(back, "was migrated and taken back since", "were migrated and taken back since")
	say(open, "is not finished yet", "are not finished yet")
	if len(parts) == 0 {
		return ""
	}
	return wording.List(parts) + "."
}
