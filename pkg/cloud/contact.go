package cloud

import (
	"sync"
	"time"
)

const (
	// firstTry bounds the first words with a host, on the wall clock: what has never answered is not waited for as long as
	// what has.
	firstTry = 14 * time.Second
	// knockFor is how long a host that has never answered is tried again.
	knockFor = 4 * time.Second
)

// contacts remembers which hosts have answered. Safe for concurrent use.
type contacts struct {
	mu sync.Mutex
	of map[string]*contact
}

type contact struct {
	begun    time.Time
	answered bool
}

func (c *contacts) host(name string) *contact {
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

// knock is called before each request to a host. It reports whether the host has ever answered.
func (c *contacts) knock(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.host(name).answered
}

// answered notes that a host is there.
func (c *contacts) answered(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.host(name).answered = true
}

// hopeless reports whether a host has never answered, and was tried for long enough.
func (c *contacts) hopeless(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.host(name)
	return !k.answered && time.Since(k.begun) >= knockFor
}
