package ledger_test

import (
	"context"
	"database/sql"
	"path/filepath"
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

// BenchmarkBareCommit is what one durable commit costs on this disk: one small row, WAL, synchronous=FULL.
func BenchmarkBareCommit(b *testing.B) {
	db, err := sql.Open("sqlite", filepath.Join(b.TempDir(), "bare.db")+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)")
	must(b, err)
	defer db.Close()
	db.SetMaxOpenConns(1)
	_, err = db.Exec(`CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER) STRICT`)
	must(b, err)
	_, err = db.Exec(`INSERT INTO t VALUES (1, 0)`)
	must(b, err)
	stmt, err := db.Prepare(`UPDATE t SET n = n + 1 WHERE id = 1`)
	must(b, err)
	defer stmt.Close()
	for b.Loop() {
		_, err := stmt.Exec()
		must(b, err)
	}
}

// flip is a transition that can be repeated for ever.
func flip(r migration.Row) migration.Transition {
	if r.State == migration.Running {
		return migration.Interrupt(r, "", evening)
	}
	return migration.Claim(r, evening)
}

// BenchmarkApply is one caller: each transition waits for its own durable commit.
func BenchmarkApply(b *testing.B) {
	l, rows := begin(b, 1000)
	i := 0
	for b.Loop() {
		r := &rows[i%len(rows)]
		t := flip(*r)
		must(b, l.Apply(context.Background(), t))
		*r = t.To()
		i++
	}
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
