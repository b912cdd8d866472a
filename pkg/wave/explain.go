package wave

import "wave365/pkg/wave/catalogue"

// Explanation is what the catalogue says about a code.
type Explanation struct {
	Code string
	// Severity is what a finding of this code is, unless its check knows better.
	Severity Severity
	// Title names the problem, Meaning says what happens if it stays, Remedy what to do about it.
	Title, Meaning, Remedy string
}

// Explain looks a code up; false when there is no such code.
func Explain(code string) (Explanation, bool) {
	for _, family := range catalogue.All() {
		for _, e := range family {
			if e.Code != code {
				continue
			}
			found := Explanation{Code: code, Severity: Error, Title: e.Title, Meaning: e.Meaning, Remedy: e.Remedy}
			if e.Warning {
				found.Severity = Warning
			}
			return found, true
		}
	}
	return Explanation{}, false
}

// Codes lists every code there is, family by family.
func Codes() []string {
	var out []string
	for _, family := range catalogue.All() {
		for _, e := range family {
			out = append(out, e.Code)
		}
	}
	return out
}

// NewFinding makes a finding with the severity and the hint of the catalogue; a code that is not in there is an error
// without a hint. Signatures are cut from user, value and message.
func NewFinding(code string, line int, column, user, value, message string) Finding {
	e, ok := Explain(code)
	if !ok {
		e.Severity = Error
	}
	return Finding{
		Severity: e.Severity, Code: code, Line: line, Column: column,
		User: RedactSAS(user), Value: RedactSAS(value), Message: RedactSAS(message), Hint: e.Remedy,
	}
}
