package scenario

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"wave365/pkg/fault"
)

// Load reads and checks a scenario file. A file that cannot be read or has problems is a fault of kind Invalid; see
// [Parse].
func Load(path string) (*Scenario, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "scenario.unreadable", "scenario "+path+" cannot be read: "+cause(err),
			"name a scenario file with --scenario; waves/README.md says how to write one", err)
	}
	s, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	for i, b := range s.Blobs {
		if b.File != "" && !filepath.IsAbs(b.File) {
			s.Blobs[i].File = filepath.Join(filepath.Dir(path), filepath.FromSlash(b.File))
		}
	}
	return s, nil
}

func cause(err error) string {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// Parse reads and checks a scenario; name stands in messages for the file. The fault for a bad one (kind Invalid,
// code scenario.invalid) lists every problem with line, field and what was expected, and wraps an [*Error].
func Parse(name string, data []byte) (*Scenario, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	out := &Scenario{}
	sh := &shape{items: map[string][]int32{}, base: map[string]int{}, top: map[string]bool{}}
	for _, piece := range split(data) {
		sh.offset = piece.line
		body, problem := syntax(piece)
		if problem != nil {
			return nil, refusal(name, append(sh.problems, *problem))
		}
		if body == nil {
			continue
		}
		before := len(sh.problems)
		if !piece.more {
			sh.topKeys(body)
		}
		sh.walk(body, reflect.TypeFor[Scenario](), "")
		if len(sh.problems) > before {
			continue
		}
		part := &Scenario{}
		if err := yaml.NodeToValue(body, part, yaml.Strict()); err != nil {
			sh.problems = append(sh.problems, decodeProblem(piece, err))
			continue
		}
		merge(out, part)
	}
	if len(sh.problems) > 0 {
		return nil, refusal(name, sh.problems)
	}
	c := &checker{s: out, lines: bytes.Split(data, []byte("\n")), items: sh.items}
	if problems := c.check(); len(problems) > 0 {
		return nil, refusal(name, problems)
	}
	return out, nil
}

// syntax parses one piece; no body means the piece is empty.
func syntax(p piece) (ast.Node, *Problem) {
	file, err := parser.ParseBytes(p.data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		problem := decodeProblem(p, err)
		return nil, &problem
	}
	if len(file.Docs) > 1 {
		for _, d := range file.Docs[1:] {
			if d.Body != nil {
				return nil, &Problem{Line: p.line + d.Body.GetToken().Position.Line, Expected: "expected one YAML document in the file"}
			}
		}
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, nil
	}
	return file.Docs[0].Body, nil
}

// decodeProblem turns the YAML library's error into a problem without its source excerpt.
func decodeProblem(p piece, err error) Problem {
	line := p.line + 1
	text := err.Error()
	if y, ok := errors.AsType[yaml.Error](err); ok {
		if tk := y.GetToken(); tk != nil && tk.Position != nil {
			line = p.line + tk.Position.Line
		}
		text = y.GetMessage()
	}
	text, _, _ = strings.Cut(text, "\n")
	return Problem{Line: line, Expected: "expected valid YAML: " + text}
}

// merge adds what one piece of the file holds to the whole.
func merge(into, part *Scenario) {
	to, from := reflect.ValueOf(into).Elem(), reflect.ValueOf(part).Elem()
	for i := range from.NumField() {
		switch v := from.Field(i); {
		case v.IsZero():
		case v.Kind() == reflect.Slice:
			to.Field(i).Set(reflect.AppendSlice(to.Field(i), v))
		default:
			to.Field(i).Set(v)
		}
	}
}
