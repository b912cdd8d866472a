package runner

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wave365/pkg/migration"
)

// Halt says when so much goes wrong that nothing new may start: at least Floor rows failed or are held, and they are at
// least Share of the rows that have finished, both over the whole run. The zero value never fires.
type Halt struct {
	// Share is from 0 to 1.
	Share float64
	Floor int
}

// ParseHalt reads "10%,3": a share of the finished rows and a floor. "10%" alone has a floor of 1, "3" alone no share,
// and "" or "none" never fires.
func ParseHalt(s string) (Halt, error) {
	s = strings.TrimSpace(s)
	if s == "" || s == "none" {
		return Halt{}, nil
	}
	h := Halt{Floor: 1}
	share, floor, both := strings.Cut(s, ",")
	if !both && !strings.HasSuffix(s, "%") {
		share, floor, both = "0%", s, true
	}
	percent, ok := strings.CutSuffix(strings.TrimSpace(share), "%")
	p, err := strconv.ParseFloat(percent, 64)
	if !ok || err != nil || !(p >= 0 && p <= 100) {
		return Halt{}, errors.New("the share " + strconv.Quote(share) + " is not a percentage from 0% to 100%")
	}
	h.Share = p / 100
	if both {
		if h.Floor, err = strconv.Atoi(strings.TrimSpace(floor)); err != nil || h.Floor < 1 {
			return Halt{}, errors.New("the floor " + strconv.Quote(floor) + " is not a number of rows from 1")
		}
	}
	return h, nil
}

// String is what ParseHalt reads.
func (h Halt) String() string {
	switch {
	case h.Floor == 0:
		return "none"
	case h.Share == 0:
		return strconv.Itoa(h.Floor)
	}
	return strconv.FormatFloat(h.Share*100, 'g', -1, 64) + "%," + strconv.Itoa(h.Floor)
}

// fires applies the rule to the rows as they are counted.
func (h Halt) fires(c migration.Counts) bool {
	bad := c.Failed + c.Held
	return h.Floor > 0 && bad >= h.Floor && float64(bad) >= h.Share*float64(finished(c))
}

// finished is how many rows were begun and have ended.
func finished(c migration.Counts) int { return c.Succeeded + c.Warned + c.Failed + c.Held }

// why says in words that the rule fired, and for which rows.
func (h Halt) why(c migration.Counts, rows []migration.Row) string {
	bad := c.Failed + c.Held
	return fmt.Sprintf("halted: %d of %d finished rows failed or are held (%.0f%%), the rule is --halt-after %s; %s",
		bad, finished(c), 100*float64(bad)/float64(finished(c)), h, named(rows, func(r migration.Row) bool {
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
