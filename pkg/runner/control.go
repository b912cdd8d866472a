package runner

import (
	"container/heap"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/migration"
)

// Ask is what an operator may ask of a run that goes on.
type Ask string

// What may be asked.
const (
	// Pause: nothing new starts; what is in flight goes on, and the run does not end.
	Pause Ask = "pause"
	// Continue ends a pause.
	Continue Ask = "continue"
	// SetSlots changes how many imports may be in flight; those that are more than that go on.
	SetSlots Ask = "slots"
	// Drain is the same as closing the drain channel.
	Drain Ask = "drain"
	// Cancel gives rows up that have no import yet.
	Cancel Ask = "cancel"
)

// Order asks something of a run that goes on. Send it on Config.Orders.
type Order struct {
	Ask Ask
	// Slots is for SetSlots, at least 1.
	Slots int
	// Row is the position of the row to cancel; -1: every row.
	Row int
	// Done, when not nil, is told what was done, on the goroutine that called Run; it must not block.
	Done func(answer string)
}

// obey does what was asked.
func (w *wave) obey(ctx context.Context, o Order) {
	answer := ""
	switch o.Ask {
	case Pause:
		w.paused, answer = true, "paused: nothing new starts; "+w.inFlight()+" continue"
	case Continue:
		switch {
		case w.draining:
			answer = "the run is draining and ends with what is in flight; resume it then"
		case !w.paused:
			answer = "the run is not paused"
		default:
			answer = "continued"
		}
		w.paused = false
	case SetSlots:
		was := w.slots
		w.slots = max(1, o.Slots)
		answer = fmt.Sprintf("%s instead of %d; in flight: %s", count(w.slots, "slot"), was, count(w.count[slotted], "import"))
	case Drain:
		w.drain(ctx)
		answer = "draining: " + w.inFlight() + " run to completion, then the run ends"
	case Cancel:
		answer = w.cancel(ctx, o.Row)
	default:
		answer = "not understood: " + string(o.Ask)
	}
	if o.Done != nil {
		o.Done(answer)
	}
}

func (w *wave) inFlight() string {
	return count(w.count[slotted], "import") + " and " + count(w.count[beyond], "row") + " after the import"
}

// cancel gives up one row, or every row, as far as there is no import yet. A row that a worker has is given up when the
// worker is done with it, unless its import was accepted meanwhile.
func (w *wave) cancel(ctx context.Context, row int) string {
	gone, busy, goOn, away := map[int]bool{}, 0, 0, 0
	for i := range w.rows {
		r := w.rows[i]
		if row >= 0 && i != row {
			continue
		}
		if w.busy[i] {
			w.doomed[i] = true
			busy++
			away += w.away(i)
			continue
		}
		switch r.CancelVerdict(row >= 0, w.touched(ctx, r)) {
		case migration.CancelGoesOn:
			goOn++
		case migration.CancelGiveUp:
			gone[i] = true
			away += w.away(i)
		}
	}
	w.pull(gone)
	now := w.cfg.Clock.Now()
	var idle []int
	var moves []migration.Transition
	for _, i := range slices.Sorted(maps.Keys(gone)) {
		if w.rows[i].State == migration.Running {
			w.giveUp(ctx, i)
			continue
		}
		idle, moves = append(idle, i), append(moves, migration.Cancel(w.rows[i], byOperator, now))
	}
	w.endAll(ctx, idle, moves)
	if len(gone)+busy+goOn == 0 {
		if row >= 0 {
			return "nothing to cancel: the row is " + string(w.rows[row].State) + " already"
		}
		return "nothing to cancel: every row has ended"
	}
	text := fmt.Sprintf("%d cancelled", len(gone))
	if busy > 0 {
		text += fmt.Sprintf(", %d more when the current step ends, unless it sends the import", busy)
	}
	if goOn > 0 {
		text += fmt.Sprintf(", %d too late to cancel: the import was sent and continues in the service", goOn)
	}
	if away > 0 {
		text += fmt.Sprintf(", %d of them perhaps without the license that was taken for the import: undo gives it back", away)
	}
	return text
}

