// Package effects is the journal of writes to the tenant, by runs and by commands outside them: the intent before the call,
// the outcome after it. It does not make the call.
package effects

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/trail"
	"wave365/pkg/migration"
)

// Journal records what was about to be done to the tenant, and how it ended. Safe for concurrent use.
type Journal struct {
	trail *trail.Trail
	// stalled, when not nil, is called with the reason an outcome cannot be recorded, at once and then every minute.
	stalled func(why error)
	// ending is closed when retries are to stop.
	ending <-chan struct{}
}

// New returns the journal of a ledger. stalled, when not nil, is called with the reason an outcome cannot be recorded,
// at once and then every minute while that lasts; it must not block. Closing ending abandons such outcomes.
func New(t *trail.Trail, stalled func(why error), ending <-chan struct{}) *Journal {
	return &Journal{t, stalled, ending}
}

// tx is a transaction that changes the journal.
type tx struct{ *trail.Tx }

func (l *Journal) do(ctx context.Context, doing string, fn func(tx) error) error {
	return l.trail.Do(ctx, doing, func(t *trail.Tx) error { return fn(tx{t}) })
}

// Intend records that an effect is about to be tried, and returns when that is durable: only then may the call be sent.
// The result is in with ID, and with At when it was zero; in.Outcome is ignored. Faults: NotFound ("ledger.no-run"),
// Conflict ("ledger.intent-open") for an import while an earlier one of the same row, or of the same Subject in any
// run, has no outcome or an unknown one, Conflict ("ledger.lock-lost") when this ledger's lock was taken away.
func (l *Journal) Intend(ctx context.Context, in migration.Intent) (migration.Intent, error) {
	in.Outcome = nil
	err := l.do(ctx, "record what is about to be done", func(t tx) error {
		if err := t.Fence(); err != nil {
			return err
		}
		in.At = trail.OrNow(in.At, t.Now)
		id, err := t.Insert("intents", "run, idx, attempt, effect, client_request_id, subject, at",
			in.Run, in.Row, in.Attempt, string(in.Effect), in.ClientRequestID, in.Subject, trail.Stamp(in.At))
		switch {
		case trail.RefusedBy(err, "an import of this row"):
			return t.importOpen(in)
		case l.trail.DB.Refused(err) == store.ForeignKey:
			return trail.NoRun(in.Run)
		case err != nil:
			return err
		}
		in.ID = id
		return t.Audit(in.At, trail.KindIntent, in.Run, in.Row, intentBody{
			ID: in.ID, Attempt: in.Attempt, Effect: in.Effect, ClientRequestID: in.ClientRequestID, Subject: in.Subject,
		})
	})
	if err != nil {
		return migration.Intent{}, err
	}
	return in, nil
}

// importOpen returns the import that is not settled: one of the row, or of the same person in another run.
func (t tx) importOpen(in migration.Intent) error {
	run, row := in.Run, in.Row
	err := t.Get(`SELECT run, idx FROM intents WHERE effect = ? AND (status IS NULL OR status = 'unknown')
		AND (run = ? AND idx = ? OR subject <> '' AND lower(subject) = ?) LIMIT 1`,
		[]any{string(in.Effect), in.Run, in.Row, strings.ToLower(in.Subject)}, &run, &row)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	msg := fmt.Sprintf("row %d has an import whose outcome is not known", in.Row)
	if run != in.Run {
		msg = fmt.Sprintf("the person of row %d has an import in the run %s whose outcome is not known", in.Row, run)
	}
	return fault.New(fault.Conflict, "ledger.intent-open", msg, "find out what became of it, then settle its row with reconcile", fault.NewCommand("status").For(run))
}

type intentBody struct {
	ID              int64            `json:"id"`
	Attempt         int              `json:"attempt"`
	Effect          migration.Effect `json:"effect"`
	ClientRequestID string           `json:"client_request_id,omitempty"`
	Subject         string           `json:"subject,omitempty"`
}

type outcomeBody struct {
	ID        int64                   `json:"id"`
	Status    migration.OutcomeStatus `json:"status"`
	RemoteID  string                  `json:"remote_id,omitempty"`
	RequestID string                  `json:"request_id,omitempty"`
	Detail    string                  `json:"detail,omitempty"`
	NoChange  bool                    `json:"no_change,omitempty"`
}

// Conclude records how an intent ended, once; an unknown outcome may be settled later, as adopted or as no-effect. It
// is recorded even when ctx is done, and under a lock that was taken away, because it has happened. While the disk is
// full or slow, or the database cannot be reached, it retries until the ledger is closed. A zero out.At means now.
// Faults: NotFound ("ledger.no-intent"), Conflict ("ledger.concluded") when there is a final outcome.
func (l *Journal) Conclude(ctx context.Context, in migration.Intent, out migration.Outcome) error {
	return l.conclude(ctx, conclusion{
		table: "intents", id: in.ID, run: in.Run, row: in.Row, effect: in.Effect, kind: trail.KindOutcome,
		none: fmt.Sprintf("the ledger holds no intent %d of row %d", in.ID, in.Row),
	}, out)
}

