package template_test

import (
	htmltemplate "html/template"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	texttemplate "text/template"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"wave365/pkg/notify/template"
)

// values are what the templates of these tests may name: a is the texts' value.
func values(a string, n int) template.Values {
	v := template.Values{"Name": a, "User": a, "Reason": a, "Tenant": a, "Wave": a, "Run": a, "Rehearsal": n > 1, "Total": n, "Failed": n / 2}
	return template.Values{
		"Name": a, "User": a, "Reason": a, "Wave": a, "Run": a, "Tenant": a, "At": a, "Next": a, "Department": a, "Policy": a, "CloudPC": a,
		"Rehearsal": n > 1, "Total": n, "Done": n, "Failed": n / 2, "Open": n, "Subject": a, "Paragraphs": []string{a, "second", a}[:n%4], "Data": v, "Event": "ready",
	}
}

// hostile returns values that try to break out of their place.
func hostile() []string {
	return []string{
		"", "Ada", "ada@contoso.example", `"><script>alert(1)</script>`, "' onmouseover='alert(1)", "javascript:alert(1)", " JaVaScRiPt:alert(1)", "java\nscript:alert(1)",
		"javascript&colon;alert(1)", "data:text/html,<b>", "vbscript:x", "//evil.example/x", "https://contoso.example/a b?c=d&e='f'#g", "mailto:a@b.example?subject=x", ":alert(1)",
		"\u202egpj.exe\u202c", "a\x00b", "\xff\xfe<b>", "</title><script>", "</style>", "--><b>", "{{.Name}}", "&lt;b&gt; &amp;", "a+b=c", "%3Cb%3E %zz", "100%", "`tick`", "ﷺ\u2028",
	}
}

// corpus returns custom templates for both forms.
func corpus() []string {
	return []string{
		"Hello {{.Name}}!", "{{/* a comment */}}a{{- /* another */ -}} b", "a {{- .Name -}} b", "{{if .Reason}}{{.Reason}}{{else}}none{{end}}",
		"{{if .Rehearsal}}r{{else if gt .Failed 0}}f{{else}}n{{end}}", "{{with .Reason}}<p>{{.}} {{$.Name}}</p>{{else}}-{{end}}", "{{with .Data}}{{.Name}} {{.Total}}{{with $.Reason}}{{.}}{{end}}{{end}}",
		"{{range .Paragraphs}}<p>{{.}}</p>{{else}}<p>nothing{{end}}", "{{.Data.Name}} {{$.Data.User}} {{$.Total}}", "{{.Total}} {{.Rehearsal}} {{.Paragraphs}} {{1}} {{\"x\"}} {{true}} {{`<i>`}}",
		`{{if and .Reason (not .Rehearsal)}}a{{end}}{{if or .Reason .Rehearsal}}b{{end}}`, `{{or .CloudPC "your Cloud PC"}} {{and .Name .Rehearsal}}`,
		`{{if eq .Event "ready" "failed"}}e{{end}}{{if ne .Total 1}}n{{end}}{{if lt .Total .Done}}l{{end}}{{if le .Total 2}}l{{end}}{{if ge .Name "b"}}g{{end}}{{if eq .Rehearsal true}}t{{end}}`,
		`{{len .Paragraphs}} {{len .Name}} {{printf "%s has %d of %03d, %v %q" .Name .Done .Total .Rehearsal .Reason}} {{.Name | printf "%-10s|%s" .User}} {{.Reason | len | printf "%d"}}`,
		"{{with .Name}}{{with $.Reason}}{{.}}{{end}}{{.}}{{end}}", "{{if .Name}}{{if .Reason}}both{{end}}{{end}}", "{{with $}}{{.Name}}{{end}}",
		"{{with .Name}}{{.}}{{else with .Total}}{{.}}{{else}}x{{end}}", "{{(.Name)}} {{not (eq .Name .User)}}",
	}
}

