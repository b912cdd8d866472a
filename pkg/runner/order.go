package runner

import (
	"cmp"
	"time"

	"wave365/pkg/migration"
)

// before orders rows for their start: those whose import is sent, those that were already under way, then by priority, then the longest expected
// tail, so that the wave ends early, then file order.
func before(a, b *migration.Row) int {
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

// tail is how much is left to wait for once the row starts, in comparable units: the disk's size makes the import.
func tail(r *migration.Row) int64 { return max(r.Target.Disk.Virtual, r.Target.Disk.Length) }

// queue is a heap of row positions by a time (for waiting rows) or by start order (for ready rows).
type queue struct {
	at   []int
	less func(a, b int) bool
}

func (q *queue) Len() int           { return len(q.at) }
func (q *queue) Less(i, j int) bool { return q.less(q.at[i], q.at[j]) }
func (q *queue) Swap(i, j int)      { q.at[i], q.at[j] = q.at[j], q.at[i] }
func (q *queue) Push(x any)         { q.at = append(q.at, x.(int)) }
func (q *queue) Pop() any {
	n := len(q.at) - 1
	x := q.at[n]
	q.at = q.at[:n]
	return x
}

// gather is how much earlier than it is due a row may be looked at when that fills a batch: a tenth of a minute is
// nothing to a service that works for an hour, and saves most of the calls.
const gather = 10 * time.Second
