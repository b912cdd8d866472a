package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// concludeWithin bounds how long an outcome is tried to be recorded when its caller was stopped.
const concludeWithin = 15 * time.Second

// Intend records that an effect is about to be tried, and returns when that is durable: only then may the call be
// sent. The result is in with ID, and At when it was zero. Faults: NotFound ("ledger.no-run"), Conflict
// ("ledger.intent-open") for an import while an earlier one of the same row, or of the same Subject in any run, has no
// outcome or an unknown one,
// Conflict ("ledger.lock-lost") when this ledger's lock was taken away. in.Outcome is not looked at.
func (l *Ledger) Intend(ctx context.Context, in migration.Intent) (migration.Intent, error) {
	in.Outcome = nil
	err := l.do(ctx, "record what is about to be done", func(t *txn) error {
		if err := l.fence(t); err != nil {
			return err
		}
		in.At = orNow(in.At, t.now)
		id, err := t.insert(`INSERT INTO intents (run, idx, attempt, effect, client_request_id, subject, at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`,
			in.Run, in.Row, in.Attempt, string(in.Effect), in.ClientRequestID, in.Subject, stamp(in.At))
		switch {
		case refusedBy(err, "an import of this row"):
			return t.importOpen(in)
		case isForeignKey(err):
			return noRun(in.Run)
		case err != nil:
			return err
		}
		in.ID = id
		return t.audit(in.At, auditIntent, in.Run, in.Row, intentBody{
			ID: in.ID, Attempt: in.Attempt, Effect: in.Effect, ClientRequestID: in.ClientRequestID, Subject: in.Subject,
		})
	})
	if err != nil {
		return migration.Intent{}, err
	}
	return in, nil
}

// importOpen says which import is not settled: one of the row, or of the same person in another run.
func (t *txn) importOpen(in migration.Intent) error {
	run, row := in.Run, in.Row
	err := t.get(`SELECT run, idx FROM intents WHERE effect = ? AND (status IS NULL OR status = 'unknown')
		AND (run = ? AND idx = ? OR subject <> '' AND lower(subject) = ?) LIMIT 1`,
		[]any{string(in.Effect), in.Run, in.Row, strings.ToLower(in.Subject)}, &run, &row)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	msg := fmt.Sprintf("row %d has an import whose outcome is not known", in.Row)
	if run != in.Run {
		msg = fmt.Sprintf("the person of row %d has an import in the run %s whose outcome is not known", in.Row, run)
	}
	return fault.New(fault.Conflict, "ledger.intent-open", msg, "find out what became of it and settle it with `wave365 reconcile "+run+"`")
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
// is recorded even when ctx is done: what happened, happened. A zero out.At is now. Faults: NotFound
// ("ledger.no-intent"), Conflict ("ledger.concluded") when there is an outcome that stands.
func (l *Ledger) Conclude(ctx context.Context, in migration.Intent, out migration.Outcome) error {
	return l.conclude(ctx, conclusion{
		table: "intents", id: in.ID, run: in.Run, row: in.Row, effect: in.Effect, kind: auditOutcome,
		none: fmt.Sprintf("the ledger holds no intent %d of row %d", in.ID, in.Row),
	}, out)
}

// conclusion says which intent ends: one of a run, or one outside runs.
type conclusion struct {
	table  string
	id     int64
	run    string
	row    int
	effect migration.Effect
	kind   string // of the audit entry
	none   string // what is said when there is no such intent
}

func (l *Ledger) conclude(ctx context.Context, c conclusion, out migration.Outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), concludeWithin)
	defer cancel()
	return l.do(ctx, "record how it ended", func(t *txn) error {
		at := orNow(out.At, t.now)
		n, err := t.change(`UPDATE `+c.table+` SET status = ?, remote_id = ?, request_id = ?, detail = ?, no_change = ?, concluded_at = ?
			WHERE id = ? AND coalesce(run, '') = ? AND idx = ?`,
			string(out.Status), out.RemoteID, out.RequestID, out.Detail, flag(out.NoChange), stamp(at), c.id, c.run, c.row)
		switch {
		case refusedBy(err, "an outcome is not rewritten"):
			return fault.Wrap(fault.Conflict, "ledger.concluded",
				fmt.Sprintf("intent %d (%s) has an outcome already; it cannot become %s", c.id, c.effect, out.Status), "", err)
		case isConstraint(err):
			return fault.Wrap(fault.Internal, "ledger.outcome", fmt.Sprintf("%q is no outcome", out.Status), "", err)
		case err != nil:
			return err
		case n == 0:
			return fault.New(fault.NotFound, "ledger.no-intent", c.none, "")
		}
		return t.audit(at, c.kind, c.run, c.row, outcomeBody{
			ID: c.id, Status: out.Status, RemoteID: out.RemoteID, RequestID: out.RequestID, Detail: out.Detail, NoChange: out.NoChange,
		})
	})
}

// intentColumns takes no_change for 0 in a ledger of an older version that is only read.
func (l *Ledger) intentColumns(ctx context.Context) (string, error) {
	noChange := "no_change"
	if ok, err := l.hasTable(ctx, "writes"); err != nil {
		return "", err
	} else if !ok {
		noChange = "0"
	}
	return `SELECT id, run, idx, attempt, effect, client_request_id, subject, at,
	status, remote_id, request_id, detail, ` + noChange + `, concluded_at FROM intents`, nil
}

// Intents gives what was intended for one row, or for migration.WaveRow, oldest first, with outcomes.
func (l *Ledger) Intents(ctx context.Context, runID string, row int) ([]migration.Intent, error) {
	return l.intents(ctx, ` WHERE run = ? AND idx = ? ORDER BY id`, runID, row)
}

// AllIntents gives what was intended in the run, oldest first, with outcomes.
func (l *Ledger) AllIntents(ctx context.Context, runID string) ([]migration.Intent, error) {
	return l.intents(ctx, ` WHERE run = ? ORDER BY id`, runID)
}

func (l *Ledger) intents(ctx context.Context, where string, args ...any) ([]migration.Intent, error) {
	columns, err := l.intentColumns(ctx)
	if err != nil {
		return nil, err
	}
	return all(ctx, l, columns+where, args, scanIntent)
}

func scanIntent(rows *sql.Rows) (migration.Intent, error) {
	var in migration.Intent
	var end ending
	err := rows.Scan(append([]any{&in.ID, &in.Run, &in.Row, &in.Attempt, &in.Effect, &in.ClientRequestID, &in.Subject,
		(*moment)(&in.At)}, end.into()...)...)
	in.Outcome = end.outcome()
	return in, err
}
