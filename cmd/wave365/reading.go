package main

import (
	"context"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
)

// inLedger opens the ledger of the flags, which has to exist, calls do, and closes it.
func (a *app) inLedger(ctx context.Context, g *globals, o ledger.Options, do func(*ledger.Ledger) error) error {
	o.Zone = a.zone
	l, err := run.OpenLedger(ctx, g.ledger, o)
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	return do(l)
}

// inRun is inLedger for one run; "" is the one that is used when none is named, see [run.Pick].
func (a *app) inRun(ctx context.Context, g *globals, o ledger.Options, id string, do func(*ledger.Ledger, migration.Run) error) error {
	return a.inLedger(ctx, g, o, func(l *ledger.Ledger) error {
		r, err := run.Pick(ctx, l, id)
		if err != nil {
			return whichRuns(ctx, l, err)
		}
		return do(l, r)
	})
}
