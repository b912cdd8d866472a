package wording_test

import (
	"os/exec"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/summary/wording"
)

func TestShell_Quote(t *testing.T) {
	t.Parallel()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Log("there is no sh here to ask")
	}
	for _, tt := range []struct{ in, posix, windows, means string }{
		{in: "ada@contoso.com", posix: "ada@contoso.com", windows: "ada@contoso.com"},
		{in: "reports/friday-1/failed.csv", posix: "reports/friday-1/failed.csv", windows: "reports/friday-1/failed.csv"},
		{in: "C:/waves/a.csv", posix: "C:/waves/a.csv", windows: "C:/waves/a.csv"},
		{in: `C:\my waves\`, posix: `'C:\my waves\'`, windows: `"C:\my waves\\"`},
		{in: "my reports/failed.csv", posix: "'my reports/failed.csv'", windows: `"my reports/failed.csv"`},
		{in: "o'brien@contoso.com", posix: `"o'brien@contoso.com"`, windows: `"o'brien@contoso.com"`},
		{in: "o'b$HOME", posix: `'o'\''b$HOME'`, windows: "'o''b$HOME'"},
		{in: "o'neil!", posix: `'o'\''neil!'`, windows: `"o'neil!"`},
		{in: "a$(reboot)", posix: "'a$(reboot)'", windows: "'a$(reboot)'"},
		{in: "a;reboot #", posix: "'a;reboot #'", windows: `"a;reboot #"`},
		{in: "a\u2019;reboot", posix: "'a\u2019;reboot'", windows: "\"a\u2019;reboot\""},
		{in: "a\u201d$;reboot\u2019", posix: "'a\u201d$;reboot\u2019'", windows: "'a\u201d$;reboot\u2019\u2019'"},
		{in: "@file", posix: "'@file'", windows: `"@file"`},
		{in: "-x", posix: "'-x'", windows: `"-x"`},
		{in: "", posix: "''", windows: `""`},
		{in: "müller@contoso.com", posix: "'müller@contoso.com'", windows: `"müller@contoso.com"`},
		// What no terminal should get is removed.
		{in: "a\n\x1b]0;x\a\u202eb", posix: "'a]0;xb'", windows: `"a]0;xb"`, means: "a]0;xb"},
	} {
		if got := (wording.Shell{Windows: true}).Quote(tt.in); got != tt.windows {
			t.Errorf("%q is quoted %s on Windows, want %s", tt.in, got, tt.windows)
		}
		got := wording.Shell{}.Quote(tt.in)
		if got != tt.posix {
			t.Errorf("%q is quoted %s, want %s", tt.in, got, tt.posix)
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

func TestShell_Line(t *testing.T) {
	t.Parallel()
	other := wording.Shell{Ledger: "my runs/l.db", Run: "r1"}
	placed := wording.Shell{Ledger: "l.db", Place: []string{"--sandbox=http://127.0.0.1:80", "--profile=my tenant", "--storage-account=vhds"}}
	for _, tc := range []struct {
		name  string
		shell wording.Shell
		in    fault.Command
		want  string
	}{
		{"nothing known", wording.Shell{}, fault.NewCommand("retry"), "wave365 retry"},
		{"run", wording.Shell{Run: "r1"}, fault.NewCommand("resume"), "wave365 resume r1"},
		{"run of its own", wording.Shell{Run: "r1"}, fault.NewCommand("resume").For("r0"), "wave365 resume r0"},
		{"ledger", other, fault.NewCommand("reconcile", "--row", "o'neil@x.example"), `wave365 reconcile r1 --row "o'neil@x.example" --ledger 'my runs/l.db'`},
		{"a user that looks like a flag", other, fault.NewCommand("retry", "--row", "-x"), "wave365 retry r1 --row '-x' --ledger 'my runs/l.db'"},
		{"takes no run", other, fault.NewCommand("unlock", "--id", "3"), "wave365 unlock --id 3 --ledger 'my runs/l.db'"},
		{"needs no ledger", other, fault.NewCommand("template", "--out", "my wave.csv"), "wave365 template --out 'my wave.csv'"},
		{"flag with a value", wording.Shell{}, fault.NewCommand("validate", "a b.csv", "--sandbox=a b.yaml"), "wave365 validate 'a b.csv' --sandbox='a b.yaml'"},
		{"a policy of the tenant", placed, fault.NewCommand("policy apply", "--file=p.yaml"), "wave365 policy apply --file=p.yaml --sandbox=http://127.0.0.1:80 --profile='my tenant' --ledger l.db"},
		{"a wave's file", placed, fault.NewCommand("validate", "w.csv"), "wave365 validate w.csv --sandbox=http://127.0.0.1:80 --profile='my tenant' --storage-account=vhds --ledger l.db"},
		{"the file alone", placed, fault.NewCommand("validate", "--offline", "w.csv"), "wave365 validate --offline w.csv --ledger l.db"},
		{"a place of its own", placed, fault.NewCommand("validate", "w.csv", "--sandbox=w.yaml"), "wave365 validate w.csv --sandbox=w.yaml --profile='my tenant' --storage-account=vhds --ledger l.db"},
		{"a recorded run knows its tenant", placed, fault.NewCommand("resume").For("r1"), "wave365 resume r1 --profile='my tenant' --ledger l.db"},
		{"so does the ledger its imports", placed, fault.NewCommand("purge", "--id", "i"), "wave365 purge --id i --profile='my tenant' --ledger l.db"},
		{"others' it does not know", placed, fault.NewCommand("purge", "--id", "i", "--foreign"), "wave365 purge --id i --foreign --sandbox=http://127.0.0.1:80 --profile='my tenant' --ledger l.db"},
		{"help of a policy", placed, fault.NewCommand("policy apply", "--help"), "wave365 policy apply --help"},
		{"help", other, fault.NewCommand("retry", "--help"), "wave365 retry --help"},
		{"help of all", other, fault.NewCommand("", "--help"), "wave365 --help"},
		{"two words", other, fault.NewCommand("report verify", "a b"), "wave365 report verify 'a b' --ledger 'my runs/l.db'"},
		{"Windows", wording.Shell{Windows: true, Ledger: `D:/my runs/l.db`, Run: "r1"}, fault.NewCommand("retry"), `wave365 retry r1 --ledger "D:/my runs/l.db"`},
	} {
		if got := tc.shell.Line(tc.in); got != tc.want {
			t.Errorf("%s: got %s, want %s", tc.name, got, tc.want)
		}
	}
}

func TestShell_Remedy(t *testing.T) {
	t.Parallel()
	retry := []fault.Command{fault.NewCommand("retry")}
	for _, tc := range []struct {
		in   fault.Remedy
		want string
	}{
		{fault.Remedy{}, ""},
		{fault.Remedy{Text: "fix it"}, "fix it"},
		{fault.Remedy{Commands: retry}, "wave365 retry r1"},
		{fault.Remedy{Text: "fix it, then retry", Commands: append(retry, fault.NewCommand("status"))}, "fix it, then retry: wave365 retry r1; wave365 status r1"},
	} {
		if got := (wording.Shell{Run: "r1"}).Remedy(tc.in); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}
