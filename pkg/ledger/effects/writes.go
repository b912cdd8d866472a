package effects

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/trail"
	"wave365/pkg/migration"
)

// IntendWrite records that a command outside a run is about to write to the tenant, and returns when that is durable:
// only then may the call be sent. The result is w with ID, and with At when it was zero; w.Outcome is ignored. Faults:
// NotFound ("ledger.no-run") for a Run that is not in the ledger, Conflict ("ledger.once") when a write with the same
// Once has happened, or may have, Conflict ("ledger.lock-lost") when this ledger's lock was taken away, Internal
// ("ledger.write") for a Write without Command or Effect, or with a Row but no Run.
func (l *Journal) IntendWrite(ctx context.Context, w migration.Write) (migration.Write, error) {
	w.Outcome = nil
	if w.Run == "" {
		w.Row = migration.WaveRow
	}
	err := l.do(ctx, "record what is about to be done", func(t tx) error {
		if err := t.Fence(); err != nil {
			return err
		}
		w.At = trail.OrNow(w.At, t.Now)
		id, err := t.Insert("writes", `command, by_whom, run, idx, user_id, user_name, effect, target, before_write, after_write,
			once, client_request_id, at`,
			w.Command, w.By, trail.OrNull(w.Run), w.Row, strings.ToLower(w.UserID), w.User, string(w.Effect), w.Target,
			trail.OrNull(string(w.Before)), trail.OrNull(string(w.After)), trail.OrNull(w.Once), w.ClientRequestID, trail.Stamp(w.At))
		switch {
		case l.trail.DB.Refused(err) == store.Unique:
			return fault.Wrap(fault.Conflict, "ledger.once", fmt.Sprintf("%s was done before, or may have been: %s", w.Effect, w.Once), "", err)
		case l.trail.DB.Refused(err) == store.ForeignKey:
			return trail.NoRun(w.Run)
		case l.trail.DB.Refused(err) != store.NotRefused:
			return fault.Wrap(fault.Internal, "ledger.write", fmt.Sprintf("the write %q by %q cannot be recorded", w.Effect, w.Command), "", err)
		case err != nil:
			return err
		}
		w.ID = id
		return t.Audit(w.At, trail.KindWriteIntent, w.Run, w.Row, writeBody{
			ID: w.ID, Command: w.Command, By: w.By, UserID: w.UserID, User: w.User, Effect: w.Effect, Target: w.Target,
			Before: w.Before, After: w.After, Once: w.Once, ClientRequestID: w.ClientRequestID,
		})
	})
	if err != nil {
		return migration.Write{}, err
	}
	return w, nil
}

type writeBody struct {
	ID              int64            `json:"id"`
	Command         string           `json:"command"`
	By              string           `json:"by,omitempty"`
	UserID          string           `json:"user_id,omitempty"`
	User            string           `json:"user,omitempty"`
	Effect          migration.Effect `json:"effect"`
	Target          string           `json:"target,omitempty"`
	Before          json.RawMessage  `json:"before,omitempty"`
	After           json.RawMessage  `json:"after,omitempty"`
	Once            string           `json:"once,omitempty"`
	ClientRequestID string           `json:"client_request_id,omitempty"`
}

// ConcludeWrite records how a write ended, as [Journal.Conclude] does for a run's intent and with the same faults. w is
// what IntendWrite, or Writes, returned. For an effect of a run it is Conclude.
func (l *Journal) ConcludeWrite(ctx context.Context, w migration.Write, out migration.Outcome) error {
	if w.Command == migration.CommandRun {
		return l.Conclude(ctx, migration.Intent{ID: w.ID, Run: w.Run, Row: w.Row, Effect: w.Effect}, out)
	}
	return l.conclude(ctx, conclusion{
		table: "writes", id: w.ID, run: w.Run, row: w.Row, effect: w.Effect, kind: trail.KindWriteOutcome,
		none: fmt.Sprintf("the ledger holds no write %d by wave365 %s", w.ID, w.Command),
	}, out)
}

