package page

import (
	"wave365/pkg/fault"
	"wave365/pkg/report/page/words"
	"wave365/pkg/summary"
	"wave365/pkg/summary/advice"
	"wave365/pkg/summary/groups"
	"wave365/pkg/wave"
)

// namedPeople is how many names a card shows at once, foldedNames how many more its fold contains, shownFindings how many
// findings of one code are shown, and openFindings how many errors of one code are shown without unfolding.
const (
	namedPeople   = 12
	foldedNames   = 500
	shownFindings = 100
	openFindings  = 10
)

// problem is one kind of problem with what to do about it.
type problem struct {
	groups.ProblemGroup
	Short  string
	N      int
	Advice []helped
}

// helped is a piece of advice with the people it applies to.
type helped struct {
	groups.Advice
	// People are named at once, Further in the fold; Rest counts Further, and Beyond counts those who are not named.
	People, Further []who
	Rest, Beyond    int
	Commands        []string
}

type who struct {
	Line int
	Name string
}

func problemsOf(rows []summary.RowRecord, a summary.Record) []problem {
	var out []problem
	for _, g := range groups.Problems(rows) {
		p := problem{ProblemGroup: g, Short: g.Class.Short(), N: g.Len()}
		for _, one := range g.Advice {
			v := helped{Advice: one, Commands: a.Shell.Lines(fault.Remedy{Commands: advice.Beyond(a, one.Remedy)})}
			for i, d := range one.Rows {
				name := who{d.Row.Target.Line, words.NameOf(d.Row.Target)}
				switch {
				case i < namedPeople:
					v.People = append(v.People, name)
				case i < namedPeople+foldedNames:
					v.Further = append(v.Further, name)
				default:
					v.Beyond++
				}
			}
			v.Rest = len(v.Further) + v.Beyond
			p.Advice = append(p.Advice, v)
		}
		out = append(out, p)
	}
	return out
}

type findingGroup struct {
	groups.FindingGroup
	Findings []finding
	N, More  int
	Open     bool
}

type finding struct {
	wave.Finding
	Commands []string
}

func findingGroupsOf(a summary.Record) []findingGroup {
	var out []findingGroup
	for _, g := range groups.Findings(a.Findings) {
		v := findingGroup{FindingGroup: g, N: len(g.Findings), Open: g.Severity == wave.Error && len(g.Findings) <= openFindings}
		if v.N > shownFindings {
			v.More, g.Findings = v.N-shownFindings, g.Findings[:shownFindings]
		}
		for _, f := range g.Findings {
			v.Findings = append(v.Findings, finding{f, a.Shell.Lines(f.Remedy())})
		}
		out = append(out, v)
	}
	return out
}
