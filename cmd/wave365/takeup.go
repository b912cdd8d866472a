package main

import (
	"context"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/wave"
)

// takeup is a recorded run that a command goes on with: its ledger locked, its rows read. The caller closes it.
type takeup struct {
	l    *ledger.Ledger
	run  migration.Run
	rows []migration.Row
	// conn is nil until connect is called.
	conn    *connection
	release func() error
}

// takeUp opens the ledger, takes the lock for the run and reads its rows; "" is the latest.
func takeUp(ctx context.Context, g *globals, id string) (*takeup, error) {
	t, err := takeLock(ctx, g, id)
	if err != nil {
		return nil, err
	}
	if err := t.read(ctx); err != nil {
		err = t.setAside(ctx, g, err)
		t.close()
		return nil, err
	}
	return t, nil
}

// read reads the rows. What it answers is to be given to setAside.
func (t *takeup) read(ctx context.Context) (err error) {
	t.rows, err = t.l.Rows(ctx, t.run.ID)
	return err
}

// setAside answers a ledger that could not be read. A large one is not checked through when it is opened, so damage may show
// only now: then it is opened again in the way that looks at everything, and moves a damaged file aside. Nothing else may use
// the ledger meanwhile; afterwards it is closed.
func (t *takeup) setAside(ctx context.Context, g *globals, err error) error {
	if fault.CodeOf(err) != "ledger.damaged" {
		return err
	}
	_ = t.release()
	_ = t.l.Close()
	l, worse := ledger.Open(ctx, g.ledger, ledger.Options{Thorough: true})
	if worse != nil {
		return worse
	}
	_ = l.Close()
	return err
}

// takeLock is takeUp without the rows, which take seconds to read when there are many.
func takeLock(ctx context.Context, g *globals, id string) (*takeup, error) {
	t := &takeup{release: func() error { return nil }}
	// The ledger tells which tenant, and so whose time counts; until then its stamps are wall time.
	var err error
	if t.l, err = openExisting(ctx, g, ledger.Options{Now: t.now}); err != nil {
		return nil, err
	}
	if t.run, err = t.l.Run(ctx, id); err == nil {
		var release func() error
		if release, err = t.l.Lock(ctx, holder(t.run.ID, time.Now())); err == nil {
			t.release = release
		}
	}
	if err != nil {
		t.close()
		return nil, err
	}
	return t, nil
}

// now is the service's time, as soon as it is known which service.
func (t *takeup) now() time.Time {
	if t.conn == nil {
		return cloud.Clock{}.Now()
	}
	return t.conn.clock.Now()
}

// connect signs in where the run went on, and makes sure that it is the run's own tenant.
func (t *takeup) connect(ctx context.Context, a *app, g *globals) error {
	conn, err := a.connect(ctx, g.as(t.run), placeOfRun(t.run))
	if err != nil {
		return err
	}
	t.conn = conn
	org, err := conn.graph.Organization(ctx)
	if err != nil {
		return err
	}
	if org.ID != t.run.Tenant {
		return fault.New(fault.Conflict, "tenant.changed", "this sign-in is in tenant "+org.ID+" ("+org.DisplayName+"), but the run belongs to "+t.run.Tenant+" ("+t.run.TenantName+")",
			"sign in to the run's own tenant")
	}
	return nil
}

// reload reads run and rows again.
func (t *takeup) reload(ctx context.Context) error {
	var err error
	if t.run, err = t.l.Run(ctx, t.run.ID); err != nil {
		return err
	}
	t.rows, err = t.l.Rows(ctx, t.run.ID)
	return err
}

// close lets everything go. It may be called twice.
func (t *takeup) close() {
	_ = t.release()
	if t.conn != nil {
		t.conn.close()
		t.conn.close = func() {}
	}
	_ = t.l.Close()
}

// checkSome validates some rows of a file, given by their positions, on their own, as the run was begun.
func (t *takeup) checkSome(ctx context.Context, a *app, g *globals, file *wave.File, findings []wave.Finding, at []int, before known) (preflight.Result, error) {
	some, lines := *file, map[int]bool{}
	some.Rows = nil
	for k, i := range at {
		r := file.Rows[i]
		r.Index = k
		some.Rows = append(some.Rows, r)
		lines[r.Line] = true
	}
	var theirs []wave.Finding
	for _, f := range findings {
		if f.Line == 0 || lines[f.Line] {
			theirs = append(theirs, f)
		}
	}
	return a.preflight(ctx, g, t.conn, recorded(t.run), &some, theirs, before)
}
