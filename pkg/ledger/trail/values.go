package trail

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"wave365/pkg/audit"
	"wave365/pkg/fault"
)

// Stamp formats a time as the database and the audit hold it: with a fixed number of digits, so that text sorts as
// time.
func Stamp(t time.Time) string { return t.UTC().Format(audit.TimeLayout) }

// When is Stamp for a column that may be NULL: the zero time is NULL.
func When(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return Stamp(t)
}

// Flag returns a bool as a STRICT table holds it.
func Flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Moment scans what When wrote; it is UTC.
type Moment time.Time

func (m *Moment) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*m = Moment{}
		return nil
	case string:
		t, err := time.Parse(time.RFC3339Nano, v)
		*m = Moment(t)
		return err
	}
	return fmt.Errorf("ledger: a time is stored as %T", v)
}

// JSON encodes a value for columns whose CHECK requires JSON.
func JSON(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// OrNow returns at, or now when at is zero.
func OrNow(at, now time.Time) time.Time {
	if at.IsZero() {
		return now
	}
	return at
}

// OrNull is for columns in which "" is NULL.
func OrNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// NoRun returns the fault for a run that is not in the ledger; "" is for when any would have done.
func NoRun(id string) error {
	if id == "" {
		return fault.New(fault.NotFound, "ledger.no-run", "the ledger has no runs yet", "start one", fault.NewCommand("run", "WAVE.csv"))
	}
	return fault.New(fault.NotFound, "ledger.no-run", "the ledger has no run "+id,
		"check the run ID and --ledger; runs lists what this ledger holds", fault.NewCommand("runs"))
}

// RefusedBy reports whether a trigger refused with this text; the texts are those of the schema.
func RefusedBy(err error, text string) bool {
	return err != nil && strings.Contains(err.Error(), "ledger: "+text)
}
