package simtest

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/preflight"
	"wave365/pkg/run"
	"wave365/pkg/runner"
	"wave365/pkg/runner/steer"
	"wave365/pkg/wave"
)

// act is what an operator does while no process runs; n picks the row, where one is picked.
type act struct {
	what string
	n    int
}

const (
	retryAll  = "retry"
	retryOne  = "retry --row"
	settleAll = "reconcile, as it is"
	lie       = "reconcile --no-effect, although the import is there"
	cancelAll = "cancel"
	cancelOne = "cancel --row"
	edit      = "resume --accept-changes"
)

// order is what is asked of a process that runs, so long after its start.
type order struct {
	after time.Duration
	steer.Command
}

// steering are the flags of a process.
type steering struct {
	canary int
	halt   migration.Halt
	stopBy time.Duration // after its start; zero: no such flag
	until  migration.Step
}

// operate draws what the operator does in every other story.
func (s *story) operate(r *rand.Rand) {
	if r.IntN(2) == 0 {
		return
	}
	s.late = min(r.IntN(4), len(s.people)-3)
	for range 1 + r.IntN(2) {
		s.ends = append(s.ends, ending{pause: time.Duration(r.IntN(120)) * time.Minute})
	}
	for i := range s.ends {
		e := &s.ends[i]
		for range pick(r, 0, 0, 1, 2) {
			e.before = append(e.before, act{pick(r, retryAll, retryOne, settleAll, settleAll, lie, cancelOne, cancelOne, cancelAll), r.IntN(1 << 30)})
		}
		switch r.IntN(8) {
		case 0:
			e.steer.canary = 1 + r.IntN(2)
		case 1:
			e.steer.halt = migration.Halt{Share: 0.1, Floor: 1 + r.IntN(3)}
		case 2:
			e.steer.stopBy = time.Duration(30+r.IntN(240)) * time.Minute
		case 3:
			e.steer.until = migration.StepImportWait
		}
		if r.IntN(3) == 0 {
			e.orders = drawOrders(r, len(s.people)-s.late)
		}
	}
	if s.late > 0 {
		e := &s.ends[r.IntN(len(s.ends))]
		e.before = append(e.before, act{edit, r.IntN(1 << 30)})
	}
	last := &s.ends[len(s.ends)-1]
	last.before = append(last.before, act{settleAll, 0}, act{retryAll, 0})
}

func drawOrders(r *rand.Rand, rows int) (orders []order) {
	at := func() time.Duration { return time.Duration(r.Int64N(int64(2 * time.Hour))) }
	for range 1 + r.IntN(3) {
		switch o := (order{after: at()}); r.IntN(6) {
		case 0:
			o.Command = steer.Command{Kind: steer.Drain}
			orders = append(orders, o)
		case 1, 2:
			o.Command = steer.Command{Kind: steer.Slots, Slots: 1 + r.IntN(10)}
			orders = append(orders, o)
		case 3:
			o.Command = steer.Command{Kind: steer.Cancel, Row: r.IntN(rows)}
			orders = append(orders, o)
		default:
			o.Command = steer.Command{Kind: steer.Pause}
			orders = append(orders, o, order{o.after + at()/2, steer.Command{Kind: steer.Continue}})
		}
	}
	slices.SortStableFunc(orders, func(a, b order) int { return int(a.after - b.after) })
	return append(orders, order{5 * time.Hour, steer.Command{Kind: steer.Continue}})
}

// deeds is what the operator has done so far, as far as it decides how rows may end.
type deeds struct {
	mu        sync.Mutex
	rows      int
	cancelled map[int]bool    // by position; -1: all
	lied      map[int]bool    // an import that is there was said not to be
	again     map[int]bool    // retried after the import had failed
	replaced  map[int]bool    // their line names another disk since they failed
	settled   map[string]bool // client-request-ids of lost imports that the operator knew about
	deferring bool
}

func newDeeds() *deeds {
	return &deeds{cancelled: map[int]bool{}, lied: map[int]bool{}, again: map[int]bool{}, replaced: map[int]bool{}, settled: map[string]bool{}}
}

func (d *deeds) cancel(row int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cancelled[row] = true
}

// config adds the flags to a process.
func (s steering) config(w *world, b *playbook.Playbook, c runner.Config) runner.Config {
	c.Canary, c.Halt, c.Until = s.canary, s.halt, s.until
	c.Forecast = func(r migration.Row) time.Duration { return b.Forecast(r, s.until) }
	if s.stopBy > 0 {
		c.StopBy, w.deeds.deferring = w.clock.Now().Add(s.stopBy), true
	}
	return c
}

