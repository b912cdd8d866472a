package groups

import (
	"cmp"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/summary"
)

// placeholder stands for the user in advice that several rows share.
const placeholder = "USER"

// ProblemGroup is one kind of problem: rows that ended in the same way for the same reason.
type ProblemGroup struct {
	Class summary.Class
	// Code is empty where the outcome says it all.
	Code string
	// Advice holds the rows, one element for those that need the same to be done; there is at least one.
	Advice []Advice
}

// Advice is what to do, once for all rows that it applies to. Rows whose remedies differ only in the user's name share
// one.
type Advice struct {
	// Remedy has [placeholder] for the user where there are several rows; it may be empty.
	Remedy fault.Remedy
	// Text is what happened to the first row; Same says that it happened to all of them in these words.
	Text string
	Same bool
	Rows []summary.RowRecord
}

// Len counts the rows.
func (g ProblemGroup) Len() int {
	n := 0
	for _, a := range g.Advice {
		n += len(a.Rows)
	}
	return n
}

// Problems groups the rows that need somebody's attention by outcome and code: the gravest outcome first, then the largest
// group. Within a group the most frequent advice comes first; rows are in input order.
func Problems(rows []summary.RowRecord) []ProblemGroup {
	var out []ProblemGroup
	place := map[string]int{}
	for _, d := range rows {
		if d.Class.Open() || d.Class == summary.Succeeded {
			continue
		}
		key := string(d.Class) + "\x00" + d.Why.Code
		i, ok := place[key]
		if !ok {
			i = len(out)
			place[key] = i
			out = append(out, ProblemGroup{Class: d.Class, Code: d.Why.Code})
		}
		out[i].add(d)
	}
	for i := range out {
		out[i].settle()
	}
	slices.SortStableFunc(out, func(a, b ProblemGroup) int {
		return cmp.Or(cmp.Compare(a.Class.Gravity(), b.Class.Gravity()), cmp.Compare(b.Len(), a.Len()), cmp.Compare(a.Code, b.Code))
	})
	return out
}

// add adds a row to the advice that applies to it.
func (g *ProblemGroup) add(d summary.RowRecord) {
	general := anybodys(d.Why.Remedy, d.Row.Target.User)
	for i := range g.Advice {
		a := &g.Advice[i]
		if a.Remedy.Text == general.Text && slices.EqualFunc(a.Remedy.Commands, general.Commands, fault.Command.Equal) {
			a.Same = a.Same && a.Text == d.Why.Text
			a.Rows = append(a.Rows, d)
			return
		}
	}
	g.Advice = append(g.Advice, Advice{Remedy: general, Text: d.Why.Text, Same: true, Rows: []summary.RowRecord{d}})
}

// settle gives advice for a single row that row's own words, and sorts the advice.
func (g *ProblemGroup) settle() {
	for i, a := range g.Advice {
		if len(a.Rows) == 1 {
			g.Advice[i].Remedy = a.Rows[0].Why.Remedy
		}
	}
	slices.SortStableFunc(g.Advice, func(a, b Advice) int { return cmp.Compare(len(b.Rows), len(a.Rows)) })
}

// anybodys returns a remedy with [placeholder] in place of its user.
func anybodys(r fault.Remedy, user string) fault.Remedy {
	if user == "" {
		return r
	}
	r.Text = strings.ReplaceAll(r.Text, user, placeholder)
	r.Commands = slices.Clone(r.Commands)
	for i, c := range r.Commands {
		r.Commands[i].Args = slices.Clone(c.Args)
		for k, arg := range c.Args {
			r.Commands[i].Args[k] = strings.ReplaceAll(arg, user, placeholder)
		}
	}
	return r
}
