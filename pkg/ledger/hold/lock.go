// Package hold is the lock of a ledger: which process drives it, whether that process still lives, and what operators
// request from it in other terminals. It does not carry out those requests.
package hold

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/ledger/process"
	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/trail"
	"wave365/pkg/migration"
)

// Keeper is the lock of a ledger, and the requests to the process that holds it. Safe for concurrent use.
type Keeper struct {
	trail *trail.Trail
	zone  *time.Location
	// beside is the file in which the holder is named too; "" for none.
	beside string
}

// New returns the lock of a ledger; zone is the time zone of faults.
func New(t *trail.Trail, zone *time.Location) *Keeper { return &Keeper{trail: t, zone: zone} }

// tx is a transaction that changes the lock.
type tx struct{ *trail.Tx }

func (l *Keeper) do(ctx context.Context, doing string, fn func(tx) error) error {
	return l.trail.Do(ctx, doing, func(t *trail.Tx) error { return fn(tx{t}) })
}

// Holder is the process that drives the ledger's runs.
type Holder struct {
	// ID is what Unlock takes.
	ID string `json:"id"`
	// Host, User and PID say where the process is.
	Host string `json:"host"`
	User string `json:"user"`
	PID  int    `json:"pid"`
	// Started is when it took the lock, unless Lock was given another time.
	Started time.Time `json:"started"`
	Command string    `json:"command"`
	// Run is the run it drives; empty when it drives none, as with a command that writes to the tenant after a run.
	Run string `json:"run"`
	// Life is whether the process still lives, as far as this host can know; for a process on another host it is
	// Unknown. [Keeper.Holder] fills it; it is not stored.
	Life process.Life `json:"-"`
}

func (h Holder) describe(zone *time.Location) string {
	return fmt.Sprintf("process %d of %s on %s (%s, since %s)", h.PID, h.User, h.Host, h.Command, clocks.Moment(h.Started.In(zone)))
}

// drain is the command that ends it; none when it drives no run, because nothing else takes requests.
func (h Holder) drain() []fault.Command {
	if h.Run == "" {
		return nil
	}
	return []fault.Command{fault.NewCommand("drain").For(h.Run)}
}

// Lock makes this process the one that drives the ledger. ID, Host, User, PID and Started are filled where h leaves
// them empty. A holder on this host whose process has ended is replaced. A live one, or one on another host, is
// Conflict ("ledger.locked"), and the message names it with the id that [Keeper.Unlock] takes. release gives the lock
// back, also after ctx is done, and may be called twice; Close does it too. While the lock is held, Apply and Intend
// check that it still is, so that a process whose lock was taken away stops writing.
func (l *Keeper) Lock(ctx context.Context, h Holder) (release func() error, err error) {
	return l.TakeOver(ctx, h, nil)
}

// TakeOver is like Lock, and also replaces a holder that may live, when replace reports true for it; a nil replace
// replaces none. The replaced process is refused from then on, whatever it does, and ends. It is for a queue that has
// given the work to this process, and so knows that the other one must not continue.
func (l *Keeper) TakeOver(ctx context.Context, h Holder, replace func(old Holder) bool) (release func() error, err error) {
	h = l.complete(h)
	token := process.Token(h.PID)
	if l.trail.DB.Session != "" {
		token += sessionMark + l.trail.DB.Session
	}
	mine := trail.Claim{ID: h.ID}
	err = l.do(ctx, "lock the ledger", func(t tx) error {
		old, ok, err := l.readHolder(t.Get)
		if err != nil {
			return err
		}
		kind := trail.KindLocked
		if ok {
			if old.Life != process.Gone && (replace == nil || !replace(old)) {
				return l.refusedBecause(old)
			}
			kind = trail.KindLockReplaced
			if _, err := t.Change(`DELETE FROM holder WHERE id = ?`, old.ID); err != nil {
				return err
			}
		}
		if mine.Epoch, err = t.Raise(); err != nil {
			return err
		}
		err = t.Exec(`INSERT INTO holder (one, id, host, "user", pid, process, started, command, run)
			VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)`, h.ID, h.Host, h.User, h.PID, token, trail.Stamp(h.Started), h.Command, h.Run)
		if err != nil {
			return err
		}
		entry := lockBody{Holder: h}
		if ok {
			entry.Replaced = &old
		}
		return t.Audit(t.Now, kind, "", migration.WaveRow, entry)
	})
	if err != nil {
		return nil, l.stuck(ctx, err)
	}
	l.trail.Claim(mine)
	l.write(h, token)
	return func() error { return l.Release(h.ID) }, nil
}

