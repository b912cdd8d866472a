package cloud

import (
	"context"

	"github.com/google/uuid"
)

type operationKey struct{}

// NewOperationID is a fresh GUID for [WithOperation].
func NewOperationID() string { return uuid.NewString() }

// WithOperation names what the requests below belong to: each carries clientRequestID as its client-request-id, so
// that one logical operation can be followed through the service's own records. Without it each request gets a fresh id.
func WithOperation(ctx context.Context, clientRequestID string) context.Context {
	return context.WithValue(ctx, operationKey{}, clientRequestID)
}

// OperationOf returns the id that [WithOperation] set, or "".
func OperationOf(ctx context.Context) string {
	id, _ := ctx.Value(operationKey{}).(string)
	return id
}
