package page

import (
	"wave365/pkg/summary"
	"wave365/pkg/wave"
)

// namedPeople bounds how many names one card shows, shownFindings how many findings one code.
const (
	namedPeople   = 12
	shownFindings = 100
)

type trouble struct {
	summary.Trouble
	Short   string
	N, More int
	People  []who
	Command string
}

type who struct {
	Line int
	Name string
}

func troublesOf(rows []summary.RowRecord, a summary.Record) []trouble {
	var out []trouble
	for _, t := range summary.Troubles(rows) {
		v := trouble{Trouble: t, Short: t.Class.Short(), N: len(t.Rows), Command: summary.Command(a, t)}
		for i, d := range t.Rows {
			if i == namedPeople {
				v.More = len(t.Rows) - i
				break
			}
			v.People = append(v.People, who{d.Row.Target.Line, nameOf(d.Row.Target)})
		}
		out = append(out, v)
	}
	return out
}

type findingGroup struct {
	summary.FindingGroup
	N, More int
	Open    bool
}

func findingGroupsOf(findings []wave.Finding) []findingGroup {
	var out []findingGroup
	for _, g := range summary.FindingGroups(findings) {
		v := findingGroup{FindingGroup: g, N: len(g.Findings), Open: g.Severity == wave.Error}
		if v.N > shownFindings {
			v.More, v.Findings = v.N-shownFindings, g.Findings[:shownFindings]
		}
		out = append(out, v)
	}
	return out
}
