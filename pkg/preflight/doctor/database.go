package doctor

import (
	"fmt"
	"time"

	"wave365/pkg/fault"
)

// Database is what was found out about the PostgreSQL server that holds the ledger.
type Database struct {
	// Err is what asking it answered; the rest is empty then.
	Err error
	// Version is the server's, such as 170002. Settings are those of the server by name, as a ledger's connection sees them.
	Version  int
	Settings map[string]string
	// Off is how far its clock is ahead of this machine's. Encrypted: the connection is. Remote: it is not on this machine.
	Off               time.Duration
	Encrypted, Remote bool
}

// DatabaseLines judges whether what is committed there is durable, and whether a frozen process can block others.
func DatabaseLines(d Database) []Line {
	const name = "ledger's database"
	if d.Err != nil {
		return []Line{failed(name, d.Err)}
	}
	var lines []Line
	add := func(about string, grade Grade, found, remedy string) {
		lines = append(lines, Line{Name: name + ", " + about, Grade: grade, Found: found, Remedy: fault.Remedy{Text: remedy}})
	}
	const oldest = 140000
	if version := fmt.Sprintf("PostgreSQL %d", d.Version/10000); d.Version < oldest {
		add("version", Bad, version, "use PostgreSQL 14 or newer: the queue of the workers needs it")
	} else {
		add("version", Good, version, "")
	}
	if d.Settings["transaction_read_only"] == "on" {
		add("writes", Bad, "none are accepted: the server is a standby, is recovering, or was made read-only", "name the primary in --ledger")
	} else {
		add("writes", Good, "taken", "")
	}
	for _, setting := range []string{"fsync", "full_page_writes"} {
		if d.Settings[setting] == "on" {
			add(setting, Good, "on", "")
		} else {
			add(setting, Bad, d.Settings[setting]+": what was recorded can be lost when the server's machine fails", "switch it on, in the server's configuration")
		}
	}
	switch commit, standby := d.Settings["synchronous_commit"], d.Settings["synchronous_standby_names"]; {
	case commit == "off", commit == "local" && standby != "":
		add("synchronous_commit", Bad, commit+": an import that was sent may be forgotten, and sent again", "set it to on, in the server's configuration")
	case standby == "":
		add("synchronous_commit", Good, commit+"; no synchronous standby is named, so never fail over to a replica, unless the platform keeps it in step by itself", "")
	default:
		add("synchronous_commit", Good, commit+", with the standby "+standby, "")
	}
	for _, setting := range []string{"idle_in_transaction_session_timeout", "statement_timeout", "lock_timeout"} {
		if value := d.Settings[setting]; value == "" || value == "0" {
			add(setting, Bad, "none: a frozen process could keep others from taking its run over", "let the server take the settings of a connection; a pooler in between may drop them")
		} else {
			add(setting, Good, value, "")
		}
	}
	if off := d.Off.Abs(); off > 10*time.Second {
		add("clock", Warning, fmt.Sprintf("%.0f s apart from this machine's", off.Seconds()), "let both take their time from the network")
	} else {
		add("clock", Good, fmt.Sprintf("%.1f s apart from this machine's", off.Seconds()), "")
	}
	if d.Remote && !d.Encrypted {
		add("encryption", Warning, "none, though the server is another machine", "take sslmode out of --ledger and PGSSLMODE: the default checks the server's certificate")
	}
	return lines
}
