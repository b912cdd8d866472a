package scenario

import (
	"fmt"
	"sort"
	"strings"

	"wave365/pkg/fault"
)

// Problem is one thing that is wrong with a scenario file.
type Problem struct {
	// Line is the line of the file, first line = 1.
	Line int
	// Field is where in the document: users[3].location. Empty: the file as a whole.
	Field string
	// Expected says what should be there, and what is there instead.
	Expected string
}

// shown is how many problems the error's text lists; the rest is counted.
const shown = 25

// refusal is the error for a file with problems: kind Invalid, code scenario.invalid, one line for each problem with
// path, line, field and what was expected.
func refusal(name string, problems []Problem) error {
	sort.SliceStable(problems, func(i, j int) bool { return problems[i].Line < problems[j].Line })
	var b strings.Builder
	if n := len(problems); n > 1 {
		fmt.Fprintf(&b, "scenario %s has %d problems", name, n)
	} else {
		fmt.Fprintf(&b, "scenario %s has a problem", name)
	}
	for i, p := range problems {
		if i == shown {
			fmt.Fprintf(&b, "\n… and %d more", len(problems)-shown)
			break
		}
		fmt.Fprintf(&b, "\n%s:%d: ", name, p.Line)
		if p.Field != "" {
			b.WriteString(p.Field + ": ")
		}
		b.WriteString(p.Expected)
	}
	return &fault.Fault{
		Kind: fault.Invalid, Code: "scenario.invalid", Msg: b.String(),
		Hint: "correct the scenario file; waves/README.md describes every field",
		Err:  &Error{Name: name, Problems: problems},
	}
}

// Error carries the problems of one file, for callers that want them one by one.
type Error struct {
	Name     string
	Problems []Problem
}

func (e *Error) Error() string {
	return fmt.Sprintf("scenario %s: %d problems", e.Name, len(e.Problems))
}

// nearest gives the known word that is closest to s, or "" when none is close.
func nearest(s string, known []string) string {
	best, at := "", len(s)/2+1
	for _, k := range known {
		if d := distance(strings.ToLower(s), strings.ToLower(k)); d < at {
			best, at = k, d
		}
	}
	return best
}

// distance is the number of single-letter edits between a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			next := min(row[j+1], row[j]) + 1
			if a[i] == b[j] {
				next = min(next, diagonal)
			} else {
				next = min(next, diagonal+1)
			}
			diagonal, row[j+1] = row[j+1], next
		}
	}
	return row[len(b)]
}
