// Package reading takes a YAML mapping apart, property by property, each with its line, and reads values of the required
// kind. Problems go to [Reader.Bad]; what the properties mean is left to the caller.
package reading

import (
	"maps"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"wave365/pkg/wave"
)

// Reader reads values.
type Reader struct {
	// Bad is called with each problem: the physical line, the property, and what to do, which may be empty.
	Bad func(line int, property, message, hint string)
	// Deprecated are names that are no longer used, each with what to write instead.
	Deprecated map[string]string
}

// Property is one property with its value.
type Property struct {
	Name  string
	Line  int
	Value ast.Node
}

// Empty reports whether the property has no value.
func (p Property) Empty() bool { return p.Value == nil || p.Value.Type() == ast.NullType }

// Mapping takes the properties of a node apart; false: it has none.
func Mapping(n ast.Node) ([]Property, bool) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		return nil, false
	}
	out := make([]Property, len(values))
	for i, v := range values {
		t := v.Key.GetToken()
		out[i] = Property{strings.Trim(t.Value, `"'`), t.Position.Line, v.Value}
	}
	return out, true
}

// List is a list, or one value as a list of one.
func List(p Property) []Property {
	nodes := []ast.Node{p.Value}
	if s, ok := p.Value.(*ast.SequenceNode); ok {
		nodes = s.Values
	}
	out := make([]Property, len(nodes))
	for i, n := range nodes {
		out[i] = Property{p.Name, n.GetToken().Position.Line, n}
		if inner, ok := Mapping(n); ok && len(inner) > 0 {
			out[i].Line = inner[0].Line
		}
	}
	return out
}

// Text reads a text; a number is the text that it is written with.
func (r Reader) Text(p Property) (string, bool) {
	switch n := p.Value.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimSuffix(n.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode:
		return p.Value.GetToken().Value, true
	}
	r.Bad(p.Line, p.Name, p.Name+" must be a string", "write it in double quotes")
	return "", false
}

// Flag reads true or false.
func (r Reader) Flag(p Property) bool {
	if n, ok := p.Value.(*ast.BoolNode); ok {
		return n.Value
	}
	r.Bad(p.Line, p.Name, p.Name+" must be true or false", "")
	return false
}

// Number reads a whole number.
func (r Reader) Number(p Property) int {
	if n, ok := p.Value.(*ast.IntegerNode); ok {
		switch v := n.Value.(type) {
		case uint64:
			return int(v) //nolint:gosec // a number of minutes that is too large is refused by its rule
		case int64:
			return int(v)
		}
	}
	r.Bad(p.Line, p.Name, p.Name+" must be a whole number", "")
	return 0
}

// Member reads one of a fixed set of words, in any case; "": it is none of them.
func (r Reader) Member(p Property, members ...string) string {
	s, ok := r.Text(p)
	if !ok {
		return ""
	}
	for _, m := range members {
		if strings.EqualFold(m, s) {
			return m
		}
	}
	hint := "use one of " + strings.Join(members, ", ")
	if near := wave.Nearest(s, members); near != "" {
		hint = "did you mean " + near + "?"
	}
	r.Bad(p.Line, p.Name, p.Name+" cannot be "+s, hint)
	return ""
}

// Object reads the properties of a value; each known name goes to its own reader.
func (r Reader) Object(p Property, known map[string]func(Property)) {
	inner, ok := Mapping(p.Value)
	if !ok {
		r.Bad(p.Line, p.Name, p.Name+" must have properties of its own", "")
		return
	}
	for _, sub := range inner {
		if sub.Name == "@odata.type" || sub.Empty() {
			continue
		}
		if read := known[sub.Name]; read != nil {
			read(sub)
			continue
		}
		names := slices.Sorted(maps.Keys(known))
		r.Bad(sub.Line, p.Name+"."+sub.Name, p.Name+" has no property "+sub.Name, r.Meant(sub.Name, names, "it has: "+strings.Join(names, ", ")))
	}
}

// Meant names the property that was probably meant by an unknown name; otherwise is the result where none is similar.
func (r Reader) Meant(name string, names []string, otherwise string) string {
	if instead := r.Deprecated[name]; instead != "" {
		return name + " is deprecated: write " + instead
	}
	if near := wave.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return otherwise
}

// Syntax is where and why a text is not YAML; line 0: it is not known.
func Syntax(err error) (line int, why string) {
	why, _, _ = strings.Cut(strings.TrimSpace(yaml.FormatError(err, false, false)), "\n")
	if _, after, ok := strings.Cut(why, "] "); ok {
		why = after
	}
	if e, ok := err.(yaml.Error); ok && e.GetToken() != nil { //nolint:errorlint // the library returns it bare
		line = e.GetToken().Position.Line
	}
	return line, why
}
