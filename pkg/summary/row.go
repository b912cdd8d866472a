package summary

import (
	"wave365/pkg/migration"
)

// RowRecord is what is known about one row.
type RowRecord struct {
	// Row is the record's own row; it is not to be changed.
	Row     *migration.Row
	Class   Class
	Why     Why
	Events  []migration.Event
	Intents []migration.Intent
}

// RowRecords returns one RowRecord per row, in input order. The second result holds the events and intents of the run itself.
func RowRecords(a Record) ([]RowRecord, RowRecord) {
	out := make([]RowRecord, len(a.Rows))
	place := make(map[int]int, len(a.Rows))
	for i := range a.Rows {
		r := &a.Rows[i]
		out[i] = RowRecord{Row: r, Class: ClassOf(*r), Why: WhyOf(*r)}
		place[r.Index] = i
	}
	of := func(row int) int {
		if i, ok := place[row]; ok && row != migration.WaveRow {
			return i
		}
		return len(out)
	}
	for row, since := range TakenBack(a.Events) {
		if i := of(row); i < len(out) {
			out[i].Why = out[i].Why.takenBack(out[i].Row, since)
		}
	}
	for row, later := range a.Since {
		if i := of(row); i < len(out) {
			out[i].Why.Text = andSince(out[i].Why.Text, later.Text())
			out[i].Why.Remedy = later.remedy()
		}
	}
	events := perRow(a.Events, len(out), func(e migration.Event) int {
		if e.Reason == migration.RowTakenBack {
			return len(out) // the row's own journey has ended
		}
		return of(e.Row)
	})
	intents := perRow(a.Intents, len(out), func(in migration.Intent) int { return of(in.Row) })
	for i := range out {
		out[i].Events, out[i].Intents = events[i], intents[i]
	}
	return out, RowRecord{Events: events[len(out)], Intents: intents[len(out)]}
}

// TakenBack returns the rows whose migration was undone after the run, by index, with the last message about it.
func TakenBack(events []migration.Event) map[int]string {
	var out map[int]string
	for _, e := range events {
		switch {
		case e.Reason == migration.RowTakenBack:
			if out == nil {
				out = map[int]string{}
			}
			out[e.Row] = e.Note
		case e.To != "":
			delete(out, e.Row) // a retry includes it again
		}
	}
	return out
}

// perRow distributes list over n rows, and one more place for what belongs to none; order is kept. It copies each entry
// once: a large run has several hundred thousand.
func perRow[T any](list []T, n int, of func(T) int) [][]T {
	counts := make([]int, n+1)
	for _, v := range list {
		counts[of(v)]++
	}
	all := make([]T, len(list))
	out := make([][]T, n+1)
	at := 0
	for i, c := range counts {
		if c > 0 {
			out[i] = all[at : at : at+c]
		}
		at += c
	}
	for _, v := range list {
		i := of(v)
		out[i] = append(out[i], v)
	}
	return out
}