// writesOf selects every write of the ledger in one format; the first half names the columns.
const writesOf = `SELECT 1 AS outside, id, command, by_whom, coalesce(run, '') AS run, idx, user_id, user_name, effect, target,
	before_write, after_write, coalesce(once, '') AS once, client_request_id, at, status, remote_id, request_id, detail,
	no_change, concluded_at FROM writes
	UNION ALL
	SELECT 0, i.id, 'run', '', i.run, i.idx, coalesce(r.user_id, ''), coalesce(r.target, ''), i.effect, i.subject,
	NULL, NULL, '', i.client_request_id, i.at, i.status, i.remote_id, i.request_id, i.detail, i.no_change, i.concluded_at
	FROM intents i LEFT JOIN wave_rows r ON r.run = i.run AND r.idx = i.idx`

// Writes returns what this ledger did, or was about to do, to the tenant, oldest first: the effects of its runs and the
// writes of commands outside them. [migration.Write.Changed] reports what an undo may take back.
func (l *Journal) Writes(ctx context.Context, f migration.WriteFilter) ([]migration.Write, error) {
	if !l.trail.Has(trail.VersionWrites) {
		return nil, nil
	}
	where, args := []string{"1 = 1"}, []any(nil)
	and := func(cond string, values ...any) { where, args = append(where, cond), append(args, values...) }
	if f.Run != "" {
		and("run = ?", f.Run)
	}
	if f.Row != nil {
		and("idx = ?", *f.Row)
	}
	if f.UserID != "" {
		and("user_id = ?", strings.ToLower(f.UserID))
	}
	if f.Target != "" {
		and("(lower(target) = ? OR lower(remote_id) = ?)", strings.ToLower(f.Target), strings.ToLower(f.Target))
	}
	if f.Command != "" {
		and("command = ?", f.Command)
	}
	if f.Undecided {
		and("(status IS NULL OR status = 'unknown')")
	}
	return store.All(ctx, l.trail.DB, `SELECT * FROM (`+writesOf+`) AS w WHERE `+strings.Join(where, " AND ")+` ORDER BY at, outside, id`, args, scanWrite)
}

func scanWrite(scan store.Scan) (migration.Write, error) {
	var w migration.Write
	var outside int
	var before, after sql.NullString
	var end ending
	err := scan(append([]any{&outside, &w.ID, &w.Command, &w.By, &w.Run, &w.Row, &w.UserID, &w.User, &w.Effect, &w.Target,
		&before, &after, &w.Once, &w.ClientRequestID, (*trail.Moment)(&w.At)}, end.into()...)...)
	if err != nil {
		return w, err
	}
	if w.Outcome, err = end.outcome(); err != nil {
		return w, err
	}
	if before.Valid {
		w.Before = json.RawMessage(before.String)
	}
	if after.Valid {
		w.After = json.RawMessage(after.String)
	}
	if outside == 0 && w.User != "" { // the row's target, from which the name is taken
		var t migration.Target
		if err := json.Unmarshal([]byte(w.User), &t); err != nil {
			return w, err
		}
		w.User = t.User
	}
	return w, nil
}

// ending holds the columns of an intent or a write that are filled when it is concluded.
type ending struct {
	status, remote, request, detail sql.NullString
	noChange                        bool
	at                              trail.Moment
}

func (e *ending) into() []any {
	return []any{&e.status, &e.remote, &e.request, &e.detail, &e.noChange, &e.at}
}

func (e *ending) outcome() (*migration.Outcome, error) {
	if !e.status.Valid {
		return nil, nil
	}
	status := migration.OutcomeStatus(e.status.String)
	switch status {
	case migration.OutcomeDone, migration.OutcomeRefused, migration.OutcomeUnknown, migration.OutcomeAdopted, migration.OutcomeNoEffect:
	default: // SQLite does not check this when a file is opened read-only
		return nil, fmt.Errorf("invalid outcome %q", status)
	}
	return &migration.Outcome{
		Status: status, RemoteID: e.remote.String, RequestID: e.request.String,
		Detail: e.detail.String, NoChange: e.noChange, At: time.Time(e.at),
	}, nil
}
