//go:build storms

package main

import (
	"testing"
	"time"
)

// TestStorm_blind is the same storm without the question between intent and call whether the worker still has the run:
// that it shows second imports proves that the storm can. It is up to chance within its minutes, so `make torture` plays it and CI
// does not.
func TestStorm_blind(t *testing.T) {
	t.Parallel()
	s := newStorm(t, 0, 8, true)
	defer s.tell()
	second := ""
	s.play(2*time.Minute, 3*time.Minute, func() bool { second = s.second(); return second != "" })
	if second == "" {
		t.Errorf("no second import was sent in %s", time.Since(s.began))
	}
}
