package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/report/tables"
	"wave365/pkg/run"
	"wave365/pkg/summary"
	"wave365/pkg/wave"
)

// checking holds the flags of commands that validate a wave.
type checking struct {
	allowUnknown bool
	trigger      string
	slots        int
	importSource
}

// recorded returns the checks with which a run was begun.
func recorded(r migration.Run) checking {
	return checking{
		slots: r.Slots, trigger: string(r.Settings.Trigger),
		importSource: importSource{r.Settings.ImportSource, r.Settings.StorageAccountID},
	}
}

// record puts the checks into the settings of a run that begins with them.
func (c *checking) record(s *migration.Settings) {
	s.Trigger = migration.Trigger(c.trigger)
	if c.source == sourceAccount {
		s.ImportSource, s.StorageAccountID = c.source, c.account
	}
}

func (c *checking) addFlags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&c.allowUnknown, "allow-unknown-columns", false, "carry columns of any name through to the reports")
	f.StringVar(&c.trigger, "trigger", "", "what comes last and so starts provisioning: license, membership, or relicense, which takes the user's license away before the import and gives it back as the cut-over (default: license where the row names one, else membership)")
	f.IntVar(&c.slots, "slots", 20, "imports in flight at a time")
	c.importSource.addFlags(cmd)
}

func (c *checking) check() error {
	if c.trigger != "" && !slices.Contains(migration.Triggers(), migration.Trigger(c.trigger)) {
		return fault.New(fault.Invalid, "usage", "unknown trigger "+strconv.Quote(c.trigger), "use license, membership or relicense")
	}
	return run.CheckSlots(c.slots)
}

func newValidateCommand(a *app, g *globals) *cobra.Command {
	var c checking
	var offline bool
	var explain, csvFile string
	cmd := &cobra.Command{
		Use: "validate WAVE", Short: "Check a wave against file, storage account and tenant; changes nothing",
		Long: `Check every row of a wave: first the file, then the storage account, then the tenant. All findings are reported at
once, each with its line, its column, a code and a remedy. Nothing is changed anywhere.

Exit codes: 0 the wave may run, 4 some rows have errors, 5 a permission or tenant prerequisite is missing,
12 sign-in or network.`,
		Example: "  wave365 validate waves/friday.csv --storage-account contosovhds\n  wave365 validate waves/friday.csv --sandbox\n  wave365 validate --explain vhd.dynamic",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("explain") {
				return explainCode(a, g, explain)
			}
			if len(args) == 0 {
				return usageError{fault.New(fault.Invalid, "usage", "validate needs a wave file", "name one", fault.NewCommand("validate", "WAVE.csv"))}
			}
			return runValidate(cmd.Context(), a, g, c, args[0], offline, csvFile)
		},
	}
	c.addFlags(cmd)
	cmd.Flags().BoolVar(&offline, "offline", false, "check the file only; opens no connection")
	cmd.Flags().StringVar(&csvFile, "findings", "", "also write the findings to this CSV file, for a spreadsheet")
	cmd.Flags().StringVar(&explain, "explain", "", "say what a finding's code means and how to fix it")
	return cmd
}

func runValidate(ctx context.Context, a *app, g *globals, c checking, path string, offline bool, csvFile string) error {
	if err := c.check(); err != nil {
		return err
	}
	file, findings, err := run.ReadWave(path, wave.Options{AllowUnknownColumns: c.allowUnknown})
	if err != nil {
		return err
	}
	res := preflight.Result{Findings: findings}
	switch {
	case file == nil:
	case offline:
		res = preflight.OfFile(file, findings)
	default:
		if res, err = a.validateOnline(ctx, g, c, path, file, findings); err != nil {
			return err
		}
	}
	if csvFile != "" {
		if err := writeFindings(csvFile, res.Findings); err != nil {
			return err
		}
	}
	err = a.answerValidate(g, file, res)
	if offline && !g.json {
		fmt.Fprintln(a.out, "Only the file was checked; validate without --offline to check the disks and the tenant too.")
	}
	return err
}

