package simtest

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"time"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/run"
)

// again is another wave of the same ledger: some of the first one's people, or all of them as when the same file is run once
// more, and newcomers.
type again struct {
	from, to int // its people among the story's
	before   int // it begins before that process of the first wave, at the latest when that one is over
	ends     []ending
}

// repeat draws further waves in some stories of one ledger, whose operator neither lies nor edits. That ledger is a real one.
func (s *story) repeat(r *rand.Rand) {
	if r.IntN(4) > 0 || s.late > 0 || s.forgets() || len(s.cares) > 0 || s.trigger() != "" {
		return
	}
	s.onDisk, s.newcomers = true, r.IntN(4)
	for i := range s.ends {
		e := &s.ends[i]
		e.before = slices.DeleteFunc(e.before, func(a act) bool { return a.what == lie })
		for k := range e.orders {
			e.orders[k].Row %= len(s.people) - s.newcomers
		}
	}
	for range 1 + r.IntN(2) {
		a := again{from: pick(r, 0, r.IntN(len(s.people))), to: len(s.people), before: 1 + r.IntN(len(s.ends)+2)}
		for range r.IntN(3) {
			a.ends = append(a.ends, ending{how: pick(r, killed, killed, drained), after: 1 + r.IntN(100), effect: r.IntN(2) == 0, pause: time.Duration(r.IntN(90)) * time.Minute})
		}
		s.further = append(s.further, a)
	}
	slices.SortStableFunc(s.further, func(a, b again) int { return a.before - b.before })
}

// person is which of the first wave's people a row is.
func (w *world) person(row int) int {
	if w.at == nil {
		return row
	}
	return w.at[row]
}

