package summary

import (
	"cmp"
	"slices"
	"time"

	"wave365/pkg/migration"
	"wave365/pkg/wave"
)

// Group is how the people of one department or policy fared.
type Group struct {
	// Name is empty for rows that name none.
	Name  string
	Total int
	Tally map[Class]int
}

// Done counts plain successes, NotDone those that were tried without success, NotStarted those that were not tried,
// Open those that are not finished.
func (g Group) Done() int { return g.Tally[Succeeded] }

// Warned counts successes with warnings.
func (g Group) Warned() int { return g.Tally[Warned] }

// NotDone counts rows that were tried and have no Cloud PC from their snapshot.
func (g Group) NotDone() int { return g.Tally[Failed] + g.Tally[Held] }

// NotStarted counts rows that were left out on purpose.
func (g Group) NotStarted() int { return g.Tally[Skipped] + g.Tally[Deferred] + g.Tally[Cancelled] }

// Open counts rows that are not finished.
func (g Group) Open() int { return g.Tally[Active] + g.Tally[Waiting] + g.Tally[Queued] }

// ByDepartment and ByPolicy group the rows, by name, those without one last.
func ByDepartment(rows []RowRecord) []Group {
	return groupBy(rows, func(t migration.Target) string { return t.Department })
}

// ByPolicy groups the rows by provisioning policy.
func ByPolicy(rows []RowRecord) []Group {
	return groupBy(rows, func(t migration.Target) string { return t.PolicyName })
}

func groupBy(rows []RowRecord, key func(migration.Target) string) []Group {
	place := map[string]int{}
	var out []Group
	for _, d := range rows {
		k := key(d.Row.Target)
		i, ok := place[k]
		if !ok {
			i = len(out)
			place[k] = i
			out = append(out, Group{Name: k, Tally: map[Class]int{}})
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

// ByGravity orders rows so that those that need attention come first; equals stay in input order.
func ByGravity(rows []RowRecord) []RowRecord {
	out := slices.Clone(rows)
	slices.SortStableFunc(out, func(a, b RowRecord) int { return cmp.Compare(a.Class.Gravity(), b.Class.Gravity()) })
	return out
}

// Slowest gives the n rows that took longest, the slowest first. Rows that were not started are left out.
func Slowest(rows []RowRecord, n int, at time.Time) []RowRecord {
	var out []RowRecord
	for _, d := range rows {
		if !d.Row.StartedAt.IsZero() {
			out = append(out, d)
		}
	}
	slices.SortStableFunc(out, func(a, b RowRecord) int { return cmp.Compare(Took(*b.Row, at), Took(*a.Row, at)) })
	return out[:min(n, len(out))]
}

// FindingGroup is one finding code with everything found under it.
type FindingGroup struct {
	Severity wave.Severity
	Code     string
	Findings []wave.Finding
}

// FindingGroups groups findings by severity and code, errors first, in the order of their first appearance.
func FindingGroups(findings []wave.Finding) []FindingGroup {
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
