package playbook_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/blob"
	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/runner"
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

// inLine is a tenant in front of which imports stand in line for a while, in which the ledger is unlocked.
type inLine struct {
	*graph.Client
	unlock func(context.Context) error
}

func (l inLine) ImportSnapshot(ctx context.Context, userID string, files []graph.SourceFile) (graph.Import, error) {
	time.Sleep(3 * time.Second)
	if err := l.unlock(ctx); err != nil {
		return graph.Import{}, err
	}
	return l.Client.ImportSnapshot(ctx, userID, files)
}

// A process that wakes between the intent and the call, after somebody has unlocked the ledger, sends nothing: another
// process may have looked for the import meanwhile, and sent it.
func TestAFrozenProcessSendsNothing(t *testing.T) {
	t.Parallel()
	t.Run("after the intent", func(t *testing.T) { testFrozen(t, false) })
	t.Run("in line for the service", func(t *testing.T) { testFrozen(t, true) })
}

func testFrozen(t *testing.T, late bool) {
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
			tenant, journal = inLine{s.graph, func(ctx context.Context) error { return s.ledger.Unlock(ctx, "frozen") }}, s.ledger
		}
		book := playbook.New(s.run, tenant, s.blobs, journal, cloud.Clock{}, func(_ int, _ bool, src migration.Source) (blob.Ref, error) {
			return blob.ParseRef(src.URL, s.blobs.Root())
		})
		if err := book.Prepare(t.Context(), s.rows); err != nil {
			t.Fatal(err)
		}
		r, err := runner.New(s.ledger, runner.Config{Slots: 1, Steps: book.Steps(), Clock: cloud.Clock{}})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = r.Run(t.Context(), nil, s.rows); fault.CodeOf(err) != "ledger.lock-lost" {
			t.Errorf("the run ended with %v, want that the lock was lost", err)
		}
		if n := accepted(s); n != 0 {
			t.Errorf("%d imports were sent without the lock", n)
		}
		past, err := s.ledger.Intents(t.Context(), s.run.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range past {
			if in.Effect == migration.EffectImport && in.Outcome != nil {
				t.Errorf("the intent says %s: whoever drives the run now would not look", in.Outcome.Status)
			}
		}
	})
}
