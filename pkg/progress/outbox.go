package progress

import (
	"io"
	"sync"
)

// outbox writes lines in the background and in order, so that a paused terminal or a full pipe never stops the run.
// After a failed write it drops all further lines.
type outbox struct {
	out io.Writer

	mu     sync.Mutex
	queued []byte
	closed bool

	wake chan struct{}
	gone chan struct{}
}

func newOutbox(out io.Writer) *outbox {
	o := &outbox{out: out, wake: make(chan struct{}, 1), gone: make(chan struct{})}
	go o.run()
	return o
}

// put queues whole lines, newline included.
func (o *outbox) put(lines ...string) {
	o.mu.Lock()
	if !o.closed {
		for _, l := range lines {
			o.queued = append(o.queued, l...)
		}
	}
	o.mu.Unlock()
	o.signal()
}

// close writes what is queued and ends the goroutine.
func (o *outbox) close() {
	o.mu.Lock()
	o.closed = true
	o.mu.Unlock()
	o.signal()
	<-o.gone
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

func (o *outbox) run() {
	defer close(o.gone)
	broken := false
	for range o.wake {
		o.mu.Lock()
		p, closed := o.queued, o.closed
		o.queued = nil
		o.mu.Unlock()
		if len(p) > 0 && !broken {
			_, err := o.out.Write(p)
			broken = err != nil
		}
		if closed {
			return
		}
	}
}
