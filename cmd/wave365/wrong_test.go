package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What people type by mistake is answered with exit code 2 and with what was probably meant, before anything is opened,
// asked or sent.
func TestWrongUses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	wave := file("w.csv", "user,blob,policy\nada@contoso.com,disks/ada.vhd,P\n")
	yaml, book := file("w.yaml", "version: 1\n"), file("w.xlsx", "PK")
	for _, tc := range []struct {
		args string
		want string
	}{
		// Commands.
		{"runn " + wave, "wave365 run"}, {"rn " + wave, "unknown command"}, {"validte", "wave365 validate"}, {"resum", "wave365 resume"},
		{"stat", "wave365 status"}, {"aply x", "unknown command"}, {"help frob", "no command and no topic"}, {"help exit-code", "wave365 help exit-codes"}, {"help validte", "wave365 help validate"}, {"help policy aply", "wave365 help policy apply"}, {"frobnicate", "the help lists the commands"},
		{"apply " + wave, "run validates a wave"}, {"start", "wave365 run"}, {"migrate", "wave365 run"}, {"import x", "wave365 run"},
		{"list", "runs lists the runs"}, {"ls", "wave365 runs"}, {"history", "wave365 runs"}, {"show", "wave365 status"}, {"ps", "wave365 status"},
		{"check " + wave, "wave365 validate"}, {"lint", "wave365 validate"}, {"init", "wave365 template"}, {"new", "wave365 template"},
		{"stop", "wave365 drain"}, {"kill", "wave365 drain"}, {"abort", "wave365 cancel"}, {"rollback", "wave365 undo"}, {"dry-run", "wave365 plan"},
		// Arguments.
		{"run", "run needs an argument"}, {"validate", "validate needs a wave file"}, {"plan", "plan needs an argument"}, {"slots", "slots needs an argument"},
		{"run a b", "unexpected argument"}, {"resume a b", "unexpected argument"}, {"status a b c", "unexpected argument"}, {"runs x", "unexpected argument"},
		{"pause a b", "unexpected argument"}, {"slots 1 a b", "unexpected argument"}, {"version x", "unexpected argument"}, {"template x", "unexpected argument"},
		{"report compare one", "report compare RUN RUN"}, {"report verify", "needs an argument"}, {"unlock", "wave365 unlock --help"}, {"reconcile x", "row"},
		{"reconcile x --row u", "either --snapshot-id ID or --no-effect"}, {"reconcile x --row u --no-effect --snapshot-id i", "either --snapshot-id ID or --no-effect"},
		// Flags.
		{"run " + wave + " --dry-run", "plan shows what run would do"}, {"run " + wave + " --what-if", "wave365 plan"}, {"run " + wave + " --force", "--yes"},
		{"run " + wave + " --skip-invaild", "did you mean --skip-invalid"}, {"run " + wave + " --slot 3", "did you mean --slots"}, {"--no-such", "unknown flag"},
		{"run " + wave + " --slots many", "not a whole number"}, {"run " + wave + " --slots 0", "invalid number of slots 0"}, {"run " + wave + " --slots -1", "invalid number of slots -1"},
		{"run " + wave + " --slots 1000000", "invalid number of slots 1000000"}, {"plan " + wave + " --slots 1001", "from 1 to 1000"},
		{"resume --slots 0", "invalid number of slots"}, {"resume --slots 2000", "invalid number of slots"}, {"retry --slots 0", "invalid number of slots"},
		{"slots 0", "invalid number of slots"}, {"slots none", "invalid number of slots"}, {"slots 1000000", "from 1 to 1000"}, {"slots 2.5", "invalid number of slots"},
		{"run " + wave + " --canary -1", "--canary"}, {"run " + wave + " --canary x", "not a whole number"}, {"resume --canary -2", "--canary"}, {"retry --canary -2", "--canary"},
		{"run " + wave + " --halt-after ten%", "--halt-after"}, {"run " + wave + " --halt-after 101%,3", "--halt-after"}, {"resume --halt-after 10%,0", "--halt-after"},
		{"run " + wave + " --stop-by soon", "invalid time of day"}, {"run " + wave + " --stop-by 25:00", "invalid time of day"}, {"resume --stop-by 22", "invalid time of day"}, {"retry --stop-by 10pm", "invalid time of day"},
		{"run " + wave + " --until done", "unknown step done"}, {"resume --until proven", "unknown step"}, {"run " + wave + " --on-lost-reply retry", "unknown value retry"},
		{"run " + wave + " --trigger sometime", `unknown trigger "sometime"`}, {"validate " + wave + " --trigger x", `unknown trigger "x"`},
		{"run " + wave + " --run-id a/b", "invalid run ID"}, {"run " + wave + " --run-id ..", "invalid run ID"}, {"run " + wave + " --run-id one.", "must not end in a dot"},
		{"run " + wave + " --run-id CON", "a device"}, {"run " + wave + " --run-id lpt1.x", "a device"}, {"run " + wave + " --run-id " + strings.Repeat("x", 65), "up to 64"},
		{"run " + wave + " --live=BAD", "not an address on loopback"}, {"run " + wave + " --live=0.0.0.0:80", "loopback"}, {"resume --live=BAD", "loopback"}, {"retry --live=BAD", "loopback"},
		{"version --log-level loud", "unknown log level loud"}, {"version --cloud", "flag needs an argument"}, {"cancel --row", "flag needs an argument"},
		{"validate --explain no.such", "there is no code"}, {"run " + wave + " --json=maybe", "neither true nor false"},
		// Files.
		{"run " + dir, "is a folder"}, {"validate --offline " + dir, "is a folder"}, {"plan " + dir, "is a folder"}, {"run " + yaml, "a wave is a CSV file"}, {"validate --offline " + yaml, "--sandbox=FILE"},
		{"run " + book, "a workbook"}, {"run none.csv", "there is no wave file"}, {"run " + wave + " --sandbox", "there is no scenario"}, {"run " + wave + " --sandbox " + yaml, "equals sign"},
		{"run " + wave + " --sandbox=" + filepath.Join(dir, "none.yaml"), "none.yaml"}, {"sandbox", "scenario"},
		// No ledger yet.
		{"status", "there is no ledger"}, {"runs", "there is no ledger"}, {"resume", "there is no ledger"}, {"retry", "there is no ledger"}, {"cancel", "there is no ledger"}, {"report", "there is no ledger"},
		{"pause", "there is no ledger"}, {"continue", "there is no ledger"}, {"drain", "there is no ledger"}, {"slots 3", "there is no ledger"}, {"unlock --id x", "there is no ledger"},
	} {
		t.Run(strings.ReplaceAll(tc.args, dir, ""), func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			a := &app{in: strings.NewReader(""), out: &out, err: &errs, size: func() (int, int) { return 80, 24 }, env: func(string) (string, bool) { return "", false }, environ: func() []string { return nil }, zone: time.UTC}
			args := append([]string{"--ledger", filepath.Join(t.TempDir(), "none", "ledger.db")}, strings.Fields(tc.args)...)
			code := execute(t.Context(), a, args)
			if code != exitUsage || !strings.Contains(errs.String(), tc.want) || out.Len() > 0 {
				t.Errorf("exit %d, want %d and %q; stdout %q, stderr:\n%s", code, exitUsage, tc.want, out.String(), errs.String())
			}
		})
	}
}
