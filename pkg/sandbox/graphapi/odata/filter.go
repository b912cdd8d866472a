package odata

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// Expr is a $filter.
type Expr interface {
	// Eval says whether the object matches. A property that the object does not have is null.
	Eval(o Object) bool
}

type logic struct {
	or   bool
	a, b Expr
}

func (l logic) Eval(o Object) bool {
	if l.or {
		return l.a.Eval(o) || l.b.Eval(o)
	}
	return l.a.Eval(o) && l.b.Eval(o)
}

type not struct{ e Expr }

func (n not) Eval(o Object) bool { return !n.e.Eval(o) }

type test struct {
	path, op string
	value    any
	list     []any
}

func (t test) Eval(o Object) bool {
	v, _ := o.Get(t.path)
	switch t.op {
	case "eq":
		return equal(v, t.value)
	case "ne":
		return !equal(v, t.value)
	case "in":
		for _, x := range t.list {
			if equal(v, x) {
				return true
			}
		}
		return false
	case "startswith", "endswith", "contains":
		s, _ := v.(string)
		x, _ := t.value.(string)
		s, x = strings.ToLower(s), strings.ToLower(x)
		switch t.op {
		case "startswith":
			return strings.HasPrefix(s, x)
		case "endswith":
			return strings.HasSuffix(s, x)
		}
		return strings.Contains(s, x)
	}
	if v == nil || t.value == nil {
		return false
	}
	c := compare(v, t.value)
	switch t.op {
	case "gt":
		return c > 0
	case "ge":
		return c >= 0
	case "lt":
		return c < 0
	}
	return c <= 0
}

// any is a lambda such as assignedLicenses/any(x:x/skuId eq 1).
type anyOf struct {
	path string
	e    Expr
}

func (a anyOf) Eval(o Object) bool {
	v, _ := o.Get(a.path)
	switch list := v.(type) {
	case []Object:
		for _, x := range list {
			if a.e.Eval(x) {
				return true
			}
		}
	case []string:
		for _, x := range list {
			if a.e.Eval(Object{{Name: "", Value: x}}) {
				return true
			}
		}
	}
	return false
}

// Equals finds the text that the expression wants a property to be equal to, wherever no "or" or "not" stands above.
func Equals(e Expr, path string) (string, bool) {
	switch e := e.(type) {
	case logic:
		if !e.or {
			if s, ok := Equals(e.a, path); ok {
				return s, true
			}
			return Equals(e.b, path)
		}
	case test:
		if s, ok := e.value.(string); ok && e.op == "eq" && strings.EqualFold(e.path, path) {
			return s, true
		}
	}
	return "", false
}

func equal(a, b any) bool {
	x, isText := a.(string)
	y, isText2 := b.(string)
	if isText && isText2 {
		return strings.EqualFold(x, y)
	}
	if t, ok := a.(time.Time); ok && b == nil {
		return t.IsZero()
	}
	if a == nil || b == nil {
		return a == b
	}
	return compare(a, b) == 0
}

func compare(a, b any) int {
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return cmp.Compare(strings.ToLower(x), strings.ToLower(y))
		}
	case int:
		if y, ok := b.(int); ok {
			return cmp.Compare(x, y)
		}
	case bool:
		if y, ok := b.(bool); ok && x != y {
			if y {
				return -1
			}
			return 1
		} else if ok {
			return 0
		}
	case time.Time:
		switch y := b.(type) {
		case time.Time:
			return x.Compare(y)
		case string:
			if t, err := time.Parse(time.RFC3339, y); err == nil {
				return x.Compare(t)
			}
		}
	case nil:
		if b == nil {
			return 0
		}
		return -1
	}
	if b == nil {
		return 1
	}
	return -2
}

// ParseFilter reads eq ne gt ge lt le in, and or not, startswith endswith contains, any() and brackets.
func ParseFilter(s string) (Expr, error) {
	p := &parser{in: s}
	p.next()
	e := p.or()
	if p.err == nil && p.tok != "" {
		p.fail()
	}
	if p.err != nil {
		return nil, p.err
	}
	return e, nil
}

type parser struct {
	in, tok string
	quoted  bool
	pos     int
	bound   string // the variable of the lambda we are in
	err     error
}

