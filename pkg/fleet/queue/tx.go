//go:build !nodatabase

package queue

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

type connection = pgx.Conn

// begun is a transaction that the caller began on a connection, and ends.
type begun struct{ *connection }

var errNotOurs = errors.New("the transaction is somebody else's")

// Begin always fails: nothing here needs a savepoint.
func (begun) Begin(context.Context) (pgx.Tx, error) { return nil, errNotOurs }

// Commit always fails.
func (begun) Commit(context.Context) error { return errNotOurs }

// Rollback always fails.
func (begun) Rollback(context.Context) error { return errNotOurs }

// LargeObjects returns the zero value.
func (begun) LargeObjects() pgx.LargeObjects { return pgx.LargeObjects{} }

// Conn returns the connection.
func (b begun) Conn() *pgx.Conn { return b.connection }
