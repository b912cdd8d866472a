package document

import (
	"bytes"
	"encoding/json"
	"io"

	"wave365/pkg/fault"
	"wave365/pkg/summary"
	"wave365/pkg/summary/advice"
	"wave365/pkg/summary/wording"
)

// Write writes run.json: everything the report knows, for machines, with raw values. Characters that would steer a terminal or
// reverse text are escaped (\u202e), which leaves the value the same. schema.json describes it. Long lists have one entry per
// line, so that line tools and diffs can read them.
func Write(w io.Writer, a summary.Record) error {
	rows, run := summary.RowRecords(a)
	head, err := json.MarshalIndent(documentOf(a), "", " ")
	if err != nil {
		return err
	}
	l := &lister{w: w}
	l.enc = json.NewEncoder(&l.line)
	l.enc.SetEscapeHTML(false)
	l.put(bytes.TrimSuffix(head, []byte("\n}")))
	list(l, "rows", rows, func(d summary.RowRecord) any { return rowOf(d, a.Shell) })
	list(l, "findings", a.Findings, nil)
	list(l, "effects", effectsOf(run.Intents), nil)
	list(l, "events", eventsOf(run.Events), nil)
	list(l, "next", a.Shell.Lines(fault.Remedy{Commands: advice.Next(a)}), nil)
	l.put([]byte("\n}\n"))
	return l.err
}

// lister writes lists of values; it keeps the first error.
type lister struct {
	w    io.Writer
	enc  *json.Encoder
	line bytes.Buffer
	err  error
}

func (l *lister) put(b []byte) {
	if l.err == nil {
		_, l.err = io.WriteString(l.w, wording.EscapeJSON(string(b)))
	}
}

// list writes one list; of converts an entry into what is written, nil means the entry itself.
func list[T any](l *lister, name string, entries []T, of func(T) any) {
	l.put([]byte(",\n \"" + name + "\": ["))
	for i, e := range entries {
		l.line.Reset()
		if i > 0 {
			l.line.WriteByte(',')
		}
		l.line.WriteString("\n  ")
		var v any = e
		if of != nil {
			v = of(e)
		}
		if l.err == nil {
			l.err = l.enc.Encode(v)
		}
		l.put(bytes.TrimSuffix(l.line.Bytes(), []byte("\n")))
	}
	if len(entries) > 0 {
		l.put([]byte("\n "))
	}
	l.put([]byte("]"))
}