// refusedBecause is the fault for a process that wants the lock that h has. It says how to take it away only if h may
// have ended.
func (l *Keeper) refusedBecause(h Holder) error {
	hint, next := "wait for it", h.drain()
	switch {
	case h.Life == process.Unknown:
		hint, next = "wait for it, or, if it is certain that it is no longer running, unlock the ledger", []fault.Command{fault.NewCommand("unlock", "--id", h.ID)}
	case h.Run != "":
		hint = "wait for it, or have it drained"
	}
	return fault.New(fault.Conflict, "ledger.locked", "the ledger is in use by "+h.describe(l.zone)+lockedRun(h), hint, next...)
}

// stuck handles the error of a ledger that another process has been writing to for longer than any write takes: it
// returns the refusal that names the holder. A process that was frozen in the middle of a write blocks only us.
func (l *Keeper) stuck(ctx context.Context, err error) error {
	if fault.CodeOf(err) != store.CodeBusy {
		return err
	}
	h, held, readErr := l.Holder(ctx)
	if readErr != nil || !held || h.Life == process.Gone {
		return err
	}
	return fault.Wrap(fault.Conflict, "ledger.locked", "the ledger is in use by "+h.describe(l.zone)+lockedRun(h)+"; it is in the middle of a write and does not finish",
		"that process may be frozen (stopped with Ctrl-Z, or its machine asleep): let it continue, or end it: its lock ends with it", err, fault.NewCommand("status").For(h.Run))
}

type lockBody struct {
	Holder   Holder  `json:"holder"`
	Replaced *Holder `json:"replaced,omitempty"`
}

func lockedRun(h Holder) string {
	if h.Run == "" {
		return ""
	}
	return ", which drives the run " + h.Run
}

// complete fills the fields that the caller left empty.
func (l *Keeper) complete(h Holder) Holder {
	if h.ID == "" {
		b := make([]byte, 6)
		rand.Read(b)
		h.ID = hex.EncodeToString(b)
	}
	if h.Host == "" {
		h.Host, _ = os.Hostname()
	}
	if h.User == "" {
		if u, err := user.Current(); err == nil {
			h.User = u.Username
		}
	}
	if h.PID == 0 {
		h.PID = os.Getpid()
	}
	h.Started = trail.OrNow(h.Started, l.trail.Now().UTC())
	return h
}

// releaseWithin is how long giving a lock back is retried.
const releaseWithin = 15 * time.Second

// Release gives back the lock with that id if it is still ours.
func (l *Keeper) Release(id string) error {
	if id == "" || l.trail.Claimed().ID != id {
		return nil
	}
	l.forget()
	ctx, cancel := context.WithTimeout(context.Background(), releaseWithin)
	defer cancel()
	err := l.do(ctx, "unlock the ledger", func(t tx) error {
		n, err := t.Change(`DELETE FROM holder WHERE id = ?`, id)
		if err != nil || n == 0 {
			return err
		}
		return t.Audit(t.Now, trail.KindReleased, "", migration.WaveRow, struct {
			ID string `json:"id"`
		}{id})
	})
	if err == nil {
		l.trail.Claim(trail.Claim{})
	}
	return err
}

// Holds checks that the lock that this ledger took is still its own: nil when it is, or when it took none. Conflict
// ("ledger.lock-lost") when it was taken away. The holder calls it between the intent and the call, because a process
// may have been frozen in between.
func (l *Keeper) Holds(ctx context.Context) error {
	mine := l.trail.Claimed()
	if mine.ID == "" {
		return nil
	}
	var epoch int64
	if err := l.trail.DB.Get(ctx)(`SELECT epoch FROM fence`, nil, &epoch); err != nil {
		return l.trail.DB.Fault(err, "ask who holds the ledger")
	}
	return mine.Against(epoch)
}

