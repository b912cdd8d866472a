package playbook

import (
	"context"
	"errors"

	"wave365/pkg/migration"
)

// Journal is where intents and outcomes are recorded. An error from it is a failure of the run, never of a row.
type Journal interface {
	// Intend records that an effect is about to be tried; it is durable when it returns.
	Intend(ctx context.Context, in migration.Intent) (migration.Intent, error)
	// Conclude records how it ended.
	Conclude(ctx context.Context, in migration.Intent, out migration.Outcome) error
	// Holds checks, between the intent and the call, whether this process may still act for the run: the fault is
	// Conflict when it was frozen meanwhile, and the run was given to another.
	Holds(ctx context.Context) error
	// Intents returns what was recorded for a row (or migration.WaveRow), oldest first.
	Intents(ctx context.Context, run string, row int) ([]migration.Intent, error)
}

// journalError marks an error of the journal. Errors of calls become results of rows, see resultOf; this one never does: it
// reaches the runner unchanged, and ends the run.
type journalError struct{ error }

func (e journalError) Unwrap() error { return e.error }

func isJournalError(err error) bool {
	_, ok := errors.AsType[journalError](err)
	return ok
}

// marked is a journal whose errors are marked, and whose calls do not end with the run: a stop must not look like a broken
// ledger.
type marked struct{ j Journal }

func mark(err error) error {
	if err == nil {
		return nil
	}
	return journalError{err}
}

func (m marked) Intend(ctx context.Context, in migration.Intent) (migration.Intent, error) {
	in, err := m.j.Intend(context.WithoutCancel(ctx), in)
	return in, mark(err)
}

func (m marked) Holds(ctx context.Context) error {
	return mark(m.j.Holds(context.WithoutCancel(ctx)))
}

func (m marked) Conclude(ctx context.Context, in migration.Intent, out migration.Outcome) error {
	return mark(m.j.Conclude(context.WithoutCancel(ctx), in, out))
}

func (m marked) Intents(ctx context.Context, run string, row int) ([]migration.Intent, error) {
	past, err := m.j.Intents(context.WithoutCancel(ctx), run, row)
	return past, mark(err)
}
