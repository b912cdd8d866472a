package ledger_test

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/audit"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/wave"

	"github.com/google/go-cmp/cmp"
	"modernc.org/sqlite"
)

// TestTheFileAloneIsTheLedger: ten seconds after a commit a copy of the file alone contains it, while the run is in
// progress.
func TestTheFileAloneIsTheLedger(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		l, err := ledger.Open(ctx, filepath.Join(dir, "ledger.db"), ledger.Options{})
		must(t, err)
		rows := newRows("r1", 3)
		must(t, l.CreateRun(ctx, newRun("r1"), rows, nil))
		for i := range 3 {
			tr := migration.Claim(rows[i], evening)
			must(t, l.Apply(ctx, tr))
			rows[i] = tr.To()
			time.Sleep(10 * time.Second)
			synctest.Wait()
			data, err := os.ReadFile(l.Path())
			must(t, err)
			alone := filepath.Join(dir, "copy.db")
			must(t, os.WriteFile(alone, data, 0o600))
			c, err := ledger.Open(ctx, alone, ledger.Options{ReadOnly: true})
			must(t, err)
			got, err := c.Rows(ctx, "r1")
			must(t, err)
			wantSame(t, "rows in the file alone", got, rows)
			must(t, c.Close())
		}
		must(t, l.Close())
	})
}

// TestAFileTakenAway: once the file is no longer in its place, no write reports success.
func TestAFileTakenAway(t *testing.T) {
	t.Parallel()
	for name, take := range map[string]func(t *testing.T, path string){
		"deleted": func(t *testing.T, path string) { must(t, os.Remove(path)) },
		"moved":   func(t *testing.T, path string) { must(t, os.Rename(path, path+".old")) },
		"cut":     func(t *testing.T, path string) { must(t, os.Truncate(path, 0)) },
		"replaced": func(t *testing.T, path string) {
			data, err := os.ReadFile(path)
			must(t, err)
			must(t, os.WriteFile(path+".new", data, 0o600))
			must(t, os.Rename(path+".new", path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			path := filepath.Join(t.TempDir(), "ledger.db")
			l, err := ledger.Open(ctx, path, ledger.Options{})
			must(t, err)
			rows := newRows("r1", 1)
			must(t, l.CreateRun(ctx, newRun("r1"), rows, nil))
			in, err := l.Intend(ctx, migration.Intent{Run: "r1", Row: 0, Effect: migration.EffectJoin})
			must(t, err)
			take(t, path)
			wantFault(t, l.Apply(ctx, migration.Claim(rows[0], evening)), fault.Unavailable, "ledger.moved-away")
			_, err = l.Intend(ctx, migration.Intent{Run: "r1", Row: 0, Effect: migration.EffectImport})
			wantFault(t, err, fault.Unavailable, "ledger.moved-away")
			wantFault(t, l.Conclude(ctx, in, migration.Outcome{Status: migration.OutcomeDone}), fault.Unavailable, "ledger.moved-away")
			_ = l.Close()
		})
	}
}

// TestAFileWrittenOver: an older copy that somebody writes over the file is detected before another write reports success, and
// nothing is copied into it.
func TestAFileWrittenOver(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("what stays open cannot be removed after the test")
	}
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := ledger.Open(ctx, path, ledger.Options{Checkpoint: time.Millisecond})
	must(t, err)
	file := func() []byte {
		data, err := os.ReadFile(path)
		must(t, err)
		return data
	}
	// inFile waits until what was committed is in the file itself, which a number in SQLite's header shows.
	inFile := func(do func()) {
		before := binary.BigEndian.Uint32(file()[60:])
		do()
		waitFor(t, func() bool { return binary.BigEndian.Uint32(file()[60:]) > before })
	}
	rows := newRows("r1", 2)
	inFile(func() { must(t, l.CreateRun(ctx, newRun("r1"), rows, nil)) })
	older := file()
	inFile(func() { must(t, l.Apply(ctx, migration.Claim(rows[0], evening))) })
	// What other processes copy into the file is no reason to stop.
	note := migration.Event{Run: "r1", Row: migration.WaveRow, At: evening, Reason: migration.RunResumed}
	inFile(func() {
		other, err := ledger.Open(ctx, path, ledger.Options{})
		must(t, err)
		must(t, other.Note(ctx, note))
		must(t, other.Close())
	})
	inFile(func() { must(t, l.Note(ctx, note)) })
	must(t, os.WriteFile(path, older, 0o600))
	must(t, os.Chtimes(path, time.Time{}, time.Now().Add(time.Second))) // file systems have coarse timestamps
	wantFault(t, l.Apply(ctx, migration.Claim(rows[1], evening)), fault.Unavailable, "ledger.moved-away")
	_, err = l.Intend(ctx, migration.Intent{Run: "r1", Row: 0, Effect: migration.EffectImport})
	wantFault(t, err, fault.Unavailable, "ledger.moved-away")
	_ = l.Close()
	if !bytes.Equal(file(), older) {
		t.Error("something was brought into the copy")
	}
}

