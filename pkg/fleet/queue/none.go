//go:build nodatabase

package queue

import (
	"context"
	"time"
	"wave365/pkg/fault"
)

// Queue is the queue of a database; this program has none.
type Queue struct{}

// Open refuses.
func Open(context.Context, string) (*Queue, error) { return nil, Refusal() }

// Look refuses.
func Look(context.Context, string) (*Queue, error) { return nil, Refusal() }

// Job refuses.
func (*Queue) Job(context.Context, string, string) (Job, bool, error) { return Job{}, false, Refusal() }

// Close does nothing.
func (*Queue) Close() {}

// Ledger refuses.
func (*Queue) Ledger(string) string { return "" }

// Within gives what refuses.
func (*Queue) Within(context.Context, string, string, time.Time) func(any) error {
	return func(any) error { return Refusal() }
}

// Wake refuses.
func (*Queue) Wake(context.Context, string, string) error { return Refusal() }

// Jobs refuses.
func (*Queue) Jobs(context.Context) ([]Job, error) { return nil, Refusal() }

// Workers refuses.
func (*Queue) Workers(context.Context) ([]Worker, error) { return nil, Refusal() }

// Ledgers refuses.
func (*Queue) Ledgers(context.Context) ([]string, error) { return nil, Refusal() }

// Stop refuses.
func (*Queue) Stop(context.Context) error { return Refusal() }

// Start refuses.
func (*Queue) Start(context.Context) error { return Refusal() }

// Stopped refuses.
func (*Queue) Stopped(context.Context) (bool, error) { return false, Refusal() }

// Split refuses.
func Split(string) (database, name string, err error) { return "", "", Refusal() }

// Health refuses.
func (*Queue) Health(context.Context) (Health, error) { return Health{}, Refusal() }

// Refusal is what everything here answers in a program without the database.
func Refusal() error {
	return fault.New(fault.Invalid, "ledger.url", "this program was built without the fleet", "use the program wave365-fleet")
}
