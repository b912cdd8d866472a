// Package trail is the transaction that everything recorded in a ledger goes through: each change has its entry in the
// audit chain, and it is refused if the ledger's lock was taken away. It does not know what the entries are about.
package trail

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/store"
)

// The versions of the schema that added what an older ledger, which is only read, does not have.
const (
	VersionControl = 2 // orders, run_changes
	VersionWrites  = 4 // writes, intents.no_change
	VersionSealed  = 6 // sealed
)

// ErrDone ends a transaction whose work was done by one before it; Do returns nil for it.
var ErrDone = errors.New("ledger: done already")

// Trail is an open ledger's database with the end of its audit and this process's lock on it. Safe for concurrent use.
type Trail struct {
	DB *store.DB
	// Now is the clock for times that callers leave zero.
	Now func() time.Time
	// chain is the end of the audit as the last commit left it. The transaction in progress owns it.
	chain chain

	mu    sync.Mutex
	claim Claim
}

// New returns a trail on a database, which still belongs to the caller.
func New(db *store.DB, now func() time.Time) *Trail { return &Trail{DB: db, Now: now} }

// Claim is a lock as its holder knows it; the zero value is none.
type Claim struct {
	ID    string
	Epoch int64
}

// Claimed returns the lock that this ledger has.
func (l *Trail) Claimed() Claim {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.claim
}

// Claim remembers the lock that this ledger has.
func (l *Trail) Claim(c Claim) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.claim = c
}

// Against refuses (Conflict, "ledger.lock-lost") when the ledger's epoch is not the claim's.
func (c Claim) Against(epoch int64) error {
	if c.Epoch == epoch {
		return nil
	}
	return fault.New(fault.Conflict, "ledger.lock-lost", "this process no longer holds the ledger: somebody unlocked it, or took it over",
		"check who drives the run now", fault.NewCommand("status"))
}

// Has reports whether the ledger's schema is at least of that version: one that is only read may be older.
func (l *Trail) Has(version int64) bool { return l.DB.Version() >= version }

// Tx is the open transaction as the work inside it sees it.
type Tx struct {
	*store.Tx
	Trail *Trail
	// chain is the end of the audit as far as this transaction knows it.
	chain chain
}

// Do runs fn in a transaction and returns when it is durable or refused. fn may be called again when the connection to
// the database breaks. The error is a fault; doing completes "could not …".
func (l *Trail) Do(ctx context.Context, doing string, fn func(*Tx) error) error {
	err := l.DB.Do(ctx, func(tx *store.Tx) error {
		t := &Tx{Tx: tx, Trail: l, chain: l.chain}
		l.chain = chain{}
		tx.OnCommit = func() {
			l.chain = t.chain
			l.chain.known = false
		}
		return fn(t)
	})
	if err == nil || errors.Is(err, ErrDone) {
		return nil
	}
	return l.DB.Fault(err, doing)
}

// Refused returns which constraint refused a statement, if one did.
func (t *Tx) Refused(err error) store.Refusal { return t.Trail.DB.Refused(err) }

// Insert inserts a record with the next id; columns are its other columns.
func (t *Tx) Insert(table, columns string, args ...any) (id int64, err error) {
	if err := t.Get(`SELECT coalesce(max(id), 0) + 1 FROM `+table, nil, &id); err != nil {
		return 0, err
	}
	return id, t.Exec(`INSERT INTO `+table+` (id, `+columns+`) VALUES (?`+strings.Repeat(", ?", len(args))+`)`, append([]any{id}, args...)...)
}

// Raise increments the ledger's epoch: a process that took the lock before is refused from here on.
func (t *Tx) Raise() (epoch int64, err error) {
	err = t.Get(`UPDATE fence SET epoch = epoch + 1 RETURNING epoch`, nil, &epoch)
	return epoch, err
}

// Fence fails if this ledger had the lock and it was taken away. The lock cannot change until the transaction ends.
func (t *Tx) Fence() error {
	mine := t.Trail.Claimed()
	if mine.ID == "" {
		return nil
	}
	var epoch int64
	if err := t.Get(`SELECT epoch FROM fence`+t.Trail.DB.Share, nil, &epoch); err != nil {
		return err
	}
	return mine.Against(epoch)
}