// Unlock takes the lock away from the holder with that id, unless it is known to live. NotFound ("ledger.unlocked") when
// the lock is free, Conflict ("ledger.locked") when the holder has another id, Conflict ("ledger.holder-lives") when its
// process runs on this host.
func (l *Keeper) Unlock(ctx context.Context, id string) error {
	return l.do(ctx, "unlock the ledger", func(t tx) error {
		h, ok, err := l.readHolder(t.Get)
		switch {
		case err != nil:
			return err
		case !ok:
			return fault.New(fault.NotFound, "ledger.unlocked", "the ledger is not locked", "")
		case h.ID != id:
			return fault.New(fault.Conflict, "ledger.locked", "the ledger is in use by "+h.describe(l.zone)+", not under the id "+id,
				"the id is in the message of the command that was refused")
		case h.Life == process.Alive:
			return fault.New(fault.Conflict, "ledger.holder-lives", "the ledger is in use by "+h.describe(l.zone)+", which is running",
				"end that process, or have it drained: its lock ends with it", h.drain()...)
		}
		if err := t.Exec(`DELETE FROM holder WHERE id = ?`, id); err != nil {
			return err
		}
		if _, err := t.Raise(); err != nil {
			return err
		}
		return t.Audit(t.Now, trail.KindUnlocked, "", migration.WaveRow, lockBody{Holder: h})
	})
}

// Holder returns the process that holds the lock, with what is known of its life; false when the lock is free.
func (l *Keeper) Holder(ctx context.Context) (Holder, bool, error) {
	h, ok, err := l.readHolder(l.trail.DB.Get(ctx))
	if err != nil {
		return Holder{}, false, l.trail.DB.Fault(err, "read who holds the ledger")
	}
	return h, ok, nil
}

// sessionMark separates, in a holder's record, the process from the name of its connection to a database.
const sessionMark = " session="

// readHolder reads the holder of the lock, with what the database knows of its life. A holder on another machine that
// is no longer connected has ended, or is cut off so that it cannot record anything.
func (l *Keeper) readHolder(get func(string, []any, ...any) error) (h Holder, ok bool, err error) {
	h, session, ok, err := readHolder(get)
	if err != nil || !ok || session == "" || l.trail.DB.Connected == nil || h.Life != process.Unknown {
		return h, ok, err
	}
	there, err := l.trail.DB.Connected(get, session)
	switch {
	case err != nil:
	case there:
		h.Life = process.Alive
	default:
		h.Life = process.Gone
	}
	return h, ok, err
}

func readHolder(get func(string, []any, ...any) error) (h Holder, session string, ok bool, err error) {
	token := ""
	err = get(`SELECT id, host, "user", pid, process, started, command, run FROM holder`, nil,
		&h.ID, &h.Host, &h.User, &h.PID, &token, (*trail.Moment)(&h.Started), &h.Command, &h.Run)
	if errors.Is(err, sql.ErrNoRows) {
		return Holder{}, "", false, nil
	}
	h.Life = process.Unknown
	token, session, _ = strings.Cut(token, sessionMark)
	if host, _ := os.Hostname(); err == nil && h.Host == host {
		h.Life = process.LifeOf(h.PID, token)
	}
	return h, session, err == nil, err
}

// IDOf returns the id of the holder that a ledger's file names; "" for none.
func IDOf(get func(query string, args []any, into ...any) error) (string, error) {
	h, _, ok, err := readHolder(get)
	if err != nil || !ok {
		return "", err
	}
	return h.ID, nil
}

// InUse returns a function that names the live process that drives a ledger, which may be damaged; zone is used for the
// times in its message.
func InUse(zone *time.Location) func(get func(query string, args []any, into ...any) error) (who string, live bool) {
	return func(get func(query string, args []any, into ...any) error) (string, bool) {
		h, _, ok, err := readHolder(get)
		if err != nil || !ok {
			return "", false
		}
		return h.describe(zone), h.Life != process.Gone
	}
}
