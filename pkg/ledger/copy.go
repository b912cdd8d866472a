package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/trail"
	"wave365/pkg/migration"
)

// table is one table to copy, in the order of its key.
type table struct{ name, key, columns string }

// tables are in an order in which no record refers to one that is not copied yet.
var tables = []table{
	{"runs", "n", "n, id, state, created_at, finished_at, body"},
	{"wave_rows", "id", `id, run, idx, user_id, version, state, step, reason, note, attempt, tries, warned, trouble_since,
		not_before, started_at, updated_at, finished_at, problem, facts, target, input`},
	{"findings", "run, n", "run, n, body"},
	{"intents", "id", `id, run, idx, attempt, effect, client_request_id, subject, at, status, remote_id, request_id, detail,
		no_change, concluded_at`},
	{"writes", "id", `id, command, by_whom, run, idx, user_id, user_name, effect, target, before_write, after_write, once,
		client_request_id, at, status, remote_id, request_id, detail, no_change, concluded_at`},
	{"orders", "id", "id, run, holder, at, by_whom, kind, arg, obeyed_at, answer"},
	{"run_changes", "n", "n, run, at, body"},
	{"audit", "seq", "seq, at, kind, run, idx, body, prev, hash"},
}

// Copy copies src into dst, from a file to a database or the other way, and seals src, which then records where it was
// copied to. Both are open for writing and dst is empty; h is the process that copies, and it holds both locks meanwhile.
// The chain of src is verified first, and dst is compared with it before the copy is committed. To continue a copy that
// was interrupted, copy again to the same place, with src opened with Options.Sealed. Faults: Conflict ("ledger.locked")
// while a process drives src, Conflict ("ledger.not-empty") when dst is not empty, Conflict ("ledger.sealed") when src
// was copied elsewhere, Invalid ("ledger.tampered").
func Copy(ctx context.Context, src, dst *Ledger, h Holder) error {
	if src.Path() == dst.Path() {
		return fault.New(fault.Conflict, "ledger.not-empty", "a ledger is not copied onto itself", "name another place")
	}
	to, err := src.WentTo(ctx)
	switch {
	case err != nil:
		return err
	case to != "" && to != dst.Path():
		return sealedElsewhere(src.Path(), to)
	case to == "":
		if err := dst.refuseContent(ctx); err != nil {
			return err
		}
		if err := VerifyChain(src.Audit(ctx, "")); err != nil {
			return err
		}
		if _, err := src.Lock(ctx, h); err != nil {
			return err
		}
		if err := src.seal(ctx, dst.Path()); err != nil {
			return err
		}
	}
	last, err := src.lastEntry(ctx)
	if err != nil {
		return err
	}
	if there, err := dst.HasEntry(ctx, last.seq, last.hash); err != nil || there {
		return err // an earlier attempt got to this point, and its answer was lost
	}
	if err := dst.refuseContent(ctx); err != nil {
		return err
	}
	return dst.take(ctx, src)
}

// refuseContent refuses a destination that is not empty.
func (l *Ledger) refuseContent(ctx context.Context) error {
	e, err := l.lastEntry(ctx)
	if err == nil && e.seq > 0 {
		err = fault.New(fault.Conflict, "ledger.not-empty", "the ledger "+l.Path()+" is not empty", "copy to a new place")
	}
	return err
}

// end is the last entry of an audit.
type end struct {
	seq  int64
	hash string
}

func (l *Ledger) lastEntry(ctx context.Context) (last end, err error) {
	err = l.trail.DB.Get(ctx)(`SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1`, nil, &last.seq, &last.hash)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return last, l.trail.DB.Fault(err, "read the ledger")
	}
	return last, nil
}

// WentTo returns where the ledger was copied to; nothing can be recorded in it after that. It is "" for a ledger in use.
func (l *Ledger) WentTo(ctx context.Context) (to string, err error) {
	if !l.trail.Has(trail.VersionSealed) {
		return "", nil
	}
	err = l.trail.DB.Get(ctx)(`SELECT went_to FROM sealed`, nil, &to)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", l.trail.DB.Fault(err, "read the ledger")
	}
	return to, nil
}

// refuseSealed refuses to open for writing a ledger that was copied elsewhere.
func (l *Ledger) refuseSealed(ctx context.Context, opt Options) error {
	if opt.ReadOnly || opt.Sealed {
		return nil
	}
	to, err := l.WentTo(ctx)
	if err == nil && to != "" {
		err = sealedElsewhere(l.Path(), to)
	}
	return err
}

