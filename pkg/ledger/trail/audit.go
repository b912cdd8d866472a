package trail

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"wave365/pkg/audit"
	"wave365/pkg/fault"
	"wave365/pkg/ledger/store"
	"wave365/pkg/migration"
)

// The kinds of audit entries. Their writers define what their bodies contain.
const (
	KindRunCreated   = "run-created"
	KindRunFinished  = "run-finished"
	KindRunReopened  = "run-reopened"
	KindRunChanged   = "run-changed"
	KindTransition   = "transition"
	KindEvent        = "event"
	KindIntent       = "intent"
	KindOutcome      = "outcome"
	KindWriteIntent  = "write-intent"
	KindWriteOutcome = "write-outcome"
	KindLocked       = "locked"
	KindLockReplaced = "lock-replaced"
	KindReleased     = "released"
	KindUnlocked     = "unlocked"
	KindSealed       = "sealed"
	KindCopied       = "copied"
)

// chain is the end of the audit: the last entry, and the last hash of each run that was needed. The zero value knows
// nothing yet.
type chain struct {
	known bool // in this transaction
	seq   int64
	hash  string
	heads map[string]string
}

// Audit appends an entry in the caller's transaction.
func (t *Tx) Audit(at time.Time, kind, run string, row int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	e := audit.Entry{At: at, Kind: kind, Run: run, Row: row, Body: text}
	if done, err := t.appendAsRemembered(e); done || err != nil {
		return err
	}
	if e.Prev, err = t.head(run); err != nil {
		return err
	}
	_, err = t.append(e, `INSERT INTO audit (seq, at, kind, run, idx, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`)
	return err
}

// appendAsRemembered appends an entry if the audit still ends as this ledger remembers it, which the same statement
// checks; false: it does not, and nothing was appended.
func (t *Tx) appendAsRemembered(e audit.Entry) (done bool, err error) {
	var remembered bool
	if e.Prev, remembered = t.chain.heads[e.Run]; !remembered || t.chain.known {
		return false, nil
	}
	n, err := t.append(e, `INSERT INTO audit (seq, at, kind, run, idx, body, prev, hash)
		SELECT CAST(? AS BIGINT), ?, ?, ?, CAST(? AS INTEGER), ?, ?, ? WHERE (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1) = ?`, t.chain.hash)
	t.chain.known = err == nil && n > 0
	return t.chain.known, err
}

// append appends an entry after the end of the audit that the transaction knows, by a statement that takes its columns, and
// after them more. It returns how many entries it has appended.
func (t *Tx) append(e audit.Entry, query string, more ...any) (int64, error) {
	e.Seq = t.chain.seq + 1
	e.Hash = e.Sum()
	n, err := t.Change(query, append([]any{e.Seq, Stamp(e.At), e.Kind, e.Run, e.Row, string(e.Body), e.Prev, e.Hash}, more...)...)
	if err == nil && n > 0 {
		t.chain.seq, t.chain.hash, t.chain.heads[e.Run] = e.Seq, e.Hash, e.Hash
		t.Evidence = &store.Evidence{Query: `SELECT count(*) FROM audit WHERE seq = ? AND hash = ?`, Args: []any{e.Seq, e.Hash}}
	}
	return n, err
}

// head returns the value of Prev for the run's next entry.
func (t *Tx) head(run string) (string, error) {
	if !t.chain.known {
		if err := t.end(); err != nil {
			return "", err
		}
	}
	c := &t.chain
	if h, ok := c.heads[run]; ok {
		return h, nil
	}
	var h string
	where, args := entriesOf(run)
	err := t.Get(`SELECT hash FROM audit`+where+` ORDER BY seq DESC LIMIT 1`, args, &h)
	if errors.Is(err, sql.ErrNoRows) {
		return c.hash, nil
	}
	return h, err
}

