// Package entry is the shape of what the catalogue says of a code, and how it is written down.
package entry

import (
	"strings"

	"wave365/pkg/fault"
)

// Entry explains one code.
type Entry struct {
	Code string
	// Warning: the row may run all the same, or has its Cloud PC. Otherwise it is an error.
	Warning bool
	// Notice: nothing is wrong.
	Notice bool
	// Who has the next move: one of the roles below.
	Who string
	// Title names the problem, Meaning says what happens if it stays, Remedy what to do about it, Commands what to type for
	// that.
	Title, Meaning, Remedy string
	Commands               []fault.Command
}

// The roles. One person may have several.
const (
	Operator = "the operator"
	Admin    = "the endpoint admin"
	Identity = "the identity admin"
	Storage  = "the storage admin"
	Licenses = "the license admin"
	Helpdesk = "the helpdesk"
	Support  = "the maintainers of wave365"
)

// Family is the part of the code before its dot.
func (e Entry) Family() string {
	family, _, _ := strings.Cut(e.Code, ".")
	return family
}

// Advice is what to do about it.
func (e Entry) Advice() fault.Remedy { return fault.Remedy{Text: e.Remedy, Commands: e.Commands} }

// By names whose move the entries are that do not say it themselves.
func By(who string, entries []Entry) []Entry {
	for i := range entries {
		if entries[i].Who == "" {
			entries[i].Who = who
		}
	}
	return entries
}

// Mistake makes an entry for an error of validation.
func Mistake(code, title, meaning, remedy string) Entry {
	return Entry{Code: code, Title: title, Meaning: meaning, Remedy: remedy}
}

// With adds commands that help.
func (e Entry) With(names ...string) Entry {
	for _, name := range names {
		e.Commands = append(e.Commands, fault.NewCommand(name))
	}
	return e
}

// Caution makes an entry for a warning.
func Caution(code, title, meaning, remedy string) Entry {
	return Entry{Code: code, Warning: true, Title: title, Meaning: meaning, Remedy: remedy}
}

// Notice makes an entry for what is worth knowing while nothing is wrong.
func Notice(code, title, meaning, remedy string) Entry {
	return Entry{Code: code, Notice: true, Title: title, Meaning: meaning, Remedy: remedy}
}

// Of makes an entry for what a run or a command says: whose move it is, what it is called, what it means, what to do.
func Of(who, code, title, meaning, remedy string, commands ...string) Entry {
	e := Mistake(code, title, meaning, remedy).With(commands...)
	e.Who = who
	return e
}