// kept wants the flags to have meant what they say.
func (s steering) kept(w *world, began time.Time) error {
	if s.until != "" && !w.story.forgets() && len(w.waves) == 0 && w.at == nil {
		log, err := w.requests()
		if err != nil {
			return err
		}
		chains := map[string]*links{}
		for _, e := range log {
			user := strings.ToLower(e.User)
			if chains[user] == nil {
				chains[user] = &links{trigger: cmp.Or(w.story.trigger(), migration.TriggerLicense)}
			}
			// At the very moment it began, the process before it may still have done something.
			if chains[user].cutOver(e) && e.Effect == "license assigned" && e.Time.After(began) {
				return fmt.Errorf("%s was cut over at %s, and only imports were asked for", e.User, stamp(e.Time))
			}
		}
	}
	if s.stopBy > 0 {
		intents, err := w.store.AllIntents(context.Background(), w.run.ID)
		if err != nil {
			return err
		}
		for _, in := range intents {
			if in.Effect == migration.EffectImport && in.At.After(began.Add(s.stopBy)) {
				return fmt.Errorf("row %d was imported at %s, after the time to stop by, %s", in.Row, stamp(in.At), stamp(began.Add(s.stopBy)))
			}
		}
	}
	if s.canary > 0 {
		return s.canariesFirst(w, began)
	}
	return nil
}

// canariesFirst wants no row begun, since the process began, but canaries, until so many have succeeded.
func (s steering) canariesFirst(w *world, began time.Time) error {
	events, err := w.store.Events(context.Background(), w.run.ID)
	if err != nil {
		return err
	}
	begun, succeeded := map[int]bool{}, 0
	for _, e := range events {
		switch {
		case e.Row == migration.WaveRow:
		case e.To == migration.Succeeded:
			succeeded++
		case e.To == migration.Cancelled, e.To == migration.Deferred:
			delete(begun, e.Row)
		case e.Reason == migration.ReasonClaimed && !begun[e.Row]:
			if !e.At.Before(began) && len(begun) >= s.canary && succeeded < s.canary && !e.Step.Imported() && e.Attempt == 1 {
				return fmt.Errorf("row %d was begun at %s, when %d were before it and %d of %d canaries had succeeded", e.Row, stamp(e.At), len(begun), succeeded, s.canary)
			}
			begun[e.Row] = true
		}
	}
	return nil
}

