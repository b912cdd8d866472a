package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/answer"
	"wave365/pkg/sandbox/change"
	"wave365/pkg/sandbox/clock"
	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
)

// retell replays one line of the journal. at and last follow the clock and the time of the changes.
func (s *Sandbox) retell(line []byte, at *clock.Mark, last *time.Time) error {
	var c change.Change
	if err := json.Unmarshal(line, &c); err != nil {
		return err
	}
	*last = c.Time
	switch {
	case c.Clock != nil:
		*at = *c.Clock
	case c.Rules:
		s.faults.Restore(c.Faults)
		return s.tenant.SetKnobs(c.Time, s.faults.Knobs(s.scenario.Knobs))
	case c.Events != nil:
		return s.tenant.Others(c.Time, c.Events)
	case len(c.Deleted) == 3:
		s.storage.Delete(c.Deleted[0], c.Deleted[1], c.Deleted[2])
	case c.Method != "":
		return s.redo(c)
	}
	return nil
}

// redo replays the change of a request.
func (s *Sandbox) redo(c change.Change) error {
	r, err := c.Request()
	if err != nil {
		return err
	}
	s.pinned.Store(&c.Time)
	defer s.pinned.Store(nil)
	s.storage.Replay(c.Checks)
	defer s.storage.Live()
	var tr call.Trace
	rec := answer.New(nil)
	s.graph.ServeHTTP(rec, r.WithContext(call.WithTrace(r.Context(), &tr)))
	if tr.Effect != c.Effect {
		return fault.New(fault.Invalid, "sandbox.state",
			fmt.Sprintf("the state folder was written by another version of this program: %s %s had the effect %q and now has %q (status %d)",
				c.Method, r.URL.Path, c.Effect, tr.Effect, rec.Status()), "remove the folder to start over")
	}
	return nil
}

// record makes a change durable. The caller holds s.order for writing (or is alone).
func (s *Sandbox) record(c change.Change) error {
	if s.journal == nil {
		return nil
	}
	if c.Time.IsZero() {
		c.Time = s.clock.Now()
	}
	line, err := json.Marshal(c)
	if err == nil {
		err = s.journal.Append(line)
	}
	if err != nil {
		return s.breakDown(err)
	}
	return nil
}

// breakDown ends the sandbox's service: the change in memory is not on disk, so nothing may be answered any more.
func (s *Sandbox) breakDown(err error) error {
	f := fault.Wrap(fault.Unavailable, "sandbox.state", "the sandbox cannot write its state folder and has stopped answering",
		"make room on the disk and start it again", err)
	if s.broken.CompareAndSwap(nil, f) {
		s.log.Error(f.Msg, "error", err)
	}
	return f
}

// amend makes a change that is not a request, and makes it durable.
func (s *Sandbox) amend(do func() (change.Change, error)) error {
	s.order.Lock()
	defer s.order.Unlock()
	if f := s.broken.Load(); f != nil {
		return f
	}
	c, err := do()
	if err != nil {
		return err
	}
	return s.record(c)
}

// advance moves service time forward.
func (s *Sandbox) advance(d time.Duration) error {
	return s.amend(func() (change.Change, error) {
		m := s.clock.Advance(d)
		return change.Change{Clock: &m}, nil
	})
}

// others makes other people do things, each at its time from now on.
func (s *Sandbox) others(events []scenario.Event) error {
	return s.amend(func() (change.Change, error) {
		now := s.clock.Now()
		return change.Change{Time: now, Events: events}, s.tenant.Others(now, events)
	})
}

// rules calls do to change the fault rules in force, including those that the tenant itself acts on.
func (s *Sandbox) rules(do func()) error {
	var failed error
	err := s.amend(func() (change.Change, error) {
		do()
		now := s.clock.Now()
		failed = s.tenant.SetKnobs(now, s.faults.Knobs(s.scenario.Knobs))
		return change.Change{Time: now, Rules: true, Faults: s.faults.Rules()}, nil
	})
	return errors.Join(err, failed)
}

func (s *Sandbox) state() tenant.State {
	s.order.RLock()
	defer s.order.RUnlock()
	return s.tenant.State()
}
