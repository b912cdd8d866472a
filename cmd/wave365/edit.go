package main

import (
	"context"
	"fmt"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook/edited"
	"wave365/pkg/wave"
)

// edit compares the wave file with the run. A file that is gone, or that did not change, gives nil.
func (t *takeup) edit() (*wave.File, []wave.Finding, *edited.Difference, error) {
	if sameWave(t.run) == nil {
		return nil, nil, nil, nil
	}
	file, findings, err := readWave(t.run.WavePath, wave.Options{AllowUnknownColumns: true})
	if err != nil {
		return nil, nil, nil, err
	}
	if file == nil {
		return nil, nil, nil, fault.New(fault.Conflict, "wave.changed", "the wave file "+t.run.WavePath+" was edited and cannot be read as a wave any more", "`wave365 validate --offline` says why")
	}
	d := edited.Compare(t.run, t.rows, file)
	return file, findings, &d, nil
}

// refuseEdit shows what an edit changes, and refuses it: it was not accepted, or cannot be.
func (a *app) refuseEdit(t *takeup, d *edited.Difference, accepted bool) error {
	for _, line := range d.Lines {
		fmt.Fprintln(a.err, "  "+line)
	}
	msg, hint := "the wave file "+t.run.WavePath+" was edited since run "+t.run.ID+" began",
		"put it back as it was, or take the edit over with `wave365 resume "+t.run.ID+" --accept-changes`"
	if accepted && len(d.Refused) > 0 {
		msg, hint = "the edit of "+t.run.WavePath+" cannot be taken over: "+strings.Join(d.Refused, "; "), "put these lines back as they were; what is new goes into a wave of its own"
	} else if len(d.Lines) == 0 && len(d.Refused) == 0 {
		msg += ", though no row changed"
	}
	return fault.New(fault.Conflict, "wave.changed", msg, hint)
}

// takeOver validates what is new in an edited file and records it.
func (a *app) takeOver(ctx context.Context, g *globals, t *takeup, file *wave.File, findings []wave.Finding, d *edited.Difference) error {
	at := append([]int(nil), d.Added...)
	for _, p := range d.Changed {
		at = append(at, p.File)
	}
	e := ledger.Edit{Change: ledger.Change{WaveHash: file.Hash, By: whoAndWhere() + ", resume --accept-changes: " + strings.Join(d.Lines, "; ")}}
	for _, i := range d.Removed {
		e.Moves = append(e.Moves, migration.Remove(t.rows[i], t.now()))
	}
	if len(at) > 0 {
		before, err := knownTo(ctx, t.l)
		if err != nil {
			return err
		}
		for _, i := range d.Removed {
			delete(before.open, strings.ToLower(t.rows[i].Target.UserID))
		}
		for _, p := range d.Changed {
			delete(before.open, strings.ToLower(t.rows[p.Row].Target.UserID))
		}
		res, err := t.checkSome(ctx, a, g, file, findings, at, before)
		if err != nil {
			return err
		}
		skip := t.run.Settings["skip-invalid"] == "true"
		if res.Denied() || res.Whole() || res.Count(wave.Error) > 0 && !skip {
			return a.answerValidate(g, file, res)
		}
		if !g.json {
			printFindings(a.err, res.Findings)
		}
		some := *file
		some.Rows = nil
		for _, i := range at {
			some.Rows = append(some.Rows, file.Rows[i])
		}
		run := t.run
		run.CreatedAt = t.now()
		fresh := newRows(run, &some, res)
		for k := range d.Added {
			fresh[k].Index = len(t.rows) + k
			e.Added = append(e.Added, fresh[k])
		}
		for k, p := range d.Changed {
			r := fresh[len(d.Added)+k]
			amended := migration.Amend(t.rows[p.Row], r.Target, r.Input, t.now())
			if e.Moves = append(e.Moves, amended); r.State == migration.Skipped {
				e.Moves = append(e.Moves, migration.Skip(amended.To(), *r.Problem, t.now()))
			}
		}
		e.Findings = res.Findings
	}
	if err := t.l.EditRun(ctx, t.run.ID, e); err != nil {
		return err
	}
	return t.reload(ctx)
}
