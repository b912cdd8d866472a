// Package queue keeps the place of every row of a wave in its run, and decides which row is started next.
package queue

import (
	"cmp"
	"slices"

	"wave365/pkg/migration"
)

// Before orders rows for their start: those whose import is sent, those that were already under way, then by priority, then the longest expected
// tail, so that the wave ends early, then file order.
func Before(a, b *migration.Row) int {
	if a.Step.Imported() != b.Step.Imported() {
		if a.Step.Imported() {
			return -1
		}
		return 1
	}
	if a.StartedAt.IsZero() != b.StartedAt.IsZero() {
		if a.StartedAt.IsZero() {
			return 1
		}
		return -1
	}
	return cmp.Or(
		cmp.Compare(b.Target.Priority, a.Target.Priority),
		cmp.Compare(tail(b), tail(a)),
		cmp.Compare(a.Index, b.Index),
	)
}

// tail is how long a row waits once it has started, in comparable units: the import's time depends on the disk's size.
func tail(r *migration.Row) int64 { return max(r.Target.Disk.Virtual, r.Target.Disk.Length) }

var workOrder = func() []migration.Step {
	table := migration.Steps()
	slices.SortFunc(table, func(a, b migration.StepInfo) int { return cmp.Compare(a.Rank, b.Rank) })
	order := make([]migration.Step, len(table))
	for i, s := range table {
		order[i] = s.Step
	}
	return order
}()

// WorkOrder is the order in which due work gets a worker: what frees slots and ends rows first, new rows last. Callers must
// not change the result.
func WorkOrder() []migration.Step { return workOrder }

// heaped is a heap of row positions by a time (for waiting rows) or by start order (for ready rows).
type heaped struct {
	at   []int
	less func(a, b int) bool
}

func (q *heaped) Len() int           { return len(q.at) }
func (q *heaped) Less(i, j int) bool { return q.less(q.at[i], q.at[j]) }
func (q *heaped) Swap(i, j int)      { q.at[i], q.at[j] = q.at[j], q.at[i] }
func (q *heaped) Push(x any)         { q.at = append(q.at, x.(int)) }
func (q *heaped) Pop() any {
	n := len(q.at) - 1
	x := q.at[n]
	q.at = q.at[:n]
	return x
}

// first returns the row that would be taken next; false: there is none.
func (q *heaped) first() (int, bool) {
	if len(q.at) == 0 {
		return 0, false
	}
	return q.at[0], true
}
