// Package journal records what happened in a folder so that a killed process loses nothing it has answered for: a first line with
// what the journal belongs to and how it began, and one line for each change. It does not interpret the lines.
package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"wave365/pkg/fault"
)

// Journal is one state folder in use. It is not safe for concurrent use: the caller orders the changes anyway.
type Journal struct {
	dir  string
	file *os.File
	lock io.Closer
}

// head is the first line.
type head struct {
	Format   int             `json:"format"`
	Identity string          `json:"identity"`
	Label    string          `json:"label"`
	Begin    json.RawMessage `json:"begin"`
}

const (
	changes = "journal.jsonl"
	// before is the file of earlier versions, whose state can no longer be read.
	before = "state.json"
	format = 2
)

// Open opens a folder, creating it if necessary. identity is what the journal belongs to (a hash), label its name for people.
// begin is the content that a new journal begins with; of an existing one, began gets that content and apply its lines in order.
// A last line that was cut off by the end of the process was never answered for and is dropped. The caller closes the journal. A
// folder that belongs to another identity, is in use by another process, cannot be read, or has a damaged line in the middle is
// a fault; nothing in it is changed then.
func Open(dir, identity, label string, begin []byte, began func(begin []byte) error, apply func(line []byte) error) (_ *Journal, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, unusable(dir, "cannot be made", err)
	}
	lock, err := takeLock(filepath.Join(dir, "lock"))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, unusable(dir, "cannot be written", err)
	case err != nil:
		return nil, fault.Wrap(fault.Conflict, "sandbox.state-in-use", "the state folder "+dir+" is in use by another sandbox",
			"stop the other one, or name another folder with --state", err)
	}
	j := &Journal{dir: dir, lock: lock}
	defer func() {
		if err != nil {
			_ = j.Close()
		}
	}()
	if _, err := os.Stat(filepath.Join(dir, before)); err == nil {
		return nil, fault.New(fault.Invalid, "sandbox.state", "the state folder "+dir+" is not of this version", "name another folder with --state")
	}
	if j.file, err = os.OpenFile(filepath.Join(dir, changes), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return nil, unusable(dir, "cannot be read", err)
	}
	whole, err := j.replay(identity, label, began, apply)
	if err != nil {
		return nil, err
	}
	if err := j.file.Truncate(whole); err != nil {
		return nil, unusable(dir, "cannot be written", err)
	}
	if _, err := j.file.Seek(whole, io.SeekStart); err != nil {
		return nil, unusable(dir, "cannot be written", err)
	}
	if whole > 0 {
		return j, nil
	}
	line, err := json.Marshal(head{Format: format, Identity: identity, Label: label, Begin: begin})
	if err != nil {
		return nil, err
	}
	if err := j.Append(line); err != nil {
		return nil, unusable(dir, "cannot be written", err)
	}
	return j, nil
}

func unusable(dir, what string, err error) error {
	return fault.Wrap(fault.Invalid, "sandbox.state", "the state folder "+dir+" "+what, "choose a folder that you may write to: with --state of the sandbox command, or for a rehearsal beside the ledger, with --ledger", err)
}

// replay reads the file from its beginning and returns the length of its complete lines.
func (j *Journal) replay(identity, label string, began, apply func([]byte) error) (whole int64, err error) {
	r := bufio.NewReaderSize(j.file, 1<<16)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return whole, nil
		}
		switch text := bytes.TrimSuffix(line, []byte("\n")); {
		case err != nil:
		case !json.Valid(text):
			err = fmt.Errorf("line %d is damaged", n)
		case n == 1:
			err = j.begins(text, identity, label, began)
		default:
			err = apply(text)
		}
		if err != nil && fault.As(err) == nil {
			err = fault.Wrap(fault.Invalid, "sandbox.state", fmt.Sprintf("the state file %s cannot be used: %v", j.file.Name(), err),
				"move the state folder away to start over", err)
		}
		if err != nil {
			return 0, err
		}
		whole += int64(len(line))
	}
}

// begins reads the first line.
func (j *Journal) begins(line []byte, identity, label string, began func([]byte) error) error {
	var h head
	if err := json.Unmarshal(line, &h); err != nil || h.Format != format {
		return fault.Wrap(fault.Invalid, "sandbox.state", "the state folder "+j.dir+" holds no state of this version", "name another folder with --state", err)
	}
	if h.Identity != identity {
		return fault.New(fault.Invalid, "sandbox.state-of-another",
			fmt.Sprintf("the state folder %s belongs to another scenario: it was made for %s, this is %s", j.dir, h.Label, label),
			"name another folder with --state, or remove this one to start over")
	}
	return began(h.Begin)
}

// Append appends one line, which contains no line break. When it returns nil the operating system has the line: the end of this
// process cannot lose it (a power cut can lose the last moments).
func (j *Journal) Append(line []byte) error {
	_, err := j.file.Write(append(line, '\n'))
	return err
}

// Close syncs the file, so that it survives a power cut too, and releases the folder.
func (j *Journal) Close() error {
	var err error
	if j.file != nil {
		err = errors.Join(j.file.Sync(), j.file.Close())
	}
	return errors.Join(err, j.lock.Close())
}
