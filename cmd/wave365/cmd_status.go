package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/cloud/clouds"
	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/fleet/queue"
	"wave365/pkg/ledger"
	"wave365/pkg/ledger/process"
	"wave365/pkg/migration"
	"wave365/pkg/progress/board"
	"wave365/pkg/progress/screen"
	"wave365/pkg/report"
	"wave365/pkg/run"
	"wave365/pkg/runner"
	"wave365/pkg/sandbox/loopback"
	"wave365/pkg/summary"
	"wave365/pkg/summary/advice"
	"wave365/pkg/summary/wording"
)

func newStatusCommand(a *app, g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status [RUN] [USER]", Short: "Show the state of a run, also while another process drives it",
		Long: `Show the state of a run: how many rows are at which step, since when, until when, why it waits, and whether its process
is still alive; of a submitted run, also its state in the workers' queue. Without a name, the newest run that is not finished. With a user, the history of that user's row, step by step. It
only reads, and may be used from a second terminal while the run is in progress.`,
		Example: "  wave365 status\n  wave365 status 20261120-1715-ab12 ada@contoso.com",
		Args:    cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, user := runArg(args), ""
			if len(args) == 2 {
				user = args[1]
			} else if strings.Contains(id, "@") {
				id, user = "", id // a user alone: of the run that is used when none is named
			}
			return runStatus(cmd.Context(), a, g, id, user)
		},
	}
	addLive(cmd, &g.live)
	return cmd
}

// statusDocument is the answer of status with --json.
type statusDocument struct {
	runDocument
	Slots    int  `json:"slots"`
	Paused   bool `json:"paused"`
	Draining bool `json:"draining"`
	// TakenBack is how many rows were undone after the run.
	TakenBack int `json:"taken_back,omitempty"`
	// TakenUp is how many rows other runs of the ledger have migrated, or are migrating, since.
	TakenUp int `json:"taken_up,omitempty"`
	// StartedAt and SeenAt are when the run began and when its last fact was recorded.
	StartedAt time.Time `json:"started_at"`
	SeenAt    time.Time `json:"seen_at"`
	// EndFrom and EndTo are the range of the expected end; absent when there is no estimate.
	EndFrom time.Time `json:"expected_end_from,omitzero"`
	EndTo   time.Time `json:"expected_end_to,omitzero"`
	// Waits lists why it starts nothing, or less than it could.
	Waits []string `json:"waits"`
	// Queue is a submitted run's place in the workers' queue; absent when it was never submitted.
	Queue *queue.Job `json:"queue,omitempty"`
	// Process has the run's lock, or had it when it died; absent when none has.
	Process *processDocument `json:"process,omitempty"`
	// Next are the commands worth typing now.
	Next []string `json:"next"`
}

// processDocument is a process that drives a run.
type processDocument struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	User    string    `json:"user"`
	Command string    `json:"command"`
	Started time.Time `json:"started"`
	// Life is alive, gone or unknown.
	Life process.Life `json:"life"`
}

func runStatus(ctx context.Context, a *app, g *globals, id, user string) error {
	return a.inLedger(ctx, g, ledger.Options{ReadOnly: true}, func(l *ledger.Ledger) error {
		r, err := run.Pick(ctx, l, id)
		if fault.CodeOf(err) == "ledger.no-run" && user == "" {
			err = orPerson(ctx, l, id, err)
		}
		if err != nil {
			return whichRuns(ctx, l, err)
		}
		g.at.is(r)
		if g.live != "" {
			return a.followLive(ctx, g.live, l, r)
		}
		s, err := run.Stand(ctx, l, r)
		if err != nil {
			return err
		}
		if user != "" {
			return a.answerStory(ctx, g, l, s, user)
		}
		st := standing{s, a.queueOf(ctx, g, r.ID)}
		now := tenantNow(ctx, r, st.goesOn(), st.Seen)
		to, err := l.WentTo(ctx)
		if err != nil {
			return err
		}
		if to != "" { // nothing can be recorded here any more: the commands are about the copy
			a.tell(g, "the ledger %s was copied to %s, where the run continues; this is its state at that time", g.ledger, to)
			g.ledger = cmp.Or(ledgerFlag(to), defaultLedger)
		}
		if g.json {
			return a.answer(statusOf(g, st, now))
		}
		a.printStanding(g, st, now)
		return nil
	})
}

