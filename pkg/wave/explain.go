package wave

import (
	"slices"
	"unicode/utf8"

	"wave365/pkg/fault/catalogue"
	"wave365/pkg/fault/catalogue/findings"
)

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

// FindingCodes lists every code that validation can give, family by family.
func FindingCodes() []string {
	var out []string
	for _, e := range slices.Concat(findings.All()...) {
		out = append(out, e.Code)
	}
	return out
}

// Shown is a text as a finding shows it: without signatures, and readable whatever stands in a cell.
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
