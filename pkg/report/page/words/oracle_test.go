package words

import (
	"fmt"
	"html/template"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"wave365/pkg/summary/wording"
)

// FuzzForeignText: foreign text, in every way in which the page shows it, gives a browser the same as escaping by
// html/template with the elements added by hand.
func FuzzForeignText(f *testing.F) {
	for _, s := range []string{
		"", "Ada", "ada@contoso.example", "a@b@c", "disks/a/b.vhd", "/", `"><script>alert(1)</script>`, "' onmouseover='x", "run `wave365 retry` now", "an odd ` tick", "`<b>` is <b>",
		"\u202egpj.exe\u202c", "a\x00b", "\xff\xfe<b>", "&lt;b&gt; &amp &#34;", `wave365 retry run-1  --ledger "my<l>/x.db"`, strings.Repeat("very <long> @/` ", 40), strings.Repeat("ﷺ", 200),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, by := range map[string]struct {
			now func(string) string
			was func(string) template.HTML
		}{
			"Text": {Text, oldText}, "Prose": {Prose, oldProse}, "UPN": {UPN, oldUpn}, "Value": {Value, oldValue}, "Command": {Command, oldCommand}, "Inline": {Inline, oldInline},
		} {
			if d := cmp.Diff(tokens(string(by.was(s))), tokens(by.now(s))); d != "" {
				t.Errorf("%s of %q:\n%s", name, s, d)
			}
		}
	})
}

// tokens are the tags and the texts of some HTML.
func tokens(text string) (out []string) {
	z := html.NewTokenizer(strings.NewReader(text))
	for z.Next() != html.ErrorToken {
		out = append(out, z.Token().String())
	}
	return out
}

func oldText(s string) template.HTML {
	s = wording.Clean(s)
	if !folds(s) {
		return template.HTML("<bdi>" + template.HTMLEscapeString(s) + "</bdi>")
	}
	return template.HTML(`<details class="long"><summary><bdi>` + template.HTMLEscapeString(cut(s, foldShow)) +
		`…</bdi> <span>` + fmt.Sprint(utf8.RuneCountInString(s)) + ` characters</span></summary><bdi tabindex="0">` +
		template.HTMLEscapeString(s) + `</bdi></details>`)
}

func oldProse(s string) template.HTML {
	h := string(oldText(sentence(s)))
	parts := strings.Split(h, "`")
	if len(parts)%2 == 0 || strings.HasPrefix(h, "<details") {
		return template.HTML(h)
	}
	for i := 1; i < len(parts); i += 2 {
		parts[i] = "<code>" + parts[i] + "</code>"
	}
	return template.HTML(strings.Join(parts, ""))
}

func oldUpn(s string) template.HTML {
	if h := string(oldText(s)); strings.HasPrefix(h, "<bdi>") {
		return template.HTML(strings.Replace(h, "@", "@<wbr>", 1))
	}
	return oldText(s)
}

func oldValue(s string) template.HTML {
	s = wording.Clean(s)
	if folds(s) {
		return oldText(s)
	}
	return template.HTML("<bdi>" + strings.NewReplacer("/", "/<wbr>", "@", "@<wbr>").Replace(template.HTMLEscapeString(s)) + "</bdi>")
}

func oldCommand(s string) template.HTML {
	words := strings.Split(wording.Clean(s), " ")
	for i, w := range words {
		escaped := template.HTMLEscapeString(w)
		if strings.Trim(w, letters) != "" {
			escaped = "<bdi>" + escaped + "</bdi>"
		}
		words[i] = escaped
	}
	return template.HTML(strings.Join(words, " "))
}

func oldInline(s string) template.HTML {
	return template.HTML("<bdi>" + template.HTMLEscapeString(Short(s, 60)) + "</bdi>")
}
