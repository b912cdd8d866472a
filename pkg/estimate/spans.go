package estimate

import (
	"cmp"
	"slices"
	"time"

	"wave365/pkg/estimate/simulate"
)

// Span is from when to when an import is expected to run at the latest.
type Span struct{ Start, End time.Time }

// late is by how much a signature's life is reckoned beyond what is expected: one that ends too early costs a row, one
// that lasts longer costs nothing.
const late = 2

// Spans gives for every job when its import starts and ends at the latest, if plan's slots of them run at a time from now
// on, as a run starts them: by priority, then larger disks first, then in the order given. Nobody knows yet which row
// will fail or wait, so each keeps its slot for twice of what is expected.
func (m *Model) Spans(jobs []Job, slots int, now time.Time) []Span {
	order := make([]int, len(jobs))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(jobs[b].Priority, jobs[a].Priority), cmp.Compare(jobs[b].Bytes, jobs[a].Bytes))
	})
	free := simulate.NewSlots(slots)
	spans := make([]Span, len(jobs))
	for _, i := range order {
		start := free.Next()
		end := start + late*m.Import(jobs[i].Bytes).Minutes()
		spans[i] = Span{now.Add(minutes(start).Round(time.Second)), now.Add(minutes(end).Round(time.Second))}
		free.Occupy(end)
	}
	return spans
}
