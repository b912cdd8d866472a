// Package chain reads and checks the audit chain of a report folder without a ledger. It is not for writing the ledger's
// own chain; the hash is written down here a second time, so that a folder is checked by a second pair of eyes.
package chain

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Entry is one line of audit.jsonl.
type Entry struct {
	Seq  int64           `json:"seq"`
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"`
	Run  string          `json:"run"`
	Row  int             `json:"row"`
	Body json.RawMessage `json:"body"`
	Prev string          `json:"prev"`
	Hash string          `json:"hash"`
}

// Sum is the hash that the entry ought to have: the hex SHA-256 over seq, at, kind, run, row, body and prev in this
// order, each written as its length in bytes, ":", the text and ",". Numbers are decimal; at is RFC 3339 in UTC with
// nine digits after the second.
func (e Entry) Sum() string {
	var b bytes.Buffer
	for _, s := range [...]string{
		strconv.FormatInt(e.Seq, 10), e.At.UTC().Format("2006-01-02T15:04:05.000000000Z"), e.Kind, e.Run,
		strconv.Itoa(e.Row), string(e.Body), e.Prev,
	} {
		fmt.Fprintf(&b, "%d:%s,", len(s), s)
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

// Verify checks that each entry fits its hash and names the one before it. The error names the first entry
// that was touched. Entries cut off at the end are for the manifest to see.
func Verify(data []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 64<<20)
	var before Entry
	for n := 1; lines.Scan(); n++ {
		var e Entry
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return fmt.Errorf("line %d is not an audit entry", n)
		}
		switch {
		case e.Sum() != e.Hash:
			return fmt.Errorf("entry %d (line %d) was touched: its content does not fit its hash", e.Seq, n)
		case n > 1 && (e.Prev != before.Hash || e.Seq <= before.Seq):
			return fmt.Errorf("entry %d (line %d) does not follow entry %d: one was changed, moved or removed", e.Seq, n, before.Seq)
		}
		before = e
	}
	return lines.Err()
}
