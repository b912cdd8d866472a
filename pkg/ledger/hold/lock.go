// Package hold is who drives a ledger: the lock, whether its holder still lives, and what operators ask of it from other
// terminals. It is not for doing what is asked.
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

// Keeper is the lock of a ledger, and what is asked of the process that has it. Safe for concurrent use.
type Keeper struct {
	trail *trail.Trail
	zone  *time.Location
	// beside is the file in which the holder is named too; "": none.
	beside string
}

// New gives the lock of a ledger; zone is that of times in faults.
func New(t *trail.Trail, zone *time.Location) *Keeper { return &Keeper{trail: t, zone: zone} }

// tx is a transaction that changes the lock.
type tx struct{ *trail.Tx }

func (l *Keeper) do(ctx context.Context, doing string, fn func(tx) error) error {
	return l.trail.Do(ctx, doing, func(t *trail.Tx) error { return fn(tx{t}) })
}

// Holder is the process that drives the ledger's runs.
type Holder struct {
	// ID is what Unlock wants.
	ID string `json:"id"`
	// Host, User and PID say where the process is.
	Host string `json:"host"`
	User string `json:"user"`
	PID  int    `json:"pid"`
	// Started is when it took the lock, unless Lock was told another time.
	Started time.Time `json:"started"`
	Command string    `json:"command"`
	// Run is the run it drives; may be empty.
	Run string `json:"run"`
	// Life says whether the process still lives, as far as this host can know; of a process on another host it is
	// Unknown. [Keeper.Holder] fills it; it is not stored.
	Life process.Life `json:"-"`
}

func (h Holder) describe(zone *time.Location) string {
	return fmt.Sprintf("process %d of %s on %s (%s, since %s)", h.PID, h.User, h.Host, h.Command, clocks.Moment(h.Started.In(zone)))
}

// Lock makes this process the one that drives the ledger. ID, Host, User, PID and Started are filled where h leaves
// them empty. A holder on this host whose process is gone is replaced. A live one, or one on another host, is
// Conflict ("ledger.locked"), and the message names it with the id that [Keeper.Unlock] wants. release gives the
// lock back, also after the caller was stopped, and may be called twice; Close does it too. While the lock is held,
// Apply and Intend check that it still is, so that a process whose lock was taken away stops writing.
func (l *Keeper) Lock(ctx context.Context, h Holder) (release func() error, err error) {
	return l.TakeOver(ctx, h, nil)
}

// TakeOver is Lock that also replaces a holder that may live, when replace says so of it; nil replaces none. The one that
// is replaced is refused from then on, whatever it does, and ends. It is for a queue that has given the work to this
// process, and so knows that the other one should not do it any more.
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

// refusedBecause is the fault for whoever wants the lock that h has. How to take it away is said only where h may be gone.
func (l *Keeper) refusedBecause(h Holder) error {
	hint, next := "wait for it, or have it drained", fault.NewCommand("drain").For(h.Run)
	if h.Life == process.Unknown {
		hint, next = "wait for it, or, if it is certain that it is no longer running, unlock the ledger", fault.NewCommand("unlock", "--id", h.ID)
	}
	return fault.New(fault.Conflict, "ledger.locked", "the ledger is in use by "+h.describe(l.zone)+lockedRun(h), hint, next)
}

// stuck makes of a ledger that somebody else keeps writing to for longer than any write takes the refusal that names its
// holder: a process that was frozen in the middle of a write is in nobody's way but ours.
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

// complete fills what the caller left open.
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

// releaseWithin bounds how long a lock is tried to be given back.
const releaseWithin = 15 * time.Second

// Release gives the lock with that id back if it is still ours.
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

// Holds asks whether the lock that this ledger took is still its own: nil when it is, or when it took none. Conflict
// ("ledger.lock-lost") when it was taken away. Whoever holds the lock asks between the intent and the call, because a
// process may have been frozen in between.
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
// nobody holds the lock, Conflict ("ledger.locked") when the holder has another id, Conflict ("ledger.holder-lives") when
// its process runs on this host.
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
				"end that process, or have it drained: its lock ends with it", fault.NewCommand("drain").For(h.Run))
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

// Holder gives the process that holds the lock, with what is known of its life; false when nobody does.
func (l *Keeper) Holder(ctx context.Context) (Holder, bool, error) {
	h, ok, err := l.readHolder(l.trail.DB.Get(ctx))
	if err != nil {
		return Holder{}, false, l.trail.DB.Fault(err, "read who holds the ledger")
	}
	return h, ok, nil
}

// sessionMark parts the process in a holder's record from the name under which it is connected to a database.
const sessionMark = " session="

// readHolder reads who holds the lock, with what the database knows of its life: a holder on another machine that is no
// longer connected is gone, or so cut off that nothing it does is recorded.
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

// IDOf is the id of the holder that a ledger's file tells of; "" for none.
func IDOf(get func(query string, args []any, into ...any) error) (string, error) {
	h, _, ok, err := readHolder(get)
	if err != nil || !ok {
		return "", err
	}
	return h.ID, nil
}

// InUse gives what names the live process that drives a ledger, which may be damaged; zone is that of the time it says.
func InUse(zone *time.Location) func(get func(query string, args []any, into ...any) error) (who string, live bool) {
	return func(get func(query string, args []any, into ...any) error) (string, bool) {
		h, _, ok, err := readHolder(get)
		if err != nil || !ok {
			return "", false
		}
		return h.describe(zone), h.Life != process.Gone
	}
}
