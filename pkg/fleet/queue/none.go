//go:build nodatabase

package queue

import (
	"context"
	"time"
	"wave365/pkg/fault"
)

// Queue is the queue of a database, which this program does not have.
type Queue struct{}

// Open always fails.
func Open(context.Context, string) (*Queue, error) { return nil, Refusal() }

// Look always fails.
func Look(context.Context, string) (*Queue, error) { return nil, Refusal() }

// Job always fails.
func (*Queue) Job(context.Context, string, string) (Job, bool, error) { return Job{}, false, Refusal() }

// Close does nothing.
func (*Queue) Close() {}

// Ledger returns "".
func (*Queue) Ledger(string) string { return "" }

// Within returns a function that always fails.
func (*Queue) Within(context.Context, string, string, time.Time) func(any) error {
	return func(any) error { return Refusal() }
}

// Wake always fails.
func (*Queue) Wake(context.Context, string, string) error { return Refusal() }

// Jobs always fails.
func (*Queue) Jobs(context.Context) ([]Job, error) { return nil, Refusal() }

// Workers always fails.
func (*Queue) Workers(context.Context) ([]Worker, error) { return nil, Refusal() }

// Ledgers always fails.
func (*Queue) Ledgers(context.Context) ([]string, error) { return nil, Refusal() }

// Stop always fails.
func (*Queue) Stop(context.Context) error { return Refusal() }

// Start always fails.
func (*Queue) Start(context.Context) error { return Refusal() }

// Stopped always fails.
func (*Queue) Stopped(context.Context) (bool, error) { return false, Refusal() }

// Split always fails.
func Split(string) (database, name string, err error) { return "", "", Refusal() }

// Health always fails.
func (*Queue) Health(context.Context) (Health, error) { return Health{}, Refusal() }

// Refusal is the fault of every function here, in a program without the database.
func Refusal() error {
	return fault.New(fault.Invalid, "ledger.url", "this program was built without the fleet", "use the program wave365-fleet")
}
