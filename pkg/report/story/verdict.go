package story

import (
	"fmt"
	"strings"
)

// Verdict is the run in one or two sentences with numbers. A rehearsal says so first.
func Verdict(a Account) string {
	headline, rest := Headline(a)
	if rest == "" {
		return headline
	}
	return headline + " " + rest
}

// Headline is the verdict in two parts: who has a Cloud PC, and what became of the others (empty: there are none).
func Headline(a Account) (headline, rest string) {
	n := a.Tally()
	total, done := a.People()
	open := n[Active] + n[Waiting] + n[Queued]
	have := "have their Cloud PC"
	if done == 1 {
		have = "has their Cloud PC"
	}
	prefix := ""
	if a.Rehearsal() {
		prefix, have = "Rehearsal on a sandbox tenant, nobody was moved: ", "would have their Cloud PC"
	}
	var s string
	switch {
	case total == 0:
		return prefix + "The wave has no rows; nothing was done.", ""
	case done == total && open == 0 && total == 1:
		s = "the only person of this wave " + strings.Replace(have, "have their", "has their", 1)
		s = strings.Replace(s, "would has", "would have", 1)
	case done == total && open == 0:
		s = fmt.Sprintf("all %d people %s", total, have)
	case done == 0 && open == 0:
		s = fmt.Sprintf("none of the %s %s", people(total), have)
	case open > 0:
		s = fmt.Sprintf("%d of %s %s so far", done, people(total), have)
	default:
		s = fmt.Sprintf("%d of %s %s", done, people(total), have)
	}
	if n[Warned] > 0 {
		s += fmt.Sprintf(", %d with warnings", n[Warned])
	}
	s += "."
	if prefix == "" {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	rest = remainder(n, open)
	if rest != "" && total != len(a.Rows) {
		rest = fmt.Sprintf("Of the %d rows, %s", len(a.Rows), rest)
	}
	return prefix + s, rest
}

// remainder says what became of the rows without a Cloud PC; "" when there are none.
func remainder(n map[Class]int, open int) string {
	var parts []string
	say := func(k int, one, many string) {
		switch {
		case k == 1:
			parts = append(parts, "1 "+one)
		case k > 1:
			parts = append(parts, fmt.Sprintf("%d %s", k, many))
		}
	}
	say(n[Failed], "failed", "failed")
	say(n[Held], "is held until a person decides", "are held until a person decides")
	say(n[Skipped], "row was not started because of errors in the wave", "rows were not started because of errors in the wave")
	say(n[Deferred], "was put off to another evening", "were put off to another evening")
	say(n[Cancelled], "was cancelled", "were cancelled")
	say(open, "is not finished yet", "are not finished yet")
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + "."
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}
