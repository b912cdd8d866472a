// Package shape compares a YAML tree with a Go type and collects everything that does not fit, where the decoder would stop at
// the first problem. It does not know what the fields mean.
package shape

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// shape is a comparison in progress.
type shape struct {
	problems []Problem
}

// Compare returns the problems of a document with a type. An empty document has none.
func Compare(body ast.Node, t reflect.Type) []Problem {
	s := &shape{}
	if body != nil {
		s.walk(body, t, "")
	}
	return s.problems
}

func (s *shape) problem(n ast.Node, field, expected string) {
	s.problems = append(s.problems, Problem{Line: line(n), Field: field, Expected: expected})
}

// line returns the line of a node; 1 when it has none.
func line(n ast.Node) int {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1
	}
	return n.GetToken().Position.Line
}

// walk compares one node with the type of its place.
func (s *shape) walk(n ast.Node, t reflect.Type, path string) {
	n = plain(n)
	switch n.(type) {
	case nil, *ast.NullNode:
		return // a missing value is the zero value
	}
	switch t.Kind() {
	case reflect.Struct:
		s.mapping(n, t, path)
	case reflect.Slice:
		s.list(n, t, path)
	default:
		if want := expects(n, t.Kind()); want != "" {
			s.problem(n, path, fmt.Sprintf("expected %s, got %s", want, kindOf(n)))
		}
	}
}

func (s *shape) list(n ast.Node, t reflect.Type, path string) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		s.problem(n, path, fmt.Sprintf("expected a list, got %s", kindOf(n)))
		return
	}
	for i, v := range seq.Values {
		s.walk(v, t.Elem(), fmt.Sprintf("%s[%d]", path, i))
	}
}

func (s *shape) mapping(n ast.Node, t reflect.Type, path string) {
	values := pairs(n)
	if values == nil {
		s.problem(n, path, fmt.Sprintf("expected fields (%s), got %s", strings.Join(head(names(t), 4), ", "), kindOf(n)))
		return
	}
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		key := v.Key.GetToken().Value // without the quotes that it may be written with
		at := key
		if path != "" {
			at = path + "." + key
		}
		if seen[key] {
			s.problem(v.Key, at, "expected each field once, this one is given twice")
		}
		seen[key] = true
		f, ok := field(t, key)
		if !ok {
			want := "expected one of " + strings.Join(names(t), ", ")
			if near := Nearest(key, names(t)); near != "" {
				want = "expected " + near + "?"
			}
			s.problem(v.Key, at, "unknown field; "+want)
			continue
		}
		s.walk(v.Value, f.Type, at)
	}
}

// pairs returns a mapping's entries; nil when the node is not a mapping.
func pairs(n ast.Node) []*ast.MappingValueNode {
	switch m := n.(type) {
	case *ast.MappingNode:
		if m.Values == nil {
			return []*ast.MappingValueNode{}
		}
		return m.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}
	}
	return nil
}

// plain removes anchors and tags from a node.
func plain(n ast.Node) ast.Node {
	for {
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
		case *ast.TagNode:
			n = v.Value
		default:
			return n
		}
	}
}

// first returns the node whose token is at the beginning of the value.
func first(n ast.Node) ast.Node {
	if p := pairs(plain(n)); len(p) > 0 {
		return p[0].Key
	}
	return n
}

// expects returns what the kind requires when the node is something else; empty when it fits.
func expects(n ast.Node, k reflect.Kind) string {
	_, isString := n.(*ast.StringNode)
	_, isLiteral := n.(*ast.LiteralNode)
	_, isInt := n.(*ast.IntegerNode)
	_, isFloat := n.(*ast.FloatNode)
	_, isBool := n.(*ast.BoolNode)
	switch k {
	case reflect.String:
		if !isString && !isLiteral && !isInt && !isFloat {
			return "text"
		}
	case reflect.Int, reflect.Int64:
		if !isInt {
			return "a whole number"
		}
	case reflect.Float64:
		if !isFloat && !isInt {
			return "a number"
		}
	case reflect.Bool:
		if !isBool {
			return "true or false"
		}
	}
	return ""
}

// kindOf returns the name of a node's kind for people.
func kindOf(n ast.Node) string {
	switch v := n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.MappingNode, *ast.MappingValueNode:
		return "fields"
	case *ast.StringNode:
		return fmt.Sprintf("the text %q", v.Value)
	default:
		return n.String()
	}
}

func head(s []string, n int) []string {
	if len(s) > n {
		return append(s[:n:n], "…")
	}
	return s
}

// names returns a struct's field names as a file spells them, including those of an inlined struct.
func names(t reflect.Type) []string {
	var out []string
	for f := range t.Fields() {
		if f.Anonymous {
			out = append(out, names(f.Type)...)
		} else {
			out = append(out, tag(f))
		}
	}
	return out
}

func field(t reflect.Type, name string) (found reflect.StructField, ok bool) {
	for f := range t.Fields() {
		if f.Anonymous {
			found, ok = field(f.Type, name)
		} else {
			found, ok = f, tag(f) == name
		}
		if ok {
			return found, true
		}
	}
	return reflect.StructField{}, false
}

func tag(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name
}
