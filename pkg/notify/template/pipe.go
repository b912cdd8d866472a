package template

import (
	"maps"
	"slices"
	"strings"
	"text/template/parse"
)

// expr is something with a value.
type expr struct {
	static
	value func(scope) any
}

func constant(k kind, v any) expr { return expr{static{kind: k}, func(scope) any { return v }} }

// pipe compiles commands, each of which gets the value of the one before as its last argument.
func (c *compiler) pipe(p *parse.PipeNode, dot static) (expr, error) {
	if len(p.Decl) > 0 {
		return expr{}, c.refuse(p, "variables are not supported: %s", p)
	}
	var e expr
	for i, cmd := range p.Cmds {
		var last []expr
		if i > 0 {
			last = []expr{e}
		}
		var err error
		if e, err = c.command(cmd, last, dot); err != nil {
			return e, err
		}
	}
	return e, nil
}

func (c *compiler) command(cmd *parse.CommandNode, last []expr, dot static) (expr, error) {
	first, isFunction := cmd.Args[0].(*parse.IdentifierNode)
	if !isFunction {
		if len(cmd.Args) > 1 || len(last) > 0 {
			return expr{}, c.refuse(cmd, "%s takes no arguments", cmd.Args[0])
		}
		return c.operand(cmd.Args[0], dot)
	}
	var args []expr
	for _, a := range cmd.Args[1:] {
		e, err := c.operand(a, dot)
		if err != nil {
			return e, err
		}
		args = append(args, e)
	}
	e, err := functions()[first.Ident](append(args, last...))
	if err != nil {
		return e, c.refuse(cmd, "%s: %v", first.Ident, err)
	}
	return e, nil
}

func (c *compiler) operand(n parse.Node, dot static) (expr, error) {
	here := expr{dot, func(s scope) any { return s.dot }}
	switch n := n.(type) {
	case *parse.DotNode:
		return here, nil
	case *parse.FieldNode:
		return c.field(n, here, n.Ident)
	case *parse.VariableNode:
		if n.Ident[0] == "$" {
			return c.field(n, expr{c.root, func(s scope) any { return s.root }}, n.Ident[1:])
		}
	case *parse.StringNode:
		return constant(textKind, n.Text), nil
	case *parse.BoolNode:
		return constant(truthKind, n.True), nil
	case *parse.NumberNode:
		if n.IsInt {
			return constant(numberKind, int(n.Int64)), nil
		}
	case *parse.PipeNode:
		return c.pipe(n, dot)
	case *parse.IdentifierNode:
		return c.command(&parse.CommandNode{NodeType: parse.NodeCommand, Pos: n.Pos, Args: []parse.Node{n}}, nil, dot)
	}
	return expr{}, c.refuse(n, "%s is not supported", n)
}

// field compiles a chain of field names, starting at a value.
func (c *compiler) field(n parse.Node, from expr, names []string) (expr, error) {
	for _, name := range names {
		if from.kind != fieldsKind {
			return from, c.refuse(n, "%s: there is no field %s in %s", n, name, from.kind)
		}
		v, ok := from.shape[name]
		if !ok {
			return from, c.refuse(n, "there is no field %s; there are %s", name, strings.Join(slices.Sorted(maps.Keys(from.shape)), ", "))
		}
		outer := from.value
		from = expr{staticOf(v), func(s scope) any { return outer(s).(Values)[name] }}
	}
	return from, nil
}
