// Package preflight checks whether a wave is safe on a tenant: findings for every row, all at once, from the storage
// account and the tenant, before anything changes. It only reads. Each family of checks has a file of its own; the
// rules take what was read and return findings, the reading is done once for the whole wave. The file's own syntax is
// checked by pkg/wave.
package preflight

import (
	"context"
	"slices"
	"sort"
	"time"

	"wave365/pkg/cloud/clouds"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/wave"
)

// Input is what to check against what.
type Input struct {
	File *wave.File
	// Findings are those of the file; rows with errors are still checked as far as they can be.
	Findings []wave.Finding
	// BlobRoot is the storage account's endpoint, which completes bare paths.
	BlobRoot string
	// AccountID is the ARM id of the account at BlobRoot, when imports name blobs by it; empty: by signatures.
	AccountID string
	// Trigger is "license" or "membership" to say for every row which link is closed last; empty: the license where
	// the row names one, else the membership.
	Trigger migration.Trigger
	// Before maps object ids (lower case) to the user's standing in the runs of this ledger. May be nil.
	Before map[string]migration.Standing
	// LiveImports maps object ids (lower case) to the snapshots that this ledger's runs imported for the user; each is
	// looked up, since it may be used or gone. May be nil.
	LiveImports map[string][]string
	// Cloud is the name of the cloud ("global", "usgov", …); "" and "sandbox" are not judged.
	Cloud string
	// Granted are the permissions of the sign-in, as [signin.Granted] gives them; empty: not known.
	Granted []string
	// Slots is how many imports will be in flight, for the forecast of when a row's signature is needed.
	Slots int
	// DailyImports is how many imports the service accepts of the tenant in a day; 0: [estimate.DailyImports].
	DailyImports int
	// Now is the service's time, in the zone in which people read times.
	Now time.Time
	// Progress, when not nil, is called as blobs and people are read: done of total. Not concurrently.
	Progress func(what string, done, total int)
}

// Result is what validation found.
type Result struct {
	Organization graph.Organization
	// Findings holds the file's and ours, in order of line, errors first within a line.
	Findings []wave.Finding
	// Targets has one entry per row of the file, in its order, with what could be resolved.
	Targets []migration.Target
	// Bad is, for each row, whether an error finding keeps it from running, Done whether an earlier run of this ledger
	// brought it to its end, so that it is left out.
	Bad, Done []bool
	// PlanFacts is what the plan of a run needs of the tenant besides the rows.
	PlanFacts PlanFacts
}

