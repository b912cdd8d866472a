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
	// Connections is how many connections the ledgers of its runs share; the queue has its own.
	Connections int
	Timing      Timing
	// Session returns the options of a session on the ledger with that address. The worker sets its Driver's command and
	// its Replace.
	Session func(ledger string) run.Options
	Log     *slog.Logger
	// Meter counts what the worker does.
	Meter *Meter
}

// Meter counts what a worker does. The zero value works; safe for concurrent use.
type Meter struct {
	// Driving is how many runs it drives now.
	Driving atomic.Int64
	// Slices counts all slices, and Done, Parked, Retried, Lost and Left count them by how they ended: run finished, waits
	// for a person, retried after an error, taken over by another worker or locked, and left for lack of a credential.
	Slices, Done, Parked, Retried, Lost, Left atomic.Int64
}
