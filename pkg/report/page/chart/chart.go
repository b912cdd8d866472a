// Package chart draws a run over time: a bar for each row, how many rows were in the service, and what happened to the run.
package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
	"wave365/pkg/report/page/words"
	"wave365/pkg/summary"
	"wave365/pkg/summary/groups"
	"wave365/pkg/summary/timeline"
	"wave365/pkg/summary/wording"
)

// chartRows is the largest number of bars; beyond it the chart shows only the rows without a Cloud PC. More than
// denseRows are drawn thinner.
const (
	chartRows = 1500
	denseRows = 120
)

// Chart is what its template reads.
type Chart struct {
	// Dense draws thinner rows; Folded shows them only on request.
	Dense  bool
	Folded bool
	Intro  string
	// Zone is the time zone of the times in Marks.
	Zone       string
	Legend     []legend
	MarkLegend []markLegend
	Ticks      []tick
	Levels     levels
	Rows       []chartRow
	Gaps       []gap
	Marks      []mark
	Left       string
	Slowest    []slow
}

type legend struct {
	Phase timeline.Phase
	Label string
}

type markLegend struct{ Kind, Label string }

type tick struct {
	X, Label           string
	Minor, First, Last bool
}

type levels struct {
	Import, Provision, Text string
	Max                     int
}

type chartRow struct {
	Line  int
	Class summary.Class
	Name  string
	Text  string
	Paths []phasePath
	Ends  []endMark
}

type phasePath struct {
	Phase timeline.Phase
	D     string
}

type endMark struct {
	Class summary.Class
	X     int
}

type gap struct{ X, W string }

type mark struct{ Kind, X, When, Label, Note string }

type slow struct {
	Line                                        int
	Name, Took, Waited, Import, Provision, Disk string
}

// axis maps times of the run to horizontal positions.
type axis struct{ from, to time.Time }

func (x axis) share(t time.Time) float64 {
	whole := x.to.Sub(x.from)
	if whole <= 0 {
		return 0
	}
	return min(1, max(0, float64(t.Sub(x.from))/float64(whole)))
}

func (x axis) percent(t time.Time) string { return fmt.Sprintf("%.2f%%", 100*x.share(t)) }

func (x axis) unit(t time.Time) int { return int(1000*x.share(t) + 0.5) }

// Of returns the chart of the run; nil when no row was ever started.
func Of(rows []summary.RowRecord, a summary.Record, c words.Clock) *Chart {
	x := axis{from: a.Run.CreatedAt, to: a.End()}
	var started []summary.RowRecord
	var idle int
	for _, d := range rows {
		if d.Row.StartedAt.IsZero() {
			idle++
			continue
		}
		started = append(started, d)
	}
	if len(started) == 0 {
		return nil
	}
	slices.SortStableFunc(started, func(p, q summary.RowRecord) int { return p.Row.StartedAt.Compare(q.Row.StartedAt) })
	ch := &Chart{Ticks: ticksOf(x, c), Zone: c.Name()}
	all := make([][]timeline.Segment, len(started))
	seen := map[timeline.Phase]bool{}
	for i, d := range started {
		all[i] = timeline.Segments(d, a.Run.CreatedAt, a.At)
		for _, s := range all[i] {
			seen[s.Phase] = true
		}
		if len(started) <= chartRows || !d.Class.HasCloudPC() {
			ch.Rows = append(ch.Rows, chartRowOf(d, all[i], x, c))
		}
	}
	if len(ch.Rows) > chartRows {
		ch.Rows = ch.Rows[:chartRows]
	}
	ch.Dense = len(ch.Rows) > denseRows
	ch.Folded = ch.Dense
	for _, p := range timeline.Phases() {
		if seen[p] {
			ch.Legend = append(ch.Legend, legend{p, p.Label()})
		}
	}
	ch.Levels = levelsOf(timeline.Levels(all), x, c)
	ch.addMarks(a, x, c)
	ch.addSlowest(started, a)
	ch.Intro = fmt.Sprintf("%d rows from %s to %s. Gray is waiting, color is work.", len(started),
		c.At(x.from, "15:04"), c.At(x.to, "15:04 MST"))
	if n := len(started) - len(ch.Rows); n > 0 {
		ch.Left = fmt.Sprintf("%d further rows are left out to keep this page quick; they are in results.csv. ", n)
	}
	if idle > 0 {
		ch.Left += fmt.Sprintf("Not on the chart, because nothing was started: %s.", wording.Count(idle, "row"))
	}
	return ch
}

func chartRowOf(d summary.RowRecord, segments []timeline.Segment, x axis, c words.Clock) chartRow {
	r := chartRow{Line: d.Row.Target.Line, Class: d.Class, Name: words.NameOf(d.Row.Target)}
	paths := map[timeline.Phase]*strings.Builder{}
	for _, s := range segments {
		from, to := x.unit(s.From), x.unit(s.To)
		if to == from {
			to++
		}
		b := paths[s.Phase]
		if b == nil {
			b = &strings.Builder{}
			paths[s.Phase] = b
		}
		top, high := 0, 10
		if s.Phase == timeline.Turn || s.Phase == timeline.Retry {
			top, high = 4, 2
		}
		fmt.Fprintf(b, "M%d %dH%dv%dH%dz", from, top, to, high, from)
	}
	for _, p := range timeline.Phases() {
		if b := paths[p]; b != nil {
			r.Paths = append(r.Paths, phasePath{p, b.String()})
		}
	}
	for _, e := range d.Events {
		if e.To == migration.Failed || e.To == migration.Held {
			r.Ends = append(r.Ends, endMark{summary.Class(e.To), min(998, x.unit(e.At))})
		}
	}
	r.Text = rowText(d, segments, c)
	return r
}

