// Package recording reads what --record has written of a run: the calls to Graph in order, the imports among them, and the
// readings of each. What they prove is for package pilot. It does no I/O other than reading its input.
package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"wave365/pkg/cloud/exchange"
	"wave365/pkg/fault"
)

const (
	// maxLine and maxFile limit what is read of a recording, in bytes.
	maxLine = 8 << 20
	maxFile = 256 << 20
)

// Recording is the content of a file. It does not change.
type Recording struct {
	// Graph holds the calls to Graph in order, those within a batch individually; Imports those that import a snapshot.
	Graph   []Exchange
	Imports []Import
	// Exchanges counts all lines, including those with storage.
	Exchanges   int
	First, Last time.Time
}

// Read reads what --record wrote. The error is a fault of kind Invalid that names the line; an incomplete last line, as
// after a kill, is ignored.
func Read(r io.Reader) (*Recording, error) {
	rec := &Recording{}
	in := bufio.NewReaderSize(io.LimitReader(r, maxFile+1), 1<<20)
	size := 0
	for line := 1; ; line++ {
		text, err := readLine(in)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, broken(line, err.Error())
		}
		if size += len(text); size > maxFile {
			return nil, broken(line, fmt.Sprintf("the recording is larger than %d MiB", maxFile>>20))
		}
		if bytes.TrimSpace(text) != nil && len(bytes.TrimSpace(text)) > 0 {
			var e exchange.Exchange
			if bad := json.Unmarshal(text, &e); bad != nil || e.Schema != exchange.Schema {
				if errors.Is(err, io.EOF) && line > 1 {
					break // cut off
				}
				return nil, broken(line, "it is not an exchange")
			}
			rec.add(e, line)
		}
		if errors.Is(err, io.EOF) {
			break
		}
	}
	if rec.Exchanges == 0 {
		return nil, broken(1, "it is empty")
	}
	rec.index()
	return rec, nil
}

// readLine reads a line of limited length, with its line feed.
func readLine(in *bufio.Reader) ([]byte, error) {
	var out []byte
	for {
		part, err := in.ReadSlice('\n')
		out = append(out, part...)
		if len(out) > maxLine {
			return nil, fmt.Errorf("it is longer than %d MiB", maxLine>>20)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return out, err
		}
	}
}

func broken(line int, why string) error {
	return fault.New(fault.Invalid, "pilot.unreadable", fmt.Sprintf("line %d of the recording cannot be read: %s", line, why),
		"give a file that --record FILE has written")
}

func (rec *Recording) add(e exchange.Exchange, line int) {
	if rec.Exchanges++; rec.First.IsZero() || e.At.Before(rec.First) {
		rec.First = e.At
	}
	if e.At.After(rec.Last) {
		rec.Last = e.At
	}
	if e.Service != "graph" {
		return
	}
	path, _, _ := strings.Cut(strings.ToLower(e.Path), "?")
	rec.Graph = append(rec.Graph, Exchange{Exchange: e, Line: line, Route: path})
	if strings.HasSuffix(path, "/$batch") {
		rec.unpack(e, line)
	}
}

// unpack turns the calls within a batch into exchanges of their own.
func (rec *Recording) unpack(e exchange.Exchange, line int) {
	var asked struct {
		Requests []struct {
			ID, Method, URL string
		}
	}
	var told struct {
		Responses []struct {
			ID      string
			Status  int
			Headers map[string]any
			Body    json.RawMessage
		}
	}
	if json.Unmarshal(e.Body, &asked) != nil || json.Unmarshal(e.Reply, &told) != nil {
		return
	}
	for _, q := range asked.Requests {
		for _, a := range told.Responses {
			if !strings.EqualFold(a.ID, q.ID) {
				continue
			}
			in := e
			in.Method, in.Path, in.Status, in.Body, in.Reply = q.Method, strings.TrimSuffix(e.Path, "/$batch")+q.URL, a.Status, nil, a.Body
			in.Answered = map[string]string{"request-id": e.Answered["request-id"]}
			for name, v := range a.Headers {
				in.Answered[strings.ToLower(name)] = fmt.Sprint(v)
			}
			path, _, _ := strings.Cut(strings.ToLower(in.Path), "?")
			rec.Graph = append(rec.Graph, Exchange{Exchange: in, Line: line, Route: path})
		}
	}
}

// Calls returns the exchanges with this method whose path, in lower case, ends in suffix.
func (rec *Recording) Calls(method, suffix string) (seen []Exchange) {
	for _, e := range rec.Graph {
		if (method == "" || e.Method == method) && strings.HasSuffix(e.Route, suffix) {
			seen = append(seen, e)
		}
	}
	return seen
}
