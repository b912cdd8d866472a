package preflight

import (
	"slices"

	"wave365/pkg/wave"
)

// unassigned is the finding about a policy that has no group.
const unassigned = "policy.not-assigned"

// Unassigned are the lines whose policy is assigned to no group. None when the sign-in may not read what is needed, or
// when something else is wrong with the wave, unless its clean rows are to run: then nothing is created for it.
func (r Result) Unassigned(skipInvalid bool) map[int]bool {
	lines := map[int]bool{}
	for _, f := range r.Findings {
		switch {
		case f.Severity == wave.Error && f.Code == unassigned:
			lines[f.Line] = true
		case f.Severity == wave.Error && !skipInvalid:
			return nil
		}
	}
	if r.Denied() {
		return nil
	}
	return lines
}

// Group is a group that a policy is supposed to have; the ID is empty while it is still to be made.
type Group struct{ ID, Name string }

// AssumeGroups changes the result to what it would be if these policies, by id, were assigned to these groups: rows that name
// no other group get them, and their finding of a missing group is removed. rows are those of the file that was checked.
func (r *Result) AssumeGroups(rows []wave.Row, groups map[string]Group) {
	given := map[int]bool{}
	for i, row := range rows {
		if g := groups[r.Targets[i].PolicyID]; g.Name != "" && row.Group == "" {
			r.Targets[i].GroupID, r.Targets[i].GroupName, given[row.Line] = g.ID, g.Name, true
		}
	}
	r.Findings = slices.DeleteFunc(r.Findings, func(f wave.Finding) bool { return f.Code == unassigned && given[f.Line] })
	for i, row := range rows {
		r.Bad[i] = slices.ContainsFunc(r.Findings, func(f wave.Finding) bool { return f.Line == row.Line && f.Severity == wave.Error })
	}
}