// order sends the orders at their times, until the function it gives is called.
func (w *world) order(ctx context.Context, orders []order, to chan<- steer.Command) (quiet func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	began := time.Now()
	wg.Go(func() {
		for _, o := range orders {
			timer := time.NewTimer(time.Until(began.Add(o.after)))
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return
			}
			if o.Kind == steer.Cancel {
				w.deeds.cancel(o.Row)
			}
			select {
			case to <- o.Command:
			case <-ctx.Done():
				return
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
	}
}

// operate does what the operator does before a process. What the service refuses because of the faults is left undone.
func (w *world) operate(process int, acts []act) error {
	for k, a := range acts {
		rows, err := w.store.Rows(context.Background(), w.run.ID)
		if err != nil {
			return err
		}
		g, b, err := clients(inTurn{w.wire, newMoments(w.story.seed ^ uint64(process*16+k+1)<<40)})
		if err != nil {
			return err
		}
		book := playbook.New(w.run, g, b, w.store, w.clock, func(_ int, _ bool, s migration.Source) (bloburl.Ref, error) {
			return bloburl.Parse(s.URL, b.Root())
		})
		switch a.what {
		case retryAll, retryOne:
			err = w.retry(rows, a)
		case settleAll, lie:
			err = w.settleHeld(book, rows, a)
		case cancelAll, cancelOne:
			err = w.cancel(rows, a)
		case otherDisk:
			err = w.replaceDisk(rows, a, b)
		case edit:
			err = w.edit(rows, a, func(file *wave.File, findings []wave.Finding) (preflight.Result, error) {
				return preflight.Check(context.Background(), g, b, preflight.Input{
					File: file, Findings: findings, BlobRoot: b.Root(), Slots: w.story.slots, Now: time.Now(),
				})
			})
		}
		if err != nil {
			return fmt.Errorf("%s: %w", a.what, err)
		}
	}
	return nil
}

// chosen are the positions that an act is about: all, or one of those that fit.
func chosen(rows []migration.Row, one bool, n int, fits func(migration.Row) bool) (at []int) {
	for i, r := range rows {
		if fits(r) {
			at = append(at, i)
		}
	}
	if one && len(at) > 0 {
		at = []int{at[n%len(at)]}
	}
	return at
}

func (w *world) retry(rows []migration.Row, a act) error {
	fits, err := w.retryable()
	if err != nil {
		return err
	}
	for _, i := range chosen(rows, a.what == retryOne, a.n, fits) {
		if p := rows[i].Problem; p != nil && p.Code == "import.failed" {
			w.deeds.again[i] = true
		}
		if err := w.store.Apply(context.Background(), migration.Retry(rows[i], rows[i].Target, "again", w.clock.Now())); err != nil {
			return err
		}
	}
	return nil
}

// settleHeld settles held rows as they really are, or says of one whose import is there that it is not.
func (w *world) settleHeld(book *playbook.Playbook, rows []migration.Row, a act) error {
	ctx := context.Background()
	held := chosen(rows, a.what == lie, a.n, func(r migration.Row) bool { return r.State == migration.Held })
	if len(held) == 0 {
		return nil
	}
	log, err := w.requests()
	if err != nil {
		return err
	}
	var state tenantState
	if err := w.admin(http.MethodGet, "/sandbox/state", "", &state); err != nil {
		return err
	}
	for _, i := range held {
		past, err := w.store.Intents(ctx, w.run.ID, i)
		if err != nil {
			return err
		}
		last := ""
		for _, in := range past {
			if in.Effect == migration.EffectImport {
				last = in.ClientRequestID
			}
		}
		there := slices.ContainsFunc(log, func(e reqEntry) bool { return e.ClientRequestID == last && e.Effect == acceptedImport })
		var tr migration.Transition
		switch mine, others := state.imports(rows[i].Target.UserID); {
		case a.what == settleAll && there && len(mine) == 0:
			continue // somebody purged it: the operator goes on looking
		case a.what == settleAll && there:
			if len(others) > 0 {
				if _, err := book.Adopt(ctx, rows[i], others[0], "the operator"); err == nil {
					return fmt.Errorf("row %d took over the import of somebody else", i)
				}
			}
			tr, err = book.Adopt(ctx, rows[i], mine[len(mine)-1], "the operator")
		case a.what == lie || !there:
			tr, err = book.NoEffect(ctx, rows[i], "the operator")
		default:
			continue
		}
		if strings.HasPrefix(fault.CodeOf(err), "reconcile.") {
			return err
		}
		if err != nil {
			continue
		}
		if err := w.store.Apply(ctx, tr); err != nil {
			return err
		}
		w.deeds.settled[last] = true
		if there && a.what == lie {
			w.deeds.lied[i] = true
		}
	}
	return nil
}

func (w *world) cancel(rows []migration.Row, a act) error {
	ctx := context.Background()
	one := a.what == cancelOne
	for _, i := range chosen(rows, one, a.n, func(r migration.Row) bool { return r.Cancellable() && (one || r.State != migration.Held) }) {
		past, err := w.store.Intents(ctx, w.run.ID, i)
		if err != nil {
			return err
		}
		r := rows[i]
		if r.State != migration.Held && playbook.ImportSent(r, past) {
			continue
		}
		if r.State == migration.Running {
			tr := migration.Interrupt(r, "the process that worked on it ended", w.clock.Now())
			if err := w.store.Apply(ctx, tr); err != nil {
				return err
			}
			r = tr.To()
		}
		if err := w.store.Apply(ctx, migration.Cancel(r, "cancelled", w.clock.Now())); err != nil {
			return err
		}
		w.deeds.cancel(i)
	}
	return nil
}

// edit adds the late people to the file, takes one line out and writes into another, and has the run take that over.
func (w *world) edit(rows []migration.Row, a act, check func(*wave.File, []wave.Finding) (preflight.Result, error)) error {
	people := slices.Clone(w.story.people)
	words := map[string]string{}
	gone := ""
	for k, i := range chosen(rows, false, 0, func(r migration.Row) bool { return !r.Begun() && !r.State.Final() }) {
		switch name := w.story.people[i].name; {
		case k == a.n%3:
			gone = name
		case k == a.n%5:
			words[name] = "Sales"
		}
	}
	people = slices.DeleteFunc(people, func(p person) bool { return p.name == gone })
	file, findings := w.file(people, words)
	d := run.Compare(w.run, rows, file)
	if len(d.Refused) > 0 || len(d.Added) != w.story.late {
		return fmt.Errorf("the edit is not understood: %+v", d)
	}
	some := *file
	some.Rows = nil
	at := slices.Clone(d.Added)
	for _, p := range d.Changed {
		at = append(at, p.File)
	}
	for k, i := range at {
		r := file.Rows[i]
		r.Index = k
		some.Rows = append(some.Rows, r)
	}
	res, err := check(&some, findings)
	if err != nil || res.Count(wave.Error) > 0 {
		return nil //nolint:nilerr // the faults kept the tenant from answering: the operator leaves it
	}
	e := ledger.Edit{Change: ledger.Change{WaveHash: file.Hash, By: "the operator"}}
	for _, i := range d.Removed {
		e.Moves = append(e.Moves, migration.Remove(rows[i], w.clock.Now()))
		w.deeds.cancel(i)
	}
	for k := range d.Added {
		e.Added = append(e.Added, w.newRow(len(rows)+k, res.Targets[k], some.Rows[k].Cells))
	}
	for k, p := range d.Changed {
		k += len(d.Added)
		e.Moves = append(e.Moves, migration.Amend(rows[p.Row], res.Targets[k], some.Rows[k].Cells, w.clock.Now()))
	}
	if err := w.store.EditRun(context.Background(), w.run.ID, e); err != nil {
		return err
	}
	w.deeds.rows += len(d.Added)
	return nil
}
