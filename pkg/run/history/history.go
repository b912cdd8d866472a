// Package history reads what a ledger knows about all runs of a tenant: their rows, and what was written to the tenant.
// Commands that maintain the tenant after a run decide by it.
package history

import (
	"context"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/tenantcare"
)

// History is what the ledger knows about all runs of one tenant: their rows and what was written.
type History struct {
	Runs    []migration.Run
	Rows    []migration.Row
	Effects []migration.Write
}

// Of reads the runs of the tenant; "" is all tenants.
func Of(ctx context.Context, l *ledger.Ledger, tenant string) (History, error) {
	var h History
	runs, err := l.Runs(ctx)
	if err != nil {
		return h, err
	}
	for _, r := range runs {
		if tenant != "" && r.Tenant != tenant {
			continue
		}
		rows, err := l.Rows(ctx, r.ID)
		if err != nil {
			return h, err
		}
		h.Runs, h.Rows = append(h.Runs, r), append(h.Rows, rows...)
	}
	h.Effects, err = l.Writes(ctx, migration.WriteFilter{})
	return h, err
}

// Undecided reports whether the outcome is unknown of a write that a command outside a run made and that fits.
func (h History) Undecided(fits func(migration.Write) bool) bool {
	return slices.ContainsFunc(h.Effects, func(w migration.Write) bool {
		return w.Command != migration.CommandRun && w.Undecided() && fits(w)
	})
}

// Made reports whether --create-group made a group.
func (h History) Made(group string) bool {
	return slices.ContainsFunc(h.Effects, func(w migration.Write) bool {
		return w.Effect == tenantcare.GroupCreate && w.Changed() && strings.EqualFold(w.Outcome.RemoteID, group)
	})
}

// In reads the ledger at path without locking it; the zero value when there is none. zone is that of times in faults; nil: UTC.
func In(ctx context.Context, path string, zone *time.Location) (History, error) {
	l, err := run.OpenLedger(ctx, path, ledger.Options{Zone: zone})
	if fault.CodeOf(err) == "ledger.none" {
		return History{}, nil
	}
	if err != nil {
		return History{}, err
	}
	defer func() { _ = l.Close() }()
	return Of(ctx, l, "")
}
