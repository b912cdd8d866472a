package preflight

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	// stretch is how many people are asked about in one call, so that progress moves: ten batches of twenty.
	stretch = 200
	// askers is how many of those calls are out at a time.
	askers = 4
)

// batches asks about n things a stretch at a time, several stretches at once. ask must touch nothing but its own part.
func (c *check) batches(ctx context.Context, what string, n int, ask func(ctx context.Context, from, to int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(askers)
	var mu sync.Mutex
	done := 0
	c.progress(what, 0, n)
	for from := 0; from < n; from += stretch {
		to := min(from+stretch, n)
		group.Go(func() error {
			if err := ask(ctx, from, to); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			done += to - from
			c.progress(what, done, n)
			return nil
		})
	}
	return group.Wait()
}