func sealedElsewhere(path, to string) error {
	return fault.New(fault.Conflict, "ledger.sealed", "the ledger "+path+" was copied to "+to+", and nothing more is recorded here",
		"continue there, with --ledger '"+to+"'")
}

type placeBody struct {
	Place string `json:"place"`
}

// seal records where the ledger was copied to, as its last entry, and gives the lock back.
func (l *Ledger) seal(ctx context.Context, to string) error {
	err := l.trail.Do(ctx, "seal the ledger", func(t *trail.Tx) error {
		if err := t.Fence(); err != nil {
			return err
		}
		if err := t.Audit(t.Now, trail.KindSealed, "", migration.WaveRow, placeBody{to}); err != nil {
			return err
		}
		if err := t.Exec(`DELETE FROM holder`); err != nil {
			return err
		}
		return t.Exec(`INSERT INTO sealed (one, at, went_to) VALUES (1, ?, ?)`, trail.Stamp(t.Now), to)
	})
	if err == nil {
		l.trail.Claim(trail.Claim{})
	}
	return err
}

// take copies everything in one transaction.
func (l *Ledger) take(ctx context.Context, src *Ledger) error {
	var names []string
	for _, tab := range tables {
		names = append(names, tab.name)
	}
	var epoch int64
	if err := src.trail.DB.Get(ctx)(`SELECT epoch FROM fence`, nil, &epoch); err != nil {
		return src.trail.DB.Fault(err, "read the ledger")
	}
	return l.trail.Do(ctx, "copy the ledger", func(t *trail.Tx) error {
		err := unguarded(t, names, func() error {
			for _, tab := range tables {
				if err := copyTable(ctx, t, src, tab); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		// A process that drove the old ledger is refused here too.
		if err := t.Exec(`UPDATE fence SET epoch = ?`, epoch+1); err != nil {
			return err
		}
		return t.Audit(t.Now, trail.KindCopied, "", migration.WaveRow, placeBody{src.Path()})
	})
}

// together is the number of records that one statement inserts.
const together = 100

func copyTable(ctx context.Context, t *trail.Tx, src *Ledger, tab table) error {
	columns := strings.Count(tab.columns, ",") + 1
	read := `SELECT ` + tab.columns + ` FROM ` + tab.name + ` ORDER BY ` + tab.key
	one := "(?" + strings.Repeat(", ?", columns-1) + ")"
	theirs, ours := newDigest(columns), newDigest(columns)
	var waiting []any
	flush := func() error {
		n := len(waiting) / columns
		if n == 0 {
			return nil
		}
		err := t.Exec(`INSERT INTO `+tab.name+` (`+tab.columns+`) VALUES `+one+strings.Repeat(", "+one, n-1), waiting...)
		waiting = waiting[:0]
		return err
	}
	for values, err := range store.List(ctx, src.trail.DB, read, nil, theirs.read) {
		if err != nil {
			return err
		}
		if waiting = append(waiting, values...); len(waiting) >= together*columns {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := flush(); err != nil {
		return err
	}
	err := t.Each(read, nil, func(scan store.Scan) error {
		_, err := ours.read(scan)
		return err
	})
	if err != nil {
		return err
	}
	if ours.sum() != theirs.sum() {
		return fault.New(fault.Internal, "ledger.copy", "the copy of "+tab.name+" is not the same as what was copied; nothing was kept of it", "")
	}
	return nil
}

// digest hashes records as it reads them.
type digest struct {
	columns int
	hash    hash.Hash
}

func newDigest(columns int) digest { return digest{columns, sha256.New()} }

func (d digest) read(scan store.Scan) ([]any, error) {
	values, into := make([]any, d.columns), make([]any, d.columns)
	for i := range values {
		into[i] = &values[i]
	}
	if err := scan(into...); err != nil {
		return nil, err
	}
	for i, v := range values {
		if s, ok := v.(string); ok { // an older version wrote NUL unchanged into files
			v = strings.ReplaceAll(s, "\x00", store.Text("\x00"))
			values[i] = v
		}
		text := fmt.Sprint(v)
		fmt.Fprintf(d.hash, "%t %d %s,", v == nil, len(text), text)
	}
	return values, nil
}

func (d digest) sum() string { return hex.EncodeToString(d.hash.Sum(nil)) }
