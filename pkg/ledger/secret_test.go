package ledger_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// canary stands for the signature of a SAS.
const canary = "sig=CANARY%2BVERYSECRET%3D"

// TestErrorsContainNoSecrets passes texts with a canary where a careless caller might, and looks for it in errors,
// hints and the audit: only what was passed in to be stored may be in the file.
func TestErrorsContainNoSecrets(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	l, rows := begin(t, 1)
	rows[0].Target.Disk.URL += "?" + canary
	rows[0].Input[1] = rows[0].Target.Disk.URL
	rows[0].Note = canary
	rows[0].Version = 7
	errs := []error{
		l.Apply(ctx, migration.Claim(rows[0], evening)),
		l.CreateRun(ctx, newRun("r1"), rows, nil),
		l.CreateRun(ctx, newRun("r2"), rows, nil),
		l.Conclude(ctx, migration.Intent{ID: 9, Run: "r1", Subject: canary}, migration.Outcome{Status: "odd", Detail: canary}),
	}
	_, err := l.Intend(ctx, migration.Intent{Run: "r9", Subject: canary, ClientRequestID: canary})
	for _, err := range append(errs, err) {
		if err == nil {
			t.Error("no error")
			continue
		}
		for e := err; e != nil; {
			f := fault.As(e)
			if text := e.Error() + fault.HintOf(e); strings.Contains(text, "CANARY") {
				t.Errorf("the error says %q", text)
			}
			if f == nil {
				break
			}
			e = f.Err
		}
	}
	must(t, l.Close())
	for _, end := range []string{"", "-wal"} {
		b, _ := os.ReadFile(l.Path() + end)
		if strings.Contains(string(b), "CANARY") {
			t.Errorf("a refused text is in the file ledger.db%s", end)
		}
	}
}

// TestAuditHoldsNoTarget: the target of a row is recorded once, and not copied into the audit that reports include.
func TestAuditHoldsNoTarget(t *testing.T) {
	t.Parallel()
	l, rows := begin(t, 1)
	must(t, l.Apply(t.Context(), migration.Claim(rows[0], evening)))
	for _, e := range entries(t, l, "r1") {
		b, err := json.Marshal(e)
		must(t, err)
		if strings.Contains(string(b), rows[0].Target.Disk.Name) {
			t.Errorf("the audit names the blob: %s", b)
		}
	}
}
