package cloud

import "time"

// Clock is the service's time. Its zero value is the wall clock. Against a sandbox whose time runs faster, [FastClock]
// makes the tool live at the sandbox's pace: what it records is service time, and its waits shrink by the same
// factor. Safe for concurrent use; it never changes.
type Clock struct {
	wall, service time.Time
	speed         float64
}

// FastClock is a clock that read service when the wall clock read wall, and runs speed times as fast. A speed of 0 or
// less means 1.
func FastClock(wall, service time.Time, speed float64) Clock {
	if speed <= 0 {
		speed = 1
	}
	return Clock{wall: wall, service: service, speed: speed}
}

// Now is the service's time now, in UTC.
func (c Clock) Now() time.Time {
	if c.speed == 0 {
		return time.Now().UTC()
	}
	return c.service.Add(time.Duration(float64(time.Since(c.wall)) * c.speed)).UTC()
}

// Wall is how long a stretch of service time takes on the wall clock. It is what timers take.
func (c Clock) Wall(d time.Duration) time.Duration {
	if c.speed == 0 {
		return d
	}
	return time.Duration(float64(d) / c.speed)
}

// Speed is how many times faster than the wall clock the service's time runs; 1 for the real services.
func (c Clock) Speed() float64 {
	if c.speed == 0 {
		return 1
	}
	return c.speed
}

// Service is how much service time passes in a stretch of wall time: the inverse of [Clock.Wall].
func (c Clock) Service(d time.Duration) time.Duration {
	if c.speed == 0 {
		return d
	}
	return time.Duration(float64(d) * c.speed)
}
