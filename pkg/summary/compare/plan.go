package compare

import (
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
)

// Plan compares what was planned and forecast with how it came out.
type Plan struct {
	// Rows were to be migrated; LeftOut were not, because of errors in the wave; Done have their Cloud PC.
	Rows, LeftOut, Done int
	// StopBy is the time by which the run was to stop; zero: none.
	StopBy   time.Time
	Forecast summary.Forecast
	// Imported counts rows whose import has succeeded; ImportsEnded is when the last of them did, zero while rows are
	// still to be imported.
	Imported     int
	ImportsEnded time.Time
	// Ended is when the run ended; zero: not yet.
	Ended time.Time
}

// PlanOf returns the plan of a run and how it came out.
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
