// Package fault says what went wrong: a kind that code branches on, a stable code, a message for people, a hint
// that says what to do next, and the cause. Adapters (graph, blob, ledger) classify; the layers above act on the
// kind and never look at a status code or at an error's text. It is not for logging and does no I/O.
package fault

import (
	"errors"
	"time"
)

// Kind is what a caller may branch on. The zero value is not used; [KindOf] answers Internal for errors that
// carry no kind.
type Kind string

// The kinds, from "change the input" to "a bug in this program".
const (
	// Invalid: the input or the request is wrong; repeating it changes nothing.
	Invalid Kind = "invalid"
	// NotFound: the thing named does not exist (or is not visible to this sign-in).
	NotFound Kind = "not_found"
	// Conflict: the state of the thing does not allow it: duplicate, in use, precondition failed.
	Conflict Kind = "conflict"
	// Denied: signed in but not allowed, or not signed in at all.
	Denied Kind = "denied"
	// Throttled: the service asks to slow down, or a quota is used up. See [Remote.RetryAfter].
	Throttled Kind = "throttled"
	// Unavailable: nothing happened, or the call is safe to repeat: 5xx, reset, DNS, timeout.
	Unavailable Kind = "unavailable"
	// OutcomeUnknown: a call that must not be repeated got no usable answer. It may have had its effect.
	OutcomeUnknown Kind = "outcome_unknown"
	// Interrupted: we were asked to stop.
	Interrupted Kind = "interrupted"
	// Internal: a bug here, or something that should not be possible.
	Internal Kind = "internal"
)

// Fault is the one error type that carries a kind. Msg is safe to show; Err may not be, and only reaches the log
// after redaction.
type Fault struct {
	Kind Kind
	// Code is stable and machine readable: a finding code such as "blob.not-found", or a code of our own.
	// Empty: none.
	Code string
	// Msg says what happened, to whom: lower case, no full stop.
	Msg string
	// Hint says what to do next, Commands what to type for it; see [Remedy]. Empty: nothing better than the message is known.
	Hint     string
	Commands []Command
	// Remote is what a service answered; nil when no service was involved.
	Remote *Remote
	// Err is the cause; may be nil.
	Err error
}

// Remote is what a service said, untouched, for people who have to open a ticket with it.
type Remote struct {
	// Service is "graph" or "blob".
	Service string
	// Status is the HTTP status; 0 when no answer came.
	Status int
	// Code and Message are the service's own words; Code may be empty.
	Code, Message string
	// RequestID is the service's id of the request, ClientRequestID ours. Either may be empty.
	RequestID, ClientRequestID string
	// RetryAfter is how long the service asks to wait; 0: it did not say.
	RetryAfter time.Duration
}

// Error is the message, followed by the service's own code when it says more than the message does.
func (f *Fault) Error() string {
	msg := f.Msg
	if msg == "" && f.Err != nil {
		msg = f.Err.Error()
	}
	if msg == "" {
		msg = string(f.Kind)
	}
	if f.Remote != nil && f.Remote.Code != "" {
		msg += " (" + f.Remote.Service + ": " + f.Remote.Code + ")"
	}
	return msg
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// New makes a fault without a cause.
func New(kind Kind, code, msg, hint string, commands ...Command) *Fault {
	return &Fault{Kind: kind, Code: code, Msg: msg, Hint: hint, Commands: commands}
}

// Wrap makes a fault around a cause. The cause's text is not part of the message; put into msg what is safe to show.
func Wrap(kind Kind, code, msg, hint string, err error, commands ...Command) *Fault {
	return &Fault{Kind: kind, Code: code, Msg: msg, Hint: hint, Commands: commands, Err: err}
}

// As gives the first fault in err's tree, or nil.
func As(err error) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return nil
}

// KindOf gives the kind of the first fault in err's tree; "" for nil, Internal for an error without a fault.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	if f := As(err); f != nil {
		return f.Kind
	}
	return Internal
}

// Is reports whether err carries the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// CodeOf gives the code of the first fault in err's tree, or "".
func CodeOf(err error) string {
	if f := As(err); f != nil {
		return f.Code
	}
	return ""
}
