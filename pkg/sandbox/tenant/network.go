package tenant

import (
	"strings"
	"time"
)

type connection struct {
	seq              int64
	id, name, health string
	checked          time.Time
	free             int
	hybrid           bool
}

// takeAddress takes one of the subnet's free addresses, if there is one.
func (c *connection) takeAddress() bool {
	if c.free <= 0 {
		return false
	}
	c.free--
	return true
}

// Connection is an Azure network connection.
type Connection struct {
	Seq              int64
	ID, Name, Health string
	Checked          time.Time
	FreeAddresses    int
	Hybrid, InUse    bool
}

func (t *Tenant) connection(id string) *connection {
	for _, c := range t.conns {
		if strings.EqualFold(c.id, id) {
			return c
		}
	}
	return nil
}

// Connections are all network connections.
func (t *Tenant) Connections(now time.Time) []Connection {
	t.enter(now)
	defer t.mu.Unlock()
	var out []Connection
	for _, c := range t.conns {
		out = append(out, t.viewConnection(c))
	}
	return out
}

func (t *Tenant) viewConnection(c *connection) Connection {
	v := Connection{Seq: c.seq, ID: c.id, Name: c.name, Health: c.health, Checked: c.checked, FreeAddresses: c.free, Hybrid: c.hybrid}
	for _, p := range t.policies {
		v.InUse = v.InUse || p.conn == c
	}
	return v
}