// end reads where the audit ends now. If that is where this ledger left it, nobody else has written since, and what is
// remembered of the runs is still right.
func (t *Tx) end() error {
	var seq int64
	var hash string
	err := t.Get(`SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`, nil, &seq, &hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	c := &t.chain
	if c.heads == nil || c.seq != seq || c.hash != hash {
		*c = chain{seq: seq, hash: hash, heads: map[string]string{}}
	}
	c.known = true
	return nil
}

// entriesOf returns the condition for the audit entries of one run, or with "" of none.
func entriesOf(run string) (where string, args []any) {
	if run == "" {
		return ` WHERE run = ''`, nil
	}
	return ` WHERE run = ? AND seq >= (SELECT min(seq) FROM audit WHERE run = ? AND kind = 'run-created')`, []any{run, run}
}

// RunAsBegun returns the run as it was when it began, from the entry that records it; false for other entries.
func RunAsBegun(e audit.Entry) (migration.Run, bool) {
	var body struct {
		Run migration.Run `json:"run"`
	}
	ok := e.Kind == KindRunCreated && json.Unmarshal(e.Body, &body) == nil
	return body.Run, ok
}

// History reads what happened in a ledger.
type History struct{ trail *Trail }

// NewHistory returns the history that a trail has recorded.
func NewHistory(t *Trail) *History { return &History{t} }

// Audit returns the entries of a run, oldest first; "" means those of the whole ledger. It reads during iteration and
// ends after the first error, which may be that an entry does not fit those before it (Invalid, "ledger.tampered").
func (l *History) Audit(ctx context.Context, runID string) iter.Seq2[audit.Entry, error] {
	query := `SELECT seq, at, kind, run, idx, body, prev, hash FROM audit`
	var args []any
	if runID != "" {
		var where string
		where, args = entriesOf(runID)
		query += where
	}
	var check audit.Checker
	return func(yield func(audit.Entry, error) bool) {
		for e, err := range store.List(ctx, l.trail.DB, query+` ORDER BY seq`, args, scanAudit) {
			if err == nil {
				err = touched(check.Next(e))
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// HasEntry reports whether the ledger's audit holds the entry with that number and hash. A ledger without an entry that
// was recorded elsewhere is an older copy.
func (l *History) HasEntry(ctx context.Context, seq int64, hash string) (bool, error) {
	var n int
	if err := l.trail.DB.Get(ctx)(`SELECT count(*) FROM audit WHERE seq = ? AND hash = ?`, []any{seq, hash}, &n); err != nil {
		return false, l.trail.DB.Fault(err, "read the ledger")
	}
	return n > 0, nil
}

func scanAudit(scan store.Scan) (audit.Entry, error) {
	var e audit.Entry
	var body string
	err := scan(&e.Seq, (*Moment)(&e.At), &e.Kind, &e.Run, &e.Row, &body, &e.Prev, &e.Hash)
	e.Body = json.RawMessage(body)
	return e, err
}

// VerifyChain checks entries as [History.Audit] returns them, those of the whole ledger or of one run. The fault (Invalid,
// "ledger.tampered") names the first entry that was changed, removed or inserted. It also detects a run whose beginning is
// missing, which [audit.Verify] cannot; entries cut off at the end cannot be detected.
func VerifyChain(entries iter.Seq2[audit.Entry, error]) error {
	begun := map[string]bool{"": true}
	err := audit.Verify(func(yield func(audit.Entry, error) bool) {
		for e, err := range entries {
			if err == nil && !begun[e.Run] && e.Kind != KindRunCreated && e.Sum() == e.Hash {
				err = &audit.Broken{Seq: e.Seq, Why: "the beginning of its run was removed"}
			}
			begun[e.Run] = true
			if !yield(e, err) {
				return
			}
		}
	})
	return touched(err)
}

// touched returns the fault for a broken chain.
func touched(err error) error {
	if broken, ok := errors.AsType[*audit.Broken](err); ok {
		return fault.Wrap(fault.Invalid, "ledger.tampered", "audit "+broken.Error(), "compare it with the audit.jsonl of an earlier report", err)
	}
	return err
}
