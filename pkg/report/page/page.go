// Package page draws report.html from an account: one file, no outside request, complete with scripts off. It is not
// for deciding what the facts mean; that is report/summary.
package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"

	"wave365/pkg/report/page/words"
	"wave365/pkg/summary"
)

//go:embed assets
var assets embed.FS

// Write writes the page. The same account gives the same bytes.
func Write(w io.Writer, a summary.Record) error {
	css, err := assets.ReadFile("assets/page.css")
	if err != nil {
		return err
	}
	js, err := assets.ReadFile("assets/page.js")
	if err != nil {
		return err
	}
	t, err := parsed()
	if err != nil {
		return err
	}
	v := viewOf(a)
	v.CSS, v.JS = template.CSS(css), template.JS(js)
	v.Policy = "default-src 'none'; style-src '" + hash(css) + "'; script-src '" + hash(js) +
		"'; base-uri 'none'; form-action 'none'"
	if a.Live {
		v.Policy += "; connect-src 'self'"
	}
	return t.ExecuteTemplate(w, "page.gohtml", v)
}

func parsed() (*template.Template, error) {
	return template.New("").Funcs(words.Funcs()).
		ParseFS(assets, "assets/*.gohtml")
}

// hash is the source expression by which the content policy admits one inline block.
func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
