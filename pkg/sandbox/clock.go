package sandbox

import (
	"sync"
	"time"
)

// clock is service time: what it read at one wall moment, and how much faster it has run since.
type clock struct {
	mu   sync.Mutex
	mark mark
}

// mark ties a moment of service time to one of the wall clock.
type mark struct {
	Wall    time.Time `json:"wall"`
	Service time.Time `json:"service"`
	Speed   float64   `json:"speed"`
}

// newClock goes on from a mark at the given speed. What has passed on the wall clock since the mark passed at the mark's own
// speed: the service never stopped.
func newClock(m mark, speed float64) *clock {
	c := &clock{mark: m}
	now := time.Now()
	c.mark = mark{Wall: now, Service: c.read(now), Speed: speed}
	return c
}

func (c *clock) read(wall time.Time) time.Time {
	d := max(wall.Sub(c.mark.Wall), 0) // a wall clock that was set back must not turn service time back
	return c.mark.Service.Add(time.Duration(float64(d) * c.mark.Speed))
}

// Now is service time, in UTC.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read(time.Now()).UTC()
}

// Advance moves service time forward and gives the new mark.
func (c *clock) Advance(d time.Duration) mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	c.mark = mark{Wall: now, Service: c.read(now).Add(d).UTC(), Speed: c.mark.Speed}
	return c.mark
}

// Mark is the present one.
func (c *clock) Mark() mark {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mark
}

// Wall is how long a stretch of service time takes on the wall clock.
func (c *clock) Wall(d time.Duration) time.Duration {
	return time.Duration(float64(d) / c.Mark().Speed)
}
