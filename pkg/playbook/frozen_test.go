package playbook_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/runner"
	"wave365/pkg/runner/steer"
)

// frozen is a ledger whose process is stopped after an import's intent, until somebody has unlocked the ledger.
type frozen struct {
	*ledger.Ledger
	holder string
}

func (f frozen) Intend(ctx context.Context, in migration.Intent) (migration.Intent, error) {
	in, err := f.Ledger.Intend(ctx, in)
	if err == nil && in.Effect == migration.EffectImport {
		err = f.Unlock(ctx, f.holder)
	}
	return in, err
}

// inLine is a tenant in front of which imports, or batches of members, stand in line for a while, in which the ledger is
// unlocked.
type inLine struct {
	*graph.Client
	members bool
	unlock  func(context.Context) error
}

func (l inLine) ImportSnapshot(ctx context.Context, userID string, files []graph.SourceFile) (graph.Import, error) {
	if err := l.wait(ctx, !l.members); err != nil {
		return graph.Import{}, err
	}
	return l.Client.ImportSnapshot(ctx, userID, files)
}

func (l inLine) AddMembers(ctx context.Context, group string, users []string) error {
	if err := l.wait(ctx, l.members); err != nil {
		return err
	}
	return l.Client.AddMembers(ctx, group, users)
}

func (l inLine) wait(ctx context.Context, here bool) error {
	if !here {
		return nil
	}
	time.Sleep(3 * time.Second)
	return l.unlock(ctx)
}

// A process that wakes between the intent and the call, after somebody has unlocked the ledger, sends nothing: another
// process may have looked for the import meanwhile, and sent it.
func TestAFrozenProcessSendsNothing(t *testing.T) {
	t.Parallel()
	t.Run("after the intent", func(t *testing.T) { testFrozen(t, migration.EffectImport, false) })
	t.Run("in line for the service", func(t *testing.T) { testFrozen(t, migration.EffectImport, true) })
	t.Run("a batch of members in line", func(t *testing.T) { testFrozen(t, migration.EffectJoin, true) })
}

// away is a ledger that cannot be asked who holds it, once, right after the intent of such an effect.
type away struct {
	*ledger.Ledger
	what  migration.Effect
	asked *atomic.Bool
	now   *atomic.Bool
}

func (a away) Intend(ctx context.Context, in migration.Intent) (migration.Intent, error) {
	a.now.Store(in.Effect == a.what && !a.asked.Load())
	return a.Ledger.Intend(ctx, in)
}

func (a away) Holds(ctx context.Context) error {
	if a.now.CompareAndSwap(true, false) {
		a.asked.Store(true)
		return fault.New(fault.Unavailable, "ledger.unreachable", "the database does not answer", "")
	}
	return a.Ledger.Holds(ctx)
}

// When the ledger cannot be asked between the intent and the call, the run ends, nothing was sent, and the journal says so:
// who goes on sends it without looking for what cannot be there.
func TestAnUnansweredQuestionIsRecordedAsNotSent(t *testing.T) {
	t.Parallel()
	for _, what := range []migration.Effect{migration.EffectImport, migration.EffectJoin} {
		t.Run(string(what), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, story())
				defer s.close()
				var asked, now atomic.Bool
				journal := away{s.ledger, what, &asked, &now}
				drive := func() error { return s.drive(journal) }
				if err := drive(); fault.CodeOf(err) != "ledger.unreachable" || !asked.Load() {
					t.Fatalf("the run ended with %v, want that the ledger could not be reached", err)
				}
				if err := drive(); err != nil {
					t.Fatal(err)
				}
				none := 0
				rows, err := s.ledger.Rows(t.Context(), s.run.ID)
				if err != nil {
					t.Fatal(err)
				}
				for _, row := range rows {
					if row.State != migration.Succeeded {
						t.Errorf("row %d is %s: %+v", row.Index, row.State, row.Problem)
					}
					past, err := s.ledger.Intents(t.Context(), s.run.ID, row.Index)
					if err != nil {
						t.Fatal(err)
					}
					for _, in := range past {
						if in.Effect == what && in.Outcome != nil && in.Outcome.Status == migration.OutcomeRefused && strings.HasPrefix(in.Outcome.Detail, "nothing was sent") {
							none++
						}
					}
				}
				if none == 0 {
					t.Error("no intent says that nothing was sent")
				}
			})
		})
	}
}