// markup returns templates for HTML only.
func markup() []string {
	return []string{
		`<a href="{{.Name}}">x</a>`, `<a href='{{.Name}}'>x</a>`, `<a href = "https://contoso.example/{{.Name}}/b?u={{.User}}#{{.Run}}">x</a>`, `<a href="mailto:{{.Name}}?subject={{.Subject}}">m</a>`,
		`<a href="/{{.Name}}">x</a>`, `<a href="{{.Name}}?u={{.User}}">x</a>`, `<a href="?u={{.User}}">x</a>`, `<img src="{{.Name}}" alt="{{.Name}}" title='{{.User}}'>`, `<A HREF="{{.Name}}">x</A>`,
		`<a {{if .Reason}}title="{{.Reason}}"{{end}} href="https://x.example/">x</a>`, `<p{{if .Reason}} class="a"{{else}} class="b" id='c'{{end}}>{{.Name}}</p>`, `<p class={{if .Reason}}"a"{{else}}"b"{{end}}>{{.Name}}</p>`,
		`<input {{if .Rehearsal}}disabled{{end}} value="{{.Name}}"><br/>{{.User}}`, `<title>{{.Subject}}</title><textarea>{{.Name}}</textarea><p>{{.Name}}`, `<style>p > a { color: red }</style>{{.Name}}<script>if (1 < 2) {}</script>{{.User}}`,
		`<!-- <b> "{{if .Rehearsal}}x{{end}} --><p title="{{.Name}}">{{.Name}}</p>`, `<!doctype html><html lang="en"><body bgcolor="#fff">{{range .Paragraphs}}<p title="{{.}}">{{.}}</p>{{end}}</body></html>`,
		`1 < 2 {{.Name}} & <{{"" | printf "3"}}`, `<td background="{{.Name}}" width=5>{{.Name}}</td>`, `<ul>{{range .Paragraphs}}<li>{{.}}{{end}}</ul>`, `<a href="{{with .Reason}}{{.}}{{else}}https://x.example/{{end}}">x</a>`,
		`<a href="{{if .Rehearsal}}https://a.example/{{.Name}}{{else}}https://b.example/{{.Name}}{{end}}">x</a>`, `<p title="a{{if .Reason}}: {{.Reason}}{{end}}" >x</p>`, `<b title="{{range .Paragraphs}}{{.}} {{end}}">x</b>`,
	}
}

// builtIn returns the built-in templates.
func builtIn(t testing.TB, glob string) []string {
	t.Helper()
	files, err := fs.Glob(os.DirFS(".."), path.Join("templates", "*", glob))
	if err != nil || len(files) < 2 {
		t.Fatalf("%q, %v", files, err)
	}
	var out []string
	for _, f := range files {
		text, err := os.ReadFile(path.Join("..", f))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
	return out
}

// TestText_oracle: a template in text gives the same as with text/template.
func TestText_oracle(t *testing.T) {
	t.Parallel()
	for _, text := range slices.Concat(corpus(), builtIn(t, "*.txt")) {
		for n, a := range hostile() {
			if got, want := ours(t, text, template.Text, values(a, n)), theirText(t, text, values(a, n)); got != want {
				t.Errorf("%s with %q:\n got %q\nwant %q", text, a, got, want)
			}
		}
	}
}

// TestHTML_oracle: a template in HTML gives a browser the same as with html/template.
func TestHTML_oracle(t *testing.T) {
	t.Parallel()
	for _, text := range slices.Concat(corpus(), markup(), builtIn(t, "*.html")) {
		for n, a := range hostile() {
			if strings.Contains(text, "<{{") {
				text = strings.ReplaceAll(text, "<{{", "< {{") // which is refused here
			}
			got := ours(t, text, template.HTML, values(a, n))
			want, err := theirHTML(text, values(a, n))
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if d := cmp.Diff(dom(t, want), dom(t, got)); d != "" {
				t.Errorf("%s with %q:\n%s\n%s", text, a, got, d)
			}
		}
	}
}

func ours(t testing.TB, text string, form template.Form, v template.Values) string {
	t.Helper()
	tpl, err := template.Parse("t", text, form, v)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return tpl.Execute(v)
}

func theirText(t testing.TB, text string, v template.Values) string {
	t.Helper()
	tpl, err := texttemplate.New("t").Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := tpl.Execute(&b, v); err != nil {
		t.Fatalf("text/template: %v", err)
	}
	return b.String()
}

func theirHTML(text string, v template.Values) (string, error) {
	tpl, err := htmltemplate.New("t").Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = tpl.Execute(&b, v)
	return b.String(), err
}

// spelled matches what the two write differently with the same meaning.
var spelled = regexp.MustCompile(`#ZgotmplZ|#not-an-address|%[0-9A-Fa-f]{2}`)

// dom returns HTML as a browser parses it: elements with their attributes, and texts. Comments are left out:
// html/template drops them.
func dom(t testing.TB, text string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for n := range root.Descendants() {
		switch n.Type {
		case html.TextNode:
			if last := len(out) - 1; last >= 0 && strings.HasPrefix(out[last], "text ") { // a comment may stand between
				out[last] += n.Data
			} else {
				out = append(out, "text "+n.Data)
			}
		case html.ElementNode:
			line := n.Data
			for _, a := range n.Attr {
				line += " " + a.Key + "=" + spelled.ReplaceAllStringFunc(a.Val, func(s string) string {
					if s[0] == '#' {
						return "#"
					}
					return strings.ToLower(s)
				})
			}
			out = append(out, line)
		}
	}
	return out
}
