package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"wave365/pkg/audit"
	"wave365/pkg/fault"
)

// The kinds of audit entries.
const (
	auditRunCreated   = "run-created"
	auditRunFinished  = "run-finished"
	auditRunReopened  = "run-reopened"
	auditRunChanged   = "run-changed"
	auditTransition   = "transition"
	auditEvent        = "event"
	auditIntent       = "intent"
	auditOutcome      = "outcome"
	auditWriteIntent  = "write-intent"
	auditWriteOutcome = "write-outcome"
	auditLocked       = "locked"
	auditLockReplaced = "lock-replaced"
	auditReleased     = "released"
	auditUnlocked     = "unlocked"
)

// chain is the end of the audit: the last entry, and the last hash of each run that was asked for. The zero value
// knows nothing yet.
type chain struct {
	known bool
	seq   int64
	hash  string
	heads map[string]string
}

// audit appends an entry in the caller's transaction.
func (t *txn) audit(at time.Time, kind, run string, row int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	remembered := t.chain.known
	err = t.appendAudit(at, kind, run, row, text)
	if remembered && refusedBy(err, "the audit only grows") {
		// Another process has written since: what was remembered is not the end any more.
		t.chain = chain{}
		err = t.appendAudit(at, kind, run, row, text)
	}
	return err
}

func (t *txn) appendAudit(at time.Time, kind, run string, row int, body []byte) error {
	prev, err := t.head(run)
	if err != nil {
		return err
	}
	e := audit.Entry{Seq: t.chain.seq + 1, At: at, Kind: kind, Run: run, Row: row, Body: body, Prev: prev}
	e.Hash = e.Sum()
	err = t.exec(`INSERT INTO audit (seq, at, kind, run, idx, body, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		e.Seq, stamp(at), kind, run, row, string(body), prev, e.Hash)
	if err == nil {
		t.chain.seq, t.chain.hash, t.chain.heads[run] = e.Seq, e.Hash, e.Hash
	}
	return err
}

// head is what the run's next entry holds as Prev.
func (t *txn) head(run string) (string, error) {
	c := &t.chain
	if !c.known {
		err := t.get(`SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`, nil, &c.seq, &c.hash)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return "", err
		}
		c.known, c.heads = true, map[string]string{}
	}
	if h, ok := c.heads[run]; ok {
		return h, nil
	}
	var h string
	where, args := entriesOf(run)
	err := t.get(`SELECT hash FROM audit`+where+` ORDER BY seq DESC LIMIT 1`, args, &h)
	if errors.Is(err, sql.ErrNoRows) {
		return c.hash, nil
	}
	return h, err
}

// entriesOf is the condition for the audit entries of one run, or with "" of none.
func entriesOf(run string) (where string, args []any) {
	if run == "" {
		return ` WHERE run = ''`, nil
	}
	return ` WHERE run = ? AND seq >= (SELECT min(seq) FROM audit WHERE run = ? AND kind = 'run-created')`, []any{run, run}
}

// Audit gives the entries of a run, oldest first; "" gives those of the whole ledger. It reads while it is ranged
// over and ends after the first error.
func (l *Ledger) Audit(ctx context.Context, runID string) iter.Seq2[audit.Entry, error] {
	query := `SELECT seq, at, kind, run, idx, body, prev, hash FROM audit`
	var args []any
	if runID != "" {
		var where string
		where, args = entriesOf(runID)
		query += where
	}
	return func(yield func(audit.Entry, error) bool) {
		for e, err := range list(ctx, l, query+` ORDER BY seq`, args, scanAudit) {
			if !yield(e, err) {
				return
			}
		}
	}
}

func scanAudit(rows *sql.Rows) (audit.Entry, error) {
	var e audit.Entry
	var body string
	err := rows.Scan(&e.Seq, (*moment)(&e.At), &e.Kind, &e.Run, &e.Row, &body, &e.Prev, &e.Hash)
	e.Body = json.RawMessage(body)
	return e, err
}

// VerifyChain checks entries as [Ledger.Audit] returns them, those of the whole ledger or of one run, and names the first
// one that was changed, removed or put in (Invalid, "ledger.tampered"). What [audit.Verify] cannot see, a run whose
// beginning is gone, is seen here; entries cut off at the end are not.
func VerifyChain(entries iter.Seq2[audit.Entry, error]) error {
	begun := map[string]bool{"": true}
	err := audit.Verify(func(yield func(audit.Entry, error) bool) {
		for e, err := range entries {
			if err == nil && !begun[e.Run] && e.Kind != auditRunCreated && e.Sum() == e.Hash {
				err = &audit.Broken{Seq: e.Seq, Why: "the beginning of its run was removed"}
			}
			begun[e.Run] = true
			if !yield(e, err) {
				return
			}
		}
	})
	if broken, ok := errors.AsType[*audit.Broken](err); ok {
		return fault.Wrap(fault.Invalid, "ledger.tampered", "audit "+broken.Error(), "compare it with the audit.jsonl of an earlier report", err)
	}
	return err
}
