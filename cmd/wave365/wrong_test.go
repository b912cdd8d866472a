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
	yaml, book, empty := file("w.yaml", "version: 1\n"), file("w.xlsx", "PK"), file("empty.tenant.yaml", "")
	for _, tc := range []struct {
		args string
		want string
	}{
		// Commands.
		{"runn " + wave, "wave365 run"}, {"rn " + wave, "unknown command"}, {"validte", "wave365 validate"}, {"resum", "wave365 resume"},
		{"stat", "wave365 status"}, {"aply x", "unknown command"}, {"help frob", "unknown command or topic"}, {"help exit-code", "wave365 help exit-codes"}, {"help validte", "wave365 help validate"}, {"help policy aply", "wave365 help policy apply"}, {"frobnicate", "the help lists the commands"},
		{"apply " + wave, "run validates a wave"}, {"start", "wave365 run"}, {"migrate", "wave365 run"}, {"import x", "wave365 run"},
		{"list", "runs lists the runs"}, {"ls", "wave365 runs"}, {"history", "wave365 runs"}, {"show", "wave365 status"}, {"ps", "wave365 status"},
		{"check " + wave, "wave365 validate"}, {"lint", "wave365 validate"}, {"init", "wave365 template"}, {"new", "wave365 template"},
		{"stop", "wave365 drain"}, {"kill", "wave365 drain"}, {"abort", "wave365 cancel"}, {"rollback", "wave365 undo"}, {"dry-run", "wave365 plan"},
		// Arguments.
		{"run", "run needs an argument"}, {"validate", "validate needs a wave file"}, {"plan", "plan needs an argument"}, {"slots", "slots needs an argument"},
		{"run a b", "unexpected argument"}, {"resume a b", "unexpected argument"}, {"status a b c", "unexpected argument"}, {"runs x", "unexpected argument"},
		{"pause a b", "unexpected argument"}, {"slots 1 a b", "unexpected argument"}, {"version x", "unexpected argument"}, {"template x", "unexpected argument"},
		{"report compare one", "needs one more argument"}, {"report compare", "report compare RUN RUN"}, {"report verify", "report verify needs an argument"}, {"unlock", "unlock needs --id"}, {"reconcile x", "reconcile needs --row"},
		{"reconcile x --row u", "either --snapshot-id ID or --no-effect"}, {"reconcile x --row u --no-effect --snapshot-id i", "either --snapshot-id ID or --no-effect"},
		// Flags.
		{"run " + wave + " --dry-run", "plan shows what run would do"}, {"run " + wave + " --what-if", "wave365 plan"}, {"run " + wave + " --force", "--yes"},
		{"run " + wave + " --skip-invaild", "did you mean --skip-invalid"}, {"run " + wave + " --slot 3", "did you mean --slots"}, {"--no-such", "unknown flag"},
		{"run " + wave + " --slots many", "not a whole number"}, {"run " + wave + " --slots 0", "invalid number of slots 0"}, {"run " + wave + " --slots -1", "invalid number of slots -1"},
		{"run " + wave + " --slots 1000000", "invalid number of slots 1000000"}, {"plan " + wave + " --slots 251", "from 1 to 250"},
		{"resume --slots 0", "invalid number of slots"}, {"resume --slots 2000", "invalid number of slots"}, {"retry --slots 0", "invalid number of slots"},
		{"slots 0", "invalid number of slots"}, {"slots none", "invalid number of slots"}, {"slots 500", "from 1 to 250"}, {"slots 2.5", "invalid number of slots"},
		{"run " + wave + " --canary -1", "--canary"}, {"run " + wave + " --canary x", "not a whole number"}, {"resume --canary -2", "--canary"}, {"retry --canary -2", "--canary"},
		{"run " + wave + " --halt-after ten%", "--halt-after"}, {"run " + wave + " --halt-after 101%,3", "--halt-after"}, {"resume --halt-after 10%,0", "--halt-after"},
		{"run " + wave + " --stop-by soon", "invalid time of day"}, {"run " + wave + " --stop-by 25:00", "invalid time of day"}, {"resume --stop-by 22", "invalid time of day"}, {"retry --stop-by 10pm", "invalid time of day"},
		{"run " + wave + " --until done", "unknown step done"}, {"resume --until proven", "unknown step"}, {"run " + wave + " --on-lost-reply retry", "unknown value retry"},
		{"run " + wave + " --trigger sometime", `unknown trigger "sometime"`}, {"validate " + wave + " --trigger x", `unknown trigger "x"`},
		{"run " + wave + " --run-id a/b", "invalid run ID"}, {"run " + wave + " --run-id ..", "invalid run ID"}, {"run " + wave + " --run-id one.", "must not end in a dot"},
		{"run " + wave + " --run-id CON", "a device"}, {"run " + wave + " --run-id lpt1.x", "a device"}, {"run " + wave + " --run-id " + strings.Repeat("x", 65), "up to 64"},
		{"run " + wave + " --live=BAD", "not an address on loopback"}, {"run " + wave + " --live=0.0.0.0:80", "loopback"}, {"resume --live=BAD", "loopback"}, {"retry --live=BAD", "loopback"},
		{"version --log-level loud", "unknown log level loud"}, {"version --cloud", "--cloud needs a value"}, {"cancel --row", "--row needs a value"},
		{"validate --explain no.such", "there is no code"}, {"run " + wave + " --json=maybe", "neither true nor false"},
		// Files.
		{"run " + dir, "is a folder"}, {"validate --offline " + dir, "is a folder"}, {"plan " + dir, "is a folder"}, {"run " + yaml, "a wave is a CSV file"}, {"validate --offline " + yaml, "--sandbox=FILE"},
		{"run " + book, "a workbook"}, {"run none.csv", "there is no wave file"}, {"run " + wave + " --sandbox", "there is no scenario"}, {"run " + wave + " --sandbox " + yaml, "equals sign"},
		{"run " + wave + " --sandbox=" + filepath.Join(dir, "none.yaml"), "none.yaml"}, {"sandbox", "scenario"},
		{"run " + strings.ToUpper(wave[:1]) + wave[1:] + "x", "did you mean " + wave}, {"run -", "read from a file"}, {"run " + filepath.Join(dir, "*.csv"), "name one wave file"}, {"run ~/w.csv", "did not replace ~"},
		{"resume " + wave, "takes the ID of a run"}, {"status " + wave, "wave365 runs"}, {"run " + wave + " " + book, "unexpected argument " + book}, {"plan " + wave + " other.csv", "one wave at a time"},
		{"run " + wave + " --plan " + yaml, "is not a sealed plan"}, {"run " + wave + " --plan none.json", "wave365 plan WAVE --out=none.json"}, {"pilot " + wave, "--record FILE"}, {"pilot none.jsonl", "--record FILE"},
		{"report verify none", "is not a report folder"}, {"run " + wave + " --config none.yaml", "none.yaml cannot be read"}, {"template --out " + wave, "is not overwritten"}, {"rehearse none.csv", "there is no wave file"},
		{"run " + wave + " --sandbox=" + empty, "scenario"}, {"rehearse --like none.jsonl " + wave, "--record"}, {"status --ledger " + wave, "is not a ledger"}, {"runs --ledger " + dir, "is not a file"},
		// As word processors and other shells have it.
		{"run " + wave + " –yes", "type it: --yes"}, {"run " + wave + " —yes", "not the hyphen"}, {"status −−json", "type it: --json"}, {"run “" + wave + "”", "quotation marks"}, {"run '" + wave + "'", "quotation marks"}, {"run „" + wave + "“", "quotation marks"},
		// As terraform, kubectl, restic and others have it.
		{"plan -out=p " + wave, "write two hyphens: --out"}, {"apply -auto-approve", "wave365 run"}, {"run " + wave + " -auto-approve", "--yes"}, {"run " + wave + " -y", "--yes"}, {"run " + wave + " --assume-yes", "--yes"},
		{"run -f " + wave, "without a flag: wave365 run WAVE"}, {"run --file " + wave, "without a flag"}, {"status --run x", "without a flag: wave365 status [RUN] [USER]"}, {"status -o json", "--json writes"}, {"runs --output=json", "--json writes"},
		{"run " + wave + " --parallelism 5", "--slots says"}, {"run " + wave + " -j5", "--slots says"}, {"status -w", "--live serves"}, {"status --watch", "--live serves"}, {"run " + wave + " --verbose", "--log-level debug"},
		{"run " + wave + " --client-secret s", "secrets are never flags"}, {"run " + wave + " --password s", "secrets are never flags"}, {"runs --no-color", "NO_COLOR=1"}, {"retry --user ada", "--row names"}, {"run " + wave + " -n", "wave365 plan"},
		{"destroy", "wave365 undo"}, {"get runs", "wave365 runs"}, {"describe x", "wave365 status"}, {"logs", "wave365 status"}, {"scale 5", "wave365 slots"}, {"prune", "wave365 purge"}, {"diff", "wave365 plan"}, {"login", "wave365 doctor"},
		{"restore", "wave365 resume"}, {"force-unlock", "wave365 unlock"}, {"backup", "wave365 ledger"},
		// Below a command.
		{"policy frob", `policy: unknown command "frob"`}, {"policy lst", "wave365 policy list"}, {"ledger frob", "unknown command"}, {"ledger cpy a b", "wave365 ledger copy"}, {"ledger copy a", "needs one more argument"},
		{"completion tcsh", "unknown command"}, {"completion bsh", "wave365 completion bash"}, {"completion bash x", "unexpected argument x"}, {"report verfy x", "wave365 report verify"}, {"image delete", "image delete needs an argument"},
		// Values that are none.
		{"run " + wave + " --slots=", `--slots ""`}, {"run " + wave + " --stop-by=", "--stop-by has an empty value"}, {"run " + wave + " --until=", "has an empty value"}, {"run " + wave + " --until yesterday", "use imported or end"},
		{"close ␀ --yes", "close has an empty argument"}, {"image delete ␀ --yes", "image delete has an empty argument"}, {"deprovision --user= --yes", "--user has an empty value"}, {"cloudpc list --user=", "--user has an empty value"}, {"purge --id=x --id= --yes", "--id has an empty value"},
		{"status --ledger=", "--ledger has an empty value"}, {"cancel --row=", "--row has an empty value"}, {"run " + wave + " --slots", "--slots needs a value"}, {"run " + wave + " --stop-by 22:00:00", "--stop-by 22:00"}, {"run " + wave + " --stop-by tomorrow␣22:00", "--stop-by 22:00"},
		{"run " + wave + " --sandbox=127.0.0.1:8080", "--sandbox=http://127.0.0.1:8080"}, {"run " + wave + " --sandbox=localhost:8080", "--sandbox=http://localhost:8080"}, {"run " + wave + " --sandbox=http://contoso.com", "on this machine"},
		{"run " + wave + " --sandbox-speed 0", "above 0"}, {"run " + wave + " --sandbox-speed -5", "above 0"}, {"run " + wave + " --sandbox-speed fast", "not a number"}, {"run " + wave + " --tenant a␣b", "neither an ID nor a domain"},
		{"run " + wave + " --tenant https://contoso.com", "neither an ID nor a domain"}, {"run " + wave + " --blob-endpoint contoso", "not a URL"}, {"run " + wave + " --storage-account Contoso␣VHDs", "small letters and digits"}, {"run " + wave + " --sign-in magic", "unknown sign-in method"},
		{"run " + wave + " --import-source blob", "use one of sas, account"}, {"run " + wave + " --notify-via teams", "use one of graph, smtp, webhook"}, {"run " + wave + " --notify-language fr", "use one of en, de"}, {"report --format pdf", "use one of html, csv"}, {"report compare a b --format csv", "use one of table, html"},
		{"runs --ledger mysql://x/y", "postgres://USER@HOST/DB?ledger=NAME"}, {"runs --ledger postgres://x", "the database's name is missing"}, {"rehearse", "rehearse needs a wave file, or --sample"}, {"rehearse --sample " + wave, "leave out one of them"}, {"rehearse " + wave + " --sandbox", "does not take --sandbox"},
		{"rehearse " + wave + " --faults hurricane", "use calm, rough or storm"}, {"rehearse " + wave + " --seed abc", "not a whole number"}, {"slots 1e3", "invalid number of slots"}, {"slots 5 --slots 5", "unknown flag: --slots"}, {"run " + wave + " --canary 50%", "not a whole number"},
		{"run " + wave + " --canary all", "not a whole number"}, {"run " + wave + " --halt-after 10%,3,4", "write a share and a floor"}, {"run " + wave + " --yes=perhaps", "neither true nor false"}, {"undo", "undo needs --row or --groups"},
		{"purge", "only imports that are named are purged"}, {"deprovision", "only users who are named are deprovisioned"}, {"setting ensure", "needs either --wave or --group"}, {"submit " + wave, "postgres://USER@HOST/DB?ledger=NAME"}, {"fleet", "--database"}, {"worker", "worker needs --database"},
		// No ledger yet.
		{"status", "there is no ledger"}, {"runs", "there is no ledger"}, {"resume", "there is no ledger"}, {"retry", "there is no ledger"}, {"cancel", "there is no ledger"}, {"report", "there is no ledger"},
		{"pause", "there is no ledger"}, {"continue", "there is no ledger"}, {"drain", "there is no ledger"}, {"slots 3", "there is no ledger"}, {"unlock --id x", "there is no ledger"},
	} {
		t.Run(strings.ReplaceAll(tc.args, dir, ""), func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			a := &app{in: strings.NewReader(""), out: &out, err: &errs, size: func() (int, int) { return 80, 24 }, env: func(string) (string, bool) { return "", false }, environ: func() []string { return nil }, zone: time.UTC}
			args := append([]string{"--ledger", filepath.Join(t.TempDir(), "none", "ledger.db")}, strings.Fields(tc.args)...)
			for i := range args {
				args[i] = strings.NewReplacer("␣", " ", "␀", "").Replace(args[i])
			}
			code := execute(t.Context(), a, args)
			if code != exitUsage || !strings.Contains(errs.String(), tc.want) || out.Len() > 0 {
				t.Errorf("exit %d, want %d and %q; stdout %q, stderr:\n%s", code, exitUsage, tc.want, out.String(), errs.String())
			}
		})
	}
}
