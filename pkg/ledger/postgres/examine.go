package postgres

import (
	"context"
	"time"

	"wave365/pkg/ledger/postgres/pgerror"
)

// Examined is what a server reports about itself.
type Examined struct {
	// Version is a number such as 170002; Settings are the server's by name, as a ledger's connection sees them.
	Version  int
	Settings map[string]string
	// Off is how far the server's clock is ahead of now. Encrypted: the connection is encrypted. Remote: the server is
	// not on this machine.
	Off               time.Duration
	Encrypted, Remote bool
}

// Examine queries the server of a ledger; the ledger need not exist yet. Faults are those of Open.
func Examine(ctx context.Context, at Address, now func() time.Time) (Examined, error) {
	e := Examined{Settings: map[string]string{}, Remote: !local(at.config.Host)}
	var server time.Time
	db, err := at.connect(ctx, "wave365 doctor")
	if err != nil {
		return e, pgerror.Fault(err, "examine the database")
	}
	defer func() { _ = db.Close(context.WithoutCancel(ctx)) }()
	asked := now()
	err = db.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, clock_timestamp(),
		coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)`).Scan(&e.Version, &server, &e.Encrypted)
	if err != nil {
		return e, pgerror.Fault(err, "examine the database")
	}
	e.Off = server.Sub(asked.Add(now().Sub(asked) / 2))
	for _, name := range []string{
		"fsync", "full_page_writes", "synchronous_commit", "synchronous_standby_names", "idle_in_transaction_session_timeout", "statement_timeout", "lock_timeout",
		"transaction_read_only",
	} {
		var value string
		if err := db.QueryRow(ctx, "SELECT current_setting($1)", name).Scan(&value); err != nil {
			return e, pgerror.Fault(err, "examine the database")
		}
		e.Settings[name] = value
	}
	return e, nil
}
