package tenant

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"wave365/pkg/sandbox/chance"
)

// chance returns a number in [0,1) that depends only on the seed and the names, never on the order of calls.
func (t *Tenant) chance(names ...string) float64 {
	var what []byte
	for _, n := range names {
		what = append(append(what, strings.ToLower(n)...), 0)
	}
	return chance.Of(t.seed, what)
}

// between returns a duration in [lo,hi] for the names.
func (t *Tenant) between(lo, hi time.Duration, names ...string) time.Duration {
	if hi <= lo {
		return lo
	}
	return lo + time.Duration(t.chance(names...)*float64(hi-lo)).Truncate(time.Millisecond)
}

// idFor returns the id of the object of that kind and name in this tenant.
func (t *Tenant) idFor(kind, name string) string {
	return uuid.NewSHA1(t.space, []byte(kind+"\x00"+strings.ToLower(name))).String()
}