// orPerson returns the error for an unknown run, or, if its name is that of a user in the run that is used when none is
// named, one that says so.
func orPerson(ctx context.Context, l *ledger.Ledger, name string, missing error) error {
	r, err := run.Pick(ctx, l, "")
	if err != nil {
		return missing
	}
	rows, err := l.Rows(ctx, r.ID)
	if err != nil {
		return missing
	}
	i, err := run.RowOf(rows, name)
	if err != nil {
		return missing
	}
	return fault.New(fault.NotFound, "row.none", "the ledger has no run "+name+"; run "+r.ID+" has a row of "+rows[i].Target.User,
		"name the run and the user", fault.NewCommand("status", rows[i].Target.User).For(r.ID))
}

// standing is the state of a run, and its place in the workers' queue; Job is nil when it was never submitted.
type standing struct {
	run.Standing
	Job *queue.Job
}

// goesOn reports whether a process drives the run, or a worker will continue it.
func (s standing) goesOn() bool {
	return s.Running || s.Counts.Open() > 0 && s.Job != nil && s.Job.State != queue.Parked && s.Job.State != queue.Done
}

// tenantNow returns the time of a run's tenant. A sandbox, whose time runs faster, is asked while the run is in progress; if
// it cannot be, because it is inside the process that drives the run, the result is seen, the moment of the last recorded
// fact.
func tenantNow(ctx context.Context, r migration.Run, goesOn bool, seen time.Time) time.Time {
	if r.Sandbox == "" {
		return time.Now()
	}
	if goesOn && loopback.IsURL(r.Sandbox) && clouds.Loopback(r.Sandbox) == nil {
		if c, err := sandboxClock(ctx, clouds.Host(r.Sandbox)); err == nil && c.Now().After(seen) {
			return c.Now()
		}
	}
	return seen
}

func statusOf(g *globals, s standing, now time.Time) statusDocument {
	r := s.Run
	doc := statusDocument{
		runDocument: runDocument{"wave365/status/v1", r.ID, r.Wave, r.Tenant, s.State(), s.Counts, standingCode(s.Standing), summary.Dir(r.ReportDir, r)},
		Slots:       r.Slots, Paused: r.Settings.Paused, Draining: r.Settings.Draining,
		TakenBack: len(summary.TakenBack(s.Events)), TakenUp: len(s.Since),
		StartedAt: r.CreatedAt, SeenAt: s.Seen, Waits: []string{}, Next: []string{}, Queue: s.Job,
	}
	if left, ok := s.TimeLeft(now); ok && s.goesOn() {
		doc.EndFrom, doc.EndTo = now.Add(left.From).Truncate(time.Second), now.Add(left.To).Truncate(time.Second)
	}
	if s.goesOn() {
		doc.Waits = append(doc.Waits, s.Waits(now)...)
	}
	if h := s.Holder; h != nil {
		doc.Process = &processDocument{h.PID, h.Host, h.User, h.Command, h.Started, h.Life}
	}
	for _, c := range nextOf(s) {
		doc.Next = append(doc.Next, g.shell(r.ID).Line(c))
	}
	return doc
}

// standingCode returns the exit code for a run in that state.
func standingCode(s run.Standing) int {
	switch {
	case s.Running:
		return exitOK
	case s.Died():
		return exitDrained
	}
	return endCode(s.End, s.Ended, s.Counts, advice.Halted(s.Events))
}

// nextOf returns useful commands for a run in that state.
func nextOf(s standing) []fault.Command {
	return advice.Next(summary.Record{Run: s.Run, Rows: s.Rows, Events: s.Events, Since: s.Since, Live: s.goesOn()})
}

