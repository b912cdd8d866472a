package page

import (
	"cmp"
	"io"

	"github.com/valyala/quicktemplate"

	"wave365/pkg/report/page/words"
	"wave365/pkg/summary"
	"wave365/pkg/summary/compare"
)

// comparison is what its template reads.
type comparison struct {
	Policy, Title string
	Tenant        string
	Rehearsal     bool
	Redacted      bool
	Verdict       string
	Runs          []comparedRun
	Rows          []comparedRow
	Same          int
}

type comparedRun struct {
	Name, ID   string
	Headline   string
	Rest       string
	Began, End words.Moment
	Bar        []slice
	BarText    string
}

type comparedRow struct {
	Name, UPN, Department, PC string
	Before, After             summary.Class
	Why, Remedy               string
}

// WriteComparison writes one page on what a second run changed, in the style of the report and under the same rules; it
// has no script.
func WriteComparison(w io.Writer, c compare.Comparison) error {
	v := comparisonOf(c)
	return draw(w, func(qw *quicktemplate.Writer) { streamcomparisonHTML(qw, v) })
}

func comparisonOf(c compare.Comparison) *comparison {
	v := &comparison{
		Policy: "default-src 'none'; style-src '" + hash(css) + "'; base-uri 'none'; form-action 'none'",
		Title:  "Wave " + words.Short(c.Second.Run.Wave, 40) + ": two runs compared", Tenant: cmp.Or(c.Second.Run.TenantName, c.Second.Run.Tenant),
		Rehearsal: c.First.Rehearsal() || c.Second.Rehearsal(), Redacted: c.Second.Redacted, Verdict: c.Verdict(), Same: c.Same,
	}
	for i, a := range []summary.Record{c.First, c.Second} {
		r := comparedRun{
			Name: []string{"First run", "Second run"}[i], ID: a.Run.ID, Began: words.MomentOf(a.Run.CreatedAt, a.Location()),
			End: words.MomentOf(a.End(), a.Location()), Bar: barOf(a.Tally(), len(a.Rows)), BarText: barText(a),
		}
		r.Headline, r.Rest = summary.Headline(a)
		v.Runs = append(v.Runs, r)
	}
	for _, ch := range c.Changes {
		row := comparedRow{
			Name: words.NameOf(ch.Target), Department: ch.Target.Department, Before: ch.Before, After: ch.After,
			Why: ch.Why.Text, Remedy: c.Second.Shell.Remedy(ch.Why.Remedy),
		}
		if row.Name != ch.Target.User {
			row.UPN = ch.Target.User
		}
		if ch.After.HasCloudPC() {
			row.PC = ch.CloudPC
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}
