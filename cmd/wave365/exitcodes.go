package main

import (
	"fmt"
	"strings"

	"wave365/pkg/cloud/contact"
	"wave365/pkg/fault"
)

// The exit codes. Scripts depend on them: they are only added to.
const (
	exitOK         = 0
	exitUnexpected = 1
	exitUsage      = 2
	exitFailedRows = 3
	exitInvalid    = 4
	exitDenied     = 5
	exitNothing    = 6
	exitHalted     = 7
	exitDeferred   = 8
	exitDrained    = 9
	exitChanged    = 10
	exitLocked     = 11
	exitSignIn     = 12
	exitStopped    = 130
)

// exitMeaning is an exit code and what it says to people.
type exitMeaning struct {
	code    int
	meaning string
}

// exitMeanings returns all exit codes, for every text that lists them.
func exitMeanings() []exitMeaning {
	return []exitMeaning{
		{exitOK, "all rows succeeded"},
		{exitUnexpected, "unexpected"},
		{exitUsage, "usage or configuration"},
		{exitFailedRows, "finished; some rows failed, are held, or were skipped"},
		{exitInvalid, "wave invalid"},
		{exitDenied, "permission or tenant prerequisite missing"},
		{exitNothing, "nothing to do"},
		{exitHalted, "halted by --halt-after, a canary, or first imports that were all refused alike"},
		{exitDeferred, "rows deferred by --stop-by"},
		{exitDrained, "drained by the operator"},
		{exitChanged, "wave or facts changed since the run began"},
		{exitLocked, "the ledger is held by another process"},
		{exitSignIn, "sign-in or network"},
		{exitStopped, "stopped at once"},
	}
}

// exitLine returns the codes in one paragraph.
func exitLine() string {
	var all []string
	for _, m := range exitMeanings() {
		all = append(all, fmt.Sprintf("%d %s", m.code, strings.ReplaceAll(m.meaning, "; ", " and ")))
	}
	return "Exit codes: " + strings.Join(all, ", ") + "."
}

// codeOfFault maps a fault that is not about the sign-in: by its code if that is more specific than the kind, else by
// the kind.
func codeOfFault(f *fault.Fault) int {
	if code, ok := exitOfCode()[f.Code]; ok {
		return code
	}
	switch f.Kind {
	case fault.Interrupted:
		return exitStopped
	case fault.Denied:
		return exitDenied
	case fault.Invalid, fault.NotFound:
		return exitUsage
	case fault.Conflict:
		family, _, _ := strings.Cut(f.Code, ".")
		if code, ok := exitOfConflict()[family]; ok {
			return code
		}
	}
	return exitUnexpected
}

// exitOfCode maps codes of faults that a script can distinguish from others of their kind.
func exitOfCode() map[string]int {
	return map[string]int{
		"ledger.locked": exitLocked, "ledger.lock-lost": exitLocked,
		codeNothing: exitNothing, "ledger.not-driven": exitNothing, "ledger.unlocked": exitNothing,
		"wave.changed": exitChanged, "tenant.changed": exitChanged, "plan.changed": exitChanged, "ledger.older": exitChanged,
		contact.CodeUnreachable: exitSignIn, "ledger.unreachable": exitSignIn, "cloud.unsupported": exitDenied,
		"sandbox.port": exitUsage, "sandbox.gone": exitUsage, "image.failed": exitFailedRows, "setting.not-assigned": exitDenied, "policy.not-assigned": exitDenied,
	}
}

// exitOfConflict maps the families of codes whose conflicts are an expected answer: a rule refused the command before
// anything was changed, or the tenant is not in the required state.
func exitOfConflict() map[string]int {
	return map[string]int{
		"ledger": exitUsage, "row": exitUsage, "reconcile": exitUsage, "image": exitUsage,
		"close": exitUsage, "undo": exitUsage, "purge": exitUsage, "deprovision": exitUsage,
		"setting": exitDenied, "policy": exitDenied,
	}
}
