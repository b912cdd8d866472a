// Package compare compares a run with another one, person by person, and with its own plan.
package compare

import (
	"cmp"
	"fmt"
	"slices"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/summary/wording"
	"wave365/pkg/wave"
)

// Comparison is what a second run changed for the people of two runs.
type Comparison struct {
	First, Second summary.Record
	// Changes holds everybody whose outcome differs or who is in only one of the runs, the gravest first and improvements
	// last. People who got a Cloud PC in the first run and are not in the second are left out.
	Changes []Change
	// Kept counts those left out: a second run often consists of what is left of the first.
	Kept int
	// Same counts the people whose outcome is the same in both.
	Same int
}

// Change is one person in two runs.
type Change struct {
	// Target is the person's row in the second run, or in the first when they are not in the second.
	Target migration.Target
	// Before and After are empty for a run that the person is not in.
	Before, After summary.Class
	// Why is the reason of the later outcome.
	Why summary.Why
	// CloudPC is the name of the Cloud PC that the person has now; may be empty.
	CloudPC string
}

// Runs compares two runs, person by person. For somebody with two rows in a run, the better row counts.
func Runs(first, second summary.Record) Comparison {
	c := Comparison{First: first, Second: second}
	before, after := byPerson(first), byPerson(second)
	for key, old := range before {
		now, both := after[key]
		switch {
		case summary.ClassOf(old).HasCloudPC() && (!both || leftOut(now)):
			c.Kept++
		case !both:
			c.Changes = append(c.Changes, Change{Target: old.Target, Before: summary.ClassOf(old), Why: summary.WhyOf(old), CloudPC: old.Facts.CloudPCName})
		case summary.ClassOf(old) == summary.ClassOf(now):
			c.Same++
		default:
			c.Changes = append(c.Changes, Change{
				Target: now.Target, Before: summary.ClassOf(old), After: summary.ClassOf(now), Why: summary.WhyOf(now), CloudPC: now.Facts.CloudPCName,
			})
		}
	}
	for key, now := range after {
		if _, both := before[key]; !both {
			c.Changes = append(c.Changes, Change{Target: now.Target, After: summary.ClassOf(now), Why: summary.WhyOf(now), CloudPC: now.Facts.CloudPCName})
		}
	}
	slices.SortFunc(c.Changes, func(x, y Change) int {
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(x.Target.Line, y.Target.Line), cmp.Compare(x.Target.User, y.Target.User))
	})
	return c
}

// rank orders changes: those of people in the second run by gravity, then those of people in the first one only.
func rank(c Change) int {
	if c.After == "" {
		return 100 + c.Before.Gravity()
	}
	return c.After.Gravity()
}

// leftOut reports whether a run ended a row without beginning it, as it does with the rows that another run has.
func leftOut(r migration.Row) bool {
	return r.State.Final() && !r.Begun() && (r.State == migration.Skipped || r.State == migration.Deferred || r.State == migration.Cancelled)
}

func byPerson(a summary.Record) map[string]migration.Row {
	out := make(map[string]migration.Row, len(a.Rows))
	for _, r := range a.Rows {
		key := wave.UserKey(cmp.Or(r.Target.UPN, r.Target.User))
		if had, ok := out[key]; !ok || !summary.ClassOf(had).HasCloudPC() && summary.ClassOf(r).HasCloudPC() {
			out[key] = r
		}
	}
	return out
}

// Verdict returns the comparison in one or two sentences with numbers.
func (c Comparison) Verdict() string {
	var gained, lost, joined, left, still, otherwise int
	for _, ch := range c.Changes {
		switch {
		case ch.Before == "":
			joined++
		case ch.After == "":
			left++
		case !ch.Before.HasCloudPC() && ch.After.HasCloudPC():
			gained++
		case ch.Before.HasCloudPC() && !ch.After.HasCloudPC():
			lost++
		default:
			otherwise++
		}
	}
	after := byPerson(c.Second)
	for key, old := range byPerson(c.First) {
		if now, both := after[key]; both && !summary.ClassOf(old).HasCloudPC() && !summary.ClassOf(now).HasCloudPC() {
			still++
		}
	}
	var parts []string
	say := func(n int, what string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, what))
		}
	}
	say(gained, "got a Cloud PC in the second run")
	say(lost, "had a Cloud PC from the first run and got none in the second")
	say(still, "got no Cloud PC in either run")
	say(c.Kept, "had a Cloud PC from the first run already")
	say(joined, "took part in the second run only")
	say(left, "took part in the first run only")
	if len(parts) == 0 {
		if otherwise > 0 {
			return fmt.Sprintf("Nobody gained or lost a Cloud PC; %s ended in another state.", wording.Count(otherwise, "person"))
		}
		return fmt.Sprintf("The second run changed nothing for its %s.", wording.Count(c.Same, "person"))
	}
	return "Of the people in the two runs, " + wording.List(parts) + "."
}