// validateOnline continues with storage account and tenant.
func (a *app) validateOnline(ctx context.Context, g *globals, c checking, path string, file *wave.File, findings []wave.Finding) (preflight.Result, error) {
	ctx, stop := interruptible(ctx)
	defer stop()
	p, err := g.placeOf(path)
	if err != nil {
		return preflight.Result{}, err
	}
	conn, err := a.connect(ctx, g, p)
	if code := fault.CodeOf(err); preflight.Prerequisite(code) {
		return preflight.Result{Findings: append(findings, wave.NewFinding(code, 0, "", "", g.cloud, err.Error()))}, nil
	}
	if err != nil {
		return preflight.Result{}, err
	}
	defer conn.close()
	before, err := run.UserHistoryIn(ctx, g.ledger)
	if err != nil {
		return preflight.Result{}, err
	}
	return a.preflight(ctx, g, conn, c, file, findings, before)
}

// writeFindings writes the findings in the format of a report folder's findings.csv.
func writeFindings(path string, findings []wave.Finding) error {
	var b bytes.Buffer
	err := tables.Findings(&b, summary.Record{Findings: findings})
	if err == nil {
		err = os.WriteFile(path, b.Bytes(), 0o600) // it names people
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, "usage", "the findings cannot be written to "+path+": "+err.Error(), "choose another --findings", err)
	}
	return nil
}

// preflight runs the checks against storage and tenant, with a line of progress.
func (a *app) preflight(ctx context.Context, g *globals, conn *connection, c checking, file *wave.File, findings []wave.Finding, before run.UserHistory) (preflight.Result, error) {
	account, err := c.accountID(conn.blobRoot, conn.place.sandbox != "")
	if err != nil {
		return preflight.Result{}, err
	}
	meter := newMeter(a, g)
	defer meter.done()
	res, err := preflight.Check(ctx, conn.graph, conn.storage, preflight.Input{
		File: file, Findings: findings, BlobRoot: conn.blobRoot, AccountID: account, Trigger: migration.Trigger(c.trigger),
		Before: before.Before, LiveImports: before.Imports, Cloud: conn.cloud.Name, Granted: conn.granted(ctx),
		Slots: c.slots, Now: conn.clock.Now().In(a.zone), Progress: meter.show,
	})
	if err == nil && conn.place.sandbox == "" {
		err = rightTenant(g.tenant, res.Organization)
	}
	return res, err
}

// rightTenant refuses a sign-in that is in another tenant than the one that was named: an environment's credential or a managed
// identity has a tenant of its own, whatever --tenant says. An empty name, or a tenant that could not be read, is not judged.
func rightTenant(named string, org graph.Organization) error {
	if named == "" || org.ID == "" || org.Is(named) {
		return nil
	}
	return fault.New(fault.Invalid, "tenant.other",
		"--tenant names "+named+", but this sign-in is in "+org.DisplayName+" ("+org.ID+")",
		"sign in to the tenant that is meant, for instance with another --sign-in, or name the other one; nothing was changed")
}

// granted returns the permissions that the sign-in's token lists. A sign-in that fails is reported by the first call.
func (c *connection) granted(ctx context.Context) []string {
	token, err := c.cred.GetToken(ctx, policy.TokenRequestOptions{Scopes: []string{c.cloud.GraphRoot + "/.default"}})
	if err != nil {
		return nil
	}
	return signin.Granted(token.Token)
}

// answerValidate prints the result and returns the exit code.
func (a *app) answerValidate(g *globals, file *wave.File, res preflight.Result) error {
	return a.answerFindings(g, file, res, "run the clean rows with --skip-invalid")
}

// answerFindings is answerValidate for a command that offers an alternative, instead, to fixing the file.
func (a *app) answerFindings(g *globals, file *wave.File, res preflight.Result, instead string) error {
	rows := 0
	if file != nil {
		rows = len(file.Rows)
	}
	if g.json {
		console.JSON(a.out, validateDocument{
			Schema: "wave365/validate/v1", Rows: rows, Errors: res.Count(wave.Error), Warnings: res.Count(wave.Warning),
			Findings: emptyNotNull(res.Findings),
		})
	} else {
		console.Findings(a.out, g.shell(""), res.Findings)
		printValidity(a.out, rows, res, instead)
	}
	switch {
	case res.Denied():
		// Design: an invalid wave is reported before a missing permission, when both occur.
		if res.Count(wave.Error) > deniedFindings(res) {
			return exit(exitInvalid)
		}
		return exit(exitDenied)
	case res.Count(wave.Error) > 0:
		return exit(exitInvalid)
	}
	return nil
}

func deniedFindings(res preflight.Result) int {
	n := 0
	for _, f := range res.Findings {
		if preflight.Prerequisite(f.Code) {
			n++
		}
	}
	return n
}
