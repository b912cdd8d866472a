package template_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"wave365/pkg/notify/template"
)

// TestParse_refuses: what is not supported is refused with file, line and reason.
func TestParse_refuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\n{{.Nobody}}":                         "t:2:2: there is no field Nobody; there are At, CloudPC, Data",
		"{{if false}}{{.Nobody}}{{end}}":         "there is no field Nobody",
		"{{.Data.Nobody}}":                       "there is no field Nobody; there are Failed, Name",
		"{{.Name.Length}}":                       "there is no field Length in a text",
		"{{with .Name}}{{.Total}}{{end}}":        "there is no field Total in a text",
		"{{.Data}}":                              "all fields at once",
		"{{.}}":                                  "all fields at once",
		"{{.Name":                                "t:1: unclosed action",
		"{{if .Name}}":                           "t:1: unexpected EOF",
		"{{$x := .Name}}{{$x}}":                  "variables are not supported",
		"{{range $i, $p := .Paragraphs}}{{end}}": "variables are not supported",
		"{{range .Name}}{{end}}":                 "range goes over a list, and .Name is a text",
		"{{range .Paragraphs}}{{break}}{{end}}":  "{{break}} is not supported",
		"{{range .Paragraphs}}{{range $.Paragraphs}}{{end}}{{end}}": "a range inside a range is not supported",
		`{{define "x"}}{{end}}`:   "{{define}} and {{block}} are not supported",
		`{{template "x"}}`:        "is not supported",
		"{{html .Name}}":          `t:1: function "html" not defined`,
		"{{index .Paragraphs 0}}": `function "index" not defined`,
		"{{.Name .User}}":         ".Name takes no arguments",
		"{{.Name | .User}}":       ".User takes no arguments",
		"{{eq .Name}}":            "eq: it takes at least two arguments",
		"{{eq .Name .Total}}":     "a text cannot be compared with a number",
		"{{ne .Name .User .Run}}": "ne: it takes two arguments",
		"{{ne .Data .Data}}":      "cannot be compared",
		"{{lt .Rehearsal true}}":  "true or false cannot be compared",
		"{{lt 1}}":                "lt: it takes two arguments",
		"{{len .Total}}":          "len: it takes one text or list",
		"{{not}}":                 "not: it takes one argument",
		"{{and}}":                 "at least one argument",
		"{{or .Data .Name}}":      "cannot choose between all fields and one value",
		"{{with and .Data $}}{{printf .Name}}{{end}}": "or between two sets of fields",
		"{{printf .Total}}":                           "its first argument is a text",
		`{{printf "%v" .}}`:                           "cannot write all fields at once",
		"{{1.5}}":                                     "1.5 is not supported",
		"{{nil | not}}":                               "nil",
	} {
		_, err := template.Parse("t", text, template.Text, values("x", 1))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "t:") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// TestParse_refusesPlaces: a value is refused where no escaping makes it safe.
