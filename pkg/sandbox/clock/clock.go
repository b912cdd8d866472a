// Package clock is service time, which can run faster than the wall clock and survives a restart.
package clock

import (
	"sync"
	"time"
)

// Clock is service time: its value at one wall-clock moment, and how much faster it has run since.
type Clock struct {
	mu   sync.Mutex
	mark Mark
}

// Mark ties a moment of service time to one of the wall clock.
type Mark struct {
	Wall    time.Time `json:"wall"`
	Service time.Time `json:"service"`
	Speed   float64   `json:"speed"`
}

// New continues from a mark at the given speed. The wall-clock time since the mark has passed at the mark's own speed:
// the service never stopped.
func New(m Mark, speed float64) *Clock {
	c := &Clock{mark: m}
	now := time.Now()
	c.mark = Mark{Wall: now, Service: c.read(now), Speed: speed}
	return c
}

func (c *Clock) read(wall time.Time) time.Time {
	d := max(wall.Sub(c.mark.Wall), 0) // a wall clock that was set back must not turn service time back
	return c.mark.Service.Add(time.Duration(float64(d) * c.mark.Speed))
}

// Now returns service time, in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read(time.Now()).UTC()
}

// Advance moves service time forward and returns the new mark.
func (c *Clock) Advance(d time.Duration) Mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.mark = Mark{Wall: now, Service: c.read(now).Add(d).UTC(), Speed: c.mark.Speed}
	return c.mark
}

// Mark returns the current mark.
func (c *Clock) Mark() Mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mark
}

// Wall returns how long a duration of service time takes on the wall clock.
func (c *Clock) Wall(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.Mark().Speed)
}
