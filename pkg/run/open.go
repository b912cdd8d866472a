package run

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/wave"
)

// OpenLedger opens a ledger that must exist; when it does not, the fault is Invalid ("ledger.none"). A ledger that is
// older than the report of one of its runs is Conflict ("ledger.older").
func OpenLedger(ctx context.Context, path string, o ledger.Options) (*ledger.Ledger, error) {
	if _, err := os.Stat(path); !ledger.InDatabase(path) && errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Invalid, "ledger.none", "there is no ledger "+path, "name it with --ledger, or start a run first", err)
	}
	return openLedger(ctx, path, "", o)
}

// openLedger opens a ledger, creating it if necessary, and refuses one that went back in time: see notOlder. One that
// was copied elsewhere may be older than the reports, because its runs continue there; nothing can be recorded in it.
func openLedger(ctx context.Context, path, reportDir string, o ledger.Options) (*ledger.Ledger, error) {
	l, err := ledger.Open(ctx, path, o)
	if err != nil {
		return nil, err
	}
	went, err := l.WentTo(ctx)
	if err == nil && went == "" {
		err = notOlder(ctx, l, reportDir)
	}
	if err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// Pick returns the run with this id; "" is the newest one that is not finished, or, when all are, the newest. NotFound
// ("ledger.no-run") when there is none.
func Pick(ctx context.Context, l *ledger.Ledger, id string) (migration.Run, error) {
	if id != "" {
		return l.Run(ctx, id)
	}
	runs, err := l.Runs(ctx)
	if err != nil {
		return migration.Run{}, err
	}
	for _, r := range runs {
		if r.State != migration.RunFinished {
			return r, nil
		}
	}
	return l.Run(ctx, "")
}

// Open opens the ledger, takes the lock for the run and reads its rows. See [Pick], and Options.Newest, for an empty
// id.
func Open(ctx context.Context, o Options, id string) (*Session, error) {
	s, err := Lock(ctx, o, id)
	if err != nil {
		return nil, err
	}
	if err := s.Read(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Lock is Open without the rows, which take a while to read when there are many: see Read.
func Lock(ctx context.Context, o Options, id string) (*Session, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	s := &Session{opt: o, release: func() error { return nil }}
	// The ledger determines the tenant, and so which clock counts; until then its timestamps are wall time.
	var err error
	if s.Ledger, err = OpenLedger(ctx, o.Ledger, ledger.Options{Now: s.Now, Zone: o.Zone, Stalled: s.stalled, Connections: o.Connections}); err != nil {
		return nil, err
	}
	pick := Pick
	if o.Newest {
		pick = func(ctx context.Context, l *ledger.Ledger, id string) (migration.Run, error) { return l.Run(ctx, id) }
	}
	if s.Run, err = pick(ctx, s.Ledger, id); err == nil {
		err = s.lock(ctx, s.Run.ID)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// lock takes the lock by the machine's time, also on a sandbox: it is about a process.
func (s *Session) lock(ctx context.Context, runID string) error {
	if s.opt.Aside {
		runID = ""
	}
	release, err := s.Ledger.TakeOver(ctx, s.opt.Driver.Holder(runID, time.Now()), s.opt.Replace)
	if err == nil {
		s.release = release
	}
	return err
}

// Read reads the rows.
func (s *Session) Read(ctx context.Context) (err error) {
	s.Rows, err = s.Ledger.Rows(ctx, s.Run.ID)
	return err
}

// validateSome validates some rows of a file, given by their positions, on their own, as the run was begun.
func (s *Session) validateSome(ctx context.Context, file *wave.File, findings []wave.Finding, at []int, before UserHistory) (preflight.Result, error) {
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
	return s.Services.Validate(ctx, &some, theirs, before)
}

// LastChange is the time of the last recorded fact about a run: what is written from its ledger is true as of then.
func LastChange(r migration.Run, rows []migration.Row) time.Time {
	at := r.CreatedAt
	if r.FinishedAt.After(at) {
		at = r.FinishedAt
	}
	for _, row := range rows {
		if row.UpdatedAt.After(at) {
			at = row.UpdatedAt
		}
	}
	return at
}