// positions are the numbers from one up to another.
func positions(from, to int) (all []int) {
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

func (w *world) place(rows []migration.Row) {
	for _, r := range rows {
		w.places[lower(r.Target.UserID)]++
	}
}

// shared reports whether a row's user is in several waves of the ledger, so that not all that was done to them was done for it.
func (w *world) shared(r migration.Row) bool { return w.places[lower(r.Target.UserID)] > 1 }

// again plays the waves that begin before this process.
func (w *world) again(process int) error {
	for len(w.waves) < len(w.story.further) && w.story.further[len(w.waves)].before <= process {
		o := w.nextWave(w.story.further[len(w.waves)])
		w.waves = append(w.waves, o)
		rows, err := o.validateAgain()
		if err == nil && len(rows) > 0 {
			if err = o.store.(*ledger.Ledger).CreateRun(context.Background(), o.run, rows, nil); err == nil {
				err = o.evening()
			}
			w.store = o.store
		}
		if err != nil {
			return fmt.Errorf("the wave %s: %w", o.run.ID, err)
		}
	}
	return nil
}

// nextWave is the world of a further wave.
func (w *world) nextWave(a again) *world {
	own := *w.story
	own.people, own.ends, own.others, own.further, own.newcomers = w.story.people[a.from:a.to], a.ends, nil, nil, 0
	own.seed ^= uint64(len(w.waves)+1) << 56
	return &world{
		t: w.t, story: &own, sandbox: w.sandbox, wire: w.wire, path: w.path, store: w.store, truth: w.truth, deeds: newDeeds(), meddled: w.meddled,
		clock: w.clock, began: w.began, at: positions(a.from, a.to), places: w.places, run: migration.Run{ID: fmt.Sprint(runID, "-", len(w.waves)+2)},
	}
}

// validateAgain has the wave validated with what the ledger knows, as its operator does, wants what is said of each person to be
// true, and gives the rows of those who are left to do. There are none when nothing is left, or when the tenant does not answer.
func (w *world) validateAgain() (rows []migration.Row, err error) {
	ctx := context.Background()
	known, err := run.UserHistoryOf(ctx, w.store.(*ledger.Ledger))
	if err != nil {
		return nil, err
	}
	g, b, err := clients(inTurn{w.wire, newMoments(w.story.seed)})
	if err != nil {
		return nil, err
	}
	file, findings := w.file(w.story.people, nil)
	res, err := preflight.Check(ctx, g, b, preflight.Input{
		File: file, Findings: findings, BlobRoot: b.Root(), Slots: w.story.slots, Now: time.Now(), Before: known.Before, LiveImports: known.Imports,
	})
	if err != nil || res.Whole() || res.Denied() {
		return nil, nil //nolint:nilerr // the faults kept the tenant from answering: the operator leaves it
	}
	w.run = migration.Run{ID: w.run.ID, Wave: "simulation", Tenant: res.Organization.ID, State: migration.RunActive, CreatedAt: time.Now(), Columns: file.Columns}
	var people []person
	at := []int{} // also when nobody is left: only the first wave has none
	for i, r := range file.Rows {
		if err := w.saysTrue(i, res); err != nil {
			return nil, err
		}
		if res.Bad[i] || res.Done != nil && res.Done[i] {
			continue
		}
		w.sku = cmp.Or(res.Targets[i].SKUID, w.sku)
		people, at = append(people, w.story.people[i]), append(at, w.at[i])
		rows = append(rows, w.newRow(len(rows), res.Targets[i], r.Cells))
	}
	w.story.people, w.at, w.deeds.rows = people, at, len(rows)
	w.place(rows)
	return rows, nil
}

// saysTrue wants of a person of the file what their rows in earlier waves make true: who is worked on, held or failed there is left
// to that wave; who has the Cloud PC that it made is done; who was never begun is free.
func (w *world) saysTrue(i int, res preflight.Result) error {
	ctx, l := context.Background(), w.store.(*ledger.Ledger)
	bad, done := res.Bad[i], res.Done != nil && res.Done[i]
	runs, err := l.Runs(ctx)
	if err != nil {
		return err
	}
	var latest migration.Row // that succeeded or failed
	begun := false
	for _, r := range runs {
		rows, err := l.Rows(ctx, r.ID)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if !strings.EqualFold(r.Target.UserID, res.Targets[i].UserID) {
				continue
			}
			begun = begun || !r.StartedAt.IsZero() || !r.State.Final()
			intents, err := l.Intents(ctx, r.Run, r.Index)
			switch {
			case err != nil:
				return err
			case (!r.State.Final() || r.State == migration.Held || unsettled(intents)) && !bad:
				return fmt.Errorf("%s is %s in run %s, and free here (done: %t)", r.Target.User, r.State, r.Run, done)
			case (r.State == migration.Succeeded || r.State == migration.Failed) && r.UpdatedAt.After(latest.UpdatedAt):
				latest = r
			}
		}
	}
	quiet := len(w.story.faults) == 0 && !w.meddled.touched(w.at[i])
	switch {
	case latest.State == migration.Failed && latest.Problem.Code != migration.CodeUsedUp && !bad:
		return fmt.Errorf("%s failed with %s in run %s, and is free here (done: %t)", latest.Target.User, latest.Problem.Code, latest.Run, done)
	case latest.State == migration.Succeeded && quiet && (bad || !done):
		return fmt.Errorf("%s succeeded in run %s, and is not done: %+v", latest.Target.User, latest.Run, res.Findings)
	case !begun && quiet && bad:
		return fmt.Errorf("%s was never begun, and is not free: %+v", w.story.people[i].name, res.Findings)
	}
	return nil
}

// touched reports whether somebody did something to this person, or to the whole wave.
func (m *meddled) touched(person int) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.rows[person])+len(m.rows[migration.WaveRow]) > 0
}

// retryable says which rows of the wave get a new attempt when the operator asks for one: not those whose users another wave of
// the ledger has taken up since, or has left an import of.
func (w *world) retryable() (func(migration.Row) bool, error) {
	l, ok := w.store.(*ledger.Ledger)
	if !ok {
		return migration.Row.Retryable, nil
	}
	known, err := run.UserHistoryOf(context.Background(), l)
	if err != nil {
		return nil, err
	}
	var state tenantState
	err = w.admin(http.MethodGet, "/sandbox/state", "", &state)
	return func(r migration.Row) bool {
		if _, taken := run.InOtherRun(r, known); taken || !r.Retryable() {
			return false
		}
		there, _ := state.imports(r.Target.UserID)
		return !slices.ContainsFunc(run.ImportsOfOthers(r, known), func(id string) bool { return slices.Contains(there, id) })
	}, err
}
