// Package policyfile reads a provisioning policy from a YAML file, whose properties have Graph's own names, so that a body
// copied from the documentation is such a file too; checks its rules before anything is sent; determines what a file would
// change; and writes files from policies. It takes values and does no I/O.
package policyfile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/parser"

	"wave365/pkg/graph"
	"wave365/pkg/tenantcare/policyfile/reading"
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
	// Policy holds the file's content. Network connections and the image may be named by display name in it until they
	// are resolved.
	Policy graph.ProvisioningPolicy
	// Groups are the groups that the policy is to be assigned to, as the file spells them.
	Groups []string
	// Image is the file's value of "image": an id or a display name; empty: it has none.
	Image string
	// Notes say what of the file is not sent, and why.
	Notes []string
	// lines are the lines of the properties that the file gives.
	lines map[string]int
}

// Gives reports whether the file gives a property.
func (f *File) Gives(property string) bool { return f.lines[property] > 0 }

// Line is the line of a property; 0: the file does not give it.
func (f *File) Line(property string) int { return f.lines[property] }

// TakeImage sets an image as if the file gave it, in all three properties, at the line of from; a display name that the
// file gives itself stays.
func (f *File) TakeImage(id, kind, name, from string) {
	f.Policy.ImageID, f.Policy.ImageType, f.Policy.ImageDisplayName = id, kind, cmp.Or(f.Policy.ImageDisplayName, name)
	line := max(f.Line(from), 1)
	for _, name := range []string{"imageId", "imageType", "imageDisplayName"} {
		if !f.Gives(name) {
			f.lines[name] = line
		}
	}
}

// readOnly are properties of the service's own, which a file may hold and which are not sent.
var readOnly = []string{"@odata.type", "@odata.context", "id", "alternateResourceUrl", "assignments", "cloudPcGroupDisplayName", "createdBy", "createdDateTime",
	"gracePeriodInHours", "lastModifiedBy", "lastModifiedDateTime", "managedBy", "scopeIds"}

// Parse parses a file. It returns all problems that can be found in the file alone; the file is nil when it is not a
// policy.
func Parse(data []byte) (*File, []Problem) {
	doc, err := parser.ParseBytes(data, 0)
	if err != nil {
		line, why := reading.Syntax(err)
		return nil, []Problem{{Line: line, Message: "it is not YAML: " + why, Hint: "write one `property: value` a line"}}
	}
	if len(doc.Docs) == 0 || len(doc.Docs) == 1 && doc.Docs[0].Body == nil {
		return nil, []Problem{{Message: "it is empty", Hint: "policy export shows what belongs in it"}}
	}
	if len(doc.Docs) != 1 || doc.Docs[0].Body == nil {
		return nil, []Problem{{Message: fmt.Sprintf("it holds %d documents, not one policy", len(doc.Docs)), Hint: "put each policy into a file of its own"}}
	}
	entries, ok := reading.Mapping(doc.Docs[0].Body)
	if !ok {
		return nil, []Problem{{Line: 1, Message: "it is not a list of properties", Hint: "write one `property: value` a line; policy export shows one"}}
	}
	r := &reader{file: &File{lines: map[string]int{}}}
	r.Reader = reading.Reader{Bad: r.bad, Deprecated: map[string]string{"windowsSettings": "windowsSetting: {locale: en-US}", "type": "domainJoinType", "language": "locale"}}
	for _, e := range entries {
		r.entry(e)
	}
	r.rules()
	slices.SortStableFunc(r.problems, func(a, b Problem) int { return a.Line - b.Line })
	return r.file, r.problems
}

// entry is a property as written in the file.
type entry = reading.Property

// reader collects a file's content and its problems.
type reader struct {
	reading.Reader
	file     *File
	problems []Problem
}

func (r *reader) bad(line int, property, message, hint string) {
	r.problems = append(r.problems, Problem{line, property, message, hint})
}

// entry takes one property over.
func (r *reader) entry(e entry) {
	if first := r.file.Line(e.Name); first > 0 {
		r.bad(e.Line, e.Name, fmt.Sprintf("%s is given here and in line %d", e.Name, first), "keep one of them")
		return
	}
	if slices.Contains(readOnly, e.Name) {
		if e.Name != "@odata.type" && e.Name != "@odata.context" {
			r.file.Notes = append(r.file.Notes, fmt.Sprintf("line %d: %s is set by the service and is not sent", e.Line, e.Name))
		}
		return
	}
	var names []string
	for _, p := range properties() {
		if p.name == e.Name {
			if !e.Empty() {
				r.file.lines[e.Name] = e.Line
				p.read(r, e)
			}
			return
		}
		names = append(names, p.name)
	}
	r.bad(e.Line, e.Name, "there is no property "+e.Name, r.Meant(e.Name, names, "the properties are: "+strings.Join(names, ", ")))
}
