// Package policyfile reads a provisioning policy from a YAML file, whose properties bear Graph's own names, so that a body
// copied from the documentation is such a file too; checks its rules before anything is sent; says what a file would
// change; and writes files from policies. It takes values and does no I/O.
package policyfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"wave365/pkg/graph"
	"wave365/pkg/wave"
)

// Problem is a rule that a file breaks.
type Problem struct {
	// Line is the physical line in the file; 0: the file as a whole.
	Line int `json:"line"`
	// Property is Graph's name; may be empty.
	Property string `json:"property,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

// File is a policy as a file describes it.
type File struct {
	// Policy holds what the file says. Groups, network connections and the image may be named by display name in it until
	// [File.Resolve].
	Policy graph.ProvisioningPolicy
	// Groups are the groups that the policy is to be assigned to, as the file spells them.
	Groups []string
	// Image is what the file says at "image": an id or a display name; empty: it says nothing there.
	Image string
	// Notes say what of the file is not sent, and why.
	Notes []string
	// lines are where the properties stand that the file gives.
	lines map[string]int
}

// Gives reports whether the file says anything about a property.
func (f *File) Gives(property string) bool { return f.lines[property] > 0 }

// line is where a property stands; 0: nowhere.
func (f *File) line(property string) int { return f.lines[property] }

// readOnly are properties of the service's own, which a file may hold and which are not sent.
var readOnly = []string{"@odata.type", "@odata.context", "id", "alternateResourceUrl", "assignments", "cloudPcGroupDisplayName", "createdBy", "createdDateTime",
	"gracePeriodInHours", "lastModifiedBy", "lastModifiedDateTime", "managedBy", "scopeIds"}

// Parse reads a file. It returns all problems that the file alone shows; the file is nil when it is no policy at all.
func Parse(data []byte) (*File, []Problem) {
	doc, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, []Problem{{Line: lineOf(err), Message: "it is not YAML: " + firstLine(yaml.FormatError(err, false, false)), Hint: "write one `property: value` a line"}}
	}
	if len(doc.Docs) == 0 || len(doc.Docs) == 1 && doc.Docs[0].Body == nil {
		return nil, []Problem{{Message: "it is empty", Hint: "policy export shows what belongs into it"}}
	}
	if len(doc.Docs) != 1 || doc.Docs[0].Body == nil {
		return nil, []Problem{{Message: fmt.Sprintf("it holds %d documents, not one policy", len(doc.Docs)), Hint: "put each policy into a file of its own"}}
	}
	entries, ok := mapping(doc.Docs[0].Body)
	if !ok {
		return nil, []Problem{{Line: 1, Message: "it is not a list of properties", Hint: "write one `property: value` a line; policy export shows one"}}
	}
	r := &reader{file: &File{lines: map[string]int{}}}
	for _, e := range entries {
		r.entry(e)
	}
	r.rules()
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.Line - b.Line })
	return r.file, r.problems
}

// reader gathers what a file says and what is wrong with it.
type reader struct {
	file     *File
	problems []Problem
}

func (r *reader) bad(line int, property, message, hint string) {
	r.problems = append(r.problems, Problem{line, property, message, hint})
}

// entry is one property with its value.
type entry struct {
	name  string
	line  int
	value ast.Node
}

// mapping takes the properties of a node apart.
func mapping(n ast.Node) ([]entry, bool) {
	var values []*ast.MappingValueNode
	switch m := n.(type) {
	case *ast.MappingNode:
		values = m.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{m}
	default:
		return nil, false
	}
	out := make([]entry, len(values))
	for i, v := range values {
		t := v.Key.GetToken()
		out[i] = entry{strings.Trim(t.Value, `"'`), t.Position.Line, v.Value}
	}
	return out, true
}

