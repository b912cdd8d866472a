package hold

import (
	"encoding/json"
	"os"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/ledger/process"
)

// Who holds the lock of a ledger in a file is named beside the file as well, as long as it lives: when somebody writes an older copy
// over the ledger, what lies there knows no holder, or is damaged, and the one who still drives a run must be seen all the same.

// beside is the end of that file's name.
const beside = "-holder"

// note is what the file says.
type note struct {
	Holder
	Process string `json:"process"`
}

// Beside has holders of the lock named beside the ledger's file at path. Call it before the keeper is used.
func (l *Keeper) Beside(path string) { l.beside = path + beside }

// write names the holder. It is a help and no record: where it cannot be written, the ledger alone tells.
func (l *Keeper) write(h Holder, token string) {
	if l.beside == "" {
		return
	}
	if data, err := json.Marshal(note{h, token}); err == nil {
		_ = os.WriteFile(l.beside, data, 0o600)
	}
}

// forget takes the name away; it comes before the lock is given back, so that no name is there of a lock that is free.
func (l *Keeper) forget() {
	if l.beside != "" {
		_ = os.Remove(l.beside)
	}
}

// named is another process of this machine, alive, that is named beside the ledger's file as the holder of its lock.
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

// Displaced refuses a ledger's file that is not the one which the process writes to that drives its run: Conflict ("ledger.locked").
// zone is that of the time that it says. holder
// asks the file whose lock it is, "" for nobody's; its error says that the file does not tell. Nil: nobody is named beside it,
// or the file tells of the same.
func Displaced(path string, zone *time.Location, holder func() (id string, err error)) error {
	h, ok := named(path)
	if !ok {
		return nil
	}
	id, err := holder()
	if err == nil && id == h.ID {
		return nil
	}
	if again, ok := named(path); !ok || again.ID != h.ID {
		return nil // the lock was given back, or passed on, meanwhile
	}
	return fault.Wrap(fault.Conflict, "ledger.locked",
		"the ledger is in use by "+h.describe(zone)+lockedRun(h)+", but the file "+path+" is not the one that it writes to: somebody wrote over it, moved it or deleted it",
		"nothing was touched. That process records nothing any more and ends by itself; stop it where it was started (Ctrl-C). Then put the newest copy of the ledger in place, with its -wal if there is one, and resume: "+
			"what was done meanwhile is found by looking at the tenant", err, fault.NewCommand("resume").For(h.Run))
}
