package summary_test

import (
	"os/exec"
	"testing"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
)

func TestQuote(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Log("there is no sh here to ask")
	}
	for _, tt := range []struct{ in, want, means string }{
		{in: "ada@contoso.com", want: "ada@contoso.com"},
		{in: "reports/friday-1/failed.csv", want: "reports/friday-1/failed.csv"},
		{in: "C:/waves/a.csv", want: "C:/waves/a.csv"},
		{in: "my reports/failed.csv", want: "'my reports/failed.csv'"},
		{in: "o'brien@contoso.com", want: `"o'brien@contoso.com"`},
		{in: "a$(reboot)", want: "'a$(reboot)'"},
		{in: "a;reboot #", want: "'a;reboot #'"},
		{in: "@file", want: "'@file'"},
		{in: "-x", want: "'-x'"},
		{in: "", want: "''"},
		{in: "müller@contoso.com", want: "'müller@contoso.com'"},
		// What one of the shells cannot take.
		{in: "o'b$HOME", want: "'o_b$HOME'", means: "o_b$HOME"},
		{in: "a\u2019;reboot", want: "'a_;reboot'", means: "a_;reboot"},
		{in: "a'b\u201d;reboot", want: "'a_b\u201d;reboot'", means: "a_b\u201d;reboot"},
		{in: "a\nreboot", want: "'a_reboot'", means: "a_reboot"},
	} {
		got := summary.Quote(tt.in)
		if got != tt.want {
			t.Errorf("%q is quoted %s, want %s", tt.in, got, tt.want)
		}
		if tt.means == "" {
			tt.means = tt.in
		}
		if sh == "" {
			continue
		}
		out, err := exec.Command(sh, "-c", "printf %s "+got).Output()
		if err != nil || string(out) != tt.means {
			t.Errorf("%s means %q to sh (%v), want %q", got, out, err, tt.means)
		}
	}
}

func TestAccount_Command(t *testing.T) {
	t.Parallel()
	if got := (summary.Record{}).Command("resume", "r1"); got != "wave365 resume r1" {
		t.Errorf("with the default ledger: %s", got)
	}
	if got := (summary.Record{Ledger: "my runs/l.db"}).Command("resume", "r1"); got != "wave365 resume r1 --ledger 'my runs/l.db'" {
		t.Errorf("with another ledger: %s", got)
	}
}

// The command of a rehearsal goes to the tenant of the rehearsal, not to a real one.
func TestAccount_ValidateFailed(t *testing.T) {
	t.Parallel()
	run := migration.Run{ID: "r1", Wave: "friday", ReportDir: "reports"}
	if got, want := (summary.Record{Run: run}).ValidateFailed(), "wave365 validate reports/friday-r1/failed.csv"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	run.Sandbox = "/my waves/friday.tenant.yaml"
	if got, want := (summary.Record{Run: run}).ValidateFailed(), "wave365 validate reports/friday-r1/failed.csv --sandbox='/my waves/friday.tenant.yaml'"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
