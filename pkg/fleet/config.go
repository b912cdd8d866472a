package fleet

import (
	"log/slog"
	"sync/atomic"

	"wave365/pkg/run"
)

// Config configures a worker.
type Config struct {
	// Name is the worker's name, in jobs and in the database.
	Name string
	// Runs is how many runs it drives at a time.
	Runs int
	// Connections is how many the ledgers of its runs share; the queue has some of its own.
	Connections int
	Timing      Timing
	// Session gives the options of a session on the ledger with that address. Its Driver's command and its Replace are the
	// worker's.
	Session func(ledger string) run.Options
	Log     *slog.Logger
	// Meter is counted in.
	Meter *Meter
}

// Meter counts what a worker does. The zero value works; safe for concurrent use.
type Meter struct {
	// Driving is how many runs it drives now.
	Driving atomic.Int64
	// Slices, Done, Parked, Retried, Lost and Left count slices by how they ended: all of them, run over, waits for a person,
	// tried again after an error, taken over by another worker or locked, and left for lack of a credential.
	Slices, Done, Parked, Retried, Lost, Left atomic.Int64
}
