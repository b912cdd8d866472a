//go:build !nodatabase

package ledger

import (
	"context"
	"time"

	"wave365/pkg/ledger/postgres"
)

// Database is what a server says about itself.
type Database = postgres.Examined

// ExamineDatabase asks the server that a ledger's address names; there need not be a ledger yet.
func ExamineDatabase(ctx context.Context, url string) (Database, error) {
	at, err := postgres.Parse(url)
	if err != nil {
		return Database{}, err
	}
	return postgres.Examine(ctx, at, time.Now)
}

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
