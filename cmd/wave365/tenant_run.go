package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/run"
	"wave365/pkg/runner"
	"wave365/pkg/summary/advice"
	"wave365/pkg/summary/wording"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/closing/facts"
	"wave365/pkg/tenantcare/settling"
)

// afterwards is a recorded run, locked, with its services, for a command that cares for the tenant after it.
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

// writer makes the writes of a command that belong to the run.
func (t *afterwards) writer(command string) tenantcare.Writer {
	return tenantcare.Writer{Journal: t.Ledger, Clock: t.conn.clock, Command: command, By: t.Driver().String(), Run: t.Run.ID}
}

// reportAgain writes the report of a run that has ended, after something was done about it since.
func (a *app) reportAgain(ctx context.Context, l *ledger.Ledger, id string, now time.Time) error {
	rows, err := l.Rows(ctx, id)
	if err != nil {
		return err
	}
	events, err := l.Events(ctx, id)
	if err != nil {
		return err
	}
	return a.writeReport(ctx, l, id, now, runCode(runner.Finished, migration.Count(rows), advice.Halted(events)))
}

// settle finds out what became of the writes that f chooses, of earlier commands that ended before they knew.
func (a *app) settle(ctx context.Context, g *globals, conn *connection, w tenantcare.Writer, f migration.WriteFilter) error {
	var storage facts.Storage
	if conn.storage != nil {
		storage = conn.storage
	}
	return settling.Writes(ctx, w, conn.graph, storage, f, func(s settling.Settled) { a.tell(g, "%s", s.Text()) })
}

// settleEarlier finds out what became of the writes of earlier commands of this name that ended before they knew, where it
// was sent to this tenant and is about what mine says; the ledger is locked only when there is one.
func (a *app) settleEarlier(ctx context.Context, g *globals, conn *connection, command string, mine func(context.Context, migration.Write) (bool, error)) error {
	h, err := lookInto(ctx, g)
	if err != nil {
		return err
	}
	var targets []string
	for _, w := range h.effects {
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
	return a.withWriter(ctx, g, conn, command, "", func(w tenantcare.Writer) error {
		for _, target := range targets {
			if err := a.settle(ctx, g, conn, w, migration.WriteFilter{Command: command, Target: target}); err != nil {
				return err
			}
		}
		return nil
	})
}

// history is what the ledger knows about all runs of one tenant: their rows and what was written.
type history struct {
	runs    []migration.Run
	rows    []migration.Row
	effects []migration.Write
}

// readHistory reads the runs of the tenant; "" is all tenants.
func readHistory(ctx context.Context, l *ledger.Ledger, tenant string) (history, error) {
	var h history
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
		h.runs, h.rows = append(h.runs, r), append(h.rows, rows...)
	}
	h.effects, err = l.Writes(ctx, migration.WriteFilter{})
	return h, err
}

// undecided reports whether it is not known how a write ended that a command made, not a run, and that fits.
func (h history) undecided(fits func(migration.Write) bool) bool {
	return slices.ContainsFunc(h.effects, func(w migration.Write) bool {
		return w.Command != migration.CommandRun && w.Undecided() && fits(w)
	})
}

// made reports whether --create-group made a group.
func (h history) made(group string) bool {
	return slices.ContainsFunc(h.effects, func(w migration.Write) bool {
		return w.Effect == tenantcare.GroupCreate && w.Changed() && strings.EqualFold(w.Outcome.RemoteID, group)
	})
}

// lookInto reads the ledger without locking it, where there is one.
func lookInto(ctx context.Context, g *globals) (history, error) {
	l, err := run.OpenLedger(ctx, g.ledger, ledger.Options{})
	if fault.CodeOf(err) == "ledger.none" {
		return history{}, nil
	}
	if err != nil {
		return history{}, err
	}
	defer func() { _ = l.Close() }()
	return readHistory(ctx, l, "")
}

// tell prints one thing that was done, or is seen, while a command works.
func (a *app) tell(g *globals, format string, args ...any) {
	if !g.quiet && !g.json {
		fmt.Fprint(a.err, folded("", wording.OneLine(fmt.Sprintf(format, args...)), columns(a.err)))
	}
}

// lines are the commands of a remedy as they are typed.
func (g *globals) lines(commands []fault.Command) []string {
	return g.shell("").Lines(fault.Remedy{Commands: commands})
}

// bullet prints one line of a list, with what to type about it below.
func (a *app) bullet(g *globals, mark, text string, commands []fault.Command) {
	fmt.Fprint(a.out, folded("  "+mark+" ", wording.OneLine(text), columns(a.out)))
	sh := g.shell("")
	for _, line := range sh.Lines(fault.Remedy{Commands: commands}) {
		fmt.Fprint(a.out, typed("      ", line, columns(a.out), sh.Windows))
	}
}
