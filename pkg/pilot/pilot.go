// Package pilot reads a recording of a real evening and says what it shows of the questions that the public sources about
// Windows 365 leave open, each with its evidence and with the knob that would make the sandbox behave so. It does no I/O
// but reading what it is given, and decides nothing about a wave.
package pilot

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
)

const (
	// maxLine and maxFile bound what is read of a recording.
	maxLine = 8 << 20
	maxFile = 256 << 20
	// maxEvidence is how many exchanges are named for an answer.
	maxEvidence = 5
)

// Evidence is an exchange that shows something.
type Evidence struct {
	// Line is the line of the recording.
	Line      int       `json:"line"`
	At        time.Time `json:"at"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Status    int       `json:"status"`
	RequestID string    `json:"request_id,omitempty"`
}

// Answer is what the recording says of one question.
type Answer struct {
	// Code is stable, such as "snapshot-id".
	Code     string `json:"code"`
	Question string `json:"question"`
	// Answer is empty when the recording does not tell; then Missing says what an evening would need to tell.
	Answer  string `json:"answer"`
	Missing string `json:"missing,omitempty"`
	// Knob and Value are what makes a sandbox behave so, as in a scenario's knobs; an empty Knob: there is none.
	Knob  string `json:"knob,omitempty"`
	Value any    `json:"value,omitempty"`
	// Seen is how many exchanges show it; Evidence names the first of them.
	Seen     int        `json:"seen"`
	Evidence []Evidence `json:"evidence"`
}

// Knobs gives the scenario's knobs, by their names in YAML, that make a sandbox behave as the recording shows; what it does
// not show is left out, so that the sandbox's default stands.
func Knobs(answers []Answer) map[string]any {
	knobs := map[string]any{}
	for _, a := range answers {
		if a.Knob != "" && a.Answer != "" && a.Value != nil {
			knobs[a.Knob] = a.Value
		}
	}
	if knobs["import_base"] != nil {
		knobs["import_per_10gib"] = "0s" // what was measured has the disks' size in it
	}
	return knobs
}

// Recording is what was read of a file. It does not change.
type Recording struct {
	graph   []exchange
	imports []importCall
	// Exchanges counts all lines, those with storage too.
	Exchanges   int
	First, Last time.Time
}

// exchange is a line of the recording with its number.
type exchange struct {
	cloud.Exchange
	line int
	// path is in lower case and without the query.
	path string
}

// Read reads what --record wrote. The error is a fault of kind Invalid that names the line; a last line that was cut off, as
// by a kill, is passed over.
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
			var e cloud.Exchange
			if bad := json.Unmarshal(text, &e); bad != nil || e.Schema != cloud.ExchangeSchema {
				if errors.Is(err, io.EOF) && line > 1 {
					break // cut off
				}
				return nil, broken(line, "it is no exchange")
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

// readLine reads a line of bounded length, with its end.
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

func (rec *Recording) add(e cloud.Exchange, line int) {
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
	rec.graph = append(rec.graph, exchange{Exchange: e, line: line, path: path})
	if strings.HasSuffix(path, "/$batch") {
		rec.unpack(e, line)
	}
}

// unpack makes the calls within a batch exchanges of their own.
func (rec *Recording) unpack(e cloud.Exchange, line int) {
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
			rec.graph = append(rec.graph, exchange{Exchange: in, line: line, path: path})
		}
	}
}

// ok reports a success.
func (e exchange) ok() bool { return e.Status >= 200 && e.Status <= 299 }

// code is the service's error code; "" without one.
func (e exchange) code() string {
	var body struct {
		Error struct{ Code string }
	}
	if json.Unmarshal(e.Reply, &body) != nil {
		return ""
	}
	return body.Error.Code
}

func (e exchange) evidence() Evidence {
	return Evidence{Line: e.line, At: e.At, Method: e.Method, Path: e.Path, Status: e.Status, RequestID: e.Answered["request-id"]}
}

// question is one of those that the sources leave open.
type question struct {
	code, text, missing, knob string
	ask                       func(rec *Recording) finding
}

// finding is what was found out; an empty text is nothing.
type finding struct {
	text  string
	value any
	seen  []exchange
}

// Answers gives an answer to every question, in a fixed order; those that the recording does not tell are empty.
func Answers(rec *Recording) []Answer {
	var out []Answer
	for _, q := range append(append(aboutImports(), aboutResults()...), aboutService()...) {
		f := q.ask(rec)
		a := Answer{Code: q.code, Question: q.text, Answer: f.text, Knob: q.knob, Value: f.value, Seen: len(f.seen), Evidence: []Evidence{}}
		if f.text == "" {
			a.Missing, a.Value = q.missing, nil
		}
		for _, e := range f.seen[:min(len(f.seen), maxEvidence)] {
			a.Evidence = append(a.Evidence, e.evidence())
		}
		out = append(out, a)
	}
	return out
}
