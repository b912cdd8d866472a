//go:build nodatabase

package ledger

import (
	"context"

	"wave365/pkg/fault"
)

// openDatabase refuses: this program was built without PostgreSQL, so that it stays small for ledgers in files.
func openDatabase(context.Context, string, Options) (*Ledger, error) {
	return nil, fault.New(fault.Invalid, "ledger.url", "this program was built without ledgers in a database", "use the program wave365-fleet")
}
