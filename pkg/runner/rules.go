package runner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/migration"
)

// haltWhy says in words that the rule fired, and for which rows.
func haltWhy(h migration.Halt, c migration.Counts, rows []migration.Row) string {
	bad := c.Failed + c.Held
	return fmt.Sprintf("halted: %d of %d finished rows failed or are held (%.0f%%), the rule is --halt-after %s; %s",
		bad, c.Ended(), 100*float64(bad)/float64(c.Ended()), h, named(rows, func(r migration.Row) bool {
			return r.State == migration.Failed || r.State == migration.Held
		}))
}

// named lists rows for people, the first ten by name.
func named(rows []migration.Row, pick func(migration.Row) bool) string {
	const most = 10
	var names []string
	n := 0
	for _, r := range rows {
		if !pick(r) {
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

// canaries gives the positions of the n rows that go alone first: those that were begun first, then in start order. Rows
// that were given up are no canaries. On a resumed run they are the same ones as before.
func canaries(rows []migration.Row, n int) []int {
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
		return before(x, y)
	})
	return at[:min(n, len(at))]
}
