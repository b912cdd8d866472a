package run

import (
	"context"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// UserHistory is what a ledger knows of users, by object id in lower case.
type UserHistory struct {
	// Before is the user's standing in the runs of the ledger.
	Before map[string]migration.Standing
	// Imports are the snapshots that earlier runs left behind. The service removes what a Cloud PC was made from, so those
	// of rows that succeeded are not among them.
	Imports map[string][]string
}

// UserHistoryIn reads what the ledger at path knows. Without a ledger it is the zero value.
func UserHistoryIn(ctx context.Context, path string) (UserHistory, error) {
	l, err := openLedger(ctx, path, "", ledger.Options{ReadOnly: true})
	if fault.CodeOf(err) == "ledger.none" {
		return UserHistory{}, nil
	}
	if err != nil {
		return UserHistory{}, err
	}
	defer func() { _ = l.Close() }()
	return UserHistoryOf(ctx, l)
}

// UserHistoryOf reads it from an open ledger.
func UserHistoryOf(ctx context.Context, l *ledger.Ledger) (UserHistory, error) {
	before, err := l.Standings(ctx)
	if err != nil {
		return UserHistory{}, err
	}
	imports, err := l.ImportsLeft(ctx)
	return UserHistory{Before: before, Imports: imports}, err
}