// rowText describes what a row's bar shows.
func rowText(d summary.RowRecord, segments []timeline.Segment, c words.Clock) string {
	spent := timeline.Spent(segments)
	var parts []string
	say := func(word string, t time.Duration) {
		if s := clocks.Long(t); s != "" {
			parts = append(parts, word+" "+s)
		}
	}
	say("waited", spent[timeline.Turn]+spent[timeline.Retry])
	say("import", spent[timeline.Import])
	say("provisioning", spent[timeline.Provision])
	end := strings.ToLower(d.Class.Label())
	if !d.Row.FinishedAt.IsZero() {
		end += " at " + c.At(d.Row.FinishedAt, "15:04")
	}
	return strings.Join(append(parts, end), ", ")
}

// ticksOf labels round times, at most nine; every second one is minor.
func ticksOf(x axis, c words.Clock) []tick {
	whole := x.to.Sub(x.from)
	if whole <= 0 {
		return nil
	}
	step := 24 * time.Hour
	for _, s := range []time.Duration{
		time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute,
		10 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	} {
		if whole/s <= 8 {
			step = s
			break
		}
	}
	for whole/step > 8 {
		step *= 2
	}
	layout := "15:04"
	if step < time.Minute {
		layout = "15:04:05"
	}
	_, offset := x.from.In(c.Zone).Zone()
	shift := time.Duration(offset) * time.Second
	first := x.from.Add(shift).Truncate(step).Add(-shift)
	var out []tick
	for t := first; !t.After(x.to); t = t.Add(step) {
		if t.Before(x.from) {
			continue
		}
		out = append(out, tick{
			X: x.percent(t), Label: c.At(t, layout), Minor: len(out)%2 == 1,
			First: x.share(t) < 0.03, Last: x.share(t) > 0.97,
		})
	}
	return out
}

// levelsOf returns how many rows were in the service, as two stacked areas.
func levelsOf(steps []timeline.Level, x axis, c words.Clock) levels {
	var l levels
	var peak timeline.Level
	for _, s := range steps {
		if n := s.Import + s.Provision; n > l.Max {
			l.Max, peak = n, s
		}
	}
	if l.Max == 0 {
		return l
	}
	var imports, both strings.Builder
	imports.WriteString("M0 100")
	both.WriteString("M0 100")
	for _, s := range steps {
		fmt.Fprintf(&imports, "H%dV%d", x.unit(s.From), 100-s.Import*100/l.Max)
		fmt.Fprintf(&both, "H%dV%d", x.unit(s.From), 100-(s.Import+s.Provision)*100/l.Max)
	}
	imports.WriteString("H1000V100z")
	both.WriteString("H1000V100z")
	l.Import, l.Provision = imports.String(), both.String()
	l.Text = fmt.Sprintf("Rows in the service over time; at most %d at once, at %s: %d importing, %d provisioning",
		l.Max, c.At(peak.From, "15:04"), peak.Import, peak.Provision)
	return l
}

func (ch *Chart) addMarks(a summary.Record, x axis, c words.Clock) {
	marks, gaps := timeline.Marks(a)
	for _, g := range gaps {
		w := max(0.1, 100*(x.share(g.To)-x.share(g.From)))
		ch.Gaps = append(ch.Gaps, gap{x.percent(g.From), fmt.Sprintf("%.2f%%", w)})
	}
	kinds := map[migration.Reason]markLegend{
		migration.RunThrottled: {"throttled", "Throttled by the service"},
		migration.RunDrained:   {"interrupted", "Stopped by the operator"},
		migration.RunStopped:   {"interrupted", "Stopped"},
		migration.RunHalted:    {"interrupted", "Halted by a threshold"},
		migration.RunReached:   {"interrupted", "Stopped after the requested step"},
		migration.RunResumed:   {"resumed", "Resumed"},
	}
	for _, m := range marks {
		w := kinds[m.Kind]
		if m.Kind == migration.RunResumed && m.Note != "" && !strings.Contains(m.Note, " ") {
			m.Note = "wave365 " + m.Note // the version of the program that resumed the run
		}
		ch.Marks = append(ch.Marks, mark{w.Kind, x.percent(m.At), c.Precise(m.At), w.Label, m.Note})
		if !slices.Contains(ch.MarkLegend, w) {
			ch.MarkLegend = append(ch.MarkLegend, w)
		}
	}
	slices.SortFunc(ch.MarkLegend, func(p, q markLegend) int { return cmp.Compare(p.Kind, q.Kind) })
}

func (ch *Chart) addSlowest(started []summary.RowRecord, a summary.Record) {
	if len(started) < 5 {
		return
	}
	for _, d := range groups.Slowest(started, 5, a.At) {
		spent := timeline.Spent(timeline.Segments(d, d.Row.StartedAt, a.At))
		s := slow{
			Line: d.Row.Target.Line, Name: words.NameOf(d.Row.Target), Took: clocks.Long(summary.Took(*d.Row, a.At)),
			Waited: clocks.Long(spent[timeline.Turn] + spent[timeline.Retry]), Import: clocks.Long(spent[timeline.Import]), Provision: clocks.Long(spent[timeline.Provision]),
		}
		for _, cell := range []*string{&s.Waited, &s.Import, &s.Provision} {
			if *cell == "" {
				*cell = "–"
			}
		}
		if d.Row.Target.Disk.Virtual > 0 {
			s.Disk = words.GiB(d.Row.Target.Disk.Virtual)
		}
		ch.Slowest = append(ch.Slowest, s)
	}
}
