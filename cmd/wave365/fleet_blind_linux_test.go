//go:build storms

package main

import (
	"testing"
	"time"
)

// TestStorm_blind is the same storm without the question between intent and call whether the worker still has the run, in
// which who froze there goes on after somebody has settled the row: that it shows second imports proves that the storm can.
func TestStorm_blind(t *testing.T) {
	t.Parallel()
	s := newStorm(t, 0, 10, 8, true)
	defer s.tell()
	second := ""
	s.play(5*time.Minute, 5*time.Minute, func() bool { second = s.second(); return second != "" })
	if second == "" {
		t.Errorf("no second import was sent in %s", time.Since(s.began))
	}
}
