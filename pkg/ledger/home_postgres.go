//go:build !nodatabase

package ledger

import (
	"context"

	"wave365/pkg/ledger/postgres"
)

func openDatabase(ctx context.Context, url string, opt Options) (*Ledger, error) {
	at, err := postgres.Parse(url)
	if err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, postgres.Config{Address: at, Now: opt.Now, ReadOnly: opt.ReadOnly})
	if err != nil {
		return nil, err
	}
	return newLedger(ctx, at.String(), db, opt)
}
