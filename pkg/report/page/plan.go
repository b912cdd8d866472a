package page

import (
	"fmt"
	"time"

	"wave365/pkg/report/page/words"
	"wave365/pkg/summary"
	"wave365/pkg/summary/compare"
)

// planRow compares one value as planned, as forecast and as it came out.
type planRow struct{ What, Planned, Forecast, Actual string }

// planOf compares the run with its plan and its forecast; nil when it had neither.
func planOf(a summary.Record, c words.Clock) []planRow {
	p := compare.PlanOf(a)
	if p.Rows == 0 || p.StopBy.IsZero() && p.Forecast.To.IsZero() {
		return nil
	}
	at := func(t time.Time) string { return c.At(t, "15:04 MST") }
	imports := fmt.Sprintf("%d of %d so far", p.Imported, p.Rows)
	if !p.ImportsEnded.IsZero() {
		imports = fmt.Sprintf("%s, %d of %d", at(p.ImportsEnded), p.Imported, p.Rows)
	}
	ended := "not yet"
	if !p.Ended.IsZero() {
		ended = at(p.Ended)
	}
	return []planRow{{"End", at(p.StopBy), between(p.Forecast, c), ended}, {"Last import", "", "", imports}}
}

// between formats a range of times; "" when it is not known.
func between(f summary.Forecast, c words.Clock) string {
	if f.To.IsZero() {
		return ""
	}
	return c.At(f.From, "15:04") + " to " + c.At(f.To, "15:04 MST")
}
