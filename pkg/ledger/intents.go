package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// concludeWithin bounds how long an outcome is tried to be recorded when its caller was stopped.
const concludeWithin = 15 * time.Second

// Intend records that an effect is about to be tried, and returns when that is durable: only then may the call be
// sent. The result is in with ID, and At when it was zero. Faults: NotFound ("ledger.no-run"), Conflict
// ("ledger.intent-open") for an import while an earlier import of the same row has no outcome or an unknown one,
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
			return fault.New(fault.Conflict, "ledger.intent-open",
				fmt.Sprintf("row %d has an import whose outcome is not known", in.Row),
				"find out what became of it and settle it with `wave365 reconcile`")
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
}

// Conclude records how an intent ended, once; an unknown outcome may be settled later, as adopted or as no-effect. It
// is recorded even when ctx is done: what happened, happened. A zero out.At is now. Faults: NotFound
// ("ledger.no-intent"), Conflict ("ledger.concluded") when there is an outcome that stands.
func (l *Ledger) Conclude(ctx context.Context, in migration.Intent, out migration.Outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), concludeWithin)
	defer cancel()
	return l.do(ctx, "record how it ended", func(t *txn) error {
		at := orNow(out.At, t.now)
		n, err := t.change(`UPDATE intents SET status = ?, remote_id = ?, request_id = ?, detail = ?, concluded_at = ?
			WHERE id = ? AND run = ? AND idx = ?`,
			string(out.Status), out.RemoteID, out.RequestID, out.Detail, stamp(at), in.ID, in.Run, in.Row)
		switch {
		case refusedBy(err, "an outcome is not rewritten"):
			return fault.Wrap(fault.Conflict, "ledger.concluded",
				fmt.Sprintf("intent %d (%s) has an outcome already; it cannot become %s", in.ID, in.Effect, out.Status), "", err)
		case isConstraint(err):
			return fault.Wrap(fault.Internal, "ledger.outcome", fmt.Sprintf("%q is no outcome", out.Status), "", err)
		case err != nil:
			return err
		case n == 0:
			return fault.New(fault.NotFound, "ledger.no-intent", fmt.Sprintf("the ledger holds no intent %d of row %d", in.ID, in.Row), "")
		}
		return t.audit(at, auditOutcome, in.Run, in.Row, outcomeBody{
			ID: in.ID, Status: out.Status, RemoteID: out.RemoteID, RequestID: out.RequestID, Detail: out.Detail,
		})
	})
}

const intentColumns = `SELECT id, run, idx, attempt, effect, client_request_id, subject, at,
	status, remote_id, request_id, detail, concluded_at FROM intents`

// Intents gives what was intended for one row, or for migration.WaveRow, oldest first, with outcomes.
func (l *Ledger) Intents(ctx context.Context, runID string, row int) ([]migration.Intent, error) {
	return all(ctx, l, intentColumns+` WHERE run = ? AND idx = ? ORDER BY id`, []any{runID, row}, scanIntent)
}

// AllIntents gives what was intended in the run, oldest first, with outcomes.
func (l *Ledger) AllIntents(ctx context.Context, runID string) ([]migration.Intent, error) {
	return all(ctx, l, intentColumns+` WHERE run = ? ORDER BY id`, []any{runID}, scanIntent)
}

func scanIntent(rows *sql.Rows) (migration.Intent, error) {
	var in migration.Intent
	var status, remote, request, detail sql.NullString
	var concluded moment
	err := rows.Scan(&in.ID, &in.Run, &in.Row, &in.Attempt, &in.Effect, &in.ClientRequestID, &in.Subject, (*moment)(&in.At),
		&status, &remote, &request, &detail, &concluded)
	if err == nil && status.Valid {
		in.Outcome = &migration.Outcome{
			Status: migration.OutcomeStatus(status.String), RemoteID: remote.String, RequestID: request.String,
			Detail: detail.String, At: time.Time(concluded),
		}
	}
	return in, err
}