// Count counts findings by severity.
func (r Result) Count(s wave.Severity) int {
	n := 0
	for _, f := range r.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Whole reports whether an error concerns the wave as a whole rather than rows that could be left out.
func (r Result) Whole() bool {
	of := map[int]bool{}
	for _, t := range r.Targets {
		of[t.Line] = true
	}
	for _, f := range r.Findings {
		if f.Severity == wave.Error && !of[f.Line] {
			return true
		}
	}
	return false
}

// Denied reports whether a permission or tenant prerequisite is missing, rather than a row being wrong.
func (r Result) Denied() bool {
	return slices.ContainsFunc(r.Findings, func(f wave.Finding) bool { return Prerequisite(f.Code) })
}

// Prerequisite reports codes that are about the sign-in, the tenant or the cloud, which no change to the wave cures.
func Prerequisite(code string) bool {
	switch code {
	case "permission.missing", "permission.not-possible", "cloud.unsupported", "cloud.unreadable":
		return true
	}
	return false
}

// Check validates the wave. The error is for the check as a whole (no sign-in, no network, stopped); everything that is
// wrong with the wave, the storage account or the tenant is a finding. It only reads, and what it reads grows with the
// pages of the tenant's lists and the batches of its people, not with rows times checks.
func Check(ctx context.Context, t Tenant, s Storage, in Input) (Result, error) {
	c := newCheck(t, s, in)
	if !c.cloudLimits() {
		return c.result(), nil
	}
	for _, family := range []func(*check, context.Context) error{
		(*check).readTenant, (*check).people, (*check).policies, (*check).groups, (*check).settings, (*check).elsewhere, (*check).networks,
		(*check).licenses, (*check).existing, (*check).disks, (*check).sizes, (*check).expiries, (*check).permissions,
		(*check).seats, (*check).order, (*check).daily,
	} {
		err := family(c, ctx)
		if ctx.Err() != nil {
			return Result{}, fault.Wrap(fault.Interrupted, "", "stopped while validating", "nothing was changed", ctx.Err())
		}
		if err != nil {
			return Result{}, err
		}
	}
	return c.result(), nil
}

// OfFile is the result when only the file is checked.
func OfFile(file *wave.File, findings []wave.Finding) Result {
	return newCheck(nil, nil, Input{File: file, Findings: findings}).result()
}

// check is one validation under way.
type check struct {
	in      Input
	tenant  Tenant
	storage Storage
	// cloud is the tenant's, with its blob hosts; zero: a sandbox's, or not known.
	cloud clouds.Cloud
	facts facts
	rows  []row
	// byID are the rows of each user that was found, by object id in lower case.
	byID map[string][]*row
	// reach is what groups bring their members, by id in lower case.
	reach map[string]reach
	// outside are the members of target groups who are not in the wave, by group in lower case.
	outside map[string][]string
	found   []wave.Finding
	// last is the finding that was flagged last, until the next one; for a row that is done it is not in found.
	last *wave.Finding
	// ofFile are the findings of the file.
	ofFile map[place]bool
}

// place is where a finding is.
type place struct {
	line         int
	column, code string
}

// row is a row with what has been resolved of it.
type row struct {
	wave.Row
	target migration.Target
	user   *graph.User
	// held are the user's Windows 365 licenses; unlicensed: they could not be read.
	held       []held
	unlicensed bool
	// plan is the id of the service plan that the Cloud PC will have; empty: not known.
	plan   string
	policy *graph.ProvisioningPolicy
	// sku is the license that the row names.
	sku *graph.SKU
	// groups are those, of the groups that were read, that the user is a direct member of: ids in lower case.
	groups []string
	// done: an earlier run brought it to its end. Nothing else is reported about it.
	done bool
	// files are the blobs that the row names, the disk first, as far as their names can be read.
	files []file
}

func newCheck(t Tenant, s Storage, in Input) *check {
	c := &check{in: in, tenant: t, storage: s, rows: make([]row, len(in.File.Rows)), byID: map[string][]*row{}, outside: map[string][]string{}, ofFile: map[place]bool{}}
	for _, f := range in.Findings {
		c.ofFile[place{f.Line, f.Column, f.Code}] = true
	}
	for i, r := range in.File.Rows {
		trigger := in.Trigger
		if trigger == "" {
			trigger = migration.TriggerMembership
			if r.License != "" {
				trigger = migration.TriggerLicense
			}
		}
		c.rows[i] = row{Row: r, target: migration.Target{
			Line: r.Line, User: r.User, Priority: r.Priority, Trigger: trigger,
			// People paste links anywhere: a signature in a note is as secret as one in its column.
			Carried: migration.Carried(r.Carried).Each(redact.String),
		}}
	}
	return c
}

func (c *check) eachRow(do func(r *row)) {
	for i := range c.rows {
		do(&c.rows[i])
	}
}

// told reports whether the file's own check has reported this already.
func (c *check) told(line int, column, code string) bool { return c.ofFile[place{line, column, code}] }

// flag adds a finding about a row's column.
func (c *check) flag(code string, r *row, column, value, message string) {
	f := wave.NewFinding(code, r.Line, column, r.User, value, message)
	if r.done { // further findings about it are dropped
		c.last = &f
		return
	}
	c.add(f)
}

func (c *check) add(f wave.Finding) {
	c.found = append(c.found, f)
	c.last = &c.found[len(c.found)-1]
}

// remedy gives the latest finding a remedy that fits it better than that of its code.
func (c *check) remedy(hint string) { c.last.Hint = hint }

// flagWave adds a finding about the wave as a whole.
func (c *check) flagWave(code, value, message string) {
	c.add(wave.NewFinding(code, 0, "", "", value, message))
}

func (c *check) progress(what string, done, total int) {
	if c.in.Progress != nil {
		c.in.Progress(what, done, total)
	}
}

func (c *check) result() Result {
	res := Result{Organization: c.facts.org, PlanFacts: c.planFacts(), Bad: make([]bool, len(c.rows)), Done: make([]bool, len(c.rows)), Targets: make([]migration.Target, len(c.rows))}
	res.Findings = append(append(res.Findings, c.in.Findings...), c.found...)
	sort.SliceStable(res.Findings, func(i, j int) bool {
		a, b := res.Findings[i], res.Findings[j]
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Severity == wave.Error && b.Severity != wave.Error
	})
	wrong := c.wrong()
	for i := range c.rows {
		res.Targets[i] = c.rows[i].target
		res.Bad[i], res.Done[i] = wrong[c.rows[i].Line], c.rows[i].done
	}
	return res
}

// fold is what names and ids are compared by.
func fold(s string) string { return wave.NameKey(s) }
