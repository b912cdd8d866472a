// Package contact is about reaching a host: the causes of transport errors, which hosts have ever answered, and a request to
// a host without any credential.
package contact

import (
	"sync"
	"time"
)

const (
	// FirstTry limits the first exchange with a host, on the wall clock: a host that has never answered is not waited for
	// as long as one that has.
	FirstTry = 14 * time.Second
	// knockFor is how long a host that has never answered is tried again.
	knockFor = 4 * time.Second
)

// Hosts remembers which hosts have answered. Safe for concurrent use.
type Hosts struct {
	mu sync.Mutex
	of map[string]*contact
}

type contact struct {
	begun    time.Time
	answered bool
}

func (c *Hosts) host(name string) *contact {
	if c.of == nil {
		c.of = map[string]*contact{}
	}
	k := c.of[name]
	if k == nil {
		k = &contact{begun: time.Now()}
		c.of[name] = k
	}
	return k
}

// Knock is called before each request to a host. It reports whether the host has ever answered.
func (c *Hosts) Knock(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.host(name).answered
}

// Answered notes that a host is there.
func (c *Hosts) Answered(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.host(name).answered = true
}

// Hopeless reports whether a host has never answered, and was tried for long enough.
func (c *Hosts) Hopeless(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.host(name)
	return !k.answered && time.Since(k.begun) >= knockFor
}