// conclusion identifies the intent that ends: one of a run, or one outside runs.
type conclusion struct {
	table  string
	id     int64
	run    string
	row    int
	effect migration.Effect
	kind   string // of the audit entry
	none   string // the message when there is no such intent
}

// conclude retries while the disk or the database refuses the outcome: only this process knows it.
func (l *Journal) conclude(ctx context.Context, c conclusion, out migration.Outcome) error {
	ctx, out.At = context.WithoutCancel(ctx), trail.OrNow(out.At, l.trail.Now().UTC())
	var told time.Time
	for try := 0; ; try++ {
		err := l.do(ctx, "record how it ended", func(t tx) error { return t.conclude(c, out, try > 0) })
		if !fault.Is(err, fault.Unavailable) || fault.CodeOf(err) == "ledger.moved-away" {
			return err
		}
		if now := time.Now(); l.stalled != nil && now.Sub(told) >= time.Minute {
			told = now
			l.stalled(err)
		}
		select {
		case <-time.After(min(time.Duration(try+1)*200*time.Millisecond, 5*time.Second)):
		case <-l.ending:
			return err
		}
	}
}

// conclude records the outcome. again: an earlier attempt may have recorded it and its answer was lost.
func (t tx) conclude(c conclusion, out migration.Outcome, again bool) error {
	n, err := t.Change(`UPDATE `+c.table+` SET status = ?, remote_id = ?, request_id = ?, detail = ?, no_change = ?, concluded_at = ?
		WHERE id = ? AND coalesce(run, '') = ? AND idx = ?`,
		string(out.Status), out.RemoteID, out.RequestID, out.Detail, trail.Flag(out.NoChange), trail.Stamp(out.At), c.id, c.run, c.row)
	switch {
	case trail.RefusedBy(err, "an outcome is not rewritten"):
		var same int
		if again && t.Get(`SELECT count(*) FROM `+c.table+` WHERE id = ? AND status = ? AND remote_id = ? AND concluded_at = ?`,
			[]any{c.id, string(out.Status), out.RemoteID, trail.Stamp(out.At)}, &same) == nil && same == 1 {
			return trail.ErrDone
		}
		return fault.Wrap(fault.Conflict, "ledger.concluded",
			fmt.Sprintf("intent %d (%s) has an outcome already; it cannot become %s", c.id, c.effect, out.Status), "", err)
	case t.Refused(err) != store.NotRefused:
		return fault.Wrap(fault.Internal, "ledger.outcome", fmt.Sprintf("invalid outcome %q", out.Status), "", err)
	case err != nil:
		return err
	case n == 0:
		return fault.New(fault.NotFound, "ledger.no-intent", c.none, "")
	}
	return t.Audit(out.At, c.kind, c.run, c.row, outcomeBody{
		ID: c.id, Status: out.Status, RemoteID: out.RemoteID, RequestID: out.RequestID, Detail: out.Detail, NoChange: out.NoChange,
	})
}

// Intents returns what was intended for one row, or for migration.WaveRow, oldest first, with outcomes.
func (l *Journal) Intents(ctx context.Context, runID string, row int) ([]migration.Intent, error) {
	return l.intents(ctx, ` WHERE run = ? AND idx = ? ORDER BY id`, runID, row)
}

// AllIntents returns what was intended in the run, oldest first, with outcomes.
func (l *Journal) AllIntents(ctx context.Context, runID string) ([]migration.Intent, error) {
	return l.intents(ctx, ` WHERE run = ? ORDER BY id`, runID)
}

// ImportsSince counts the imports that runs of this ledger intended to send since then, regardless of outcome: the
// service counts refused ones too.
func (l *Journal) ImportsSince(ctx context.Context, since time.Time) (int, error) {
	var n int
	err := l.trail.DB.Get(ctx)(`SELECT count(*) FROM intents WHERE effect = ? AND at >= ?`, []any{string(migration.EffectImport), trail.Stamp(since)}, &n)
	return n, err
}

func (l *Journal) intents(ctx context.Context, where string, args ...any) ([]migration.Intent, error) {
	noChange := "no_change"
	if !l.trail.Has(trail.VersionWrites) {
		noChange = "0"
	}
	return store.All(ctx, l.trail.DB, `SELECT id, run, idx, attempt, effect, client_request_id, subject, at,
		status, remote_id, request_id, detail, `+noChange+`, concluded_at FROM intents`+where, args, scanIntent)
}

func scanIntent(scan store.Scan) (migration.Intent, error) {
	var in migration.Intent
	var end ending
	err := scan(append([]any{&in.ID, &in.Run, &in.Row, &in.Attempt, &in.Effect, &in.ClientRequestID, &in.Subject,
		(*trail.Moment)(&in.At)}, end.into()...)...)
	if err == nil {
		in.Outcome, err = end.outcome()
	}
	return in, err
}
