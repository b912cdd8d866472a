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
	// Changed are rows whose cells changed, and which have not begun.
	Changed []Pair
	// Again are rows that failed and whose disk or license was changed: they get a new attempt with it. The disk can change
	// only for rows that would start from the beginning, the license only for rows to which the old one was not assigned.
	Again []Pair
	// Removed are rows of the run that are not in the file any more, and which have not begun.
	Removed []int
	// Lines describes the changes for people, one line each: added, removed and changed, in this order.
	Lines []string
	// Refused lists why the edit cannot be accepted; empty: it can.
	Refused []string
}

// Pair is one row in both: its position in the run and in the file.
type Pair struct{ Row, File int }

// Empty reports whether nothing changed that the run would notice.
func (d Difference) Empty() bool { return len(d.Lines) == 0 && len(d.Refused) == 0 }

// Compare determines what the file changes about the run's rows.
func Compare(run migration.Run, rows []migration.Row, file *wave.File) Difference {
	var d Difference
	if !slices.Equal(run.Columns, file.Columns) {
		d.Refused = append(d.Refused, fmt.Sprintf("the columns were %s and are %s", strings.Join(run.Columns, ", "), strings.Join(file.Columns, ", ")))
		return d
	}
	m := match(rows, file)
	var added, changed, removed []string
	for i, f := range file.Rows {
		at, ok := m.take(f)
		if !ok {
			d.Added = append(d.Added, i)
			added = append(added, fmt.Sprintf("added    line %d: %s", f.Line, f.User))
		} else if text := d.compare(file, Pair{at, i}, rows[at]); text != "" {
			changed = append(changed, "changed  "+text)
		}
	}
	for i, r := range rows {
		if !m.left(i, r) || r.State.Final() {
			continue // a row that has ended stays in the run, even when its line is gone
		}
		removed = append(removed, fmt.Sprintf("removed  %s (was line %d)", r.Target.User, r.Target.Line))
		if r.Begun() {
			d.Refused = append(d.Refused, r.Target.User+" was removed from the file, but the row has begun: cancel --row cancels it as far as that is possible")
			continue
		}
		d.Removed = append(d.Removed, i)
	}
	d.Lines = slices.Concat(added, removed, changed)
	return d
}

// compare records what a line changes about its row, and describes it; "" for no change.
func (d *Difference) compare(file *wave.File, p Pair, r migration.Row) string {
	f := file.Rows[p.File]
	what := changedCells(file.Columns, r.Input, f.Cells)
	if len(what) == 0 {
		return ""
	}
	text := fmt.Sprintf("line %d: %s: %s", f.Line, f.User, strings.Join(what, ", "))
	switch {
	case r.BeginsAnew() && onlyDiffer(file, r.Input, f.Cells, "blob", "guest_state_blob", "license"),
		r.Relicensable() && onlyDiffer(file, r.Input, f.Cells, "license") && f.License != "":
		d.Again = append(d.Again, p)
		return text + "; the row failed, and gets a new attempt"
	case r.Begun() || r.State.Final() && r.State != migration.Skipped:
		d.Refused = append(d.Refused, text+", but the row has begun (it is "+string(r.State)+")")
	default:
		d.Changed = append(d.Changed, p)
	}
	return text
}

// matching pairs the rows of a run with the lines of a file, each at most once.
type matching struct {
	user, blob int
	// known are the rows by user and disk; free are those whose disk another line of the user replaces, by user.
	known map[[2]string][]int
	free  map[string][]int
}

func match(rows []migration.Row, file *wave.File) matching {
	m := matching{user: slices.Index(file.Canonical, "user"), blob: slices.Index(file.Canonical, "blob"), known: map[[2]string][]int{}}
	for i, r := range rows {
		if !r.Removed() { // a line that is put back is a new row
			m.known[m.key(r)] = append(m.known[m.key(r)], i)
		}
	}
	m.free = replaceable(rows, file, m.user, m.blob)
	return m
}

func (m matching) key(r migration.Row) [2]string {
	return rowKey(cell(r.Input, m.user), cell(r.Input, m.blob))
}

// take returns the row of a line; false: it is a new one.
func (m matching) take(f wave.Row) (at int, ok bool) {
	k := rowKey(f.User, f.Blob)
	if rows := m.known[k]; len(rows) > 0 {
		m.known[k] = rows[1:]
		return rows[0], true
	}
	if rows := m.free[k[0]]; len(rows) > 0 {
		m.free[k[0]] = rows[1:]
		return rows[0], true
	}
	return 0, false
}

// left reports whether a row has found no line.
func (m matching) left(i int, r migration.Row) bool { return slices.Contains(m.known[m.key(r)], i) }

// replaceable returns, by user, the rows whose disk another line of the user replaces: those that failed, start from the
// beginning, and whose own line is no longer in the file.
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

// onlyDiffer reports whether no cells but those of these columns differ.
func onlyDiffer(file *wave.File, was, is []string, columns ...string) bool {
	for i, name := range file.Canonical {
		if !slices.Contains(columns, name) && cell(was, i) != cell(is, i) {
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

// changedCells names the columns whose cells differ, with both values. A new signature is not a change: cells hold
// none.
func changedCells(names, was, is []string) []string {
	var all []string
	for i, n := range names {
		if a, b := cell(was, i), cell(is, i); a != b {
			all = append(all, fmt.Sprintf("%s was %q and is %q", n, a, b))
		}
	}
	return all
}
