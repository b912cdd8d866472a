package template

import (
	"fmt"
	"strings"
	"text/template/parse"

	"wave365/pkg/notify/template/markup"
)

// kind is the type of a value as far as it is known when a template is read.
type kind int

const (
	textKind kind = iota
	numberKind
	truthKind
	listKind
	fieldsKind
	mixedKind // one of several, known only when the template is executed
)

func (k kind) String() string {
	return [...]string{"a text", "a number", "true or false", "a list", "a set of fields", "a value of several kinds"}[k]
}

// static is what is known of a value when a template is parsed. shape is that of fields.
type static struct {
	kind  kind
	shape Values
}

func staticOf(v any) static {
	switch v := v.(type) {
	case string:
		return static{kind: textKind}
	case int:
		return static{kind: numberKind}
	case bool:
		return static{kind: truthKind}
	case []string:
		return static{kind: listKind}
	case Values:
		return static{fieldsKind, v}
	}
	panic(fmt.Sprintf("template: a value of type %T", v))
}

// scope holds the values of "." and "$" while a template is executed.
type scope struct{ dot, root any }

// step writes a piece of a template.
type step func(b *strings.Builder, s scope)

// compiler turns a parsed tree into steps, and refuses what it does not know.
type compiler struct {
	tree *parse.Tree
	root static
	html bool
	// at is the current place in the HTML.
	at markup.Place
	// ranging: the compiler is inside a range.
	ranging bool
}

func (c *compiler) refuse(n parse.Node, format string, args ...any) error {
	where, _ := c.tree.ErrorContext(n)
	return fmt.Errorf("%s: %s", where, fmt.Sprintf(format, args...))
}

func (c *compiler) list(l *parse.ListNode, dot static) (step, error) {
	if l == nil {
		return func(*strings.Builder, scope) {}, nil
	}
	steps := make([]step, len(l.Nodes))
	for i, n := range l.Nodes {
		var err error
		if steps[i], err = c.node(n, dot); err != nil {
			return nil, err
		}
	}
	return func(b *strings.Builder, s scope) {
		for _, write := range steps {
			write(b, s)
		}
	}, nil
}

func (c *compiler) node(n parse.Node, dot static) (step, error) {
	switch n := n.(type) {
	case *parse.TextNode:
		return c.text(n)
	case *parse.ActionNode:
		return c.action(n, dot)
	case *parse.IfNode:
		return c.branch(&n.BranchNode, dot)
	case *parse.WithNode:
		return c.branch(&n.BranchNode, dot)
	case *parse.RangeNode:
		return c.branch(&n.BranchNode, dot)
	}
	return nil, c.refuse(n, "%s is not supported", n)
}

func (c *compiler) text(n *parse.TextNode) (step, error) {
	text := string(n.Text)
	if c.html {
		var err error
		if c.at, err = c.at.Past(text); err != nil {
			return nil, c.refuse(n, "%v", err)
		}
	}
	return func(b *strings.Builder, _ scope) { b.WriteString(text) }, nil
}

func (c *compiler) action(n *parse.ActionNode, dot static) (step, error) {
	e, err := c.pipe(n.Pipe, dot)
	if err != nil {
		return nil, err
	}
	if e.kind == fieldsKind {
		return nil, c.refuse(n, "%s is all fields at once; name one of them", n)
	}
	escape := func(s string) string { return s }
	if c.html {
		if escape, err = c.at.Escaper(); err != nil {
			return nil, c.refuse(n, "%s: %v", n, err)
		}
	}
	return func(b *strings.Builder, s scope) { b.WriteString(escape(fmt.Sprint(e.value(s)))) }, nil
}

// branch compiles if, with and range. In HTML both ways through it have to end at the same kind of place.
func (c *compiler) branch(n *parse.BranchNode, dot static) (step, error) {
	e, err := c.pipe(n.Pipe, dot)
	if err != nil {
		return nil, err
	}
	inner := dot
	switch n.NodeType {
	case parse.NodeWith:
		inner = e.static
	case parse.NodeRange:
		if e.kind != listKind {
			return nil, c.refuse(n, "range goes over a list, and %s is %s", n.Pipe, e.kind)
		}
		if c.ranging {
			return nil, c.refuse(n, "a range inside a range is not supported")
		}
		c.ranging, inner = true, static{kind: textKind}
		defer func() { c.ranging = false }()
	}
	start := c.at
	for n.NodeType == parse.NodeRange { // every iteration starts where the one before ended
		_, again, err := c.part(n.List, inner, start)
		if err != nil {
			return nil, err
		}
		both, same := start.Or(again)
		if !same {
			return nil, c.refuse(n, "the HTML inside {{range}} begins in %s and ends in %s", start, again)
		}
		if both == start {
			break
		}
		start = both
	}
	yes, one, err := c.part(n.List, inner, start)
	if err != nil {
		return nil, err
	}
	no, other, err := c.part(n.ElseList, dot, start)
	if err != nil {
		return nil, err
	}
	var same bool
	if c.at, same = one.Or(other); !same {
		return nil, c.refuse(n, "the HTML before and after {{else}} or {{end}} ends in different places: %s, and %s", one, other)
	}
	if n.NodeType == parse.NodeRange {
		return func(b *strings.Builder, s scope) {
			items := e.value(s).([]string)
			for _, item := range items {
				yes(b, scope{item, s.root})
			}
			if len(items) == 0 {
				no(b, s)
			}
		}, nil
	}
	with := n.NodeType == parse.NodeWith
	return func(b *strings.Builder, s scope) {
		v := e.value(s)
		switch {
		case !truth(v):
			no(b, s)
		case with:
			yes(b, scope{v, s.root})
		default:
			yes(b, s)
		}
	}, nil
}

// part compiles one way through a branch, from a place in the HTML, and returns where it ends.
func (c *compiler) part(l *parse.ListNode, dot static, from markup.Place) (step, markup.Place, error) {
	c.at = from
	s, err := c.list(l, dot)
	return s, c.at, err
}

// truth reports whether a value counts as true in conditions, as in text/template.
func truth(v any) bool {
	switch v := v.(type) {
	case string:
		return v != ""
	case int:
		return v != 0
	case bool:
		return v
	case []string:
		return len(v) > 0
	}
	return true
}
