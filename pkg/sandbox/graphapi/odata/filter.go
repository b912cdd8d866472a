package odata

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Filter is a $filter of comparisons joined either by and, or by or, which is what this tool sends.
type Filter struct {
	or    bool
	tests []test
}

type test struct {
	path, op string
	values   []string // one, except for in
	null     bool     // the value is null
}

// word is a token: a quoted text, a parenthesis, a comma, or what is between them.
var word = regexp.MustCompile(`'(?:[^']|'')*'|[(),]|[^\s(),']+`)

// ParseFilter parses eq, ne, gt, ge, lt, le and in, joined by and, or by or. Everything else (parentheses, not, functions,
// lambdas, and and or in one) is an [ErrUnknown].
func ParseFilter(text string) (*Filter, error) {
	f := &Filter{}
	words := word.FindAllString(text, -1)
	unknown := unknownQuery("The sandbox does not know the filter '" + text + "'.")
	if strings.TrimSpace(word.ReplaceAllString(text, "")) != "" {
		return nil, unknown
	}
	for joint := ""; ; {
		t, rest := parseTest(words)
		if t == nil {
			return nil, unknown
		}
		f.tests = append(f.tests, *t)
		if len(rest) == 0 {
			return f, nil
		}
		next := strings.ToLower(rest[0])
		if next != "and" && next != "or" || joint != "" && next != joint {
			return nil, unknown
		}
		joint, f.or, words = next, next == "or", rest[1:]
	}
}

// parseTest parses one comparison from the beginning; nil: there is no supported one.
func parseTest(words []string) (*test, []string) {
	if len(words) < 3 || strings.ContainsAny(words[0], "(),':") {
		return nil, nil
	}
	t := &test{path: words[0], op: strings.ToLower(words[1])}
	switch t.op {
	case "eq", "ne", "gt", "ge", "lt", "le":
		value, ok := literal(words[2])
		t.values, t.null = []string{value}, strings.EqualFold(words[2], "null")
		if !ok {
			return nil, nil
		}
		return t, words[3:]
	case "in":
		for i := 3; words[2] == "(" && i+1 < len(words); i += 2 {
			value, ok := literal(words[i])
			if !ok || words[i+1] != "," && words[i+1] != ")" {
				return nil, nil
			}
			t.values = append(t.values, value)
			if words[i+1] == ")" {
				return t, words[i+2:]
			}
		}
	}
	return nil, nil
}

// literal returns the value of a token; false: it has none.
func literal(word string) (string, bool) {
	if strings.HasPrefix(word, "'") {
		return strings.ReplaceAll(word[1:len(word)-1], "''", "'"), true
	}
	return word, !strings.ContainsAny(word, "(),")
}

// Eval reports whether the object matches; a nil filter matches everything. A property that the object does not have is null.
func (f *Filter) Eval(o Object) bool {
	if f == nil {
		return true
	}
	for _, t := range f.tests {
		if t.eval(o) == f.or {
			return f.or
		}
	}
	return !f.or
}

func (t test) eval(o Object) bool {
	v, _ := o.Get(t.path)
	if at, ok := v.(time.Time); ok && at.IsZero() {
		v = nil
	}
	switch {
	case v == nil || t.null:
		return t.op == "eq" && v == nil && t.null || t.op == "ne" && (v != nil || !t.null)
	case t.op == "in":
		for _, x := range t.values {
			if compare(v, x) == 0 {
				return true
			}
		}
		return false
	}
	return holds(t.op, compare(v, t.values[0]))
}

// holds reports whether an order of two values, as [compare] returns it, satisfies an operator.
func holds(op string, c int) bool {
	wanted := map[string][]int{"eq": {0}, "ne": {-1, 1, 2}, "gt": {1}, "ge": {0, 1}, "lt": {-1}, "le": {-1, 0}}
	return slices.Contains(wanted[op], c)
}

// compare orders a property and a literal: -1, 0 or 1; 2 when they cannot be compared. Case does not matter in text.
func compare(v any, literal string) int {
	switch v := v.(type) {
	case string:
		return strings.Compare(strings.ToLower(v), strings.ToLower(literal))
	case bool:
		if strconv.FormatBool(v) == strings.ToLower(literal) {
			return 0
		}
	case int:
		if n, err := strconv.Atoi(literal); err == nil {
			return cmp.Compare(v, n)
		}
	case time.Time:
		if t, err := time.Parse(time.RFC3339, literal); err == nil {
			return v.Compare(t)
		}
	}
	return 2
}

// Equals returns the text that the filter requires a property to be equal to, whatever else it requires.
func (f *Filter) Equals(path string) (string, bool) {
	if f == nil || f.or && len(f.tests) > 1 {
		return "", false
	}
	for _, t := range f.tests {
		if t.op == "eq" && !t.null && strings.EqualFold(t.path, path) {
			return t.values[0], true
		}
	}
	return "", false
}
