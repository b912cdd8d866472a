package compare

import (
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
)

// Plan compares what was planned and forecast with what came of it.
type Plan struct {
	// Rows were to be moved, LeftOut were not, because of errors in the wave; Done have their Cloud PC.
	Rows, LeftOut, Done int
	// StopBy is the agreed end of the evening; zero: none.
	StopBy   time.Time
	Forecast summary.Forecast
	// Imported counts rows whose import has ended well; ImportsEnded is when the last of them did, zero while rows are
	// still to be imported.
	Imported     int
	ImportsEnded time.Time
	// Ended is when the run ended; zero: not yet.
	Ended time.Time
}

// PlanOf gives the plan of a run and what came of it.
func PlanOf(a summary.Record) Plan {
	p := Plan{StopBy: a.Run.Settings.StopBy, Forecast: a.Forecast, Ended: a.Run.FinishedAt}
	open := false
	for _, r := range a.Rows {
		if r.State == migration.Skipped {
			p.LeftOut++
			continue
		}
		p.Rows++
		if summary.ClassOf(r).HasCloudPC() {
			p.Done++
		}
		end := r.Facts.ImportEnded
		switch {
		case r.Facts.ImportStatus == "succeeded" && !end.IsZero():
			p.Imported++
			if end.After(p.ImportsEnded) {
				p.ImportsEnded = end
			}
		case !r.State.Final():
			open = true
		}
	}
	if open {
		p.ImportsEnded = time.Time{}
	}
	return p
}
