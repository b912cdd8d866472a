package hold

import (
	"encoding/json"
	"os"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/process"
)

// While the holder of a ledger file's lock lives, it is also named in a file next to the ledger. When an older copy is written
// over the ledger, that copy names no holder, or is damaged, and the process that still drives a run has to be found all the same.

// beside is the suffix of that file's name.
const beside = "-holder"

// note is the content of that file.
type note struct {
	Holder
	Process string `json:"process"`
}

// Beside names holders of the lock in a file next to the ledger's file at path as well. Call it before the keeper is
// used.
func (l *Keeper) Beside(path string) { l.beside = path + beside }

// write names the holder. The file is an aid, not a record: where it cannot be written, only the ledger names the
// holder.
func (l *Keeper) write(h Holder, token string) {
	if l.beside == "" {
		return
	}
	if data, err := json.Marshal(note{h, token}); err == nil {
		_ = os.WriteFile(l.beside, data, 0o600)
	}
}

// forget deletes the file. It is called before the lock is given back, so that no file names the holder of a free lock.
func (l *Keeper) forget() {
	if l.beside != "" {
		_ = os.Remove(l.beside)
	}
}

// named returns the other live process of this machine that the file next to the ledger names as the holder of its
// lock.
func named(path string) (h Holder, ok bool) {
	data, err := os.ReadFile(path + beside)
	if err != nil {
		return h, false
	}
	var n note
	if json.Unmarshal(data, &n) != nil || n.ID == "" || n.PID == os.Getpid() {
		return h, false
	}
	if host, _ := os.Hostname(); n.Host != host || process.LifeOf(n.PID, n.Process) != process.Alive {
		return h, false
	}
	return n.Holder, true
}

// Displaced refuses a ledger file that is not the one to which the process driving its run writes: Conflict ("ledger.locked"). zone
// is used for the times in the message. holder returns the holder that the file itself names, "" when its lock is free; an error
// means that the file cannot be read, which one of the kind Unavailable says of this moment only. Displaced returns nil when no
// process is named next to the file, when the file names the same one, and when it cannot be read at this moment.
func Displaced(path string, zone *time.Location, holder func() (id string, err error)) error {
	h, ok := named(path)
	if !ok {
		return nil
	}
	id, err := holder()
	if err == nil && id == h.ID || fault.Is(err, fault.Unavailable) {
		return nil
	}
	if again, ok := named(path); !ok || again.ID != h.ID {
		return nil // the lock was given back, or taken by another process, meanwhile
	}
	return fault.Wrap(fault.Conflict, "ledger.locked",
		"the ledger is in use by "+h.describe(zone)+lockedRun(h)+", but the file "+path+" is not the one that it writes to: somebody wrote over it, moved it or deleted it",
		"nothing was touched. That process records nothing any more and ends by itself; stop it where it was started (Ctrl-C). Then put the newest copy of the ledger in place, with its -wal if there is one, and resume: "+
			"what was done meanwhile is found by looking at the tenant", err, fault.NewCommand("resume").For(h.Run))
}
