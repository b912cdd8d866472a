// Package load reads scenario files: a bad one is refused with all of its problems, each with its line.
package load

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/scenario/check"
	"wave365/pkg/sandbox/scenario/shape"
	"wave365/pkg/wave/yamltext"
)

// File reads and checks a scenario file. A file that cannot be read or has problems is a fault of kind Invalid; see
// [Text].
func File(path string) (*scenario.Scenario, error) {
	data, err := readBounded(path)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "scenario.unreadable", "scenario "+path+" cannot be read: "+cause(err),
			"check the path; waves/README.md says how to write a scenario", err)
	}
	s, err := Text(path, data)
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

// most is the largest scenario file, in bytes.
const most = 16 << 20

// readBounded reads a file, up to a little more than the limit: it may never end.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, most+1))
}

func cause(err error) string {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// Text parses and checks a scenario; name is the file's name in messages. The fault for a bad one (kind Invalid, code
// scenario.invalid) lists every problem with line, field and what was expected, and wraps an [*Error].
func Text(name string, data []byte) (*scenario.Scenario, error) {
	data, err := yamltext.Decode(data, most)
	if refused, ok := errors.AsType[*yamltext.Error](err); ok {
		return nil, refusal(name, []shape.Problem{{Line: max(refused.Line, 1), Expected: "expected a scenario of up to 20,000 people: " + refused.What}})
	}
	body, problem := syntax(data)
	if problem != nil {
		return nil, refusal(name, []shape.Problem{*problem})
	}
	out := &scenario.Scenario{}
	problems := shape.Compare(body, reflect.TypeFor[scenario.Scenario]())
	if body != nil && len(problems) == 0 {
		if err := yaml.NodeToValue(body, out, yaml.Strict()); err != nil {
			problems = append(problems, decodeProblem(err))
		}
	}
	if len(problems) == 0 {
		problems = check.Scenario(out, shape.Lines{Body: body})
	}
	if len(problems) > 0 {
		return nil, refusal(name, problems)
	}
	return out, nil
}

// syntax parses the file; a nil body means that it is empty.
func syntax(data []byte) (ast.Node, *shape.Problem) {
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		problem := decodeProblem(err)
		return nil, &problem
	}
	if len(file.Docs) > 1 {
		for _, d := range file.Docs[1:] {
			if d.Body != nil {
				return nil, &shape.Problem{Line: d.Body.GetToken().Position.Line, Expected: "expected one YAML document in the file"}
			}
		}
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		return nil, nil
	}
	return file.Docs[0].Body, nil
}

// decodeProblem turns the YAML library's error into a problem without its source excerpt.
func decodeProblem(err error) shape.Problem {
	line, text := 1, err.Error()
	if y, ok := errors.AsType[yaml.Error](err); ok {
		if tk := y.GetToken(); tk != nil && tk.Position != nil {
			line = tk.Position.Line
		}
		text = y.GetMessage()
	}
	text, _, _ = strings.Cut(text, "\n")
	return shape.Problem{Line: line, Expected: "expected valid YAML: " + text}
}
