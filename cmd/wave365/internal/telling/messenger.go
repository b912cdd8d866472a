// Package telling notifies people about a run while it is live, and checks before a message "ready" that it is still
// true.
package telling

import (
	"context"
	"fmt"
	"sync"
	"time"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/notify"
	"wave365/pkg/run"
	"wave365/pkg/runner"
	"wave365/pkg/summary/wording"
)

// Messenger notifies people about a live run. Nothing that it does, or fails to do, delays the run.
type Messenger struct {
	runner.Observer
	set  *notify.Set
	post notify.Post
	run  migration.Run
	to   string // the operator
	zone *time.Location
	say  func(string)

	mu     sync.Mutex
	queue  []notify.Message
	wake   chan struct{}
	done   chan struct{}
	failed int
	why    string // the error of the first one that failed
}

// Start notifies people from now on; Close ends it. operator is the operator's address, zone the time zone of messages; say is
// called for the first message that was not sent.
func Start(o runner.Observer, set *notify.Set, post notify.Post, r migration.Run, operator string, zone *time.Location, say func(string)) *Messenger {
	m := &Messenger{Observer: o, set: set, post: post, run: r, to: operator, zone: zone, say: say, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go m.work()
	return m
}

// Row passes the row on to the view, and queues the message for its user. That a row is scheduled is not reported
// during a run.
func (m *Messenger) Row(r migration.Row) {
	m.Observer.Row(r)
	e := notify.EventOf(r)
	if e == "" || e == notify.Scheduled {
		return
	}
	msg := m.set.ForRow(m.run, r, e, m.post.Now().In(m.zone))
	if msg.To != "" || m.post.Channel.Name() == "webhook" {
		m.offer(msg)
	}
}

func (m *Messenger) offer(msg notify.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, q := range m.queue {
		if q.Row == msg.Row && q.Event == msg.Event {
			return
		}
	}
	m.queue = append(m.queue, msg)
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

func (m *Messenger) work() {
	defer close(m.done)
	told := map[string]bool{} // saves the ledger from being asked what this process knows
	for range m.wake {
		for {
			m.mu.Lock()
			if len(m.queue) == 0 {
				m.mu.Unlock()
				break
			}
			msg := m.queue[0]
			m.queue = m.queue[1:]
			m.mu.Unlock()
			if key := fmt.Sprint(msg.Row, msg.Event, msg.Attempt); !told[key] {
				told[key] = true
				m.send(msg)
			}
		}
	}
}

func (m *Messenger) send(msg notify.Message) {
	_, failed, err := m.post.Send(context.Background(), msg)
	if err != nil {
		failed = err
	}
	if failed == nil {
		return
	}
	why := wording.OneLine(failed.Error())
	m.mu.Lock()
	m.failed++
	first := m.failed == 1
	if first {
		m.why = why
	}
	m.mu.Unlock()
	if first {
		m.say("a message was not sent; the run continues: " + why)
	}
}

// Close notifies the operator how it ended, waits until what is queued has been sent, and returns how many messages
// were not sent, and why the first of them was not.
func (m *Messenger) Close(ctx context.Context, l *ledger.Ledger, out run.Outcome, failure error, next string) (int, string) {
	if m == nil {
		return 0, ""
	}
	if e, why := operatorEvent(out, failure); e != "" && (m.to != "" || m.post.Channel.Name() == "webhook") {
		m.tellOperator(ctx, l, e, why, next)
	}
	close(m.wake)
	<-m.done
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.failed, m.why
}

func (m *Messenger) tellOperator(ctx context.Context, l *ledger.Ledger, e notify.Event, why, next string) {
	rows, err := l.Rows(ctx, m.run.ID)
	if err != nil {
		return
	}
	events, err := l.Events(ctx, m.run.ID)
	if err != nil {
		return
	}
	stage := 0
	for _, x := range events {
		if x.Reason == migration.RunStarted || x.Reason == migration.RunResumed {
			stage++
		}
	}
	c := migration.Count(rows)
	if e == notify.Ended && c.Held > 0 {
		e, why = notify.Attention, wording.Count(c.Held, "import")+" of unknown outcome: somebody has to find out"
	}
	m.offer(m.set.ForOperator(m.run, c, e, why, next, stage, m.to, m.post.Now().In(m.zone)))
}

// operatorEvent returns the event of which the operator is notified when a process has ended; "" for none, because the
// operator ended it.
func operatorEvent(out run.Outcome, failure error) (notify.Event, string) {
	switch {
	case failure != nil:
		return notify.Attention, failure.Error()
	case out.End == runner.Finished:
		return notify.Ended, ""
	case out.End == runner.Halted:
		return notify.Halted, out.Why
	case out.End == runner.Reached:
		return notify.Attention, "the disks are imported; the cut-over waits for somebody"
	}
	return "", ""
}
