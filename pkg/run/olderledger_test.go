package run

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/summary"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// past is a ledger with reports of two runs, and copies of its file from before each of them.
type past struct {
	path, reports string
	before        map[string][]byte // by run
}

func evening(t *testing.T) past {
	t.Helper()
	dir := t.TempDir()
	p := past{filepath.Join(dir, "ledger.db"), filepath.Join(dir, "reports"), map[string][]byte{}}
	for _, id := range []string{"r1", "r2"} {
		p.before[id] = p.file(t)
		l, err := ledger.Open(t.Context(), p.path, ledger.Options{})
		must(t, err)
		r := migration.Run{ID: id, Wave: "friday", ReportDir: p.reports, CreatedAt: time.Now()}
		must(t, l.CreateRun(t.Context(), r, []migration.Row{{State: migration.Pending, Target: migration.Target{UserID: id}}}, nil))
		p.report(t, l, r)
		must(t, l.Close())
	}
	return p
}

func (p past) file(t *testing.T) []byte {
	data, err := os.ReadFile(p.path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return data
}

// report writes the audit as a report does.
func (p past) report(t *testing.T, l *ledger.Ledger, r migration.Run) {
	t.Helper()
	var b strings.Builder
	for e, err := range l.Audit(t.Context(), r.ID) {
		must(t, err)
		line, err := json.Marshal(e)
		must(t, err)
		b.Write(append(line, '\n'))
	}
	dir := summary.Dir(r.ReportDir, r)
	must(t, os.MkdirAll(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, auditFile), []byte(b.String()), 0o600))
}

func (p past) open(ctx context.Context, reportDir string) error {
	l, err := openLedger(ctx, p.path, reportDir, ledger.Options{})
	if err == nil {
		err = l.Close()
	}
	return err
}

func TestALedgerThatWentBackInTime(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	p := evening(t)
	must(t, p.open(ctx, p.reports))

	// More happened than the report contains, which is fine.
	l, err := ledger.Open(ctx, p.path, ledger.Options{})
	must(t, err)
	old := p.file(t)
	must(t, l.Note(ctx, migration.Event{Run: "r2", Row: migration.WaveRow, Reason: migration.RunDrained}))
	must(t, l.Note(ctx, migration.Event{Run: "r1", Row: migration.WaveRow, Reason: migration.RunDrained}))
	must(t, l.Close())
	must(t, p.open(ctx, ""))

	// The report contains it, and yesterday's copy is restored.
	l, err = ledger.Open(ctx, p.path, ledger.Options{})
	must(t, err)
	r, err := l.Run(ctx, "r2")
	must(t, err)
	p.report(t, l, r)
	must(t, l.Close())
	now := p.file(t)
	must(t, os.WriteFile(p.path, old, 0o600))
	err = p.open(ctx, "")
	if fault.CodeOf(err) != "ledger.older" || !strings.Contains(err.Error(), "1 entry about run r2") || !strings.Contains(fault.HintOf(err), "friday-r2") {
		t.Errorf("an old copy: error %v, hint %q", err, fault.HintOf(err))
	}
	// The report that shows it is not overwritten, even by one that lacks those entries.
	l, err = ledger.Open(ctx, p.path, ledger.Options{})
	must(t, err)
	for run, want := range map[string]string{"r1": "", "r2": "ledger.older", "r3": ""} {
		if err := NotBefore(ctx, l, filepath.Join(p.reports, "friday-"+run)); fault.CodeOf(err) != want {
			t.Errorf("the report of %s: error %v, want code %q", run, err, want)
		}
	}
	must(t, l.Close())
	must(t, os.WriteFile(p.path, now, 0o600))
	must(t, p.open(ctx, ""))

	// A copy from before the run began: nothing in it names the run, but the run's first entry follows one that it has.
	must(t, os.WriteFile(p.path, p.before["r2"], 0o600))
	if err := p.open(ctx, p.reports); fault.CodeOf(err) != "ledger.older" || !strings.Contains(err.Error(), "run r2") {
		t.Errorf("a copy from before the run: error %v", err)
	}
	// Another ledger's reports prove nothing about this one.
	p.path = filepath.Join(t.TempDir(), "other.db")
	must(t, p.open(ctx, p.reports))
}

func TestFoldersThatSayNothingOfTheLedger(t *testing.T) {
	t.Parallel()
	p := evening(t)
	at := filepath.Join(p.reports, "friday-r1")
	must(t, os.CopyFS(at+"-redacted", os.DirFS(at)))
	must(t, os.WriteFile(filepath.Join(at+"-redacted", auditFile), []byte(`{"seq":9,"run":"r1","hash":"x"}`), 0o600))
	must(t, os.WriteFile(filepath.Join(at, auditFile), []byte("{"), 0o600))
	must(t, os.WriteFile(filepath.Join(p.reports, "note.txt"), nil, 0o600))
	must(t, os.RemoveAll(filepath.Join(p.reports, "friday-r2")))
	must(t, p.open(t.Context(), p.reports))
}
