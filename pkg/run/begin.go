package run

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/wave"
)

// NewID returns a name for a run: date, time, and four letters that distinguish two runs of one minute.
func NewID(now time.Time) string {
	b := make([]byte, 2)
	_, _ = rand.Read(b)
	return now.Format("20060102-1504") + "-" + hex.EncodeToString(b)
}

// CheckID refuses an id that cannot name a run, or that a file system would change: it is part of a folder's name, also on
// Windows, which drops a trailing dot and treats some names as devices whatever their extension.
func CheckID(id string) error {
	bad := func(hint string) error {
		return fault.New(fault.Invalid, "usage", "invalid run ID "+strconv.Quote(id), hint)
	}
	device, _, _ := strings.Cut(strings.ToUpper(id), ".")
	switch {
	case !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`).MatchString(id):
		return bad("use up to 64 letters, digits, dots, dashes and underscores, the first a letter or digit")
	case strings.HasSuffix(id, "."):
		return bad("it must not end in a dot, which Windows drops from a folder's name")
	case regexp.MustCompile(`^(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])$`).MatchString(device):
		return bad(device + " is the name of a device on Windows: choose another")
	}
	return nil
}

// free refuses an id that is taken, also by one that differs in upper and lower case alone: some file systems have one
// folder for both.
func (s *Session) free(ctx context.Context, id string) error {
	runs, err := s.Ledger.Runs(ctx)
	if err != nil {
		return err
	}
	for _, r := range runs {
		if strings.EqualFold(r.ID, id) {
			return fault.New(fault.Conflict, "ledger.exists", "the run "+r.ID+" is in the ledger already", "choose another --run-id, or none")
		}
	}
	return nil
}

// Begin opens the ledger, creating it if necessary, and takes its lock for a run that is about to be recorded. The
// session owns the given services and closes them; when Begin fails it closes them, too.
func Begin(ctx context.Context, o Options, id string, services *Services) (*Session, error) {
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	s := &Session{opt: o, Services: services, Run: migration.Run{ID: id}, release: func() error { return nil }}
	var err error
	if s.Ledger, err = openLedger(ctx, o.Ledger, o.ReportDir, ledger.Options{Now: s.Now, Zone: o.Zone, Stalled: s.stalled}); err != nil {
		s.closeServices()
		return nil, err
	}
	if err := s.free(ctx, id); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.lock(ctx, id); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Place identifies the services that a run is pinned to.
type Place struct {
	Cloud, GraphRoot, BlobRoot string
	// Sandbox is a URL or a scenario's file; StateDir keeps one in the process; Speed is its speed. Empty: the real
	// services.
	Sandbox, StateDir string
	Speed             float64
}

// Plan is what a run is made from.
type Plan struct {
	// WavePath is where the wave was read from, ReportDir where report folders are written.
	WavePath, ReportDir string
	File                *wave.File
	Checked             preflight.Result
	Slots               int
	Settings            migration.Settings
	Place               Place
}

// Draft describes the session's run, for its plan, its ledger and its reports; Create records it.
func (s *Session) Draft(p Plan) { s.Run, s.Rows = Draft(s.opt, s.Run.ID, s.Now(), p) }

// Draft describes a run that would begin now, and its rows.
func Draft(o Options, id string, now time.Time, p Plan) (migration.Run, []migration.Row) {
	r := migration.Run{
		ID: id, Wave: p.File.Name, WavePath: absolute(p.WavePath), WaveHash: p.File.Hash, Columns: p.File.Columns,
		Tenant: p.Checked.Organization.ID, TenantName: p.Checked.Organization.DisplayName,
		Cloud: p.Place.Cloud, GraphRoot: p.Place.GraphRoot, BlobRoot: p.Place.BlobRoot,
		Slots: p.Slots, ReportDir: p.ReportDir, Operator: o.Driver.User, Version: o.Driver.Version,
		State: migration.RunActive, CreatedAt: now, Settings: p.Settings,
		Sandbox: p.Place.Sandbox, SandboxState: p.Place.StateDir, SandboxSpeed: p.Place.Speed,
	}
	return r, leftToDo(newRows(r, p.File, p.Checked))
}

// OneTenant refuses a drafted run in a tenant other than that of the ledger's earlier runs: one ledger, one tenant, so
// that the users of one tenant are never migrated by what is recorded of another. Rehearsals do not count. The fault is
// Conflict, "tenant.changed".
func (s *Session) OneTenant(ctx context.Context) error {
	if s.Run.Sandbox != "" || s.Run.Tenant == "" {
		return nil
	}
	runs, err := s.Ledger.Runs(ctx)
	if err != nil {
		return err
	}
	return oneTenant(s.Run, runs)
}

func oneTenant(r migration.Run, earlier []migration.Run) error {
	for _, e := range earlier {
		if e.Sandbox == "" && e.Tenant != "" && e.Tenant != r.Tenant {
			return fault.New(fault.Conflict, "tenant.changed",
				"this ledger belongs to tenant "+e.TenantName+" ("+e.Tenant+"; run "+e.ID+"), and this sign-in is in "+r.TenantName+" ("+r.Tenant+")",
				"sign in to that tenant, or give each tenant a ledger of its own with --ledger, for instance in a profile of wave365.yaml; nothing was changed")
		}
	}
	return nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// newRows makes the rows of a run: pending, or skipped with the row's first error as the reason.
func newRows(r migration.Run, file *wave.File, res preflight.Result) []migration.Row {
	rows := make([]migration.Row, len(file.Rows))
	for i, in := range file.Rows {
		rows[i] = migration.Row{
			Run: r.ID, Index: i, Target: res.Targets[i], Input: in.Cells, State: migration.Pending,
			Step: migration.StepCheck, Reason: migration.ReasonCreated, Attempt: 1, UpdatedAt: r.CreatedAt,
		}
		done := res.Done != nil && res.Done[i]
		if !res.Bad[i] && !done {
			continue
		}
		p := migration.Problem{Code: "wave.invalid", Message: "the row has an error"}
		for _, f := range res.Findings {
			if f.Line == in.Line && (f.Severity == wave.Error || done && f.Code == codeMigrated) {
				p = migration.Problem{Code: f.Code, Message: f.Message, Hint: f.Hint, Commands: f.Commands}
				break
			}
		}
		rows[i] = migration.Skip(rows[i], p, r.CreatedAt).To()
	}
	return rows
}

// codeMigrated is the code of rows that an earlier run of the ledger brought to their end.
const codeMigrated = "user.already-migrated"

// leftToDo leaves out the rows that are done already.
func leftToDo(rows []migration.Row) []migration.Row {
	var left []migration.Row
	for _, r := range rows {
		if r.State == migration.Skipped && r.Problem.Code == codeMigrated {
			continue
		}
		r.Index = len(left)
		left = append(left, r)
	}
	return left
}

// agreed sets the start of the drafted run to now: it was drafted before the operator was asked to confirm, which can
// take long.
func (s *Session) agreed() {
	s.Run.CreatedAt = s.Now()
	for i := range s.Rows {
		r := &s.Rows[i]
		r.UpdatedAt = s.Run.CreatedAt
		if !r.FinishedAt.IsZero() { // skipped
			r.FinishedAt = s.Run.CreatedAt
		}
	}
}

// Create records the drafted run, which begins with that.
func (s *Session) Create(ctx context.Context, findings []wave.Finding) error {
	if err := s.refuseRepeats(); err != nil {
		return err
	}
	s.agreed()
	return s.Ledger.CreateRun(ctx, s.Run, s.Rows, findings)
}

// CreateQueued records the drafted run, that it was left to workers, as text describes, and what queue does with the
// connection of the ledger's driver: all of it, or nothing.
func (s *Session) CreateQueued(ctx context.Context, findings []wave.Finding, text string, queue func(conn any) error) error {
	if err := s.refuseRepeats(); err != nil {
		return err
	}
	s.agreed()
	events := []migration.Event{
		{Row: migration.WaveRow, At: s.Now(), Reason: migration.RunStarted, Note: text},
		{Row: migration.WaveRow, At: s.Now(), Reason: migration.RunYielded}, // it waits for its first slice
	}
	return s.Ledger.CreateQueuedRun(ctx, s.Run, s.Rows, findings, events, queue)
}