// away is 1 for a row whose license may have been taken away for its import, else 0.
func (w *wave) away(i int) int {
	if w.rows[i].LicenseAway() {
		return 1
	}
	return 0
}

const byOperator = "cancelled by the operator"

// giveUp cancels a row that is in no queue.
func (w *wave) giveUp(ctx context.Context, i int) {
	delete(w.doomed, i)
	for _, tr := range migration.GiveUp(w.rows[i], "given back: "+byOperator, byOperator, w.cfg.Clock.Now()) {
		w.apply(ctx, i, tr)
	}
	w.move(i, ended)
}

// late reports whether the row, if it started now, would not be done by the end of the evening.
func (w *wave) late(i int) bool {
	if w.cfg.StopBy.IsZero() || w.cfg.Forecast == nil {
		return false
	}
	return w.cfg.Clock.Now().Add(w.cfg.Forecast(w.rows[i])).After(w.cfg.StopBy)
}

// deferIfLate leaves a row that is in no queue, and has no import, for another evening when it would not be done in time.
func (w *wave) deferIfLate(ctx context.Context, i int) bool {
	if !w.late(i) || w.touched(ctx, w.rows[i]) {
		return false
	}
	now := w.cfg.Clock.Now()
	if w.rows[i].State == migration.Waiting {
		w.apply(ctx, i, migration.Wake(w.rows[i], now))
	}
	w.interrupt(ctx, i, "given back: it would not be done in time")
	if w.err == nil {
		w.apply(ctx, i, migration.Defer(w.rows[i], w.lateness(i), now))
	}
	w.move(i, ended)
	return true
}

// lateness says why a row is deferred.
func (w *wave) lateness(i int) migration.Problem {
	return migration.Problem{
		Code: "row.deferred",
		Message: fmt.Sprintf("not started: it needs about %s and would not be done by %s", w.cfg.Forecast(w.rows[i]).Round(time.Minute),
			clocks.Moment(w.cfg.StopBy)),
		Hint: "retry another evening, or run the rows of failed.csv as a wave of their own", Commands: []fault.Command{fault.NewCommand("retry")},
	}
}

// deferLate leaves for another evening every row that was never begun and would not be done in time. When one is late,
// most of the others soon are.
func (w *wave) deferLate(ctx context.Context) {
	now := w.cfg.Clock.Now()
	var at []int
	var moves []migration.Transition
	gone := map[int]bool{}
	for _, i := range w.pending.at {
		if !w.rows[i].Begun() && w.rows[i].State == migration.Pending && w.late(i) {
			at, moves = append(at, i), append(moves, migration.Defer(w.rows[i], w.lateness(i), now))
			gone[i] = true
		}
	}
	w.pull(gone)
	w.endAll(ctx, at, moves)
}

// endAll records the ends of rows that are in no queue, together. When they could not be recorded none is changed, and
// the ledger counts as broken.
func (w *wave) endAll(ctx context.Context, at []int, moves []migration.Transition) {
	if w.err != nil || len(at) == 0 {
		return
	}
	w.err = w.ledger.ApplyAll(context.WithoutCancel(ctx), moves)
	for k, i := range at {
		w.move(i, ended)
		if w.err == nil {
			w.took(i, moves[k].To())
		}
	}
}

// touched reports whether an import of the row was sent whose end is not known, so that the row must be looked at.
func (w *wave) touched(ctx context.Context, r migration.Row) bool {
	// In a first attempt nothing was sent before its step; in a later one the import of an earlier one may be open.
	if r.Step != migration.StepImport && r.Attempt <= 1 || w.cfg.Touched == nil || w.err != nil || r.State == migration.Held {
		return false
	}
	yes, err := w.cfg.Touched(context.WithoutCancel(ctx), r)
	if err != nil {
		w.err = err
	}
	return yes
}

// apply records a transition of a row that no worker has. It does nothing once the ledger is broken.
func (w *wave) apply(ctx context.Context, i int, t migration.Transition) {
	if w.err != nil {
		return
	}
	if w.err = w.ledger.Apply(context.WithoutCancel(ctx), t); w.err != nil {
		return
	}
	w.took(i, t.To())
}

