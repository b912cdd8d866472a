package tenant

import (
	"encoding/binary"
	"hash/fnv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// chance gives a number in [0,1) that depends on the seed and the names only, never on the order of calls.
func (t *Tenant) chance(names ...string) float64 {
	h := fnv.New64a()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(t.seed))
	h.Write(b[:])
	for _, n := range names {
		h.Write([]byte(strings.ToLower(n)))
		h.Write([]byte{0})
	}
	x := h.Sum64()
	// FNV's high bits hardly move with the last letters; one round of mixing spreads them.
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

// between gives a duration in [lo,hi] for the names.
func (t *Tenant) between(lo, hi time.Duration, names ...string) time.Duration {
	if hi <= lo {
		return lo
	}
	return lo + time.Duration(t.chance(names...)*float64(hi-lo)).Truncate(time.Millisecond)
}

// idFor is the id of the thing of that kind and name in this tenant.
func (t *Tenant) idFor(kind, name string) string {
	return uuid.NewSHA1(t.space, []byte(kind+"\x00"+strings.ToLower(name))).String()
}
