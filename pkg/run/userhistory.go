package run

import (
	"context"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// Known is what a ledger knows of users, by object id in lower case.
type Known struct {
	// Before is the user's standing in the runs of the ledger.
	Before map[string]migration.Standing
	// Imports are the snapshots that earlier runs left behind. The service removes what a Cloud PC was made from, so those
	// of rows that succeeded are not among them.
	Imports map[string][]string
}

// KnownIn reads what the ledger at path knows. Without a ledger it is the zero value.
func KnownIn(ctx context.Context, path string) (Known, error) {
	l, err := openLedger(ctx, path, "", ledger.Options{ReadOnly: true})
	if fault.CodeOf(err) == "ledger.none" {
		return Known{}, nil
	}
	if err != nil {
		return Known{}, err
	}
	defer func() { _ = l.Close() }()
	return KnownTo(ctx, l)
}

// KnownTo reads it from an open ledger.
func KnownTo(ctx context.Context, l *ledger.Ledger) (Known, error) {
	before, err := l.Standings(ctx)
	if err != nil {
		return Known{}, err
	}
	imports, err := l.ImportsLeft(ctx)
	return Known{Before: before, Imports: imports}, err
}