// took takes over a row as it was recorded, and tells.
func (w *wave) took(i int, r migration.Row) {
	w.set(i, r)
	if w.cfg.Observer != nil {
		w.cfg.Observer.Row(r)
	}
}

// set takes over a row as it stands, and keeps count.
func (w *wave) set(i int, r migration.Row) {
	w.tally.Add(w.rows[i], -1)
	w.tally.Add(r, 1)
	w.rows[i] = r
}

// pull takes rows out of every queue.
func (w *wave) pull(gone map[int]bool) {
	if len(gone) == 0 {
		return
	}
	queues := []*queue{&w.pending}
	for s := range w.works {
		queues = append(queues, w.ready[s], w.waiting[s])
	}
	for _, q := range queues {
		kept := q.at[:0]
		for _, i := range q.at {
			if !gone[i] {
				kept = append(kept, i)
			}
		}
		q.at = kept
		heap.Init(q)
	}
	kept := w.behind[:0]
	for _, i := range w.behind {
		if !gone[i] {
			kept = append(kept, i)
		}
	}
	w.behind = kept
}

// judge applies the rules that look at the run as a whole: the canaries and the threshold.
func (w *wave) judge(ctx context.Context) {
	if w.halted || w.draining || w.stopping || w.err != nil || w.judged == 1+w.tally.Done() {
		return
	}
	w.judged = 1 + w.tally.Done()
	if w.cfg.Halt.Fires(w.tally) {
		w.halt(ctx, haltWhy(w.cfg.Halt, w.tally, w.rows))
		return
	}
	if why := w.refusedAlike(); why != "" {
		w.halt(ctx, why)
		return
	}
	if w.gate == nil {
		return
	}
	passed, bad := true, false
	chosen := canaries(w.rows, w.cfg.Canary)
	gate := make(map[int]bool, len(chosen))
	for _, i := range chosen {
		gate[i] = true
		passed = passed && w.rows[i].State == migration.Succeeded
		bad = bad || w.rows[i].State == migration.Failed || w.rows[i].State == migration.Held
	}
	switch {
	case bad:
		w.halt(ctx, "halted: a canary did not succeed, so no other row starts: "+named(w.rows, func(r migration.Row) bool {
			return (r.State == migration.Failed || r.State == migration.Held) && isCanary(w.rows, gate, r)
		}))
	case passed:
		w.say(migration.RunCanary, fmt.Sprintf("the canary passed: %s; the others start", count(len(chosen), "row")))
		w.openGate(ctx, nil)
	default:
		w.openGate(ctx, gate) // a canary that was given up has another in its place
	}
}

func isCanary(rows []migration.Row, gate map[int]bool, r migration.Row) bool {
	for i := range gate {
		if rows[i].Index == r.Index {
			return true
		}
	}
	return false
}

// openGate lets the rows in gate start; nil: every row.
func (w *wave) openGate(ctx context.Context, gate map[int]bool) {
	w.gate = gate
	behind := w.behind
	w.behind = nil
	for _, i := range behind {
		w.put(ctx, i, w.due[i])
	}
}

// halt lets nothing new start and says why.
func (w *wave) halt(ctx context.Context, why string) {
	w.halted, w.haltWhy = true, why
	w.say(migration.RunHalted, why)
	w.drain(ctx)
}

func (w *wave) say(why migration.Reason, text string) {
	if w.cfg.Say != nil {
		w.cfg.Say(why, text)
	}
}

// status says in one line why the run is waiting; it is told when it changes.
func (w *wave) status() {
	var why []string
	if w.halted {
		why = append(why, w.haltWhy)
	}
	if w.paused {
		why = append(why, "paused: nothing new starts until it is continued")
	}
	if w.cfg.Clock.Now().Before(w.quotaUntil) {
		why = append(why, w.quotaText())
	}
	if w.gate != nil && len(w.behind) > 0 {
		why = append(why, "canary: "+count(len(w.gate), "row")+" first, "+count(len(w.behind), "other")+" wait for their success")
	}
	if text := strings.Join(why, "; "); text != w.told {
		w.told = text
		w.say("", text)
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
