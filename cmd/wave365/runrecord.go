package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"wave365/pkg/estimate"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/report"
	"wave365/pkg/run"
	"wave365/pkg/runner"
	"wave365/pkg/summary"
	"wave365/pkg/summary/advice"
)

// account reads from the ledger what a report is written from.
func (a *app) account(ctx context.Context, l *ledger.Ledger, id string, now time.Time) (summary.Record, error) {
	acc := summary.Record{At: now, Zone: a.zone, Shell: shell(ledgerFlag(l.Path()), id)}
	var err error
	if acc.Run, err = l.Run(ctx, id); err != nil {
		return acc, err
	}
	acc.Shell.Run, acc.Shell.Place = acc.Run.ID, placeFlagsOf(acc.Run)
	if acc.Rows, err = l.Rows(ctx, id); err != nil {
		return acc, err
	}
	if acc.Events, err = l.Events(ctx, id); err != nil {
		return acc, err
	}
	if acc.Intents, err = l.AllIntents(ctx, id); err != nil {
		return acc, err
	}
	if acc.Findings, err = l.Findings(ctx, id); err != nil {
		return acc, err
	}
	if acc.Since, err = run.Since(ctx, l, acc.Rows); err != nil {
		return acc, err
	}
	asBegun := acc.Run
	for entry, err := range l.Audit(ctx, id) {
		if err != nil {
			return acc, err
		}
		if r, ok := ledger.RunAsBegun(entry); ok {
			asBegun = r
		}
		line, err := json.Marshal(entry)
		if err != nil {
			return acc, err
		}
		acc.Audit = append(acc.Audit, line)
	}
	acc.Forecast, acc.Expected = forecastOf(acc, asBegun), expectedOf(acc)
	return acc, nil
}

// defaultLedger is the ledger's path when none is given.
const defaultLedger = ".wave365/ledger.db"

// ledgerFlag returns the --ledger value for commands in this folder: its path, relative if it is below; empty for the
// default one.
func ledgerFlag(path string) string {
	if dir, err := os.Getwd(); err == nil {
		if below, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(below) {
			path = below
		}
	}
	if path = filepath.ToSlash(path); path == defaultLedger {
		return ""
	}
	return path
}

// forecastOf returns the forecast of the beginning of the run. It is made from what was recorded then, so that it is
// the same in every report of the run, and in its plan.
func forecastOf(acc summary.Record, asBegun migration.Run) summary.Forecast {
	rows := slices.Clone(acc.Rows)
	for i := range rows {
		if rows[i].State != migration.Skipped {
			rows[i] = migration.Row{Index: rows[i].Index, State: migration.Pending, Step: migration.StepCheck, Target: rows[i].Target}
		}
	}
	return forecast(estimate.RestOf(asBegun, rows), asBegun.CreatedAt)
}

// expectedOf returns when the end is expected now; zero: nothing is left to do.
func expectedOf(acc summary.Record) summary.Forecast {
	return forecast(estimate.RestOf(advice.GoneThrough(acc.Run, acc.Events), acc.Rows), acc.At)
}

func forecast(rest *estimate.Rest, from time.Time) summary.Forecast {
	left := rest.TimeLeft(from)
	if left.To == 0 {
		return summary.Forecast{}
	}
	return summary.Forecast{From: from.Add(left.From), To: from.Add(left.To)}
}

// writable checks whether the report can be written to its folder, before the run and not only at its end. The fault is
// Invalid.
func writable(r migration.Run, hint string) error {
	dir := summary.Dir(r.ReportDir, r)
	err := report.MakeFolder(dir)
	if f := fault.As(err); f != nil && f.Code == "report.place" {
		return err
	} else if f != nil && f.Err != nil {
		err = f.Err // the system's message is included below
	}
	if err == nil {
		var f *os.File
		if f, err = os.CreateTemp(dir, ".try-*"); err == nil {
			err = errors.Join(f.Close(), os.Remove(f.Name()))
		}
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, "report.place", "the report cannot be written to "+dir+": "+err.Error(),
			hint+"; nothing was changed", err)
	}
	return nil
}

// writeReport writes the report folder of a run in its present state.
func (a *app) writeReport(ctx context.Context, l *ledger.Ledger, id string, now time.Time, code int) error {
	acc, err := a.account(ctx, l, id, now)
	if err != nil {
		return err
	}
	acc.ExitCode = code
	return writeFolder(ctx, l, summary.Dir(acc.Run.ReportDir, acc.Run), acc)
}

// reportAgain writes the report of a run that no process drives.
func (a *app) reportAgain(ctx context.Context, l *ledger.Ledger, id string, now time.Time) error {
	acc, err := a.account(ctx, l, id, now)
	if err != nil {
		return err
	}
	end, counts := runner.Drained, migration.Count(acc.Rows)
	if counts.Open() == 0 {
		end = runner.Finished
	}
	acc.ExitCode = runCode(end, counts, advice.Halted(acc.Events))
	return writeFolder(ctx, l, summary.Dir(acc.Run.ReportDir, acc.Run), acc)
}

// writeFolder writes a report folder, unless the one there has more entries than the ledger.
func writeFolder(ctx context.Context, l *ledger.Ledger, dir string, acc summary.Record) error {
	if err := run.NotBefore(ctx, l, dir); err != nil {
		return err
	}
	return report.Write(dir, acc)
}
