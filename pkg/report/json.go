package report

import (
	"encoding/json"
	"io"
)

// JSON writes run.json: everything the report knows, for machines, with raw values. [Schema] describes it.
func JSON(w io.Writer, a Account) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(documentOf(a))
}
