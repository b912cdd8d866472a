package wave

import (
	"unicode/utf8"

	"wave365/pkg/fault"
	"wave365/pkg/fault/catalogue"
)

// Severity grades a finding.
type Severity string

// The grades. Only errors keep a row from running.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Finding is one thing that validation found, in the file, in the storage account or in the tenant. It is the shape
// of `--json`, of findings.csv and of the report, so its field names are fixed.
type Finding struct {
	Severity Severity `json:"severity" csv:"severity"`
	// Code is stable: family.problem, such as "user.duplicate".
	Code string `json:"code" csv:"code"`
	// Line is the physical line of the file, header = line 1; 0: the finding is about the wave as a whole.
	Line int `json:"line" csv:"line"`
	// Column is the canonical column name ("user", "blob", …); empty: the whole row.
	Column string `json:"column" csv:"column"`
	// User is the user as the file spells it; empty when the finding is not about one row.
	User string `json:"user" csv:"user"`
	// Value is the offending value, without any SAS query.
	Value string `json:"value" csv:"value"`
	// Message is what is wrong, Hint what to do about it, Commands what to type for that; see [fault.Remedy].
	Message  string          `json:"message" csv:"message"`
	Hint     string          `json:"hint" csv:"hint"`
	Commands []fault.Command `json:"commands,omitempty" csv:"-"`
}

// Remedy is what to do about it.
func (f Finding) Remedy() fault.Remedy { return fault.Remedy{Text: f.Hint, Commands: f.Commands} }

// NewFinding makes a finding with the severity and the remedy of the catalogue; a code that is not in there is an error
// without a remedy. Signatures are cut from user, value and message.
func NewFinding(code string, line int, column, user, value, message string) Finding {
	severity := Error
	e, _ := catalogue.Find(code)
	switch {
	case e.Warning:
		severity = Warning
	case e.Notice:
		severity = Info
	}
	return Finding{
		Severity: severity, Code: code, Line: line, Column: column,
		User: Shown(user), Value: Shown(value), Message: Shown(message), Hint: e.Remedy, Commands: e.Commands,
	}
}

// Shown is a text as a finding shows it: without signatures, and readable whatever the cell holds.
func Shown(s string) string {
	if s = RedactSAS(s); len(s) <= maxShown {
		return s
	}
	cut := maxShown
	for !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// maxShown is how many bytes of a value or message a finding shows.
const maxShown = 600
