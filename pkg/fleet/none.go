//go:build nodatabase

package fleet

import (
	"context"

	"wave365/pkg/fleet/queue"
)

// Work always fails: this program has no queue.
func Work(context.Context, *queue.Queue, Config) error { return queue.Refusal() }
