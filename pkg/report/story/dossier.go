package story

import "wave365/pkg/migration"

// Dossier is what is known about one row.
type Dossier struct {
	Row     migration.Row
	Class   Class
	Why     Why
	Events  []migration.Event
	Intents []migration.Intent
}

// Dossiers gives one dossier per row, in input order. The second result holds the events and intents of the run
// itself.
func Dossiers(a Account) ([]Dossier, Dossier) {
	out := make([]Dossier, len(a.Rows))
	place := make(map[int]int, len(a.Rows))
	for i, r := range a.Rows {
		out[i] = Dossier{Row: r, Class: ClassOf(r), Why: WhyOf(r)}
		place[r.Index] = i
	}
	var run Dossier
	for _, e := range a.Events {
		if i, ok := place[e.Row]; ok && e.Row != migration.WaveRow {
			out[i].Events = append(out[i].Events, e)
		} else {
			run.Events = append(run.Events, e)
		}
	}
	for _, in := range a.Intents {
		if i, ok := place[in.Row]; ok && in.Row != migration.WaveRow {
			out[i].Intents = append(out[i].Intents, in)
		} else {
			run.Intents = append(run.Intents, in)
		}
	}
	return out, run
}