// An older copy that is restored through SQLite itself, as its shell's .restore does, is detected by the next checkpoint at the latest.
func TestAnOlderStateBroughtBack(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("what stays open cannot be removed after the test")
	}
	ctx := t.Context()
	path := filepath.Join(t.TempDir(), "ledger.db")
	copied := path + ".copy"
	l, err := ledger.Open(ctx, path, ledger.Options{Checkpoint: time.Millisecond})
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	note := migration.Event{Run: "r1", Row: migration.WaveRow, At: evening, Reason: migration.RunResumed}
	number := func() uint32 {
		data, err := os.ReadFile(path)
		must(t, err)
		return binary.BigEndian.Uint32(data[60:])
	}
	must(t, l.CreateRun(ctx, newRun("r1"), newRows("r1", 2), nil))
	db, err := sql.Open("sqlite", path+"?_pragma=busy_timeout(10000)")
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.ExecContext(ctx, "VACUUM INTO ?", copied)
	must(t, err)
	before := number()
	must(t, l.Note(ctx, note))
	waitFor(t, func() bool { return number() > before })
	conn, err := db.Conn(ctx)
	must(t, err)
	must(t, conn.Raw(func(c any) error {
		b, err := c.(interface {
			NewRestore(string) (*sqlite.Backup, error)
		}).NewRestore(copied)
		if err != nil {
			return err
		}
		_, err = b.Step(-1)
		return errors.Join(err, b.Finish())
	}))
	must(t, conn.Close())
	waitFor(t, func() bool { return fault.CodeOf(l.Note(ctx, note)) == "ledger.moved-away" })
}

// story is everything that a reader can get from a ledger.
type story struct {
	Runs     []migration.Run
	Rows     []migration.Row
	Findings []wave.Finding
	Events   []migration.Event
	Intents  []migration.Intent
	Writes   []migration.Write
	Entries  []audit.Entry
}

// tell reads everything about the run r1. It returns the first error, as a command that reads would.
func tell(t *testing.T, path string) (s story, err error) {
	ctx := t.Context()
	l, err := ledger.Open(ctx, path, ledger.Options{ReadOnly: true})
	if err != nil {
		return s, err
	}
	defer l.Close()
	var errs [6]error
	s.Runs, errs[0] = l.Runs(ctx)
	s.Rows, errs[1] = l.Rows(ctx, "r1")
	s.Findings, errs[2] = l.Findings(ctx, "r1")
	s.Events, errs[3] = l.Events(ctx, "r1")
	s.Intents, errs[4] = l.AllIntents(ctx, "r1")
	s.Writes, errs[5] = l.Writes(ctx, migration.WriteFilter{})
	for e, err := range l.Audit(ctx, "r1") {
		if err != nil {
			return s, err
		}
		s.Entries = append(s.Entries, e)
	}
	for _, err := range errs {
		if err != nil {
			return s, err
		}
	}
	return s, nil
}

// TestDamagedContentIsRefused damages copies of a ledger at random: a reader gets the true content or an error, and
// neither a panic nor wrong content.
func TestDamagedContentIsRefused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, rows := begin(t, 40)
	for range 6 {
		for i := range rows {
			tr := flip(rows[i])
			must(t, l.Apply(ctx, tr))
			rows[i] = tr.To()
		}
	}
	for i := range rows {
		in, err := l.Intend(ctx, migration.Intent{Run: "r1", Row: i, Effect: migration.EffectImport, Subject: rows[i].Target.UserID})
		must(t, err)
		must(t, l.Conclude(ctx, in, migration.Outcome{Status: migration.OutcomeDone, RemoteID: "snapshot"}))
	}
	must(t, l.Close())
	whole, err := os.ReadFile(l.Path())
	must(t, err)
	want, err := tell(t, l.Path())
	must(t, err)
	n := 100
	if testing.Short() || raced {
		n = 20
	}
	refused := 0
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(seed, 7))
		spoiled := slices.Clone(whole)
		if seed%2 == 0 {
			at := r.IntN(len(spoiled) - 200)
			for i := range 200 {
				spoiled[at+i] = byte(r.Uint32())
			}
		} else {
			for range 200 {
				spoiled[r.IntN(len(spoiled))] = byte(r.Uint32())
			}
		}
		if bytes.Equal(spoiled, whole) {
			continue
		}
		path := filepath.Join(t.TempDir(), "ledger.db")
		must(t, os.WriteFile(path, spoiled, 0o600))
		got, err := tell(t, path)
		if err != nil {
			refused++
			if f := fault.As(err); f == nil || f.Code == "" {
				t.Errorf("seed %d: error %v is no fault of the ledger", seed, err)
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("seed %d: told as fact (-want +got):\n%s", seed, diff)
		}
	}
	t.Logf("%d of %d refused", refused, n)
	if refused < n*3/4 {
		t.Errorf("only %d of %d were refused", refused, n)
	}
}
