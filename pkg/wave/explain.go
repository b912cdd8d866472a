package wave

import (
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
		User: brief(RedactSAS(user)), Value: brief(RedactSAS(value)), Message: brief(RedactSAS(message)), Hint: e.Remedy, Commands: e.Commands,
	}
}

// FindingCodes lists every code that validation can give, family by family.
func FindingCodes() []string {
	var out []string
	for _, family := range findings.All() {
		for _, e := range family {
			out = append(out, e.Code)
		}
	}
	return out
}

// brief keeps a finding readable whatever stands in a cell.
func brief(s string) string {
	if len(s) <= maxShown {
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
