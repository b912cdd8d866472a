package timeline

import (
	"slices"
	"time"
)

// Levels returns how many rows were in import and in provisioning over time, as steps.
func Levels(all [][]Segment) []Level {
	type edge struct {
		at   time.Time
		i, p int
	}
	var edges []edge
	for _, row := range all {
		for _, s := range row {
			switch s.Phase {
			case Import:
				edges = append(edges, edge{s.From, 1, 0}, edge{s.To, -1, 0})
			case Provision:
				edges = append(edges, edge{s.From, 0, 1}, edge{s.To, 0, -1})
			}
		}
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return a.at.Compare(b.at) })
	var out []Level
	var now Level
	for i, e := range edges {
		now.From, now.Import, now.Provision = e.at, now.Import+e.i, now.Provision+e.p
		if i+1 == len(edges) || !edges[i+1].at.Equal(e.at) {
			out = append(out, now)
		}
	}
	return out
}
