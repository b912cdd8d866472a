// Package template reads the templates of messages: the part of Go's template syntax that a message needs, over named
// values instead of Go values, in two forms: plain text, and HTML in which every value is escaped for its place.
//
// It is not [text/template] because that calls methods by name, which makes the linker keep every method of the whole
// program (3.6 MB). What it accepts means the same as there; what it does not accept is refused when the template is
// parsed, with file and line, so nothing can fail when a message is written.
package template

import (
	"fmt"
	"strings"
	"text/template/parse"
)

// Supported describes in one line what a template may contain.
const Supported = "{{.Field}}, {{if}}, {{else}}, {{with}}, {{range}}, {{end}}, {{/* comments */}}, {{- trimming -}}, pipes, parentheses and the functions and, or, not, eq, ne, lt, le, gt, ge, len, printf"

// Form is what a template writes.
type Form int

// The forms.
const (
	Text Form = iota
	// HTML escapes values for the text, the quoted attribute or the URL in which they are placed. A value is refused where
	// no escaping makes it safe: in scripts, styles, comments, event handlers, and names of elements and attributes.
	HTML
)

// Values are what a template may name. Each is a string, a bool, an int, a []string or other Values.
type Values map[string]any

// Template is a parsed template. It may be used by several goroutines.
type Template struct{ body step }

// Parse parses a template whose values are named and typed as in shape. The error names the file and the line.
func Parse(name, text string, form Form, shape Values) (*Template, error) {
	known := map[string]any{}
	for f := range functions() {
		known[f] = f
	}
	trees, err := parse.Parse(name, text, "", "", known)
	if err != nil {
		return nil, fmt.Errorf("%s", strings.TrimPrefix(err.Error(), "template: "))
	}
	tree := trees[name]
	if len(trees) > 1 {
		return nil, fmt.Errorf("%s: {{define}} and {{block}} are not supported", name)
	}
	all := static{fieldsKind, shape}
	c := &compiler{tree: tree, root: all, html: form == HTML}
	body, err := c.list(tree.Root, all)
	if err != nil {
		return nil, err
	}
	if c.html && !c.at.Text() {
		return nil, fmt.Errorf("%s: the HTML ends inside %s", name, c.at)
	}
	return &Template{body}, nil
}

// Execute returns the text of the template. values holds every name of the shape, with values of the same types.
func (t *Template) Execute(values Values) string {
	var b strings.Builder
	t.body(&b, scope{values, values})
	return b.String()
}
