// Package conn opens connections to the file of a ledger, and turns the errors of SQLite into faults.
package conn

import (
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the database/sql driver "sqlite"
)

// ApplicationID marks the file as ours in its header: "W365".
const ApplicationID = 'W'<<24 | '3'<<16 | '6'<<8 | '5'

// Readers is the largest number of connections that read.
const Readers = 4

// Mode is what a connection is for.
type Mode int

// The modes.
const (
	Write Mode = iota
	Read
	// Frozen reads the file alone: it takes no lock, ignores the log, and creates nothing next to it.
	Frozen
)

// Open returns connections to the file, each with the pragmas that are per connection. It connects on first use.
func Open(path string, m Mode, most int) (*sql.DB, error) {
	db, err := sql.Open("sqlite", source(path, m))
	if err != nil {
		return nil, Classify(err, "open the ledger")
	}
	db.SetMaxOpenConns(most)
	db.SetMaxIdleConns(most)
	return db, nil
}

// source returns the data source name. The path is escaped, so that a "?" or "%" in a folder's name is kept.
func source(path string, m Mode) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // C:/x is /C:/x in a URI
	}
	q := url.Values{"_dqs": {"0"}, "_error_rc": {"1"}, "_pragma": {"busy_timeout(10000)", "trusted_schema(0)"}}
	switch m {
	case Write:
		q.Set("mode", "rw")
		q.Set("_defensive", "1")
		q["_pragma"] = append(q["_pragma"], "foreign_keys(1)", "synchronous(FULL)",
			"wal_autocheckpoint(4000)", "journal_size_limit(67108864)")
	case Read:
		q.Set("mode", "ro")
		q["_pragma"] = append(q["_pragma"], "query_only(1)")
	case Frozen:
		q.Set("mode", "ro")
		q.Set("immutable", "1")
		// A file that is shorter than its header says still has a readable header: the rest may be in the log.
		q["_pragma"] = append(q["_pragma"], "query_only(1)", "writable_schema(1)")
	}
	return (&url.URL{Scheme: "file", Path: p, RawQuery: q.Encode()}).String()
}
