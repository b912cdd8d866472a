package preflight

import (
	"context"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	// stretch is how many people are looked up in one call, so that progress moves: ten batches of twenty.
	stretch = 200
	// askers is how many of those calls are in flight at a time.
	askers = 4
)

// ask looks up names a stretch at a time, several stretches at once, and returns one answer for each. failed is why there is
// none. The error is one that concerns more than one of them.
func ask[A any](ctx context.Context, c *check, what string, names []string, t *tally, ask func(ctx context.Context, names []string) ([]A, error), failed func(A) error) ([]A, error) {
	answers, n := make([]A, len(names)), len(names)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(askers)
	var mu sync.Mutex
	done := 0
	c.progress(what, 0, n)
	for from := 0; from < n; from += stretch {
		to := min(from+stretch, n)
		group.Go(func() error {
			part, err := ask(ctx, names[from:to])
			copy(answers[from:to], part)
			for i := from; i < to && err == nil; i++ {
				err = t.add(failed(answers[i]))
			}
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			done += to - from
			c.progress(what, done, n)
			return nil
		})
	}
	return answers, group.Wait()
}
