package simtest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// memory is a ledger without a disk that refuses what the real one refuses: a transition from a row that moved, an
// import while one is not settled, an outcome that stands. Its rows are those of one run.
type memory struct {
	mu      sync.Mutex
	rows    []migration.Row
	intents []migration.Intent
	events  []migration.Event
	writes  []migration.Write // of commands after the run
}

func newMemory(rows []migration.Row) *memory { return &memory{rows: slices.Clone(rows)} }

func (m *memory) Apply(_ context.Context, t migration.Transition) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	from, to := t.From(), t.To()
	if was := m.rows[to.Index]; was.Version != from.Version || was.State != from.State || to.Version != from.Version+1 {
		return fmt.Errorf("row %d moved: it is %s in version %d, and the transition is from %s in version %d", to.Index, was.State, was.Version, from.State, from.Version)
	}
	if !slices.Contains(migration.Arrows(), migration.Arrow{From: from.State, To: to.State, Reason: to.Reason}) {
		return fmt.Errorf("no way from %s to %s (%s)", from.State, to.State, to.Reason)
	}
	m.rows[to.Index] = to
	m.events = append(m.events, t.Event())
	return nil
}

func (m *memory) ApplyAll(ctx context.Context, list []migration.Transition) error {
	for _, t := range list {
		if err := m.Apply(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) EditRun(ctx context.Context, _ string, e ledger.Edit) error {
	if err := m.ApplyAll(ctx, e.Moves); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range e.Added {
		if r.Index != len(m.rows) {
			return fmt.Errorf("a new row has index %d, the next one is %d", r.Index, len(m.rows))
		}
		m.rows = append(m.rows, r)
	}
	return nil
}

func (m *memory) Intend(_ context.Context, in migration.Intent) (migration.Intent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if in.Effect == migration.EffectImport {
		for _, p := range m.intents {
			if p.Row == in.Row && p.Effect == in.Effect && (p.Outcome == nil || p.Outcome.Status == migration.OutcomeUnknown) {
				return in, fmt.Errorf("row %d has an import that is not settled", in.Row)
			}
		}
	}
	in.Outcome, in.ID = nil, int64(len(m.intents)+1)
	m.intents = append(m.intents, in)
	return in, nil
}

func (m *memory) Conclude(_ context.Context, in migration.Intent, out migration.Outcome) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if in.ID < 1 || in.ID > int64(len(m.intents)) {
		return fmt.Errorf("no intent %d", in.ID)
	}
	p := &m.intents[in.ID-1]
	if was := p.Outcome; was != nil && !(was.Status == migration.OutcomeUnknown && (out.Status == migration.OutcomeAdopted || out.Status == migration.OutcomeNoEffect)) {
		return fmt.Errorf("intent %d is %s and cannot become %s", in.ID, was.Status, out.Status)
	}
	p.Outcome = &out
	return nil
}

// Holds: nobody takes the run away from the process that has it.
func (m *memory) Holds(context.Context) error { return nil }

func (m *memory) Intents(_ context.Context, _ string, row int) ([]migration.Intent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []migration.Intent
	for _, in := range m.intents {
		if in.Row == row {
			all = append(all, copyOf(in))
		}
	}
	return all, nil
}

func (m *memory) AllIntents(_ context.Context, _ string) ([]migration.Intent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]migration.Intent, len(m.intents))
	for i, in := range m.intents {
		all[i] = copyOf(in)
	}
	return all, nil
}

func copyOf(in migration.Intent) migration.Intent {
	if in.Outcome != nil {
		out := *in.Outcome
		in.Outcome = &out
	}
	return in
}

func (m *memory) Rows(context.Context, string) ([]migration.Row, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := slices.Clone(m.rows)
	for i := range rows { // a ledger gives times without a monotonic part
		for _, t := range []*time.Time{&rows[i].StartedAt, &rows[i].UpdatedAt, &rows[i].FinishedAt, &rows[i].NotBefore, &rows[i].TroubleSince} {
			*t = t.Round(0)
		}
	}
	return rows, nil
}

func (m *memory) Events(context.Context, string) ([]migration.Event, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events), nil
}
