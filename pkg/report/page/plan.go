package page

import (
	"fmt"
	"time"

	"wave365/pkg/summary"
)

// planRow is one line of what was planned, forecast and came.
type planRow struct{ What, Planned, Forecast, Actual string }

func planOf(a summary.Record, c clock) []planRow {
	p := summary.PlanOf(a)
	if p.Rows == 0 {
		return nil
	}
	at := func(t time.Time) string { return c.at(t, "15:04 MST") }
	plan := fmt.Sprint(p.Rows)
	if p.LeftOut > 0 {
		plan += fmt.Sprintf(", %d left out by validation", p.LeftOut)
	}
	imports := fmt.Sprintf("%d of %d so far", p.Imported, p.Rows)
	if !p.ImportsEnded.IsZero() {
		imports = fmt.Sprintf("%s, %d of %d", at(p.ImportsEnded), p.Imported, p.Rows)
	}
	forecast := ""
	if f := p.Forecast; !f.To.IsZero() {
		forecast = c.at(f.From, "15:04") + " to " + at(f.To)
	}
	ended := "not yet"
	if !p.Ended.IsZero() {
		ended = at(p.Ended)
	}
	return []planRow{
		{"Rows with a Cloud PC", plan, "", fmt.Sprint(p.Done)},
		{"Last import", "", "", imports},
		{"End", at(p.StopBy), forecast, ended},
	}
}
