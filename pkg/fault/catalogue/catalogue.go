// Package catalogue explains every code that a command prints: what validation finds, what a run says of a row, and what
// commands say of themselves. One entry per code, written for the person whose move it is. It is data; it is not for
// deciding what is wrong.
package catalogue

import (
	"slices"
	"sync"

	"wave365/pkg/fault/catalogue/entry"
	"wave365/pkg/fault/catalogue/findings"
)

// Codes that stand in no family.
const (
	// Usage is a mistake in the command line or the configuration.
	Usage = "usage"
	// Nothing: there is nothing to do.
	Nothing = "nothing-to-do"
)

// All gives every entry there is, those of a family together: findings first, then what runs and commands say.
func All() []entry.Entry { return slices.Clone(all()) }

var all = sync.OnceValue(func() []entry.Entry {
	var out []entry.Entry
	for _, list := range append(findings.All(), aboutRows(), aboutTheTenant(), aboutCommands(), aboutMessages(), aboutServices(), aboutSandbox()) {
		out = append(out, list...)
	}
	place := map[string]int{}
	for _, e := range out {
		if _, known := place[e.Family()]; !known {
			place[e.Family()] = len(place)
		}
	}
	slices.SortStableFunc(out, func(a, b entry.Entry) int { return place[a.Family()] - place[b.Family()] })
	return out
})

var index = sync.OnceValue(func() map[string]entry.Entry {
	out := map[string]entry.Entry{}
	for _, e := range all() {
		out[e.Code] = e
	}
	return out
})

// Find looks a code up; false when there is no such code.
func Find(code string) (entry.Entry, bool) {
	e, ok := index()[code]
	return e, ok
}
