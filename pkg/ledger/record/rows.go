package record

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/trail"
	"wave365/pkg/migration"
)

const insertRow = `INSERT INTO wave_rows (id, run, idx, user_id, version, state, step, reason, note, attempt, tries, warned,
	trouble_since, not_before, started_at, updated_at, finished_at, problem, facts, target, input)
	VALUES ((SELECT coalesce(max(id), 0) + 1 FROM wave_rows), ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

func (t tx) addRow(run string, r migration.Row) error {
	target, err1 := trail.JSON(r.Target)
	input, err2 := trail.JSON(r.Input)
	facts, err3 := trail.JSON(r.Facts)
	problem, err4 := problemText(r.Problem)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	finished := r.FinishedAt
	if r.State.Final() && finished.IsZero() {
		finished = t.Now
	}
	user := strings.ToLower(r.Target.UserID)
	err := t.Exec(insertRow, run, r.Index, user, r.Version, string(r.State), string(r.Step), string(r.Reason), r.Note,
		r.Attempt, r.Tries, trail.Flag(r.Warned), trail.When(r.TroubleSince), trail.When(r.NotBefore), trail.When(r.StartedAt), trail.When(r.UpdatedAt),
		trail.When(finished), problem, facts, target, input)
	if t.Refused(err) != store.NotRefused {
		if held := t.userHeld(user, r.Target.User); held != nil {
			return held
		}
	}
	return err
}

// userHeld returns the fault for a user who has an unfinished row; nil when there is no such row.
func (t tx) userHeld(user, name string) error {
	var run string
	var idx int
	err := t.Get(`SELECT run, idx FROM wave_rows WHERE user_id = ? AND finished_at IS NULL AND user_id <> ''`,
		[]any{user}, &run, &idx)
	if err != nil {
		return nil
	}
	return fault.New(fault.Conflict, "ledger.user-held", "the user "+name+" is in the unfinished run "+run,
		"finish that run, or cancel it", fault.NewCommand("resume").For(run), fault.NewCommand("cancel").For(run))
}

func problemText(p *migration.Problem) (any, error) {
	if p == nil {
		return nil, nil
	}
	return trail.JSON(p)
}

// moveRow leaves finished_at alone: between states that are not final it does not change, and naming it would update
// the index of open users each time. endRow is for every other change, aimRow for those that change the target of the
// row.
const (
	moveRow = `UPDATE wave_rows SET version = ?, state = ?, step = ?, reason = ?, note = ?, attempt = ?, tries = ?,
	warned = ?, trouble_since = ?, not_before = ?, started_at = ?, updated_at = ?, problem = ?, facts = ?` + rowAsRead
	endRow = `UPDATE wave_rows SET version = ?, state = ?, step = ?, reason = ?, note = ?, attempt = ?, tries = ?,
	warned = ?, trouble_since = ?, not_before = ?, started_at = ?, updated_at = ?, problem = ?, facts = ?, finished_at = ?` + rowAsRead
	aimRow = `UPDATE wave_rows SET version = ?, state = ?, step = ?, reason = ?, note = ?, attempt = ?, tries = ?,
	warned = ?, trouble_since = ?, not_before = ?, started_at = ?, updated_at = ?, problem = ?, facts = ?, finished_at = ?,
	user_id = ?, target = ?, input = ?` + rowAsRead
	rowAsRead = ` WHERE run = ? AND idx = ? AND version = ? AND state = ?`
	// rowFenced checks the fence in the same statement, which costs next to nothing: see fence.
	rowFenced = ` AND (CAST(? AS BIGINT) = 0 OR EXISTS (SELECT 1 FROM fence WHERE epoch = ?%s))`
)

// Records are the runs of a ledger and their rows. Safe for concurrent use.
type Records struct{ trail *trail.Trail }

// New returns the records of a ledger.
func New(t *trail.Trail) *Records { return &Records{t} }

// tx is a transaction that changes records.
type tx struct{ *trail.Tx }

func (l *Records) do(ctx context.Context, doing string, fn func(tx) error) error {
	return l.trail.Do(ctx, doing, func(t *trail.Tx) error { return fn(tx{t}) })
}

// Apply records a transition, with its event, in one transaction; it returns when that is durable. The row's Target and Input are written only for an
// amended row and for a new attempt. Faults: Conflict ("ledger.moved") when the row is not as t.From() has it, Conflict ("ledger.user-held") when the
// row opens again and its user now has another unfinished row, Conflict ("ledger.lock-lost") when this ledger's lock was taken away, NotFound
// ("ledger.no-row"), and Internal ("ledger.arrow") for a change that the database does not allow.
func (l *Records) Apply(ctx context.Context, tr migration.Transition) error {
	m, err := moveOf(tr)
	if err != nil {
		return err
	}
	return l.do(ctx, recording([]movement{m}), func(t tx) error { return t.moveRow(m) })
}

// ApplyAll is Apply for many rows in one transaction: all are recorded, or none.
func (l *Records) ApplyAll(ctx context.Context, list []migration.Transition) error {
	moves, err := movesOf(list)
	if err != nil || len(moves) == 0 {
		return err
	}
	return l.do(ctx, recording(moves), func(t tx) error { return t.moveRows(moves) })
}

// recording describes what is being done, for faults.
func recording(moves []movement) string {
	if len(moves) == 1 {
		return fmt.Sprintf("record row %d", moves[0].to.Index)
	}
	return fmt.Sprintf("record %d rows", len(moves))
}

func movesOf(list []migration.Transition) ([]movement, error) {
	moves := make([]movement, len(list))
	for i, tr := range list {
		var err error
		if moves[i], err = moveOf(tr); err != nil {
			return nil, err
		}
	}
	return moves, nil
}

func (t tx) moveRows(moves []movement) error {
	for _, m := range moves {
		if err := t.moveRow(m); err != nil {
			return err
		}
	}
	return nil
}

// movement is a transition in the form that the database takes.
type movement struct {
	from, to migration.Row
	query    string
	args     []any
	entry    trail.EventBody
}

func moveOf(tr migration.Transition) (movement, error) {
	from, to := tr.From(), tr.To()
	m := movement{from: from, to: to}
	if to.Run == "" || to.State == "" {
		return m, fault.New(fault.Internal, "ledger.arrow", "the zero transition changes nothing", "")
	}
	problem, err := problemText(to.Problem)
	if err != nil {
		return m, err
	}
	facts, err := trail.JSON(to.Facts)
	if err != nil {
		return m, err
	}
	entry := trail.BodyOf(tr.Event())
	if from.Facts != to.Facts {
		entry.Facts = &to.Facts
	}
	entry.Version = to.Version
	query, args := moveRow, []any{
		to.Version, string(to.State), string(to.Step), string(to.Reason), to.Note, to.Attempt, to.Tries, trail.Flag(to.Warned),
		trail.When(to.TroubleSince), trail.When(to.NotBefore), trail.When(to.StartedAt), trail.When(to.UpdatedAt), problem, facts,
	}
	switch {
	case tr.Retargets():
		target, err := trail.JSON(to.Target)
		if err != nil {
			return m, err
		}
		input, err := trail.JSON(to.Input)
		if err != nil {
			return m, err
		}
		entry.Target = &to.Target
		query, args = aimRow, append(args, trail.When(to.FinishedAt), strings.ToLower(to.Target.UserID), target, input)
	case from.State.Final() || to.State.Final():
		query, args = endRow, append(args, trail.When(to.FinishedAt))
	}
	m.query, m.args, m.entry = query, append(args, from.Run, from.Index, from.Version, string(from.State)), entry
	return m, nil
}

func (t tx) moveRow(m movement) error {
	epoch := t.Trail.Claimed().Epoch
	n, err := t.Change(m.query+fmt.Sprintf(rowFenced, t.Trail.DB.Share), append(slices.Clip(m.args), epoch, epoch)...)
	if err != nil {
		return t.refusal(m.from, m.to, err)
	}
	if n == 0 {
		if err := t.Fence(); err != nil {
			return err
		}
		return t.moved(m.from)
	}
	return t.Audit(m.to.UpdatedAt, trail.KindTransition, m.to.Run, m.to.Index, m.entry)
}

// refusal explains why the database refused the change.
func (t tx) refusal(from, to migration.Row, err error) error {
	switch {
	case trail.RefusedBy(err, "a row changes by an arrow"):
		return fault.Wrap(fault.Internal, "ledger.arrow",
			fmt.Sprintf("the ledger allows no change from %s to %s (%s)", from.State, to.State, to.Reason), "", err)
	case t.Refused(err) != store.NotRefused:
		if held := t.userHeld(strings.ToLower(to.Target.UserID), to.Target.User); held != nil {
			return held
		}
	}
	return err
}

// moved describes the state of a row that an update did not find.
func (t tx) moved(from migration.Row) error {
	var state string
	var version int64
	err := t.Get(`SELECT state, version FROM wave_rows WHERE run = ? AND idx = ?`, []any{from.Run, from.Index}, &state, &version)
	if errors.Is(err, sql.ErrNoRows) {
		return fault.New(fault.NotFound, "ledger.no-row", fmt.Sprintf("the run %s has no row %d", from.Run, from.Index), "")
	}
	if err != nil {
		return err
	}
	return fault.New(fault.Conflict, "ledger.moved",
		fmt.Sprintf("row %d was %s (version %d) and is now %s (version %d)", from.Index, from.State, from.Version, state, version),
		"read the row again")
}

// ImportsLeft maps each user (object id, lower case) to the snapshots that runs of this ledger imported and from which no
// Cloud PC is known to have been made.
func (l *Records) ImportsLeft(ctx context.Context) (map[string][]string, error) {
	left := map[string][]string{}
	type of struct{ user, snapshot string }
	for o, err := range store.List(ctx, l.trail.DB, `SELECT user_id, facts FROM wave_rows
		WHERE state <> 'succeeded' AND user_id <> '' AND facts <> '{}' ORDER BY run, idx`, nil, func(scan store.Scan) (of, error) {
		var o of
		var text string
		var facts migration.Facts
		err := scan(&o.user, &text)
		if err == nil {
			err = json.Unmarshal([]byte(text), &facts)
		}
		o.snapshot = facts.SnapshotID
		return o, err
	}) {
		if err != nil {
			return nil, err
		}
		if o.snapshot != "" {
			left[o.user] = append(left[o.user], o.snapshot)
		}
	}
	return left, nil
}

// CountsByRun returns, for each run, how many of its rows are in each state.
func (l *Records) CountsByRun(ctx context.Context) (map[string]migration.Counts, error) {
	type part struct {
		run string
		row migration.Row
		n   int
	}
	counts := map[string]migration.Counts{}
	for p, err := range store.List(ctx, l.trail.DB, `SELECT run, state, warned, count(*) FROM wave_rows GROUP BY run, state, warned`, nil,
		func(scan store.Scan) (p part, err error) { return p, scan(&p.run, &p.row.State, &p.row.Warned, &p.n) }) {
		if err != nil {
			return nil, err
		}
		c := counts[p.run]
		c.Add(p.row, p.n)
		counts[p.run] = c
	}
	return counts, nil
}
