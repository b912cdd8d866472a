package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"wave365/pkg/fault"
)

// AuditEntry is one entry of the audit. An entry's JSON form is one line of audit.jsonl.
type AuditEntry struct {
	// Seq counts from 1 within the ledger, without gaps.
	Seq int64 `json:"seq"`
	// At is UTC.
	At time.Time `json:"at"`
	// Kind says what Body holds: "run-created", "transition", "event", "intent", "outcome", "run-finished",
	// "run-reopened", "run-changed", "locked", "lock-replaced", "released", "unlocked".
	Kind string `json:"kind"`
	// Run is empty for entries about the ledger as a whole.
	Run string `json:"run"`
	// Row is the row's index, or migration.WaveRow.
	Row  int             `json:"row"`
	Body json.RawMessage `json:"body"`
	// Prev is the hash of the run's entry before this one. A run's first entry holds the hash of the ledger's entry
	// before it, which ties the runs together; the ledger's first entry holds "".
	Prev string `json:"prev"`
	// Hash is the hex SHA-256 of the fields above, see [AuditEntry.Sum].
	Hash string `json:"hash"`
}

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
	auditLocked       = "locked"
	auditLockReplaced = "lock-replaced"
	auditReleased     = "released"
	auditUnlocked     = "unlocked"
)

// Sum is the hash that the entry ought to have: the hex SHA-256 over seq, at, kind, run, row, body and prev in this
// order, each written as its length in bytes, ":", the text and ",". Numbers are decimal; at is RFC 3339 in UTC with
// nine digits after the second.
func (e AuditEntry) Sum() string {
	b := make([]byte, 0, 256+len(e.Body))
	for _, s := range [...]string{
		strconv.FormatInt(e.Seq, 10), stamp(e.At), e.Kind, e.Run, strconv.Itoa(e.Row), string(e.Body), e.Prev,
	} {
		b = strconv.AppendInt(b, int64(len(s)), 10)
		b = append(b, ':')
		b = append(b, s...)
		b = append(b, ',')
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

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
	e := AuditEntry{Seq: t.chain.seq + 1, At: at, Kind: kind, Run: run, Row: row, Body: body, Prev: prev}
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
func (l *Ledger) Audit(ctx context.Context, runID string) iter.Seq2[AuditEntry, error] {
	query := `SELECT seq, at, kind, run, idx, body, prev, hash FROM audit`
	var args []any
	if runID != "" {
		var where string
		where, args = entriesOf(runID)
		query += where
	}
	return func(yield func(AuditEntry, error) bool) {
		for e, err := range list(ctx, l, query+` ORDER BY seq`, args, scanAudit) {
			if !yield(e, err) {
				return
			}
		}
	}
}

func scanAudit(rows *sql.Rows) (AuditEntry, error) {
	var e AuditEntry
	var body string
	err := rows.Scan(&e.Seq, (*moment)(&e.At), &e.Kind, &e.Run, &e.Row, &body, &e.Prev, &e.Hash)
	e.Body = json.RawMessage(body)
	return e, err
}

// VerifyChain reads entries as [Ledger.Audit] gives them and names the first one that was changed, removed or put in
// (Invalid, "ledger.tampered"). Entries cut off at the end cannot be seen; compare the last hash with a report.
func VerifyChain(entries iter.Seq2[AuditEntry, error]) error {
	var last AuditEntry
	heads := map[string]string{}
	for e, err := range entries {
		if err != nil {
			return err
		}
		head, known := heads[e.Run]
		switch {
		case e.Sum() != e.Hash:
			return tampered(e, "its content does not fit its hash")
		case e.Seq <= last.Seq:
			return tampered(e, "it is out of order")
		case (e.Run == "" || len(heads) > 1 || len(heads) == 1 && !known) && e.Seq != last.Seq+1:
			// Only the whole ledger's audit holds more than one run, and that has no gaps.
			return tampered(e, fmt.Sprintf("entries %d to %d were removed", last.Seq+1, e.Seq-1))
		case known && e.Prev != head:
			return tampered(e, "it does not follow the run's entry before it; that one, or one between them, was changed or removed")
		case !known && e.Seq == last.Seq+1 && e.Prev != last.Hash:
			return tampered(e, "it does not follow the entry before it")
		case !known && e.Run != "" && e.Kind != auditRunCreated:
			return tampered(e, "the beginning of its run was removed")
		}
		heads[e.Run] = e.Hash
		last = e
	}
	return nil
}

func tampered(e AuditEntry, why string) error {
	return fault.New(fault.Invalid, "ledger.tampered", fmt.Sprintf("audit entry %d was touched: %s", e.Seq, why),
		"compare it with the audit.jsonl of an earlier report")
}
