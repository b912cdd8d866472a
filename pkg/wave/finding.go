package wave

import "wave365/pkg/fault"

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
	// Message says what is wrong, Hint what to do about it, Commands what to type for that; see [fault.Remedy].
	Message  string          `json:"message" csv:"message"`
	Hint     string          `json:"hint" csv:"hint"`
	Commands []fault.Command `json:"commands,omitempty" csv:"-"`
}

// Remedy is what to do about it.
func (f Finding) Remedy() fault.Remedy { return fault.Remedy{Text: f.Hint, Commands: f.Commands} }
