package cloud

import (
	"context"
	"sync"
)

type receiptKey struct{}

// Receipt keeps the service's id of the last write that was made with its context and answered, also of one that
// succeeded. Safe for concurrent use.
type Receipt struct {
	mu sync.Mutex
	id string
}

// WithReceipt has the writes made with the returned context leave the service's request id in the receipt.
func WithReceipt(ctx context.Context) (context.Context, *Receipt) {
	r := new(Receipt)
	return context.WithValue(ctx, receiptKey{}, r), r
}

// RequestID is the id; "" when no answer came, or it had none.
func (r *Receipt) RequestID() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.id
}

// KeepReceipt leaves an id in the context's receipt, if it has one. The clients call it.
func KeepReceipt(ctx context.Context, requestID string) {
	if r, ok := ctx.Value(receiptKey{}).(*Receipt); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.id = requestID
	}
}