// entry takes one property over.
func (r *reader) entry(e entry) {
	if first := r.file.lines[e.name]; first > 0 {
		r.bad(e.line, e.name, fmt.Sprintf("%s stands here and in line %d", e.name, first), "keep one of them")
		return
	}
	if slices.Contains(readOnly, e.name) {
		if e.name != "@odata.type" && e.name != "@odata.context" {
			r.file.Notes = append(r.file.Notes, fmt.Sprintf("line %d: %s is the service's own and is not sent", e.line, e.name))
		}
		return
	}
	i := slices.IndexFunc(properties(), func(p property) bool { return p.name == e.name })
	if i < 0 {
		r.bad(e.line, e.name, "there is no property "+e.name, unknownHint(e.name))
		return
	}
	r.file.lines[e.name] = e.line
	if e.value == nil || e.value.Type() == ast.NullType {
		delete(r.file.lines, e.name) // nothing is said
		return
	}
	properties()[i].read(r, e)
}

// unknownHint names the property that was probably meant.
func unknownHint(name string) string {
	if instead := deprecated()[name]; instead != "" {
		return name + " is deprecated: write " + instead
	}
	var names []string
	for _, p := range properties() {
		names = append(names, p.name)
	}
	if near := wave.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "the properties are: " + strings.Join(names, ", ")
}

func deprecated() map[string]string {
	return map[string]string{"windowsSettings": "windowsSetting: {locale: en-US}", "type": "domainJoinType", "language": "locale"}
}

// text, flag and number read a value of one kind.
func (r *reader) text(e entry) (string, bool) {
	switch n := e.value.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return strings.TrimSuffix(n.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode:
		return e.value.GetToken().Value, true
	}
	r.bad(e.line, e.name, e.name+" wants a text", "write it in double quotes")
	return "", false
}

func (r *reader) flag(e entry) bool {
	if n, ok := e.value.(*ast.BoolNode); ok {
		return n.Value
	}
	r.bad(e.line, e.name, e.name+" wants true or false", "")
	return false
}

func (r *reader) number(e entry) int {
	if n, ok := e.value.(*ast.IntegerNode); ok {
		switch v := n.Value.(type) {
		case uint64:
			return int(v) //nolint:gosec // a number of minutes that is too large is refused by its rule
		case int64:
			return int(v)
		}
	}
	r.bad(e.line, e.name, e.name+" wants a whole number", "")
	return 0
}

// member reads one of a fixed set of words, in any case.
func (r *reader) member(e entry, members ...string) string {
	s, ok := r.text(e)
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
	r.bad(e.line, e.name, e.name+" cannot be "+s, hint)
	return ""
}

// fields reads an object; each known name goes to its own reader.
func (r *reader) fields(e entry, known map[string]func(entry)) {
	entries, ok := mapping(e.value)
	if !ok {
		r.bad(e.line, e.name, e.name+" wants properties of its own", "")
		return
	}
	for _, sub := range entries {
		if sub.name == "@odata.type" || sub.value == nil || sub.value.Type() == ast.NullType {
			continue
		}
		if read := known[sub.name]; read != nil {
			read(sub)
			continue
		}
		names := make([]string, 0, len(known))
		for n := range known {
			names = append(names, n)
		}
		slices.Sort(names)
		hint := "it has: " + strings.Join(names, ", ")
		if instead := deprecated()[sub.name]; instead != "" {
			hint = sub.name + " is deprecated: write " + instead
		} else if near := wave.Nearest(sub.name, names); near != "" {
			hint = "did you mean " + near + "?"
		}
		r.bad(sub.line, e.name+"."+sub.name, e.name+" has no property "+sub.name, hint)
	}
}

// list reads a list, or one value as a list of one.
func list(n ast.Node) []ast.Node {
	if s, ok := n.(*ast.SequenceNode); ok {
		return s.Values
	}
	return []ast.Node{n}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	if _, after, ok := strings.Cut(s, "] "); ok {
		return after
	}
	return s
}

func lineOf(err error) int {
	if e, ok := err.(yaml.Error); ok && e.GetToken() != nil { //nolint:errorlint // the library returns it bare
		return e.GetToken().Position.Line
	}
	return 0
}
