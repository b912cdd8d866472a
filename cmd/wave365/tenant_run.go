package main

import (
	"context"
	"slices"

	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/run/history"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/closing/facts"
	"wave365/pkg/tenantcare/settling"
)

// afterwards is a recorded run, locked, with its services, for a command that acts on the tenant after it.
type afterwards struct {
	*run.Session
	conn *connection
}

// withRecorded opens a recorded run for a command of that name; "" is the latest run. The first Ctrl-C ends it.
func (a *app) withRecorded(ctx context.Context, g *globals, id string, do func(context.Context, *afterwards) error) error {
	ctx, stop := interruptible(ctx)
	defer stop()
	t := &afterwards{}
	o := a.session(g)
	o.Aside = true
	o.Connect = func(ctx context.Context, r migration.Run) (*run.Services, error) {
		g.at.is(r)
		var err error
		if t.conn, err = a.connect(ctx, g.as(r), placeOfRun(r)); err != nil {
			return nil, err
		}
		return a.services(g, t.conn, recorded(r)), nil
	}
	var err error
	if t.Session, err = run.Open(ctx, o, id); err != nil {
		return err
	}
	defer t.Close()
	if err := t.Connect(ctx); err != nil {
		return err
	}
	return do(ctx, t)
}

// writer returns the writer for the writes of a command that belong to the run.
func (t *afterwards) writer(command string) tenantcare.Writer {
	return tenantcare.Writer{Journal: t.Ledger, Clock: t.conn.clock, Command: command, By: t.Driver().String(), Run: t.Run.ID}
}

// writes calls do with what writes to the tenant for one command: see [app.writes] and [afterwards.writes].
type writes func(do func(tenantcare.Writer) error) error

// writes takes the ledger's lock each time.
func (a *app) writes(ctx context.Context, g *globals, conn *connection, command string) writes {
	return func(do func(tenantcare.Writer) error) error { return a.withWriter(ctx, g, conn, command, do) }
}

// writes are those of a command that belong to no run, although its session holds the ledger.
func (t *afterwards) writes(command string) writes {
	w := t.writer(command)
	w.Run = ""
	return func(do func(tenantcare.Writer) error) error { return do(w) }
}

// settle settles the writes that f chooses, of earlier commands that ended before they knew the outcome.
func (a *app) settle(ctx context.Context, g *globals, conn *connection, w tenantcare.Writer, f migration.WriteFilter) error {
	var storage facts.Storage
	if conn.storage != nil {
		storage = conn.storage
	}
	return settling.Writes(ctx, w, conn.graph, storage, f, func(s settling.Settled) { a.tell(g, "%s", s.Text()) })
}

// settleEarlier settles the writes of earlier commands of this name that ended before they knew the outcome, if they were
// made in this tenant and mine selects them; the ledger is locked only when there is one.
func (a *app) settleEarlier(ctx context.Context, g *globals, conn *connection, command string, mine func(context.Context, migration.Write) (bool, error)) error {
	h, err := history.In(ctx, g.ledger, a.zone)
	if err != nil {
		return err
	}
	var targets []string
	for _, w := range h.Effects {
		if w.Command != command || !w.Undecided() || slices.Contains(targets, w.Target) {
			continue
		}
		tenant, err := conn.tenantID(ctx)
		if err != nil {
			return err
		}
		if !tenantcare.In(tenant, w) {
			continue
		}
		ok, err := mine(ctx, w)
		if err != nil {
			return err
		}
		if ok {
			targets = append(targets, w.Target)
		}
	}
	if len(targets) == 0 {
		return nil
	}
	return a.withWriter(ctx, g, conn, command, func(w tenantcare.Writer) error {
		for _, target := range targets {
			if err := a.settle(ctx, g, conn, w, migration.WriteFilter{Command: command, Target: target}); err != nil {
				return err
			}
		}
		return nil
	})
}
