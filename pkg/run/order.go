package run

import (
	"context"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/ledger"
	"wave365/pkg/ledger/process"
)

// OrderPatience is how long a request waits for the running process to carry it out.
const OrderPatience = 20 * time.Second

// Order records a request of a second terminal and waits until the process that drives the run has carried it out. Faults: those of
// RecordRequest; Conflict ("ledger.not-driven") when that process has ended meanwhile; Unavailable ("run.deaf") when it does not
// respond within OrderPatience; Interrupted when ctx ends first. In the last two the request stays recorded.
func Order(ctx context.Context, l *ledger.Ledger, o ledger.Request) (answer string, err error) {
	if o, err = l.RecordRequest(ctx, o); err != nil {
		return "", err
	}
	limit := time.NewTimer(OrderPatience)
	defer limit.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for gone := false; ; {
		all, err := l.Requests(ctx, o.Run)
		if err != nil {
			return "", err
		}
		for _, known := range all {
			if known.ID == o.ID && !known.AnsweredAt.IsZero() {
				return known.Answer, nil
			}
		}
		if gone {
			return "", fault.New(fault.Conflict, "ledger.not-driven", "the process that drove the run "+o.Run+" has ended", "resume continues it", fault.NewCommand("resume").For(o.Run))
		}
		h, held, err := l.Holder(ctx)
		if gone = err == nil && (!held || h.ID != o.Holder || h.Life == process.Gone); gone {
			continue // it may have carried it out just before it ended
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", fault.Wrap(fault.Interrupted, "", "stopped waiting for the running process; the request is kept", "", ctx.Err())
		case <-limit.C:
			return "", fault.New(fault.Unavailable, "run.deaf", "the process that drives the run did not respond within "+clocks.Long(OrderPatience),
				"check whether it still runs; the request is kept and carried out as soon as possible", fault.NewCommand("status"))
		}
	}
}
