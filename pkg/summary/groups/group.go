// Package groups groups the rows of a run, and what validation found: by department, policy, gravity, time, problem and
// code.
package groups

import (
	"cmp"
	"slices"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/summary"
	"wave365/pkg/wave"
)

// Group is the outcome of the people of one department or policy.
type Group struct {
	// Name is empty for rows that name none.
	Name  string
	Total int
	Tally map[summary.Class]int
}

// Done counts plain successes.
func (g Group) Done() int { return g.Tally[summary.Succeeded] }

// Warned counts successes with warnings.
func (g Group) Warned() int { return g.Tally[summary.Warned] }

// NotDone counts rows that were tried and have no Cloud PC from their snapshot.
func (g Group) NotDone() int { return g.Tally[summary.Failed] + g.Tally[summary.Held] }

// NotStarted counts rows that were left out on purpose.
func (g Group) NotStarted() int {
	return g.Tally[summary.Skipped] + g.Tally[summary.Deferred] + g.Tally[summary.Cancelled]
}

// Open counts rows that are not finished.
func (g Group) Open() int {
	return g.Tally[summary.Active] + g.Tally[summary.Waiting] + g.Tally[summary.Queued]
}

// ByDepartment groups the rows by department, sorted by name, rows without one last.
func ByDepartment(rows []summary.RowRecord) []Group {
	return groupBy(rows, func(t migration.Target) string { return t.Department })
}

// ByPolicy groups the rows by provisioning policy, in the same order.
func ByPolicy(rows []summary.RowRecord) []Group {
	return groupBy(rows, func(t migration.Target) string { return t.PolicyName })
}

func groupBy(rows []summary.RowRecord, key func(migration.Target) string) []Group {
	place := map[string]int{}
	var out []Group
	for _, d := range rows {
		k := key(d.Row.Target)
		i, ok := place[k]
		if !ok {
			i = len(out)
			place[k] = i
			out = append(out, Group{Name: k, Tally: map[summary.Class]int{}})
		}
		out[i].Total++
		out[i].Tally[d.Class]++
	}
	slices.SortFunc(out, func(a, b Group) int {
		if (a.Name == "") != (b.Name == "") {
			return cmp.Compare(len(b.Name), len(a.Name))
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return out
}

// ByGravity sorts rows so that those that need attention come first; equal ones stay in input order.
func ByGravity(rows []summary.RowRecord) []summary.RowRecord {
	out := slices.Clone(rows)
	slices.SortStableFunc(out, func(a, b summary.RowRecord) int { return cmp.Compare(a.Class.Gravity(), b.Class.Gravity()) })
	return out
}

// Slowest returns the n rows that took longest, the slowest first. Rows that were not started are left out.
func Slowest(rows []summary.RowRecord, n int, at time.Time) []summary.RowRecord {
	var out []summary.RowRecord
	for _, d := range rows {
		if !d.Row.StartedAt.IsZero() {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b summary.RowRecord) int {
		return cmp.Compare(summary.Took(*b.Row, at), summary.Took(*a.Row, at))
	})
	return out[:min(n, len(out))]
}

// FindingGroup is one finding code with all its findings.
type FindingGroup struct {
	Severity wave.Severity
	Code     string
	Findings []wave.Finding
}

// Findings groups findings by severity and code, errors first, in the order of their first appearance.
func Findings(findings []wave.Finding) []FindingGroup {
	type key struct {
		severity wave.Severity
		code     string
	}
	place := map[key]int{}
	var out []FindingGroup
	for _, f := range findings {
		k := key{f.Severity, f.Code}
		i, ok := place[k]
		if !ok {
			i = len(out)
			place[k] = i
			out = append(out, FindingGroup{Severity: f.Severity, Code: f.Code})
		}
		out[i].Findings = append(out[i].Findings, f)
	}
	rank := map[wave.Severity]int{wave.Error: 0, wave.Warning: 1, wave.Info: 2}
	slices.SortStableFunc(out, func(a, b FindingGroup) int { return cmp.Compare(rank[a.Severity], rank[b.Severity]) })
	return out
}