// drive has a process of its own, with that journal, take the run up.
func (s *stage) drive(journal playbook.Journal) error {
	s.t.Helper()
	book := playbook.New(s.run, s.graph, s.blobs, journal, cloud.Clock{}, func(_ int, _ bool, src migration.Source) (bloburl.Ref, error) {
		return bloburl.Parse(src.URL, s.blobs.Root())
	})
	rows, err := s.ledger.Rows(s.t.Context(), s.run.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	book.Learn(rows)
	if err := book.Prepare(s.t.Context(), rows); err != nil {
		s.t.Fatal(err)
	}
	r, err := runner.New(s.ledger, runner.Config{State: steer.State{Slots: 1}, Steps: book.Steps(), Clock: cloud.Clock{}})
	if err != nil {
		s.t.Fatal(err)
	}
	_, _, err = r.Run(s.t.Context(), nil, rows)
	return err
}

// perishing is a ledger whose process dies right after the intent of such an effect.
type perishing struct {
	*ledger.Ledger
	what migration.Effect
}

var errDied = errors.New("the process died")

func (d perishing) Intend(ctx context.Context, in migration.Intent) (migration.Intent, error) {
	in, err := d.Ledger.Intend(ctx, in)
	if err == nil && in.Effect == d.what {
		err = errDied
	}
	return in, err
}

// returning is the ledger of a process that took the run over. Whoever had it before reaches the ledger again at the worst
// moment, and records that nothing was sent right before this process settles the same try.
type returning struct {
	*ledger.Ledger
	own  *sync.Map // by id, the intents that it made itself
	late *atomic.Int64
}

func (r returning) Intend(ctx context.Context, in migration.Intent) (migration.Intent, error) {
	in, err := r.Ledger.Intend(ctx, in)
	r.own.Store(in.ID, true)
	return in, err
}

func (r returning) Conclude(ctx context.Context, in migration.Intent, out migration.Outcome) error {
	if _, own := r.own.Load(in.ID); !own && in.Outcome == nil {
		if err := r.Ledger.Conclude(ctx, in, migration.Outcome{Status: migration.OutcomeRefused, Detail: "nothing was sent"}); err != nil {
			return err
		}
		r.late.Add(1)
	}
	return r.Ledger.Conclude(ctx, in, out)
}

// What another process records of its try while this one looks for it is what this one goes on with.
func TestATryIsConcludedByWhoMadeItMeanwhile(t *testing.T) {
	t.Parallel()
	for _, what := range []migration.Effect{migration.EffectImport, migration.EffectJoin} {
		t.Run(string(what), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, story())
				defer s.close()
				if err := s.drive(perishing{s.ledger, what}); !errors.Is(err, errDied) {
					t.Fatalf("the first process ended with %v", err)
				}
				var own sync.Map
				var late atomic.Int64
				if err := s.drive(returning{s.ledger, &own, &late}); err != nil || late.Load() == 0 {
					t.Fatalf("%v, after %d outcomes that the other recorded late", err, late.Load())
				}
				rows, err := s.ledger.Rows(t.Context(), s.run.ID)
				if err != nil {
					t.Fatal(err)
				}
				if got := states(rows); got != "succeeded succeeded succeeded succeeded" || accepted(s) != 4 {
					t.Errorf("%s after %d imports, want 4", got, accepted(s))
				}
			})
		})
	}
}

func testFrozen(t *testing.T, what migration.Effect, late bool) {
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		// A holder elsewhere, which is not known to live: one that is cannot be unlocked.
		release, err := s.ledger.Lock(t.Context(), ledger.Holder{ID: "frozen", Host: "elsewhere", Run: s.run.ID})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = release() }()
		tenant, journal := playbook.Graph(s.graph), playbook.Journal(frozen{s.ledger, "frozen"})
		if late {
			tenant, journal = inLine{s.graph, what == migration.EffectJoin, func(ctx context.Context) error { return s.ledger.Unlock(ctx, "frozen") }}, s.ledger
		}
		book := playbook.New(s.run, tenant, s.blobs, journal, cloud.Clock{}, func(_ int, _ bool, src migration.Source) (bloburl.Ref, error) {
			return bloburl.Parse(src.URL, s.blobs.Root())
		})
		if err := book.Prepare(t.Context(), s.rows); err != nil {
			t.Fatal(err)
		}
		r, err := runner.New(s.ledger, runner.Config{State: steer.State{Slots: 1}, Steps: book.Steps(), Clock: cloud.Clock{}})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = r.Run(t.Context(), nil, s.rows); fault.CodeOf(err) != "ledger.lock-lost" {
			t.Errorf("the run ended with %v, want that the lock was lost", err)
		}
		effect := map[migration.Effect]string{migration.EffectImport: "importSnapshot accepted", migration.EffectJoin: "group member"}[what]
		for _, r := range s.log() {
			if strings.HasPrefix(r.Effect, effect) {
				t.Errorf("sent without the lock: %+v", r)
			}
		}
		open := 0
		for _, row := range s.rows {
			past, err := s.ledger.Intents(t.Context(), s.run.ID, row.Index)
			if err != nil {
				t.Fatal(err)
			}
			for _, in := range past {
				switch {
				case in.Effect != what:
				case in.Outcome != nil:
					t.Errorf("the intent says %s: whoever drives the run now would not look", in.Outcome.Status)
				default:
					open++
				}
			}
		}
		if open == 0 {
			t.Error("no intent is open: it never came to the call")
		}
	})
}
