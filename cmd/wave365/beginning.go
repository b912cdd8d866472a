package main

import (
	"time"

	"github.com/spf13/cobra"

	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/preflight"
	"wave365/pkg/run"
	"wave365/pkg/run/plan"
	"wave365/pkg/wave"
)

// beginning is a run that is about to begin, or to be planned: its flags, its wave, and the connection to the tenant.
type beginning struct {
	*app
	g   *globals
	cmd *cobra.Command
	runOptions
	path     string
	file     *wave.File
	findings []wave.Finding
	// sealed is the plan that the run has to match, and was its settings; zero without one.
	sealed plan.Plan
	was    migration.Settings
	conn   *connection
	// s is nil for a plan.
	s *run.Session
}

// read reads the wave. For one that cannot be read, the answer has been printed.
func (b *beginning) read() (err error) {
	b.file, b.findings, err = b.readWave(b.g, b.path, b.allowUnknown)
	return err
}

// readWave reads a wave for a command that continues with it. The error for one that cannot be read has been printed.
func (a *app) readWave(g *globals, path string, allowUnknown bool) (*wave.File, []wave.Finding, error) {
	file, findings, err := run.ReadWave(path, wave.Options{AllowUnknownColumns: allowUnknown})
	if err == nil && file == nil {
		err = a.answerValidate(g, nil, preflight.Result{Findings: findings})
	}
	return file, findings, err
}

// chosen returns the settings of a run that would begin now: those of the sealed plan, overridden by flags.
func (b *beginning) chosen(now time.Time) (migration.Settings, error) {
	s, err := b.settings(b.cmd, b.was, now, b.zone)
	b.record(&s)
	s.SkipInvalid = b.skipInvalid
	return s, err
}

// made returns what the run is made from.
func (b *beginning) made(res preflight.Result, chosen migration.Settings) run.Plan {
	return run.Plan{WavePath: b.path, ReportDir: b.g.reportDir, File: b.file, Checked: res, Slots: b.slots, Settings: chosen, Place: b.conn.pinned()}
}

// planned returns what a run of these rows would change.
func (b *beginning) planned(r migration.Run, rows []migration.Row, res preflight.Result) plan.Plan {
	p := plan.Make(r, rows, res, playbook.SettingName(r))
	p.Changes.CreateGroup = b.createGroup
	return p
}

// drafted returns what a run that would begin now would change.
func (b *beginning) drafted(id string, now time.Time, res preflight.Result) (plan.Plan, error) {
	chosen, err := b.chosen(now)
	if err != nil {
		return plan.Plan{}, err
	}
	r, rows := run.Draft(b.session(b.g), id, now, b.made(res, chosen))
	return b.planned(r, rows, res), nil
}
