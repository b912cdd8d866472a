// Package page draws report.html from a record: one file, no outside request, complete with scripts off. It does not
// decide what the facts mean; pkg/summary does.
package page

import (
	"bufio"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"io"

	"github.com/valyala/quicktemplate"

	"wave365/pkg/summary"
)

// The templates are the .qtpl files, of which the .qtpl.go files are made. A value in them is escaped ({%s x %}) or drawn by
// a function of package words; only our own style and script stand as they are.
//
//go:generate go run github.com/valyala/quicktemplate/qtc -dir=. -skipLineComments

//go:embed assets/page.css
var css string

//go:embed assets/page.js
var js string

// Write writes the page. The same record gives the same bytes.
func Write(w io.Writer, a summary.Record) error {
	v := viewOf(a)
	return draw(w, func(qw *quicktemplate.Writer) { streampageHTML(qw, v) })
}

// draw executes a template on w and returns the first error of w.
func draw(w io.Writer, template func(*quicktemplate.Writer)) error {
	b := bufio.NewWriterSize(w, 1<<16)
	qw := quicktemplate.AcquireWriter(b)
	defer quicktemplate.ReleaseWriter(qw)
	template(qw)
	return b.Flush()
}

// hash returns the source expression by which the content security policy admits one inline block.
func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
