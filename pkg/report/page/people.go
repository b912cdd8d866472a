package page

import (
	"wave365/pkg/fault/clocks"
	"wave365/pkg/report/page/evidence"
	"wave365/pkg/report/page/words"
	"wave365/pkg/summary"
	"wave365/pkg/summary/groups"
)

// Limits on the size of the page. Beyond the first, plain successes carry short evidence; beyond the second they carry
// none, and rows that are neither failed nor held carry short evidence too. run.json has all of it.
const (
	fullEvidence = 400
	anyEvidence  = 2000
	// foldedPeople is the number beyond which the table of people with a Cloud PC is folded, foldedWithout the same for
	// the others, who are listed under their problems already.
	foldedPeople, foldedWithout = 50, 100
)

// list is one table of people.
type list struct {
	Title, Fourth string
	Rows          []personRow
	// Folded: the table opens only on request.
	Folded bool
}

type personRow struct {
	Line               int
	Class              summary.Class
	Short              string
	Name, UPN, Plain   string
	Department, Policy string
	PC, Why            string
	Seconds            int
	Took               string
	Evidence           *evidence.Evidence
}

// listsOf returns the two tables: people without a Cloud PC, the gravest first, and people with one.
func listsOf(rows []summary.RowRecord, a summary.Record, c words.Clock) ([]list, string) {
	without := list{Title: "Without a Cloud PC", Fourth: "Why"}
	with := list{Title: "With a Cloud PC", Fourth: "Cloud PC"}
	for _, d := range groups.ByGravity(rows) {
		row := personOf(d, a)
		plain := d.Class == summary.Succeeded && d.Row.Attempt <= 1
		grave := d.Class == summary.Failed || d.Class == summary.Held
		switch {
		case grave || len(rows) <= fullEvidence || !plain && len(rows) <= anyEvidence:
			row.Evidence = evidence.Of(d, c, true)
		case !plain || len(rows) <= anyEvidence:
			row.Evidence = evidence.Of(d, c, false)
		}
		if d.Class.HasCloudPC() {
			with.Rows = append(with.Rows, row)
		} else {
			without.Rows = append(without.Rows, row)
		}
	}
	note := ""
	switch {
	case len(rows) > anyEvidence:
		note = "To keep this page quick, the evidence of plain successes is in run.json only, and so are the steps and requests of those who neither failed nor are held."
	case len(rows) > fullEvidence:
		note = "To keep this page quick, plain successes show their ids only; their steps and requests are in run.json."
	}
	with.Folded, without.Folded = len(with.Rows) > foldedPeople, len(without.Rows) > foldedWithout
	return []list{without, with}, note
}

func personOf(d summary.RowRecord, a summary.Record) personRow {
	t := d.Row.Target
	p := personRow{
		Line: t.Line, Class: d.Class, Short: d.Class.Short(), Name: words.NameOf(t), Plain: words.Plain(words.NameOf(t)),
		Department: t.Department, Policy: t.PolicyName, PC: d.Row.Facts.CloudPCName, Why: d.Why.Text,
	}
	if !d.Class.HasCloudPC() {
		p.PC = ""
	}
	if p.Name != t.User {
		p.UPN = t.User
	}
	spent := summary.Took(*d.Row, a.At)
	p.Seconds, p.Took = int(spent.Seconds()), clocks.Long(spent)
	return p
}
