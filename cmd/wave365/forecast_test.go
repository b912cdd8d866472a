package main

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/progress/board"
	"wave365/pkg/progress/screen"
	"wave365/pkg/report"
	"wave365/pkg/run"
	"wave365/pkg/run/plan"
	"wave365/pkg/summary"
	"wave365/pkg/summary/advice"
)

// evening is a run of thirty rows, with its rows as they were at the start and as they are now.
type evening struct {
	asBegun, run migration.Run
	first, rows  []migration.Row
	events       []migration.Event
	now          time.Time
}

// halfway: a third is done, a third is in the service, a third waits; imports take twice as long as was guessed.
func halfway(steer func(*migration.Run)) evening {
	begun := time.Date(2026, 11, 20, 17, 30, 40, 0, time.UTC)
	e := evening{now: begun.Add(3*time.Hour + 20*time.Second)}
	e.asBegun = migration.Run{ID: "r1", Wave: "friday", Tenant: "contoso", Slots: 6, CreatedAt: begun}
	e.run = e.asBegun
	steer(&e.run)
	for i := range 30 {
		row := migration.Row{Index: i, State: migration.Pending, Step: migration.StepCheck,
			Target: migration.Target{Line: i + 2, User: fmt.Sprintf("u%d@contoso.com", i), PolicyID: fmt.Sprint("p", i%3)}}
		row.Target.Disk.Virtual = int64(64+i%5*64) << 30
		e.first = append(e.first, row)
		row.Version, row.Attempt = 5, 1
		started := begun.Add(time.Duration(29-i) * 2 * time.Minute) // later rows of the wave began, and ended, first
		imported := started.Add(time.Duration(30+i%5*12) * time.Minute)
		switch {
		case i < 10:
			row.State, row.Step, row.StartedAt = migration.Succeeded, migration.StepProve, started
			row.Facts = migration.Facts{ImportStatus: "succeeded", ImportStarted: started, ImportEnded: imported, CutOver: imported, Provisioned: imported.Add(50 * time.Minute)}
			row.FinishedAt, row.UpdatedAt = imported.Add(time.Hour), imported.Add(time.Hour)
		case i < 15:
			row.State, row.Step, row.StartedAt, row.UpdatedAt = migration.Waiting, migration.StepImportWait, e.now.Add(-5*time.Minute), e.now.Add(-time.Minute)
			row.Facts = migration.Facts{ImportStatus: "running", ImportStarted: e.now.Add(-5 * time.Minute)}
		case i < 20:
			row.State, row.Step, row.StartedAt, row.UpdatedAt = migration.Waiting, migration.StepProvisionWait, started, e.now.Add(-time.Minute)
			row.Facts = migration.Facts{ImportStatus: "succeeded", ImportStarted: started, ImportEnded: imported, CutOver: e.now.Add(-10 * time.Minute)}
		}
		e.rows = append(e.rows, row)
	}
	return e
}

var (
	twoTimes = regexp.MustCompile(`(\d\d:\d\d)(?: UTC)? (?:to|and) (?:[-\d]{10} |[A-Z][a-z]{2} )?(\d\d:\d\d) UTC`)
	twoDates = regexp.MustCompile(`"expected_end_from":"[-\d]{10}T(\d\d:\d\d):\d\dZ","expected_end_to":"[-\d]{10}T(\d\d:\d\d):`)
)

// end finds a range of times in the part of a text that begins with lead.
func end(t *testing.T, what, text, lead string, is *regexp.Regexp) string {
	t.Helper()
	_, after, _ := strings.Cut(text, lead)
	m := is.FindStringSubmatch(after)
	if m == nil {
		t.Errorf("%s: no range after %q in\n%.2000s", what, lead, text)
		return ""
	}
	return m[1] + " to " + m[2]
}

// shown returns the screen of a process that received all this in another order.
func (e evening) shown() string {
	b := board.New(func() time.Time { return e.now })
	b.Start(e.asBegun, e.first)
	_ = b.Snapshot() // a forecast of before is not kept
	for i := range e.rows {
		b.Update(e.rows[len(e.rows)-1-i])
	}
	b.Steer(advice.GoneThrough(e.run, e.events))
	return strings.Join(screen.Frame(b.Snapshot(), 160, 50, false), "\n")
}

// One run has one expected end: screen, status, its JSON, live page and report show the same at the same moment, however
// the run was steered; plan and report show the same for its beginning.
func TestOneForecast(t *testing.T) {
	zone := time.Local
	time.Local = time.UTC // the screen's zone
	t.Cleanup(func() { time.Local = zone })
	ends := map[string]string{}
	for name, steer := range map[string]func(*migration.Run){
		"as begun": func(*migration.Run) {},
		"slots":    func(r *migration.Run) { r.Slots = 2 },
		"until":    func(r *migration.Run) { r.Settings.Until = migration.StepImportWait },
		"draining": func(r *migration.Run) { r.Settings.Draining = true },
		"halted":   func(*migration.Run) {},
	} {
		e := halfway(steer)
		if name == "halted" {
			e.events = []migration.Event{{Row: migration.WaveRow, Reason: migration.RunHalted, At: e.now}}
		}
		a, g := &app{zone: time.UTC}, &globals{}
		status := &bytes.Buffer{}
		a.out = status
		stands := standing{Standing: run.Standing{Run: e.run, Rows: e.rows, Events: e.events, Counts: migration.Count(e.rows), Running: true, Holder: &ledger.Holder{}, Seen: e.now}}
		a.printStanding(g, stands, e.now)
		answered := &bytes.Buffer{}
		console.JSON(answered, statusOf(g, stands, e.now))
		packed := strings.NewReplacer("\n", "", " ", "").Replace(answered.String())

		acc := summary.Record{Run: e.run, Rows: e.rows, Events: e.events, At: e.now, Zone: time.UTC, Live: true}
		acc.Forecast, acc.Expected = forecastOf(acc, e.asBegun), expectedOf(acc)
		var page bytes.Buffer
		if err := report.Print(&page, "html", acc); err != nil {
			t.Fatal(err)
		}
		want := end(t, "screen", e.shown(), "left", twoTimes)
		for what, got := range map[string]string{
			"status":        end(t, "status", status.String(), "end expected", twoTimes),
			"status --json": end(t, "status --json", packed, "{", twoDates),
			"live page":     end(t, "live page", page.String(), "expected end ", twoTimes),
		} {
			if got != want {
				t.Errorf("%s: %s says %s, the screen says %s", name, what, got, want)
			}
		}
		ends[name] = want

		planned := ""
		for _, l := range plan.Make(e.asBegun, e.first, preflight.Result{Targets: make([]migration.Target, len(e.first))}, "snapshots").Lines(time.UTC) {
			planned += l.Text + "\n"
		}
		begun := end(t, "plan", planned, "Expected end", twoTimes)
		acc.Live = false
		page.Reset()
		if err := report.Print(&page, "html", acc); err != nil {
			t.Fatal(err)
		}
		if got := end(t, "report", page.String(), "Planned, forecast", twoTimes); got != begun {
			t.Errorf("%s: the report forecasts %s, the plan %s", name, got, begun)
		}
	}
	if ends["halted"] != ends["draining"] {
		t.Errorf("halted, nothing new starts: the end is %s, and that of a drain %s", ends["halted"], ends["draining"])
	}
	for _, name := range []string{"slots", "until", "draining"} {
		if ends[name] == ends["as begun"] {
			t.Errorf("%s does not change the end: %s", name, ends[name])
		}
	}
}
