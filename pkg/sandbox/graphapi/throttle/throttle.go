// Package throttle implements the documented quotas of one application in one tenant, counted in service time. Faults that a
// scenario requests are elsewhere.
package throttle

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"wave365/pkg/sandbox/graphapi/call"
	"wave365/pkg/sandbox/scenario"
)

// window counts what happened in the current period of service time.
type window struct {
	length time.Duration
	limit  int // 0 or less: none
	from   time.Time
	used   int
}

// wait returns how long until n more fit; 0: now. It counts them when they fit.
func (w *window) wait(now time.Time, n int) time.Duration {
	if w.limit <= 0 || n == 0 {
		return 0
	}
	if d := now.Sub(w.from); d >= w.length || d < 0 {
		w.from, w.used = now, 0
	}
	if w.used+n > w.limit && w.used > 0 {
		return w.from.Add(w.length).Sub(now)
	}
	w.used += n
	return 0
}

// Limits are the documented quotas of one application in one tenant.
type Limits struct {
	mu                                    sync.Mutex
	cloudPCAny, cloudPCWrites             window
	directoryUnits, directoryWrites, mail window
}

// New returns the documented limits. -1 for requests or writes lifts the directory's limit of that kind as well.
func New(k scenario.Knobs, users int) *Limits {
	or := func(v, def int) int {
		if v == 0 {
			return def
		}
		return v
	}
	units := 8000
	if users <= 500 {
		units = 5000
	}
	if users < 50 {
		units = 3500
	}
	writes := 3000
	if k.RequestsPer20s < 0 {
		units = -1
	}
	if k.WritesPer20s < 0 {
		writes = -1
	}
	return &Limits{
		cloudPCAny:      window{length: 20 * time.Second, limit: or(k.RequestsPer20s, 2000)},
		cloudPCWrites:   window{length: 20 * time.Second, limit: or(k.WritesPer20s, 200)},
		directoryUnits:  window{length: 10 * time.Second, limit: units},
		directoryWrites: window{length: 150 * time.Second, limit: writes},
		mail:            window{length: 10 * time.Minute, limit: 10_000},
	}
}

// Take counts the call against its quota, or refuses it.
func (l *Limits) Take(c *call.Call) error {
	write := c.Request.Method != http.MethodGet
	l.mu.Lock()
	defer l.mu.Unlock()
	var wait time.Duration
	switch c.Route.Area {
	case call.CloudPC:
		if write {
			wait = l.cloudPCWrites.wait(c.Now, 1)
		}
		if wait == 0 {
			wait = l.cloudPCAny.wait(c.Now, 1)
		}
	case call.Directory:
		wait = l.directory(c, write)
	case call.Mail:
		wait = l.mail.wait(c.Now, 1)
	}
	if wait > 0 {
		return &call.Refusal{Status: 429, Code: "TooManyRequests", Message: "Too many requests.", Inner: "429", RetryAfter: wait}
	}
	return nil
}

func (l *Limits) directory(c *call.Call, write bool) time.Duration {
	cost := max(1, c.Route.Cost)
	q := c.Request.URL.Query()
	if q.Has("$select") {
		cost--
	}
	if q.Has("$expand") {
		cost++
	}
	if top, err := strconv.Atoi(q.Get("$top")); err == nil && top < 20 {
		cost--
	}
	cost = max(1, cost)
	c.Head.Set("x-ms-resource-unit", strconv.Itoa(cost))
	scope, info := "Read", "ResourceUnitLimitExceeded"
	wait := l.directoryUnits.wait(c.Now, cost)
	if write && wait == 0 {
		if wait = l.directoryWrites.wait(c.Now, 1); wait > 0 {
			scope, info = "Write", "WriteLimitExceeded"
		}
	}
	if limit := l.directoryUnits.limit; limit > 0 {
		if share := float64(l.directoryUnits.used) / float64(limit); share >= 0.8 {
			c.Head.Set("x-ms-throttle-limit-percentage", strconv.FormatFloat(share, 'f', 2, 64))
		}
	}
	if wait > 0 {
		c.Head.Set("x-ms-throttle-scope", "Tenant_Application/"+scope+"/sandbox/"+c.Tenant.Organization().ID)
		c.Head.Set("x-ms-throttle-information", info)
	}
	return wait
}
