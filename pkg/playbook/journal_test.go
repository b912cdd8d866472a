package playbook_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/runner"
	"wave365/pkg/runner/steer"
)

// breaking is a journal that fails at its call number at.
type breaking struct {
	playbook.Journal
	at   int64
	done atomic.Int64
}

var errDisk = errors.New("the disk is full")

func (b *breaking) fails() bool { return b.done.Add(1) >= b.at }

func (b *breaking) Intend(ctx context.Context, in migration.Intent) (migration.Intent, error) {
	if b.fails() {
		return in, errDisk
	}
	return b.Journal.Intend(ctx, in)
}

func (b *breaking) Conclude(ctx context.Context, in migration.Intent, out migration.Outcome) error {
	if b.fails() {
		return errDisk
	}
	return b.Journal.Conclude(ctx, in, out)
}

func (b *breaking) Intents(ctx context.Context, run string, row int) ([]migration.Intent, error) {
	if b.fails() {
		return nil, errDisk
	}
	return b.Journal.Intents(ctx, run, row)
}

// Wherever the journal breaks, the run ends with its error and no row is blamed for it. Under the race detector it breaks at every
// seventh call.
func TestABrokenJournalEndsTheRun(t *testing.T) {
	t.Parallel()
	every := int64(1)
	if raced {
		every = 7
	}
	for at := int64(1); ; at += every {
		broke := false
		synctest.Test(t, func(t *testing.T) {
			s := newStage(t, story())
			defer s.close()
			j := &breaking{Journal: s.ledger, at: at}
			book := playbook.New(s.run, s.graph, s.blobs, j, cloud.Clock{}, func(_ int, _ bool, src migration.Source) (bloburl.Ref, error) {
				return bloburl.Parse(src.URL, s.blobs.Root())
			})
			err := book.Prepare(t.Context(), s.rows)
			if err == nil {
				r, rerr := runner.New(s.ledger, runner.Config{State: steer.State{Slots: 10}, Steps: book.Steps(), Clock: cloud.Clock{}})
				if rerr != nil {
					t.Fatal(rerr)
				}
				s.rows, _, err = r.Run(t.Context(), nil, s.rows)
			}
			broke = j.done.Load() >= at
			if broke != errors.Is(err, errDisk) {
				t.Errorf("broken at call %d: %v", at, err)
			}
			for _, r := range s.rows {
				if r.State == migration.Failed || r.State == migration.Held {
					t.Errorf("broken at call %d: %s is %s: %s", at, r.Target.User, r.State, r.Problem.Message)
				}
			}
		})
		if !broke {
			if at < 20 {
				t.Errorf("the journal was called only %d times", at)
			}
			return
		}
	}
}
