package doctor

import (
	"fmt"

	"wave365/pkg/fault"
)

// Storage is what was found out about the storage account.
type Storage struct {
	// Account is its root; empty: none is named.
	Account string
	// Read is what looking at it answered; Sign what making a signature did.
	Read, Sign error
}

// StorageLines judges the storage account: whether it answers, lets us read, and lets us sign.
func StorageLines(s Storage) []Line {
	if s.Account == "" {
		return []Line{{Name: "storage", Grade: Warning, Found: "no storage account given, so nothing was tried", Remedy: fault.Remedy{Text: "name it with --storage-account, or storage-account in wave365.yaml"}}}
	}
	var lines []Line
	read := Line{Name: "storage " + s.Account, Grade: Good, Found: "it answers and can be read"}
	switch {
	case s.Read == nil, fault.Is(s.Read, fault.NotFound): // the container that was read need not exist
	case fault.Is(s.Read, fault.Denied):
		read = failed(read.Name, s.Read)
		read.Remedy.Text = "give this sign-in the role Storage Blob Data Reader on the account, and let its firewall admit this machine and trusted Microsoft services"
	default:
		read = failed(read.Name, s.Read)
	}
	lines = append(lines, read)
	sign := Line{Name: "signing links to disks", Grade: Good, Found: "proven by requesting the key that it needs"}
	if s.Sign != nil {
		sign = failed(sign.Name, s.Sign)
		if fault.Is(s.Sign, fault.Denied) {
			sign.Remedy.Text = "give this sign-in the role Storage Blob Delegator on the account, or use --import-source account"
		}
	}
	return append(lines, sign)
}

// Ledger is what was found out about the ledger's location.
type Ledger struct {
	Path string
	// Refused is why a ledger should not be kept there; empty: there is no objection.
	Refused string
	// Free is how many bytes are free on its disk; a negative value means unknown.
	Free int64
	// Open is what opening the ledger answered; Exists whether there is one yet.
	Open   error
	Exists bool
}

// LedgerLines judges the ledger's disk. A wave of 10,000 rows takes about 100 MB there, its reports as much again.
func LedgerLines(l Ledger) []Line {
	const least, little = 200 << 20, 1 << 30
	var lines []Line
	add := func(name string, grade Grade, found, remedy string) {
		lines = append(lines, Line{Name: name, Grade: grade, Found: found, Remedy: fault.Remedy{Text: remedy}})
	}
	switch {
	case l.Open != nil:
		lines = append(lines, failed("ledger "+l.Path, l.Open))
	case !l.Exists:
		add("ledger "+l.Path, Good, "there is none yet; the first run makes it", "")
	default:
		add("ledger "+l.Path, Good, "it opens", "")
	}
	if l.Refused != "" {
		add("ledger's disk", Bad, "it is in "+l.Refused, "name a local folder with --ledger")
		return lines
	}
	switch free := fmt.Sprintf("local, %.1f GiB free", float64(l.Free)/(1<<30)); {
	case l.Free < 0:
		add("ledger's disk", Good, "local", "")
	case l.Free < least:
		add("ledger's disk", Bad, free, "free some space: a full disk stops a run in the middle")
	case l.Free < little:
		add("ledger's disk", Warning, free, "free some space before the wave")
	default:
		add("ledger's disk", Good, free, "")
	}
	return lines
}

// SleepLine judges whether the machine stays awake for a run; err is why it cannot be kept from sleeping.
func SleepLine(err error) Line {
	if err != nil {
		return Line{Name: "sleep", Grade: Warning, Found: "nothing keeps this machine awake during a run: " + err.Error(),
			Remedy: fault.Remedy{Text: "turn automatic sleep off for the run; a run that slept continues when the machine wakes up"}}
	}
	return Line{Name: "sleep", Grade: Good, Found: "a run keeps this machine awake, unless its lid is closed or its battery is empty"}
}

// Terminal is what was found out about where the command was typed.
type Terminal struct {
	// IsTerminal: a person can be prompted. Remote: it depends on a network connection; Kept: a program that outlives
	// that connection keeps it.
	IsTerminal, Remote, Kept bool
	Columns                  int
}

// TerminalLine judges whether the evening would outlive a closed lid or a lost connection: a hang-up drains the run.
func TerminalLine(t Terminal) Line {
	l := Line{Name: "terminal", Grade: Good, Found: fmt.Sprintf("%d columns", t.Columns)}
	switch {
	case !t.IsTerminal:
		l.Found = "none: prompts need --yes, and no progress is drawn"
	case t.Remote && !t.Kept:
		l.Grade, l.Found = Warning, "a remote session that ends with its connection: the run would then be drained"
		l.Remedy.Text = "start the run inside tmux or screen; a drained run is continued with resume"
	case t.Columns < 60:
		l.Grade, l.Remedy.Text = Warning, "widen the window to 60 columns or more"
	case t.Kept:
		l.Found += ", kept by tmux or screen when the connection is lost"
	}
	return l
}
