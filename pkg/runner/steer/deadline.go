package steer

import (
	"fmt"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
)

// Deadline decides which rows would not be done by the end of the evening and so are not started. The zero value leaves time for every row.
type Deadline struct {
	// StopBy is when rows must be done: those that would not be are deferred instead of started. Zero: whenever.
	StopBy time.Time
	// Forecast is how long a row needs from now, without waiting for a slot; wanted for StopBy.
	Forecast func(migration.Row) time.Duration
}

// Misses reports whether the row, if it started now, would not be done in time.
func (d Deadline) Misses(r migration.Row, now time.Time) bool {
	if d.StopBy.IsZero() || d.Forecast == nil {
		return false
	}
	return now.Add(d.Forecast(r)).After(d.StopBy)
}

// Problem is why a row that misses it is deferred.
func (d Deadline) Problem(r migration.Row) migration.Problem {
	return migration.Problem{
		Code: "row.deferred",
		Message: fmt.Sprintf("not started: it needs about %s and would not be done by %s", clocks.Long(d.Forecast(r)),
			clocks.Moment(d.StopBy)),
		Hint: "retry starts the row at another time", Commands: []fault.Command{fault.NewCommand("retry")},
	}
}