// printStanding prints the state of a run, the numbers first.
func (a *app) printStanding(g *globals, s standing, now time.Time) {
	r := s.Run
	say := func(lead, text string) { console.Say(a.out, "  "+lead, text) }
	console.Say(a.out, "", fmt.Sprintf("Run %s of wave %s in %s: %s", r.ID, r.Wave, tenantText(r.TenantName, r.Tenant, r.Sandbox != ""), s.State()))
	say("", countsText(s.Counts))
	if n := len(summary.TakenBack(s.Events)); n > 0 {
		say("", wording.Count(n, "row")+" taken back since")
	}
	if n := len(s.Since); n > 0 {
		say("", wording.Count(n, "row")+" included since in another run")
	}
	started := fmt.Sprintf("started %s, %s ago", clocks.Moment(r.CreatedAt.In(a.zone)), clocks.Short(now.Sub(r.CreatedAt)))
	if s.End == runner.Finished {
		started = fmt.Sprintf("started %s, took %s", clocks.Moment(r.CreatedAt.In(a.zone)), clocks.Short(s.Over().Sub(r.CreatedAt)))
	}
	if left, ok := s.TimeLeft(now); ok && s.goesOn() {
		started += "; end expected " + clocks.Range(now, now.Add(left.From).In(a.zone), now.Add(left.To).In(a.zone))
	}
	say("", started)
	if r.Sandbox != "" {
		text := "all times here are by the sandbox's clock"
		if s.goesOn() && now.Equal(s.Seen) {
			text += ", as of " + clocks.OfDay(now.In(a.zone), now) + ": it cannot be read from here"
		}
		say("", text)
	}
	a.printProcess(s, say)
	if s.goesOn() {
		for _, why := range s.Waits(now.In(a.zone)) {
			say("waits: ", why)
		}
	}
	printAtWork(a.out, s.Standing, now, a.zone, a.lines())
	told := s.Rows
	if s.Counts.Open() > 0 { // rows skipped before the run began would push the others off a small screen; they are counted above
		told = slices.DeleteFunc(slices.Clone(s.Rows), func(x migration.Row) bool { return x.State == migration.Skipped })
	}
	console.Outcome(a.out, g.shell(r.ID), summary.Record{Rows: told, Events: s.Events, Since: s.Since})
	a.printReport(g, s)
	if s.Counts.Open() > 0 && !s.goesOn() {
		sh := g.shell(r.ID)
		console.SayCommand(a.out, "Continue with:", sh, sh.Line(advice.Resume(r, s.Rows, s.Events)))
	}
}

// printReport prints where the report is. Workers write none: of a run that was submitted to them it says whether the report there is
// of an earlier state, and how to get one.
func (a *app) printReport(g *globals, s standing) {
	page := filepath.Join(summary.Dir(s.Run.ReportDir, s.Run), report.FilePage)
	fmt.Fprintln(a.out)
	if s.Job == nil {
		fmt.Fprintf(a.out, "Report: %s\n", page)
		return
	}
	of, err := reportOf(filepath.Dir(page))
	said := "Write a report with:"
	switch {
	case err == nil && !of.Before(s.Seen):
		fmt.Fprintf(a.out, "Report: %s\n", page)
		return
	case err == nil:
		fmt.Fprintf(a.out, "Report of an earlier state, of %s: %s\n", a.when(of), page)
		said = "Write a new one with:"
	}
	sh := g.shell(s.Run.ID)
	console.SayCommand(a.out, said, sh, sh.Line(fault.NewCommand("report").For(s.Run.ID)))
}

// reportOf is the moment whose state the report in a folder shows, by the service's clock. It fails when there is no report that
// can be read.
func reportOf(dir string) (asOf time.Time, err error) {
	f, err := os.Open(filepath.Join(dir, report.FileRun))
	if err != nil {
		return asOf, err
	}
	defer func() { _ = f.Close() }()
	for d := json.NewDecoder(f); ; { // the moment stands before the rows, which may be many
		token, err := d.Token()
		if err != nil {
			return asOf, err
		}
		if token == "as_of" {
			return asOf, d.Decode(&asOf)
		}
	}
}

// tenantText names a tenant, and marks a rehearsal's.
func tenantText(name, id string, rehearsal bool) string {
	if name = cmp.Or(name, id); rehearsal {
		name += " (a sandbox: no user is migrated)"
	}
	return name
}

// printProcess prints which process drives the run, or how the last one ended.
func (a *app) printProcess(s standing, say func(lead, text string)) {
	steered := controlsText(s.Run)
	if s.Job != nil {
		if text := a.queueText(*s.Job); text != "" {
			say("queue: ", text)
		}
	}
	switch h := s.Holder; {
	case s.Running && h.Life == process.Unknown:
		say("", fmt.Sprintf("by process %d of %s on %s, which cannot be seen from here (last recorded fact: %s): %s", h.PID, h.User, h.Host, clocks.Moment(s.Seen.In(a.zone)), h.Command))
		say("", steered)
	case s.Running:
		say("", fmt.Sprintf("by process %d of %s on %s: %s", h.PID, h.User, h.Host, h.Command))
		say("", steered)
	case s.goesOn():
		say("", steered)
	case s.Died():
		who := "its process"
		if h != nil {
			who = fmt.Sprintf("process %d", h.PID)
		}
		say("", fmt.Sprintf("interrupted: %s ended unexpectedly at %s", who, clocks.Moment(s.Seen.In(a.zone))))
		say("", steered)
	default:
		if text := a.endText(s.Standing); text != "" {
			say("", text)
		}
		if s.Run.Settings.Paused && s.Counts.Open() > 0 {
			say("", steered)
		}
	}
}