func (p *parser) fail() {
	if p.err == nil {
		p.err = queryError("Invalid filter clause: syntax error at position " + strconv.Itoa(p.pos) + " in '" + p.in + "'.")
	}
	p.tok = ""
}

func (p *parser) next() {
	p.quoted = false
	for p.pos < len(p.in) && p.in[p.pos] == ' ' {
		p.pos++
	}
	if p.pos >= len(p.in) {
		p.tok = ""
		return
	}
	from := p.pos
	switch c := p.in[p.pos]; c {
	case '(', ')', ',':
		p.pos++
		p.tok = p.in[from:p.pos]
	case '\'':
		var b strings.Builder
		for p.pos++; p.pos < len(p.in); p.pos++ {
			if p.in[p.pos] != '\'' {
				b.WriteByte(p.in[p.pos])
				continue
			}
			if p.pos+1 < len(p.in) && p.in[p.pos+1] == '\'' {
				b.WriteByte('\'')
				p.pos++
				continue
			}
			p.pos++
			p.tok, p.quoted = b.String(), true
			return
		}
		p.fail()
	default:
		for p.pos < len(p.in) && !strings.ContainsRune(" (),'", rune(p.in[p.pos])) {
			p.pos++
		}
		p.tok = p.in[from:p.pos]
	}
}

func (p *parser) is(word string) bool { return !p.quoted && strings.EqualFold(p.tok, word) }

func (p *parser) want(tok string) {
	if !p.is(tok) {
		p.fail()
		return
	}
	p.next()
}

func (p *parser) or() Expr {
	e := p.and()
	for p.err == nil && p.is("or") {
		p.next()
		e = logic{true, e, p.and()}
	}
	return e
}

func (p *parser) and() Expr {
	e := p.unary()
	for p.err == nil && p.is("and") {
		p.next()
		e = logic{false, e, p.unary()}
	}
	return e
}

func (p *parser) unary() Expr {
	switch {
	case p.err != nil || p.quoted || p.tok == "":
		p.fail()
		return nil
	case p.is("not"):
		p.next()
		return not{p.unary()}
	case p.tok == "(":
		p.next()
		e := p.or()
		p.want(")")
		return e
	}
	word := p.tok
	p.next()
	if !p.quoted && p.tok == "(" {
		return p.call(word)
	}
	t := test{path: p.unbound(word), op: strings.ToLower(p.tok)}
	switch t.op {
	case "eq", "ne", "gt", "ge", "lt", "le":
		p.next()
		t.value = p.literal()
	case "in":
		p.next()
		p.want("(")
		for p.err == nil {
			t.list = append(t.list, p.literal())
			if p.is(")") {
				break
			}
			p.want(",")
		}
		p.want(")")
	default:
		p.fail()
	}
	return t
}

// unbound takes the lambda's variable off a path.
func (p *parser) unbound(path string) string {
	if p.bound != "" {
		if path == p.bound {
			return ""
		}
		return strings.TrimPrefix(path, p.bound+"/")
	}
	return path
}

func (p *parser) call(word string) Expr {
	p.next()
	if path, ok := strings.CutSuffix(word, "/any"); ok {
		name, rest, found := strings.Cut(p.tok, ":")
		if !found {
			p.fail()
			return nil
		}
		outer := p.bound
		p.bound = name
		if rest != "" {
			p.tok = rest
		} else {
			p.next()
		}
		e := p.or()
		p.bound = outer
		p.want(")")
		return anyOf{p.unbound(path), e}
	}
	t := test{op: strings.ToLower(word), path: p.unbound(p.tok)}
	switch t.op {
	case "startswith", "endswith", "contains":
	default:
		p.fail()
		return nil
	}
	p.next()
	p.want(",")
	t.value = p.literal()
	p.want(")")
	return t
}

func (p *parser) literal() any {
	if p.err != nil {
		return nil
	}
	tok, quoted := p.tok, p.quoted
	if !quoted && (tok == "" || tok == "(" || tok == ")" || tok == ",") {
		p.fail()
		return nil
	}
	p.next()
	if quoted {
		return tok
	}
	switch strings.ToLower(tok) {
	case "null":
		return nil
	case "true":
		return true
	case "false":
		return false
	}
	if n, err := strconv.Atoi(tok); err == nil {
		return n
	}
	return tok // a GUID, a date or an enum member without quotes
}