func TestParse_refusesPlaces(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"<p>\n<script>var x = '{{.Name}}'</script>":          "t:2:19: {{.Name}}: a value is not allowed in <script>",
		"<style>p { color: {{.Name}} }</style>":              "is not allowed in <style>",
		"<svg><title>{{.Name}}</title></svg>":                "is not allowed in <svg>",
		"<!-- {{.Name}} -->":                                 "is not allowed in a comment",
		"<!doctype {{.Name}}>":                               "is not allowed in a comment",
		"<{{.Name}}>":                                        "is not allowed in a tag",
		"<p {{.Name}}>":                                      "is not allowed in a tag",
		"<p class={{.Name}}>":                                "is not allowed in a value without quotes",
		"<p class=a{{.Name}}>":                               "is not allowed in a value without quotes",
		`<p onclick="{{.Name}}">`:                            "the attribute onclick of <p>",
		`<p STYLE="{{.Name}}">`:                              "the attribute style of <p>",
		`<script src="{{.Name}}"></script>`:                  "the attribute src of <script>",
		`<base href="{{.Name}}">`:                            "the attribute href of <base>",
		`<img srcset="{{.Name}}">`:                           "the attribute srcset of <img>",
		`<form action="{{.Name}}">`:                          "the attribute action of <form>",
		`<meta http-equiv="refresh" content="{{.Name}}">`:    "the attribute content of <meta>",
		`<a href="javascript:{{.Name}}">`:                    "an address with values in it begins with",
		`<a href="java{{/**/}}script:{{.Name}}">`:            "an address with values in it begins with",
		`<a href="&#106;avascript:{{.Name}}">`:               "an address with values in it begins with",
		`<a href="{{.Name}}:{{.User}}">`:                     "an address with values in it begins with",
		`<a href="{{if .Name}}https://x/{{end}}{{.User}}">`:  "it depends on other values",
		`<a href="https://x/{{if .Name}}?{{end}}{{.User}}">`: "it depends on other values",
		`<a href="{{range .Paragraphs}}{{.}}?{{end}}">`:      "it depends on other values",
		"{{if .Name}}<p title=\"{{end}}x":                    "ends in different places",
		"{{range .Paragraphs}}<p title='{{end}}'>":           "begins in the text and ends in the attribute title of <p>",
		"<p title='{{.Name}}":                                "the HTML ends inside the attribute title of <p>",
		"<scr{{if .Name}}ipt{{end}}>":                        "put together from pieces",
		"<p ti{{if .Name}}tle{{end}}='x'>":                   "put together from pieces",
		"<p{{if .Name}} {{end}}title='{{.Name}}'>":           "put together from pieces",
		"</ title='{{.Name}}'>":                              "is not allowed in a comment",
		"<title>a</ti{{.Name}}":                              "put together from pieces",
		"</{{.Name}}p>":                                      "put together from pieces",
		"<script>a</SCRIPT ><script >{{.Name}}</script>":     "is not allowed in <script>",
		"<script></scripty>{{.Name}}</script>":               "is not allowed in <script>",
		"<!--><style>{{.Name}}":                              "is not allowed in <style>",
	} {
		_, err := template.Parse("t", text, template.HTML, values("x", 1))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "t:") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}

// FuzzTemplate: what is accepted means what it means in Go, in HTML as a browser sees it, and a value changes neither the
// elements nor where they lead.
func FuzzTemplate(f *testing.F) {
	for _, text := range append(append(corpus(), markup()...), builtIn(f, "*")...) {
		for _, a := range hostile()[:8] {
			f.Add(text, a)
		}
	}
	conditions := regexp.MustCompile(`eq|ne|lt|le|gt|ge|len`)
	f.Fuzz(func(t *testing.T, text, a string) {
		if a == "" {
			a = "-"
		}
		v := values(a, 2)
		if _, err := template.Parse("t", text, template.Text, v); err == nil {
			if got, want := ours(t, text, template.Text, v), theirText(t, text, v); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if _, err := template.Parse("t", text, template.HTML, v); err != nil {
			return
		}
		got := ours(t, text, template.HTML, v)
		usual, err := theirHTML(text, values("x", 2))
		stricter := strings.Contains(got, "#not-an-address")                                                              // which it is where a scheme may be put together
		if err == nil && !stricter && slices.Equal(dom(t, usual), dom(t, ours(t, text, template.HTML, values("x", 2)))) { // else it corrects the HTML
			want, err := theirHTML(text, v)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(dom(t, want), dom(t, got)); d != "" {
				t.Errorf("%s\n%s", got, d)
			}
		}
		if !conditions.MatchString(text) {
			if d := cmp.Diff(elements(t, ours(t, text, template.HTML, values("x", 2))), elements(t, ours(t, text, template.HTML, values("x"+a, 2)))); d != "" {
				t.Errorf("%s\n%s", got, d)
			}
		}
	})
}

// elements are those of an HTML text, with the names of their attributes.
func elements(t *testing.T, text string) (out []string) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			out = append(out, n.Data)
			for _, a := range n.Attr {
				out = append(out, a.Key)
			}
		}
	}
	return out
}
