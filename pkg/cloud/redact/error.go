package redact

import (
	"errors"
)

// redacted is an error whose text is safe, however it is printed. It has no Unwrap, so that a caller that walks the
// chain and prints each link finds nothing more; errors.Is and errors.As still see the original.
type redacted struct{ err error }

// Error is the redacted text.
func (r redacted) Error() string { return String(r.err.Error()) }

// GoString keeps %#v from printing the error behind.
func (r redacted) GoString() string { return r.Error() }

// Is lets errors.Is see the error behind.
func (r redacted) Is(target error) bool { return errors.Is(r.err, target) }

// As lets errors.As see the error behind. What it finds may print secrets: ask it, do not show it.
func (r redacted) As(target any) bool { return errors.As(r.err, target) }

// Error returns err with a text that is safe to keep; the unsafe one is reachable only by errors.As; errors.Is and
// errors.As still see the original. nil for nil.
func Error(err error) error {
	if err == nil {
		return nil
	}
	return redacted{err}
}
