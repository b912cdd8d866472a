package page

import (
	"bytes"
	"embed"
	"go/format"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/valyala/quicktemplate/parser"
	"golang.org/x/net/html"

	"wave365/pkg/report/page/words"
	"wave365/pkg/report/reporttest"
	"wave365/pkg/summary"
	"wave365/pkg/summary/compare"
	"wave365/pkg/summary/wording"
)

// The same pages as templates of html/template, which escapes every value for its place. They are changed together with
// the .qtpl files.
//
//go:embed testdata/html-template
var oracle embed.FS

func oracleTemplates(t testing.TB) *template.Template {
	t.Helper()
	drawn := func(f func(string) string) func(string) template.HTML {
		return func(s string) template.HTML { return template.HTML(f(s)) } // TestForeignText_oracle looks at these
	}
	all, err := template.New("").Funcs(template.FuncMap{
		"text": drawn(words.Text), "inline": drawn(words.Inline), "prose": drawn(words.Prose), "upn": drawn(words.UPN),
		"value": drawn(words.Value), "command": drawn(words.Command), "clean": wording.Clean,
	}).ParseFS(oracle, "testdata/html-template/*.gohtml")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// dom returns a page as a browser parses it, one line for each element and each text.
func dom(t testing.TB, page []byte) []string {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for n := range root.Descendants() {
		line := n.Data
		for _, a := range n.Attr {
			line += " " + a.Key + "=" + a.Val
		}
		out = append(out, line)
	}
	return out
}

// same compares a page with what html/template draws from the same data.
func same(t *testing.T, name string, write func(io.Writer) error, all *template.Template, file string, data any) {
	t.Helper()
	var got, want bytes.Buffer
	if err := write(&got); err != nil {
		t.Fatal(err)
	}
	if err := all.ExecuteTemplate(&want, file, data); err != nil {
		t.Fatal(err)
	}
	if g, w := dom(t, got.Bytes()), dom(t, want.Bytes()); !slices.Equal(g, w) {
		t.Errorf("%s is not what html/template draws:\n%s", name, cmp.Diff(w, g))
	}
}

func samePage(t *testing.T, name string, a summary.Record, all *template.Template) {
	t.Helper()
	v := viewOf(a)
	same(t, name, func(w io.Writer) error { return Write(w, a) }, all, "page.gohtml", struct {
		*view
		CSS template.CSS
		JS  template.JS
	}{v, template.CSS(css), template.JS(js)})
}

func sameComparison(t *testing.T, name string, c compare.Comparison, all *template.Template) {
	t.Helper()
	same(t, name, func(w io.Writer) error { return WriteComparison(w, c) }, all, "compare.gohtml", struct {
		*comparison
		CSS template.CSS
	}{comparisonOf(c), template.CSS(css)})
}

// TestWrite_oracle: html/template would draw the same, whatever the values are.
func TestWrite_oracle(t *testing.T) {
	t.Parallel()
	all := oracleTemplates(t)
	rehearsal, live := reporttest.Sample(), reporttest.Running()
	rehearsal.Run.Sandbox, rehearsal.Redacted = "x", true
	live.Live, live.Expected = true, summary.Forecast{From: live.At, To: live.At.AddDate(0, 0, 1)}
	for name, a := range map[string]summary.Record{
		"sample": reporttest.Sample(), "running": reporttest.Running(), "rehearsal": rehearsal, "live": live,
		"hostile": reporttest.Hostile(), "large": reporttest.Large(450), "empty": {At: reporttest.Start(), Run: reporttest.Sample().Run},
	} {
		samePage(t, name, a, all)
		sameComparison(t, name, compare.Runs(a, reporttest.Sample()), all)
	}
}

// FuzzWrite: the same for one text in all places.
func FuzzWrite(f *testing.F) {
	for _, s := range hostileTexts() {
		f.Add(s)
	}
	all := oracleTemplates(f)
	f.Fuzz(func(t *testing.T, s string) {
		a := reporttest.Sample()
		a.Rows, a.Audit = a.Rows[:6], nil
		poison(reflect.ValueOf(&a).Elem(), s)
		samePage(t, s, a, all)
		sameComparison(t, s, compare.Runs(reporttest.Sample(), a), all)
	})
}

func hostileTexts() []string {
	return []string{
		`"><script>alert(1)</script>`, "' onmouseover='alert(1)", "javascript:alert(1)", "\u202egpj.exe\u202c", "a\x00b", "\xff\xfe<b>", "</title><script>", "</style><b>", "--><b>",
		"<!--", "&lt;b&gt; &amp &#34;", "{{.Run}} {%s x %}", "`tick` and `<b>`", "a@b/c@d\\e", "]]>", "ﷺ\u2028", "+1", strings.Repeat("<b> ", 200),
	}
}

// poison puts a text into every string of a value except our own constants.
func poison(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c := reflect.New(v.Type().Elem()) // samples share what they point to
			c.Elem().Set(v.Elem())
			poison(c.Elem(), s)
			v.Set(c)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				poison(v.Field(i), s)
			}
		}
	case reflect.Slice:
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		for i := range c.Len() {
			poison(c.Index(i), s)
		}
		if !v.IsNil() {
			v.Set(c)
		}
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() && v.Len() > 0 {
			v.SetString(s)
		}
	}
}

// TestTemplates_compiled: the Go files match the templates, and no template writes an unescaped value, except for our
// own style and script.
func TestTemplates_compiled(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.qtpl")
	if err != nil || len(files) != 7 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, f := range append(files, "words/text.qtpl") {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
		was, err := os.ReadFile(f + ".go")
		if err != nil {
			t.Fatal(err)
		}
		var now bytes.Buffer
		if err := parser.ParseNoLineComments(&now, bytes.NewReader(text), f, filepath.Base(filepath.Dir("page/"+f))); err != nil {
			t.Fatal(err)
		}
		made, err := format.Source(now.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(made, bytes.ReplaceAll(was, []byte("\r\n"), []byte("\n"))) {
			t.Errorf("%s.go is not made of %s as it is now: run go generate ./pkg/report/page", f, f)
		}
		for _, tag := range strings.Split(string(text), "{%")[1:] {
			tag, _, _ = strings.Cut(tag, "%}")
			kind, value, _ := strings.Cut(strings.TrimSpace(tag), " ")
			switch {
			case strings.HasSuffix(kind, "=") && kind != "=" && value != "css" && value != "js":
				t.Errorf("%s: {%%%s%%} is not escaped", f, tag)
			case !slices.Contains([]string{"s", "d", "=", "s=", "if", "else", "endif", "for", "endfor", "code", "func", "endfunc", "import"}, kind) && !strings.HasPrefix(tag, " code\n"):
				t.Errorf("%s: {%%%s%%} is not looked at by this test", f, tag)
			}
		}
	}
}
