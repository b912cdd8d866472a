//go:build nodatabase

package fleet

import (
	"context"

	"wave365/pkg/fleet/queue"
)

// Work refuses: this program has no queue.
func Work(ctx context.Context, q *queue.Queue, _ Config) error { return q.Stop(ctx) }
