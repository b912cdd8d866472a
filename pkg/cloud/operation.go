package cloud

import (
	"context"
	"sync/atomic"

	"github.com/google/uuid"
)

type (
	operationKey struct{}
	attemptKey   struct{}
)

// NewOperationID is a fresh GUID for [WithOperation].
func NewOperationID() string { return uuid.NewString() }

// WithOperation names what the requests below belong to: each carries clientRequestID as its client-request-id, so
// that one logical operation can be followed through the service's own records. Without it each request gets a fresh id.
func WithOperation(ctx context.Context, clientRequestID string) context.Context {
	return context.WithValue(ctx, operationKey{}, clientRequestID)
}

// OperationOf gives the id that [WithOperation] set, or "".
func OperationOf(ctx context.Context) string {
	id, _ := ctx.Value(operationKey{}).(string)
	return id
}

// attempt remembers whether a call that must not be repeated may have reached the service.
type attempt struct {
	acted   atomic.Bool
	metered bool
}

// NoRetry marks the one call made with the returned context as not idempotent. It is sent once, and repeated only
// after a 429 or when no connection could be made, that is before a byte was sent. Make a new context for each call;
// afterwards [MayHaveActed] tells whether the call can have had an effect.
func NoRetry(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, new(attempt))
}

// Metered is [NoRetry] for a call of which the service counts every try, refused ones too, against an allowance of its own:
// a 429 is given back at once, with the pause in its headers, and holds nobody else.
func Metered(ctx context.Context) context.Context {
	return context.WithValue(ctx, attemptKey{}, &attempt{metered: true})
}

// MayHaveActed reports whether the call made with a context from [NoRetry] or [Metered] got so far that the service may have acted
// on it: it was sent, and neither refused with 429 nor lost before a connection stood. It is true after a success too.
// For any other context it is false.
func MayHaveActed(ctx context.Context) bool {
	a := attemptOf(ctx)
	return a != nil && a.acted.Load()
}

func attemptOf(ctx context.Context) *attempt {
	a, _ := ctx.Value(attemptKey{}).(*attempt)
	return a
}
