package load

import (
	"fmt"
	"sort"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario/shape"
)

// shown is how many problems the error's text lists; the rest are counted.
const shown = 25

// refusal is the error for a file with problems: kind Invalid, code scenario.invalid, one line for each problem with
// path, line, field and what was expected.
func refusal(name string, problems []shape.Problem) error {
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

// Error holds the problems of one file, for callers that want them individually.
type Error struct {
	Name     string
	Problems []shape.Problem
}

func (e *Error) Error() string {
	return fmt.Sprintf("scenario %s: %d problems", e.Name, len(e.Problems))
}