// endText describes how the latest process ended the run early, by whom or why, and when; "" for a run that is finished.
func (a *app) endText(s run.Standing) string {
	at, note := clocks.Moment(s.Ended.At.In(a.zone)), s.Ended.Note
	switch s.End {
	case runner.Drained:
		return strings.TrimSpace("drained as requested "+note) + " at " + at
	case runner.Stopped:
		if note != "" {
			return "stopped at " + at + ": " + note
		}
		return "stopped at once by the operator at " + at
	case runner.Halted:
		for _, e := range slices.Backward(s.Events) {
			if e.Reason == migration.RunHalted && e.Note != "" {
				return "at " + at + " " + e.Note
			}
		}
		return "halted at " + at
	case runner.Reached:
		return "stopped after the imports, as --until says, at " + at
	}
	return ""
}

// countsText lists the numbers of rows that are not zero.
func countsText(c migration.Counts) string {
	var parts []string
	for _, n := range []struct {
		word string
		n    int
	}{
		{"queued", c.Queued}, {"active", c.Active}, {"waiting", c.Waiting}, {"succeeded", c.Succeeded}, {"warned", c.Warned},
		{"failed", c.Failed}, {"held", c.Held}, {"deferred", c.Deferred}, {"skipped", c.Skipped}, {"cancelled", c.Cancelled},
	} {
		if n.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.n, n.word))
		}
	}
	return wording.Count(c.Total, "row") + ": " + strings.Join(parts, ", ")
}

// atWorkRows returns how many active rows are listed; fewer in a low terminal, so that the counts above them stay
// visible.
func atWorkRows(height int) int {
	const besides, least, most = 21, 3, 10
	return min(max(height-besides, least), most)
}

// printAtWork lists the rows in progress: the step, since when, when it is read next, and what it waits for.
func printAtWork(w io.Writer, s run.Standing, now time.Time, zone *time.Location, height int) {
	var b bytes.Buffer
	var notes, users []string
	for _, r := range s.Rows {
		users = append(users, wording.OneLine(r.Target.User))
	}
	width, domain := console.Width(w), "" // what all have in common is left out where space is short
	if width > 0 {
		domain = screen.CommonDomain(users)
	}
	t := tabwriter.NewWriter(&b, 0, 4, 2, ' ', 0)
	more := 0
	for _, r := range s.Rows {
		if r.State != migration.Running && r.State != migration.Waiting {
			continue
		}
		if len(notes) == atWorkRows(height) {
			more++
			continue
		}
		fmt.Fprintf(t, "  line %d\t%s\t%s\t%s\t\n", r.Target.Line, strings.TrimSuffix(wording.OneLine(r.Target.User), domain), r.Step, clocks.Short(now.Sub(stepBegan(r, s.Events))))
		notes = append(notes, waitNote(r, now, zone))
	}
	_ = t.Flush()
	for _, note := range notes {
		lead, _ := b.ReadString('\n')
		if lead = strings.TrimSuffix(lead, "\n"); note == "" {
			lead = strings.TrimRight(lead, " ")
		}
		text := console.Fold(lead, note, width)
		if console.Wider(text, width) {
			text = strings.TrimRight(lead, " ") + "\n" + console.Fold("           ", note, width)
		}
		fmt.Fprint(w, text)
	}
	if more > 0 {
		fmt.Fprintf(w, "  and %d more under way\n", more)
	}
}

// waitNote describes what a row in progress waits for, and when it is read next.
func waitNote(r migration.Row, now time.Time, zone *time.Location) string {
	note := screen.News(r)
	switch {
	case r.WaitsForSlot():
		note = "waits for a free slot"
	case r.State == migration.Waiting && !r.NotBefore.IsZero():
		when := "now"
		if r.NotBefore.After(now) {
			when = clocks.OfDay(r.NotBefore.In(zone), now)
		}
		note = strings.TrimSuffix("next look "+when+"; "+note, "; ")
	}
	return wording.OneLine(note)
}

// stepBegan returns when a row entered its current step, however often it was read since.
func stepBegan(r migration.Row, events []migration.Event) time.Time {
	if since := board.StepSince(r); !since.Equal(r.UpdatedAt) {
		return since // as the screen counts
	}
	for _, e := range slices.Backward(events) {
		if e.Row == r.Index && e.NextStep == r.Step && (e.Step != e.NextStep || e.From == migration.Pending) {
			return e.At
		}
	}
	return r.UpdatedAt
}

// controlsText describes how a run is steered.
func controlsText(r migration.Run) string {
	words := []string{wording.Count(r.Slots, "slot")}
	if r.Settings.Paused {
		words = append(words, "paused")
	}
	if r.Settings.Draining {
		words = append(words, "draining")
	}
	return strings.Join(words, ", ")
}
