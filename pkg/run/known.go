package run

import (
	"context"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
)

// Known is what a ledger knows of users, by object id in lower case.
type Known struct {
	// Open is the unfinished run that holds the user.
	Open map[string]string
	// Imports are the snapshots that earlier runs left behind. The service removes what a Cloud PC was made from, so those
	// of rows that succeeded are not among them.
	Imports map[string][]string
}

// KnownIn reads what the ledger at path knows. No ledger knows nobody.
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

// KnownTo asks an open ledger.
func KnownTo(ctx context.Context, l *ledger.Ledger) (Known, error) {
	open, err := l.OpenUsers(ctx)
	if err != nil {
		return Known{}, err
	}
	imports, err := l.ImportsLeft(ctx)
	return Known{Open: open, Imports: imports}, err
}
