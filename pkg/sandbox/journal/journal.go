// Package journal keeps state in a folder so that a process that is killed loses nothing it has answered for: a snapshot and,
// after it, one line for each change. It knows files; it is not for what the lines mean.
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
	"strings"

	"wave365/pkg/fault"
)

// Journal is one state folder in use. It is not safe for concurrent use: the caller orders the changes anyway.
type Journal struct {
	dir  string
	head head
	file *os.File
	lock io.Closer
	size int64 // of the lines after the snapshot
	base int64 // of the snapshot
}

// head is the first part of the snapshot file.
type head struct {
	Format     int    `json:"format"`
	Identity   string `json:"identity"`
	Label      string `json:"label"`
	Generation int64  `json:"generation"`
}

type snapshot struct {
	head
	State json.RawMessage `json:"state"`
}

const (
	stateFile = "state.json"
	format    = 1
)

// Open takes a folder, which it makes when it is missing. identity says what the state belongs to (a hash), label says so to
// people. state is the last snapshot, nil in a new folder. The caller closes the journal. A folder that belongs to another identity,
// is in use by another process, or cannot be read is a fault; nothing in it is touched then.
func Open(dir, identity, label string) (j *Journal, state []byte, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, unusable(dir, "cannot be made", err)
	}
	lock, err := takeLock(filepath.Join(dir, "lock"))
	switch {
	case errors.Is(err, fs.ErrPermission):
		return nil, nil, unusable(dir, "cannot be written", err)
	case err != nil:
		return nil, nil, fault.Wrap(fault.Conflict, "sandbox.state-in-use", "the state folder "+dir+" is in use by another sandbox",
			"stop the other one, or name another folder with --state", err)
	}
	defer func() {
		if err != nil {
			lock.Close()
		}
	}()
	j = &Journal{dir: dir, lock: lock, head: head{Format: format, Identity: identity, Label: label}}
	data, err := os.ReadFile(filepath.Join(dir, stateFile))
	switch {
	case os.IsNotExist(err):
		return j, nil, nil
	case err != nil:
		return nil, nil, unusable(dir, "cannot be read", err)
	}
	var s snapshot
	if err := json.Unmarshal(data, &s); err != nil || s.Format != format {
		return nil, nil, fault.Wrap(fault.Invalid, "sandbox.state", "the state folder "+dir+" holds a state.json that is not a sandbox state of this version",
			"name another folder with --state", err)
	}
	if s.Identity != identity {
		return nil, nil, fault.New(fault.Invalid, "sandbox.state-of-another",
			fmt.Sprintf("the state folder %s belongs to another scenario: it was made for %s, this is %s", dir, s.Label, label),
			"name another folder with --state, or remove this one to begin the story again")
	}
	j.head.Generation, j.base = s.Generation, int64(len(data))
	return j, s.State, nil
}

func unusable(dir, what string, err error) error {
	return fault.Wrap(fault.Invalid, "sandbox.state", "the state folder "+dir+" "+what, "choose a folder that you may write to: with --state of the sandbox command, or for a rehearsal beside the ledger, with --ledger", err)
}

// Replay gives every line after the snapshot to apply, in order. A last line that was cut off by the end of the process was never
// answered for and is dropped. A line that is damaged in the middle is a fault.
func (j *Journal) Replay(apply func(line []byte) error) error {
	name := j.changes()
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unusable(j.dir, "cannot be read", err)
	}
	r := bufio.NewReaderSize(f, 1<<16)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			if line = bytes.TrimSuffix(line, []byte("\n")); !json.Valid(line) {
				err = fmt.Errorf("line %d is damaged", n)
			} else {
				err = apply(line)
			}
		}
		if err != nil {
			f.Close()
			if fault.As(err) != nil {
				return err
			}
			return fault.Wrap(fault.Invalid, "sandbox.state", fmt.Sprintf("the state file %s cannot be used: %v", name, err),
				"move the state folder away to begin the story again", err)
		}
		j.size += int64(len(line)) + 1
	}
	if err := f.Truncate(j.size); err != nil {
		f.Close()
		return unusable(j.dir, "cannot be written", err)
	}
	if _, err := f.Seek(j.size, io.SeekStart); err != nil {
		f.Close()
		return unusable(j.dir, "cannot be written", err)
	}
	j.file = f
	return nil
}

// Append adds one line, which holds no line break. When it returns nil the line is the operating system's: the end of this process
// cannot lose it (a power cut can lose the last moments).
func (j *Journal) Append(line []byte) error {
	n, err := j.file.Write(append(line, '\n'))
	if err != nil {
		return err
	}
	j.size += int64(n)
	return nil
}

// The lines are folded into a new snapshot when there are more of them than of the snapshot, and more than foldAbove bytes: so a
// change costs the same however much state there is.
const foldAbove = 4 << 20

// Due says whether [Journal.Fold] would pay.
func (j *Journal) Due() bool { return j.size > foldAbove && j.size > j.base }

// Fold replaces snapshot and lines by a new snapshot, safely at every moment.
func (j *Journal) Fold(state []byte) error {
	next := j.head
	next.Generation++
	data, err := json.Marshal(snapshot{head: next, State: state})
	if err != nil {
		return err
	}
	old := j.changes()
	j.head = next
	file, err := os.OpenFile(j.changes(), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err := replace(filepath.Join(j.dir, stateFile), data); err != nil {
		file.Close()
		return err
	}
	if j.file != nil {
		j.file.Close()
	}
	j.file, j.size, j.base = file, 0, int64(len(data))
	if old != j.changes() {
		os.Remove(old)
	}
	return nil
}

// changes is the file of the lines after this generation's snapshot.
func (j *Journal) changes() string {
	return filepath.Join(j.dir, fmt.Sprintf("changes-%d.jsonl", j.head.Generation))
}

// Put writes a file of its own beside the snapshot, whole or not at all.
func (j *Journal) Put(name string, data []byte) error {
	return replace(filepath.Join(j.dir, name), data)
}

// Get reads a file that [Journal.Put] wrote; nil: there is none.
func (j *Journal) Get(name string) ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(j.dir, name))
	if os.IsNotExist(err) {
		return nil, nil
	}
	return data, err
}

func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+strings.TrimSuffix(filepath.Base(path), ".json")+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Close makes everything safe against a power cut too and gives the folder back.
func (j *Journal) Close() error {
	var err error
	if j.file != nil {
		err = j.file.Sync()
		if e := j.file.Close(); err == nil {
			err = e
		}
	}
	if e := j.lock.Close(); err == nil {
		err = e
	}
	return err
}
