package tenant

import (
	"slices"
	"strings"
	"time"
)

// Connection is an Azure network connection.
type Connection struct {
	Entry
	Name, Health  string
	Checked       time.Time
	FreeAddresses int
	Hybrid, InUse bool
}

// takeAddress takes one of the subnet's free addresses, and reports whether there was one.
func (c *Connection) takeAddress() bool {
	if c.FreeAddresses <= 0 {
		return false
	}
	c.FreeAddresses--
	return true
}

func (t *Tenant) connection(id string) *Connection {
	for _, c := range t.conns {
		if strings.EqualFold(c.ID, id) {
			return c
		}
	}
	return nil
}

// Connections returns all network connections.
func (t *Tenant) Connections(now time.Time) []Connection {
	defer t.enter(now)()
	return views(t.conns, t.viewConnection)
}

func (t *Tenant) viewConnection(c *Connection) Connection {
	v := *c
	v.InUse = slices.ContainsFunc(t.policies, func(p *policy) bool { return p.conn == c })
	return v
}
