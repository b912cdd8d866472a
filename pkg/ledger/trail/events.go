package trail

import (
	"context"
	"encoding/json"
	"fmt"

	"wave365/pkg/ledger/store"
	"wave365/pkg/migration"
)

// EventBody is an event as the audit holds it.
type EventBody struct {
	migration.Passage
	Version int64              `json:"version,omitempty"`
	Problem *migration.Problem `json:"problem,omitempty"`
	Facts   *migration.Facts   `json:"facts,omitempty"`
	Target  *migration.Target  `json:"target,omitempty"`
}

// BodyOf returns what the audit holds of an event.
func BodyOf(e migration.Event) EventBody { return EventBody{Passage: e.Passage(), Problem: e.Problem} }

// Events returns the history of a run, oldest first: its rows' transitions and what Note recorded. The faults are those
// of Audit.
func (l *History) Events(ctx context.Context, runID string) ([]migration.Event, error) {
	var list []migration.Event
	for a, err := range l.Audit(ctx, runID) {
		if err != nil {
			return nil, err
		}
		if a.Run == "" || a.Kind != KindTransition && a.Kind != KindEvent {
			continue
		}
		var b EventBody
		if err := json.Unmarshal(a.Body, &b); err != nil {
			return nil, store.Damaged(fmt.Sprintf("audit entry %d cannot be read", a.Seq), err)
		}
		list = append(list, migration.Event{
			ID: a.Seq, Run: a.Run, Row: a.Row, At: a.At, From: b.From, To: b.To, Step: b.Step, NextStep: b.NextStep,
			Reason: b.Reason, Note: b.Note, Attempt: b.Attempt, Tries: b.Tries, Problem: b.Problem,
		})
	}
	return list, nil
}

// Note records an event that is not a transition: something about the run (Row is migration.WaveRow), or about one row.
// A zero At means now. NotFound ("ledger.no-run") for a run that is not in the ledger.
func (l *History) Note(ctx context.Context, e migration.Event) error {
	return l.trail.Do(ctx, "record an event", func(t *Tx) error {
		var known int
		if err := t.Get(`SELECT count(*) FROM runs WHERE id = ?`, []any{e.Run}, &known); err != nil {
			return err
		}
		if known == 0 {
			return NoRun(e.Run)
		}
		return t.Audit(OrNow(e.At, t.Now), KindEvent, e.Run, e.Row, BodyOf(e))
	})
}
