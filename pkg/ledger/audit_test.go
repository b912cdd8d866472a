package ledger_test

import (
	"database/sql"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"wave365/pkg/audit"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// twoRuns returns a ledger whose audit holds two interleaved runs, and the lock.
func twoRuns(t *testing.T) *ledger.Ledger {
	t.Helper()
	ctx := t.Context()
	l, rows := begin(t, 3)
	release, err := l.Lock(ctx, ledger.Holder{})
	must(t, err)
	other := newRows("r2", 2)
	must(t, l.CreateRun(ctx, newRun("r2"), other, nil))
	for i := range 2 {
		must(t, l.Apply(ctx, migration.Claim(rows[i], evening)))
		must(t, l.Apply(ctx, migration.Claim(other[i], evening.Add(time.Millisecond))))
	}
	must(t, l.Note(ctx, migration.Event{Run: "r1", Row: migration.WaveRow, Reason: migration.RunDrained, Note: "a <b> & \"c\""}))
	must(t, release())
	return l
}

func entries(t *testing.T, l *ledger.Ledger, run string) []audit.Entry {
	t.Helper()
	var all []audit.Entry
	for e, err := range l.Audit(t.Context(), run) {
		must(t, err)
		all = append(all, e)
	}
	return all
}

func seq(all []audit.Entry) iter.Seq2[audit.Entry, error] {
	return func(yield func(audit.Entry, error) bool) {
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func TestVerifyChainNamesTheFirstTouched(t *testing.T) {
	t.Parallel()
	l := twoRuns(t)
	for _, run := range []string{"", "r1", "r2"} {
		whole := entries(t, l, run)
		must(t, ledger.VerifyChain(seq(whole)))
		for i := range whole {
			wantNamed := func(what string, changed []audit.Entry, want int64) {
				t.Helper()
				err := ledger.VerifyChain(seq(changed))
				wantFault(t, err, fault.Invalid, "ledger.tampered")
				if err != nil && !strings.Contains(err.Error(), "audit entry "+json.Number(itoa(want)).String()+" ") {
					t.Errorf("run %q, %s at %d: error %q does not name entry %d", run, what, i, err, want)
				}
			}
			edit := func(f func(*audit.Entry)) []audit.Entry {
				c := slices.Clone(whole)
				f(&c[i])
				return c
			}
			wantNamed("body", edit(func(e *audit.Entry) { e.Body = json.RawMessage(`{"x":1}`) }), whole[i].Seq)
			wantNamed("time", edit(func(e *audit.Entry) { e.At = e.At.Add(1) }), whole[i].Seq)
			wantNamed("kind", edit(func(e *audit.Entry) { e.Kind += "x" }), whole[i].Seq)
			wantNamed("row", edit(func(e *audit.Entry) { e.Row++ }), whole[i].Seq)
			// Hashed again after the change: the next entry of the run shows it.
			if next := slices.IndexFunc(whole[i+1:], func(e audit.Entry) bool { return e.Run == whole[i].Run }); next >= 0 {
				wantNamed("rehashed", edit(func(e *audit.Entry) { e.Row += 7; e.Hash = e.Sum() }), firstBroken(whole, i))
			}
			if i+1 < len(whole) {
				wantNamed("removed", slices.Delete(slices.Clone(whole), i, i+1), afterRemoval(whole, i, run))
			}
		}
	}
}

// firstBroken returns the entry that shows a rehashed one: the next of its run, or a run's first entry right after it.
func firstBroken(whole []audit.Entry, i int) int64 {
	for j := i + 1; j < len(whole); j++ {
		first := !slices.ContainsFunc(whole[:j], func(e audit.Entry) bool { return e.Run == whole[j].Run })
		if whole[j].Run == whole[i].Run || first && j == i+1 && whole[j].Prev == whole[i].Hash {
			return whole[j].Seq
		}
	}
	return 0
}

// afterRemoval returns the entry that shows that entry i is missing.
func afterRemoval(whole []audit.Entry, i int, run string) int64 {
	return whole[i+1].Seq
}

func itoa(n int64) string {
	b, _ := json.Marshal(n)
	return string(b)
}

// Two processes that take turns writing each notice that the audit has grown since their last write.
func TestTwoWritersKeepOneChain(t *testing.T) {
	t.Parallel()
	l, _ := begin(t, 1)
	other := openAt(t, l.Path(), ledger.Options{})
	for n, writer := range []*ledger.Ledger{l, l, other, l, other, other, other, l, l} {
		must(t, writer.Note(t.Context(), migration.Event{Run: "r1", Row: migration.WaveRow, Reason: migration.RunDrained, Note: itoa(int64(n))}))
	}
	must(t, ledger.VerifyChain(l.Audit(t.Context(), "")))
	all := entries(t, l, "r1")
	if len(all) != 10 {
		t.Fatalf("%d entries, want 10", len(all))
	}
	for n, e := range all[1:] {
		if !strings.Contains(string(e.Body), `"`+itoa(int64(n))+`"`) {
			t.Errorf("entry %d is %s", n, e.Body)
		}
	}
}

// TestAuditLinesVerifyAlone writes entries as JSON lines and verifies what is read back.
func TestAuditLinesVerifyAlone(t *testing.T) {
	t.Parallel()
	l := twoRuns(t)
	var back []audit.Entry
	for _, e := range entries(t, l, "r1") {
		line, err := json.Marshal(e)
		must(t, err)
		var r audit.Entry
		must(t, json.Unmarshal(line, &r))
		back = append(back, r)
	}
	must(t, ledger.VerifyChain(seq(back)))
}

// TestTamperedFile removes the triggers, changes one entry and verifies the ledger.
func TestTamperedFile(t *testing.T) {
	t.Parallel()
	l := twoRuns(t)
	db := raw(t, l.Path())
	drop := `DROP TRIGGER audit_frozen`
	if homeURL != "" {
		drop += ` ON audit`
	}
	sqlExec(t, db, drop)
	sqlExec(t, db, `UPDATE audit SET body = replace(body, 'claimed', 'retried') WHERE seq = 4`)
	err := ledger.VerifyChain(l.Audit(t.Context(), ""))
	wantFault(t, err, fault.Invalid, "ledger.tampered")
	if err != nil && !strings.Contains(err.Error(), "entry 4 ") {
		t.Errorf("error %q does not name entry 4", err)
	}
}

func sqlExec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	_, err := db.Exec(query)
	must(t, err)
}
