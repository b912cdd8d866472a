//go:build nodatabase

package ledger

import (
	"context"
	"time"

	"wave365/pkg/fault"
)

// Database is what a server reports about itself.
type Database struct {
	Version           int
	Settings          map[string]string
	Off               time.Duration
	Encrypted, Remote bool
}

// Connections is empty: this program has no connections to share.
type Connections struct{}

// Close does nothing.
func (*Connections) Close() {}

// Share always fails.
func Share(string, int) (*Connections, error) { return nil, without() }

// ExamineDatabase always fails.
func ExamineDatabase(context.Context, string) (Database, error) { return Database{}, without() }

// openDatabase always fails: this program was built without PostgreSQL, which keeps it small for ledgers in files.
func openDatabase(context.Context, string, Options) (*Ledger, error) { return nil, without() }

func without() error {
	return fault.New(fault.Invalid, "ledger.url", "this program was built without ledgers in a database", "use the program wave365-fleet")
}
