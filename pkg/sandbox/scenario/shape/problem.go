package shape

import (
	"strings"
)

// Problem is one thing that is wrong with a scenario file.
type Problem struct {
	// Line is the line of the file, first line = 1.
	Line int
	// Field is where in the document: users[3].location. Empty: the file as a whole.
	Field string
	// Expected is what should be there, and what is there instead.
	Expected string
}

// Nearest returns the known word that is closest to s, or "" when none is close.
func Nearest(s string, known []string) string {
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
