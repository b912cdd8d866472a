// Package imports purges imported snapshots that nothing uses: which may go, seen twice, and their removal.
package imports

import (
	"context"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
)

// Tenant are the calls it makes; *graph.Client makes them.
type Tenant interface {
	ImportResults(ctx context.Context, ids []string) ([]graph.ImportAnswer, error)
	ImportResult(ctx context.Context, snapshotID string) (graph.Import, error)
	PurgeImport(ctx context.Context, snapshotID string) error
}

// Candidate is an import that may have to go.
type Candidate struct {
	ID string
	// Row is the row that it was made for; nil: this ledger does not know it.
	Row *migration.Row
}

// User is whom it was made for, as far as the ledger knows.
func (c Candidate) User() string {
	if c.Row == nil {
		return ""
	}
	return c.Row.Target.User
}

// String names the import for people: by its id, and by its user when this ledger knows one.
func (c Candidate) String() string {
	if who := c.User(); who != "" {
		return "import " + c.ID + " of " + who
	}
	return "import " + c.ID
}

// Of are the imports that the ledger knows of these rows, each once, oldest first: those that a row has now, and those of
// its earlier attempts. effects are what the runs did.
func Of(rows []migration.Row, effects []migration.Write) []Candidate {
	var out []Candidate
	seen := map[string]bool{}
	add := func(id string, row *migration.Row) {
		if key := strings.ToLower(id); id != "" && !seen[key] {
			seen[key] = true
			out = append(out, Candidate{ID: id, Row: row})
		}
	}
	type place struct {
		run string
		row int
	}
	sent := map[place][]string{}
	for _, e := range effects {
		if at := (place{e.Run, e.Row}); e.Effect == migration.EffectImport && e.Outcome != nil {
			sent[at] = append(sent[at], e.Outcome.RemoteID)
		}
	}
	for i := range rows {
		r := &rows[i]
		for _, id := range sent[place{r.Run, r.Index}] {
			add(id, r)
		}
		add(r.Facts.SnapshotID, r)
	}
	return out
}

// Fate is what may be done about a candidate.
type Fate string

// The fates.
const (
	// Purge: nothing uses it, and nothing will.
	Purge Fate = "purge"
	// Gone: the record does not exist: it was used, or purged before.
	Gone Fate = "gone"
	// Keep: it is in use, in progress, or belongs to others.
	Keep Fate = "keep"
)

// Verdict is what was found out about a candidate.
type Verdict struct {
	Candidate
	Fate Fate
	// Why explains it for people.
	Why string
}

// Judge decides what may be done about an import as it was read. Errors of the read other than NotFound are returned.
func Judge(c Candidate, a graph.ImportAnswer) (Verdict, error) {
	v := Verdict{Candidate: c, Fate: Keep}
	if fault.Is(a.Err, fault.NotFound) {
		v.Fate, v.Why = Gone, "it no longer exists: it was used, or purged before"
		return v, nil
	}
	if a.Err != nil {
		return v, a.Err
	}
	status := func(s string) bool { return strings.EqualFold(a.Import.Status, s) }
	usage := func(s string) bool { return strings.EqualFold(a.Import.Usage, s) }
	claim := c.claim(a.Import)
	switch {
	case usage(graph.UsageInUse):
		v.Why = "a Cloud PC is built from it"
	case !status(graph.ImportSucceeded) && !status(graph.ImportFailed):
		v.Why = "the service is still working on it: " + a.Import.Status
	case claim != "":
		v.Why = claim
	case !usage(graph.UsageNotUsed) && !usage(graph.UsageExpired) && !status(graph.ImportFailed):
		v.Why = "the service reports an unknown usage: " + a.Import.Usage
	default:
		v.Fate, v.Why = Purge, unused(a.Import)
	}
	return v, nil
}

// claim describes who still needs the import of a row: another user who owns it, or the row itself; "" for none.
func (c Candidate) claim(i graph.Import) string {
	if c.Row == nil {
		return ""
	}
	own := strings.EqualFold(c.Row.Facts.SnapshotID, c.ID)
	switch {
	case i.AssignedUser != "" && !i.AssignedTo(c.Row.Target.UserID, c.Row.Target.UPN):
		return "the service says that it belongs to " + i.AssignedUser + ", not to " + c.Row.Target.User
	case own && c.Row.State == migration.Held:
		return "its row is held: settle it first with reconcile"
	case own && !c.Row.State.Final():
		return "run " + c.Row.Run + " still needs it"
	}
	return ""
}

