package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
	"wave365/pkg/summary/wording"
)

// Line is one line of a plan for people. Deeper lines belong to the one above.
type Line struct {
	Depth int
	// Mark is + for what is created, ~ for what changes, > for what is started, - for what is taken, = for what is used
	// unchanged; empty for the rest.
	Mark, Text string
}

// shown is how many names a line lists before it gives a count.
const shown = 5

// Lines are the plan for people, with times in zone, as if the run began when the plan was made.
func (p Plan) Lines(zone *time.Location) []Line {
	var lines []Line
	add := func(depth int, mark, format string, args ...any) {
		lines = append(lines, Line{depth, mark, fmt.Sprintf(format, args...)})
	}
	for _, s := range p.Changes.Settings {
		if s.Create {
			add(0, "+", "user setting %q is created with provisioning source snapshot and assigned to %s", s.Name, names(s.Groups))
		} else {
			add(0, "=", "user setting %q builds from snapshots and reaches %s already", s.Name, names(s.Groups))
		}
	}
	for _, g := range p.Changes.Groups {
		switch {
		case g.Create:
			add(0, "+", "group %s is created, and gets the policy %s, which has none", g.Name, g.Assign)
		case g.Assign != "":
			add(0, "~", "group %s exists already, and gets the policy %s, which has none", g.Name, g.Assign)
		}
		switch joins := len(g.Before) + len(g.AtEnd); {
		case joins == 0:
			add(0, "=", "group %s: all its users of this wave are members already", g.Name)
		case len(g.AtEnd) == 0:
			add(0, "~", "group %s: %s before the import", g.Name, joinText(g.Before))
		case len(g.Before) == 0:
			add(0, "~", "group %s: %s as the cut-over", g.Name, joinText(g.AtEnd))
		default:
			add(0, "~", "group %s: %s before the import, %d as the cut-over", g.Name, joinText(g.Before), len(g.AtEnd))
		}
		if n := len(g.Outsiders); n > 0 {
			add(1, "", "%s outside the wave %s reached by policy and snapshot setting too: %s", wording.Count(n, "member"), isAre(n), names(g.Outsiders))
		}
	}
	for _, l := range p.Changes.Licenses {
		add(0, "~", "license %s: %d of %s taken, %d left", l.Name, l.Give, wording.Count(l.Free, "free seat"), l.left())
		if n := len(l.Relicensed); n > 0 {
			add(1, "-", "taken from %s before the import and given back as the cut-over", names(l.Relicensed))
		}
	}
	i := p.Changes.Imports
	add(0, ">", "%s (%d GiB), %d at a time", wording.Count(i.Count, "snapshot import"), i.Bytes>>30, p.Slots)
	if i.Count > i.DayLimit {
		add(1, "", "the service is said to accept %d imports a day: this takes %d days", i.DayLimit, (i.Count+i.DayLimit-1)/i.DayLimit)
	}
	return append(lines, p.how(zone)...)
}

// how describes the order and the end of the run.
func (p Plan) how(zone *time.Location) []Line {
	var lines []Line
	for _, text := range []string{p.rowsText(), p.canaryText(), p.haltText(), p.stopByText(zone), p.untilText(), p.endText(zone), p.lastingText()} {
		if text != "" {
			lines = append(lines, Line{0, "", text})
		}
	}
	return lines
}

// rowsText describes how many rows run, when the last link expires, and how many do not run.
func (p Plan) rowsText() string {
	by := map[migration.Trigger]int{}
	for _, r := range p.Rows {
		by[r.Trigger]++
	}
	var triggers []string
	for _, t := range []struct {
		trigger migration.Trigger
		text    string
	}{{migration.TriggerLicense, "license last"}, {migration.TriggerMembership, "membership last"}, {migration.TriggerRelicense, "license given back last"}} {
		if n := by[t.trigger]; n > 0 {
			triggers = append(triggers, fmt.Sprintf("%d %s", n, t.text))
		}
		delete(by, t.trigger)
	}
	for t, n := range by {
		triggers = append(triggers, fmt.Sprintf("%d %s", n, t))
	}
	slices.Sort(triggers[min(2, len(triggers)):])
	rows := wording.Count(len(p.Rows), "row") + " to run (" + strings.Join(triggers, ", ") + ")"
	if p.Skipped > 0 {
		rows += fmt.Sprintf(", %d skipped because of errors", p.Skipped)
	}
	if p.Done > 0 {
		rows += fmt.Sprintf(", %d migrated already", p.Done)
	}
	return "Rows: " + rows + "."
}

func (p Plan) canaryText() string {
	rows, err := strconv.Atoi(p.Settings["canary"])
	if err != nil {
		return ""
	}
	return "Canary: " + wording.Count(rows, "row") + " first; the others start once all of these have succeeded."
}

func (p Plan) haltText() string {
	h, err := migration.ParseHalt(p.Settings["halt-after"])
	if err != nil || h.Floor <= 0 {
		return ""
	}
	rows, did := "at least "+wording.Count(h.Floor, "row"), " have failed or are held."
	if h.Share > 0 {
		rows += fmt.Sprintf(", and %g%% of the finished rows,", h.Share*100)
	} else if h.Floor == 1 {
		did = " has failed or is held."
	}
	return "Halt: nothing new starts once " + rows + did
}

func (p Plan) stopByText(zone *time.Location) string {
	s, err := time.Parse(time.RFC3339, p.Settings["stop-by"])
	if err != nil {
		return ""
	}
	return "Stop by: nothing is started that would not finish by " + clocks.OfDay(s.In(zone), p.At) + "; those rows are deferred."
}

func (p Plan) untilText() string {
	if p.Settings["until"] == "" {
		return ""
	}
	return "Until: the run ends when the imports are done; resume it for the cut-over."
}

func (p Plan) endText(zone *time.Location) string {
	if p.Expected.To <= 0 {
		return ""
	}
	at := func(minutes int) time.Time { return p.At.Add(time.Duration(minutes) * time.Minute).In(zone) }
	return fmt.Sprintf("Expected end, started now: %s (%s to %s).", clocks.Range(p.At, at(p.Expected.From), at(p.Expected.To)), rough(p.Expected.From), rough(p.Expected.To))
}

// lastingText describes what cannot be taken back, or not automatically.
func (p Plan) lastingText() string {
	switch {
	case p.Rehearsal:
		return "This is a rehearsal on a sandbox tenant: no user is migrated. Times are by its clock."
	case p.Settings["until"] != "":
		return "Not taken back by itself: memberships, the user setting, and imports that are never used; undo, close and purge take them back."
	default:
		return "Irreversible: an import is used up by its Cloud PC. A license or a membership can be taken back, which starts the Cloud PC's grace period of 7 days."
	}
}

func joinText(users []string) string {
	if len(users) == 1 {
		return users[0] + " joins"
	}
	return fmt.Sprintf("%d users join", len(users))
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

func names(list []string) string {
	if len(list) <= shown {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:shown-1], ", "), len(list)-shown+1)
}

func rough(minutes int) string { return clocks.Rough(time.Duration(minutes) * time.Minute) }
