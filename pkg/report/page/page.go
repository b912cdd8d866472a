// Package page draws report.html from an account: one file, no outside request, complete with scripts off. It is not
// for deciding what the facts mean; that is report/story.
package page

import (
	"html/template"
	"io"

	"wave365/pkg/report/story"
)

// Write writes the page. The same account gives the same bytes.
func Write(w io.Writer, a story.Account) error {
	t, err := template.New("page").Parse(`<!doctype html><html lang="en"><meta charset="utf-8"><title>{{.Verdict}}</title><h1>{{.Verdict}}</h1>` +
		`<table><tr><th>User<th>Status<th>Why{{range .Rows}}<tr><td>{{.Row.Target.User}}<td>{{.Class.Label}}<td>{{.Why.Text}}{{end}}</table>`)
	if err != nil {
		return err
	}
	rows, _ := story.Dossiers(a)
	return t.Execute(w, struct {
		Verdict string
		Rows    []story.Dossier
	}{story.Verdict(a), rows})
}
