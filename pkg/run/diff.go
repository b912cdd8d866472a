package run

import (
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/migration"
	"wave365/pkg/wave"
)

// Difference is what an edit of the wave file would change. Rows are known by user and blob, never by line: a line that moved
// is the same row. The numbers are positions in the run's rows and in the file's rows.
type Difference struct {
	// Added are rows of the file that the run does not have.
	Added []int
	// Changed are rows whose cells are others now, and which have not begun.
	Changed []Pair
	// Again are rows that failed and would begin anew, whose disk is another now: they get a new attempt with it.
	Again []Pair
	// Removed are rows of the run that are not in the file any more, and which have not begun.
	Removed []int
	// Lines says for people what changed, one line each: added, removed and changed, in this order.
	Lines []string
	// Refused says why the edit cannot be taken over; empty: it can.
	Refused []string
}

// Pair is one row in both: its position in the run and in the file.
type Pair struct{ Row, File int }

// Empty reports whether nothing changed that the run would notice.
func (d Difference) Empty() bool { return len(d.Lines) == 0 && len(d.Refused) == 0 }

// Compare finds out what the file changes about the run's rows.
func Compare(run migration.Run, rows []migration.Row, file *wave.File) Difference {
	var d Difference
	if !slices.Equal(run.Columns, file.Columns) {
		d.Refused = append(d.Refused, fmt.Sprintf("the columns were %s and are %s", strings.Join(run.Columns, ", "), strings.Join(file.Columns, ", ")))
		return d
	}
	user, blob := slices.Index(file.Canonical, "user"), slices.Index(file.Canonical, "blob")
	known := map[[2]string][]int{}
	for i, r := range rows {
		if !r.Removed() { // a line that is put back is a new row
			k := rowKey(cell(r.Input, user), cell(r.Input, blob))
			known[k] = append(known[k], i)
		}
	}
	free := replaceable(rows, file, user, blob)
	var added, changed []string
	for i, f := range file.Rows {
		k := rowKey(f.User, f.Blob)
		if at := free[k[0]]; len(known[k]) == 0 && len(at) > 0 {
			known[k], free[k[0]] = at[:1], at[1:]
		}
		if len(known[k]) == 0 {
			d.Added = append(d.Added, i)
			added = append(added, fmt.Sprintf("added    line %d: %s", f.Line, f.User))
			continue
		}
		at := known[k][0]
		known[k] = known[k][1:]
		what := changedCells(file.Columns, rows[at].Input, f.Cells)
		if len(what) == 0 {
			continue
		}
		text := fmt.Sprintf("line %d: %s: %s", f.Line, f.User, strings.Join(what, ", "))
		changed = append(changed, "changed  "+text)
		if r := rows[at]; r.BeginsAnew() && onlyDisks(file, r.Input, f.Cells) {
			changed[len(changed)-1] += "; the row failed, and gets a new attempt"
			d.Again = append(d.Again, Pair{at, i})
			continue
		}
		if r := rows[at]; r.Begun() || r.State.Final() && r.State != migration.Skipped {
			d.Refused = append(d.Refused, text+", but the row is "+string(r.State)+" and has begun")
			continue
		}
		d.Changed = append(d.Changed, Pair{at, i})
	}
	var removed []string
	for i, r := range rows {
		k := rowKey(cell(r.Input, user), cell(r.Input, blob))
		if !slices.Contains(known[k], i) || r.State.Final() {
			continue // what has ended stays in the run, whatever becomes of its line
		}
		removed = append(removed, fmt.Sprintf("removed  %s (was line %d)", r.Target.User, r.Target.Line))
		if r.Begun() {
			d.Refused = append(d.Refused, r.Target.User+" was taken out of the file, but the row has begun: cancel --row gives it up as far as that is possible")
			continue
		}
		d.Removed = append(d.Removed, i)
	}
	d.Lines = slices.Concat(added, removed, changed)
	return d
}

// replaceable gives, by user, the rows whose disk another line of the user replaces: those that failed and begin anew, and whose
// own line is not in the file any more.
func replaceable(rows []migration.Row, file *wave.File, user, blob int) map[string][]int {
	there := make(map[[2]string]bool, len(file.Rows))
	for _, f := range file.Rows {
		there[rowKey(f.User, f.Blob)] = true
	}
	free := map[string][]int{}
	for i, r := range rows {
		if !r.BeginsAnew() {
			continue
		}
		if own := rowKey(cell(r.Input, user), cell(r.Input, blob)); !there[own] {
			free[own[0]] = append(free[own[0]], i)
		}
	}
	return free
}

// onlyDisks reports whether only cells that name the disk differ.
func onlyDisks(file *wave.File, was, is []string) bool {
	for i, name := range file.Canonical {
		if name != "blob" && name != "guest_state_blob" && cell(was, i) != cell(is, i) {
			return false
		}
	}
	return true
}

func rowKey(user, blob string) [2]string { return [2]string{wave.UserKey(user), wave.BlobKey(blob)} }

func cell(cells []string, i int) string {
	if i < 0 || i >= len(cells) {
		return ""
	}
	return cells[i]
}

// changedCells names the columns whose cells differ, with both values. A new signature is no change: cells hold none.
func changedCells(names, was, is []string) []string {
	var all []string
	for i, n := range names {
		if a, b := cell(was, i), cell(is, i); a != b {
			all = append(all, fmt.Sprintf("%s was %q and is %q", n, a, b))
		}
	}
	return all
}
