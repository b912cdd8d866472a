package ledger_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"

	_ "modernc.org/sqlite"
)

func BenchmarkCreateRun10000(b *testing.B) {
	rows := newRows("r1", 10_000)
	for b.Loop() {
		b.StopTimer()
		l := open(b)
		b.StartTimer()
		must(b, l.CreateRun(context.Background(), newRun("r1"), rows, nil))
		b.StopTimer()
		must(b, l.Close())
		b.StartTimer()
	}
}

// bareCommit returns the least that a durable commit can be on the ledger's disk: one number in one row, through the
// same driver, with the ledger's pragmas.
func bareCommit(b *testing.B, dir string) (commit func()) {
	b.Helper()
	db, err := sql.Open("sqlite", filepath.Join(dir, "bare.db")+
		"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(4000)&_pragma=journal_size_limit(67108864)")
	must(b, err)
	b.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER) STRICT`)
	must(b, err)
	_, err = db.Exec(`INSERT INTO t VALUES (1, 0)`)
	must(b, err)
	stmt, err := db.Prepare(`UPDATE t SET n = n + 1 WHERE id = 1`)
	must(b, err)
	b.Cleanup(func() { stmt.Close() })
	return func() {
		_, err := stmt.Exec()
		must(b, err)
	}
}

// BenchmarkTransition measures transitions of one caller, each of which waits for its own durable commit, against bare
// commits on the same disk. The two alternate, so that other load on the machine affects both, and medians are compared.
// It reports both costs in µs, which show the speed of the disk, and the ratio "x-bare", whose limit is 1.6; "x-bare-p10"
// is that of the fastest tenth, which a busy machine disturbs less.
func BenchmarkTransition(b *testing.B) {
	l, rows := begin(b, 1000)
	_, err := l.Lock(context.Background(), ledger.Holder{Run: "r1"}) // as a run has it
	must(b, err)
	bare := bareCommit(b, filepath.Dir(l.Path()))
	var ours, theirs []time.Duration
	timed := func(into *[]time.Duration, do func()) {
		start := time.Now()
		do()
		*into = append(*into, time.Since(start))
	}
	i := 0
	apply := func() {
		r := &rows[i%len(rows)]
		t := flip(*r)
		must(b, l.Apply(context.Background(), t))
		*r = t.To()
	}
	for b.Loop() {
		if i%2 == 0 {
			timed(&theirs, bare)
			timed(&ours, apply)
		} else {
			timed(&ours, apply)
			timed(&theirs, bare)
		}
		i++
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(theirs[len(theirs)/2].Microseconds()), "bare-µs")
	b.ReportMetric(float64(ours[len(ours)/2].Microseconds()), "transition-µs")
	b.ReportMetric(float64(ours[len(ours)/2])/float64(theirs[len(theirs)/2]), "x-bare")
	b.ReportMetric(float64(ours[len(ours)/10])/float64(theirs[len(theirs)/10]), "x-bare-p10")
}

// flip returns a transition that can be repeated forever.
func flip(r migration.Row) migration.Transition {
	if r.State == migration.Running {
		return migration.Interrupt(r, "", evening)
	}
	return migration.Claim(r, evening)
}

// BenchmarkResume10000 measures what resuming a run of 10,000 rows costs before the first request: open, check, read all
// rows. The run is half done, with its history. It reports the seconds (limit 0.5) and the largest heap (limit 80 MB).
func BenchmarkResume10000(b *testing.B) {
	ctx := context.Background()
	path := filepath.Join(b.TempDir(), "ledger.db")
	l, err := ledger.Open(ctx, path, ledger.Options{})
	must(b, err)
	rows := newRows("r1", 10_000)
	must(b, l.CreateRun(ctx, newRun("r1"), rows, nil))
	for range 8 {
		moves := make([]migration.Transition, len(rows))
		for i := range rows {
			moves[i] = flip(rows[i])
			rows[i] = moves[i].To()
		}
		must(b, l.ApplyAll(ctx, moves))
	}
	must(b, l.Close())
	rows = nil //nolint:ineffassign // lets the collector have them before memory is measured
	runtime.GC()
	for b.Loop() {
		start := time.Now()
		l, err := ledger.Open(ctx, path, ledger.Options{})
		must(b, err)
		opened := time.Since(start)
		run, err := l.Run(ctx, "")
		must(b, err)
		rows, err := l.Rows(ctx, run.ID)
		must(b, err)
		b.ReportMetric(time.Since(start).Seconds(), "resume-s")
		b.ReportMetric(opened.Seconds(), "open-s")
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		b.ReportMetric(float64(m.HeapSys+m.StackSys-m.HeapReleased)/1e6, "MB")
		if len(rows) != 10_000 {
			b.Fatalf("%d rows", len(rows))
		}
		must(b, l.Close())
	}
}
