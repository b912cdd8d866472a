package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wave365/pkg/audit"
)

// stamp writes a time as the database and the audit hold it: with a fixed number of digits, so that text sorts as time.
func stamp(t time.Time) string { return t.UTC().Format(audit.TimeLayout) }

// when is stamp for a column that may be NULL: the zero time is.
func when(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

// flag is a bool as a STRICT table holds it.
func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// moment scans what when wrote; it is UTC.
type moment time.Time

func (m *moment) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*m = moment{}
		return nil
	case string:
		t, err := time.Parse(time.RFC3339Nano, v)
		*m = moment(t)
		return err
	}
	return fmt.Errorf("ledger: a time is stored as %T", v)
}

// asJSON is for columns whose CHECK wants JSON.
func asJSON(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}
