package ledger_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
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

// bareCommit gives what a durable commit costs at least on the ledger's disk: one number in one row, through the same
// driver, with the ledger's pragmas.
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

// BenchmarkTransition is one caller, each of whose transitions waits for a durable commit of its own, beside bare commits
// on the same disk. The two take turns, so that whatever else the machine does meets both, and medians are compared. It
// reports what both cost in µs, which tells the disk, and the ratio "x-bare", which shall be at most 1.5; "x-bare-p10" is
// that of the quickest tenth, which a busy machine disturbs less.
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

// flip is a transition that can be repeated for ever.
func flip(r migration.Row) migration.Transition {
	if r.State == migration.Running {
		return migration.Interrupt(r, "", evening)
	}
	return migration.Claim(r, evening)
}

// BenchmarkApply50 is fifty callers at once, as a run with fifty rows at work has them.
func BenchmarkApply50(b *testing.B) {
	l, rows := begin(b, 50)
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for w := range 50 {
		wg.Go(func() {
			r := rows[w]
			for next.Add(1) <= int64(b.N) {
				t := flip(r)
				if err := l.Apply(context.Background(), t); err != nil {
					b.Error(err)
					return
				}
				r = t.To()
			}
		})
	}
	wg.Wait()
}

// BenchmarkResume100000 is what resuming costs before the first request: open, check, read all rows.
func BenchmarkResume100000(b *testing.B) {
	path := filepath.Join(b.TempDir(), "ledger.db")
	l, err := ledger.Open(context.Background(), path, ledger.Options{})
	must(b, err)
	must(b, l.CreateRun(context.Background(), newRun("r1"), newRows("r1", 100_000), nil))
	must(b, l.Close())
	for b.Loop() {
		start := time.Now()
		l, err := ledger.Open(context.Background(), path, ledger.Options{})
		must(b, err)
		b.ReportMetric(time.Since(start).Seconds(), "open-s")
		run, err := l.Run(context.Background(), "")
		must(b, err)
		rows, err := l.Rows(context.Background(), run.ID)
		must(b, err)
		if len(rows) != 100_000 {
			b.Fatalf("%d rows", len(rows))
		}
		must(b, l.Close())
	}
}