func unused(i graph.Import) string {
	switch {
	case strings.EqualFold(i.Status, graph.ImportFailed):
		return "the import failed"
	case strings.EqualFold(i.Usage, graph.UsageExpired):
		return "it has expired"
	}
	return "it was never used"
}

// apart is the time between the two reads that must agree, in service time.
const apart = 90 * time.Second

// Look reads the candidates twice, apart in time. One that is judged differently the second time is kept.
func Look(ctx context.Context, clock tenantcare.Clock, t Tenant, all []Candidate) ([]Verdict, error) {
	first, err := Read(ctx, t, all)
	if err != nil || !slices.ContainsFunc(first, func(v Verdict) bool { return v.Fate == Purge }) {
		return first, err
	}
	if err := tenantcare.Sleep(ctx, clock, apart); err != nil {
		return nil, err
	}
	second, err := Read(ctx, t, all)
	for i := range second {
		if second[i].Fate != first[i].Fate {
			second[i].Fate, second[i].Why = Keep, "two reads disagree: "+first[i].Why+", then "+second[i].Why
		}
	}
	return second, err
}

// Read reads the candidates once.
func Read(ctx context.Context, t Tenant, all []Candidate) ([]Verdict, error) {
	ids := make([]string, len(all))
	for i, c := range all {
		ids[i] = c.ID
	}
	answers, err := t.ImportResults(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]Verdict, len(all))
	for i, a := range answers {
		for try := 0; try < rereads && unreadable(a.Err) && ctx.Err() == nil; try++ {
			a.Import, a.Err = t.ImportResult(ctx, ids[i])
		}
		if out[i], err = Judge(all[i], a); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// rereads is how often an inconclusive answer about one import is read again before the whole command gives up.
const rereads = 2

func unreadable(err error) bool {
	return fault.Is(err, fault.Unavailable) || fault.Is(err, fault.Internal) || fault.Is(err, fault.OutcomeUnknown)
}

// Remove purges one import, and waits until its record is gone. It looks once more right before: an import that was used
// meanwhile is a Conflict (purge.refused).
func Remove(ctx context.Context, w tenantcare.Writer, t Tenant, v Verdict) error {
	write := migration.Write{Effect: migration.EffectPurge, Target: v.ID, Row: migration.WaveRow}
	if v.Row != nil {
		write.UserID, write.User = v.Row.Target.UserID, v.Row.Target.User
		if w.Run = v.Row.Run; w.Run != "" {
			write.Row = v.Row.Index
		}
	}
	_, err := w.Do(ctx, tenantcare.Effect{
		Write: write,
		Present: func(ctx context.Context) (string, string, bool, error) {
			now, gone, err := read(ctx, t, v.ID)
			if err != nil || gone {
				return v.ID, recordGone, gone, err
			}
			again, err := Judge(v.Candidate, graph.ImportAnswer{Import: now})
			if err == nil && again.Fate != Purge {
				err = fault.New(fault.Conflict, "purge.refused", "import "+v.ID+" is not purged: "+again.Why, "it changed since it was checked")
			}
			return "", "", false, err
		},
		Call: func(ctx context.Context) (string, error) { return v.ID, t.PurgeImport(ctx, v.ID) },
	})
	return err
}

// recordGone is what is seen of an import whose record is gone.
const recordGone = "its record is gone"

// RecordGone looks whether the record of an import is gone.
func RecordGone(t Tenant, id string) tenantcare.Look {
	return func(ctx context.Context) (string, string, bool, error) {
		_, gone, err := read(ctx, t, id)
		return id, recordGone, gone, err
	}
}

// read reads the record of an import, unless it is gone.
func read(ctx context.Context, t Tenant, id string) (now graph.Import, gone bool, err error) {
	now, err = t.ImportResult(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return now, true, nil
	}
	return now, false, err
}
