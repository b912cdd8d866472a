package estimate

import (
	"cmp"
	"slices"
	"time"

	"wave365/pkg/estimate/simulate"
)

// Span is the latest time at which an import is expected to start, and the latest at which it is expected to end.
type Span struct{ Start, End time.Time }

// late is the factor on the expected time with which the life of a signature is planned: one that expires too early
// costs a row, one that lasts longer costs nothing.
const late = 2

// Spans returns for every job when its import starts and ends at the latest, if that many slots import from now on in the
// order of a run: by priority, then larger disks first, then in the order given. Which rows will fail or wait is not
// known yet, so each is given twice its expected time.
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
