// Package audit is the hash chain over what happened: one entry, its hash, and the check of many. No other package
// knows how the chain is made. It does not know what the entries mean, and does no I/O of its own.
package audit

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"
)

// Entry is one entry of the audit. Its JSON form is one line of audit.jsonl.
type Entry struct {
	// Seq counts from 1 within the ledger, without gaps.
	Seq int64 `json:"seq"`
	// At is UTC.
	At time.Time `json:"at"`
	// Kind is the kind of Body. The kinds are defined by the writer: package ledger lists them.
	Kind string `json:"kind"`
	// Run is empty for entries about the ledger as a whole.
	Run string `json:"run"`
	// Row is the row's index within its run, or -1.
	Row int `json:"row"`
	// Body is JSON, hashed byte for byte.
	Body json.RawMessage `json:"body"`
	// Prev is the hash of the run's entry before this one. A run's first entry holds the hash of the ledger's entry
	// before it, which ties the runs together; the ledger's first entry holds "".
	Prev string `json:"prev"`
	// Hash is what [Entry.Sum] returned when the entry was appended.
	Hash string `json:"hash"`
}

// TimeLayout is RFC 3339 in UTC with nine digits after the second, as times are hashed.
const TimeLayout = "2006-01-02T15:04:05.000000000Z"

// Sum returns the hash that the entry should have: the hex SHA-256 over seq, at, kind, run, row, body and prev in this
// order, each written as its length in bytes, ":", the text and ",". Numbers are decimal, at is in TimeLayout.
func (e Entry) Sum() string {
	b := make([]byte, 0, 256+len(e.Body))
	for _, s := range [...]string{
		strconv.FormatInt(e.Seq, 10), e.At.UTC().Format(TimeLayout), e.Kind, e.Run, strconv.Itoa(e.Row), string(e.Body), e.Prev,
	} {
		b = strconv.AppendInt(b, int64(len(s)), 10)
		b = append(b, ':')
		b = append(b, s...)
		b = append(b, ',')
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Broken is an entry of a chain that shows that it was changed, removed or inserted.
type Broken struct {
	// Seq is the number of that entry.
	Seq int64
	// Why completes "entry N was touched: …".
	Why string
}

func (b *Broken) Error() string { return fmt.Sprintf("entry %d was touched: %s", b.Seq, b.Why) }

// Checker checks entries one after the other, oldest first: those of a whole ledger, or those of one run. The zero value
// is ready to use and has seen none.
type Checker struct {
	last  Entry
	heads map[string]string
}

// Next returns a [*Broken] when the entry does not fit those before it.
func (c *Checker) Next(e Entry) error {
	head, known := c.heads[e.Run]
	runs := len(c.heads)
	switch {
	case e.Sum() != e.Hash:
		return &Broken{e.Seq, "its content does not fit its hash"}
	case e.Seq <= c.last.Seq:
		return &Broken{e.Seq, "it is out of order"}
	case (e.Run == "" || runs > 1 || runs == 1 && !known) && e.Seq != c.last.Seq+1:
		// Only the audit of a whole ledger holds more than one run, and that has no gaps.
		return &Broken{e.Seq, fmt.Sprintf("entries %d to %d were removed", c.last.Seq+1, e.Seq-1)}
	case known && e.Prev != head:
		return &Broken{e.Seq, "it does not follow the run's entry before it; that one, or one between them, was changed or removed"}
	case !known && e.Seq == c.last.Seq+1 && e.Prev != c.last.Hash:
		return &Broken{e.Seq, "it does not follow the entry before it"}
	}
	if c.heads == nil {
		c.heads = map[string]string{}
	}
	c.heads[e.Run] = e.Hash
	c.last = e
	return nil
}

// Verify checks entries as a Checker does. It returns a [*Broken] for the first entry that does not fit, or the first
// error of entries. Entries cut off at the end cannot be detected; compare the last hash with one that was recorded
// elsewhere.
func Verify(entries iter.Seq2[Entry, error]) error {
	var c Checker
	for e, err := range entries {
		if err == nil {
			err = c.Next(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// longest is the longest line of audit.jsonl, in bytes.
const longest = 16 << 20

// Lines reads entries from audit.jsonl. It ends after the first error, which names the line that is not a valid entry.
func Lines(r io.Reader) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, longest)
		for n := 1; lines.Scan(); n++ {
			var e Entry
			if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
				yield(Entry{}, fmt.Errorf("line %d is not an audit entry", n))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Entry{}, err)
		}
	}
}
