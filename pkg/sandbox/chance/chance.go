// Package chance draws the durations and accidents of a story from the seed and from what they are for, never from the order in
// which they are drawn, so that the same seed gives the same story. It is not for secrets.
package chance

import (
	"encoding/binary"
	"hash/fnv"
)

// Of returns a number in [0,1) that depends only on the seed and on what it is for.
func Of(seed int64, what []byte) float64 {
	h := fnv.New64a()
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(seed)))
	h.Write(what)
	x := h.Sum64()
	// FNV's high bits hardly change with the last letters; one round of mixing spreads them.
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}
