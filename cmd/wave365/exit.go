package main

import (
	"context"
	"errors"
	"strings"

	"wave365/cmd/wave365/internal/console"
	"wave365/pkg/cloud/redact"
	"wave365/pkg/cloud/signin"
	"wave365/pkg/fault"
	"wave365/pkg/fault/catalogue"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/runner"
	"wave365/pkg/summary/wording"
)

// exit is the exit code of a command that has already printed its answer.
type exit int

func (e exit) Error() string { return "exit" }

// codeNothing is the code of a command that found nothing to do.
const codeNothing = catalogue.Nothing

// nothing returns the fault for a command that has nothing to do, with the reason.
func nothing(why, hint string, commands ...fault.Command) error {
	return fault.New(fault.Conflict, codeNothing, why, hint, commands...)
}

// usageError is a mistake in the command line.
type usageError struct{ error }

func (u usageError) Unwrap() error { return u.error }

// exitCode maps an error to the exit code; quiet: it has been printed already.
func exitCode(err error) (code int, quiet bool) {
	if err == nil {
		return exitOK, true
	}
	if e, ok := errors.AsType[exit](err); ok {
		return int(e), true
	}
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage, false
	}
	f := fault.As(err)
	switch {
	case f == nil && errors.Is(err, context.Canceled):
		return exitStopped, false
	case f == nil:
		return exitUnexpected, false
	case f.Kind != fault.Interrupted && signedOut(err):
		return exitSignIn, false
	}
	return codeOfFault(f), false
}

// signedOut reports whether a service refused the sign-in; output about other progress may surround its message.
func signedOut(err error) bool {
	for err != nil {
		f := fault.As(err)
		if f == nil {
			return false
		}
		if strings.HasPrefix(f.Code, signin.CodeSignIn) || f.Code == graph.CodeSignIn || f.Code == graph.CodeConditionalAccess {
			return true
		}
		err = errors.Unwrap(f)
	}
	return false
}

// errorDocument is the output with --json of a command that ends without a document of its own.
type errorDocument struct {
	Schema   string `json:"schema"`
	ExitCode int    `json:"exit_code"`
	// Code is stable, such as "ledger.none"; empty: there is none.
	Code    string `json:"code"`
	Message string `json:"message"`
	Hint    string `json:"hint"`
	// Commands are what to type, if anything.
	Commands []string `json:"commands,omitempty"`
}

func errorDocumentOf(err error, code int, sh wording.Shell) errorDocument {
	doc := errorDocument{Schema: "wave365/error/v1", ExitCode: code}
	if _, told := errors.AsType[exit](err); told {
		doc.Message = "standard error says what happened"
		return doc
	}
	do := fault.RemedyOf(err)
	doc.Code, doc.Message, doc.Hint, doc.Commands = fault.CodeOf(err), redact.String(err.Error()), redact.String(do.Text), sh.Lines(do)
	return doc
}

// errorText returns the text for people: what happened, and on the next lines what to do and what to type.
func errorText(err error, sh wording.Shell, width int) string {
	do := fault.RemedyOf(err)
	clean := func(text string) string { return wording.Clean(redact.String(text)) }
	var b strings.Builder
	lead := "wave365: "
	for line := range strings.Lines(clean(err.Error())) {
		if line = strings.TrimSuffix(line, "\n"); console.Wider(lead+line, width) && !strings.HasPrefix(line, " ") {
			b.WriteString(console.Fold(lead, wording.Short(line), width))
		} else {
			b.WriteString(lead + wording.Short(line) + "\n")
		}
		lead = ""
	}
	if do.Text != "" {
		b.WriteString(console.Fold("  ", wording.Short(clean(do.Text)), width))
	}
	for _, line := range sh.Lines(do) {
		b.WriteString(console.Command("  ", clean(line), width, sh.Windows))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// endCode returns the exit code for a process that ended a run this way: ended is the event that recorded it.
func endCode(end runner.End, ended migration.Event, c migration.Counts, halted bool) int {
	p := ended.Problem
	switch {
	case end != runner.Stopped || p == nil:
		return runCode(end, c, halted)
	case p.SignedOut():
		return exitSignIn
	}
	code, _ := exitCode(fault.New(fault.Kind(p.Kind), p.Code, p.Message, ""))
	return code
}

// runCode returns the exit code for a run that ended this way. halted: its last process found that nothing new might start,
// even if no row was left to start.
func runCode(end runner.End, c migration.Counts, halted bool) int {
	switch {
	case end == runner.Stopped:
		return exitStopped
	case end == runner.Drained:
		return exitDrained
	case end == runner.Halted, end == runner.Finished && halted:
		return exitHalted
	case c.Deferred > 0: // before the failed rows: some rows are left to start later
		return exitDeferred
	case c.Failed+c.Held+c.Skipped+c.Cancelled > 0:
		return exitFailedRows
	}
	return exitOK
}
