//go:build !nodatabase

package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"wave365/pkg/ledger/postgres"
)

// Database is what a server reports about itself.
type Database = postgres.Examined

// Connections is a pool of connections to one database, shared by the ledgers that a process opens there. Safe for
// concurrent use.
type Connections = pgxpool.Pool

// Share returns a pool of at most that number of connections to a database, for ledgers there: see Options.Connections.
// It connects on first use. The caller closes it after the ledgers.
func Share(database string, most int) (*Connections, error) {
	at, err := postgres.Database(database)
	if err != nil {
		return nil, err
	}
	return at.Share(most)
}

// ExamineDatabase queries the server that a ledger's address names; the ledger need not exist yet.
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
	db, err := postgres.Open(ctx, postgres.Config{Address: at, Now: opt.Now, ReadOnly: opt.ReadOnly, Pool: opt.Connections})
	if err != nil {
		return nil, err
	}
	return newLedger(ctx, at.String(), db, opt)
}
