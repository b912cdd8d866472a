package simtest

import (
	"strings"
	"testing"
	"testing/synctest"
)

// TestSameSeedSameStory plays WAVE365_TWICE seeds (default 30, and 6 under the race detector) twice: all that was asked, and all that was recorded, is to
// be the same in the same order, so that a seed that failed fails again. A few in a thousand differ, because azcore's dice
// for its retries are not in the seed, and [moments] evens out what they do only nearly always.
func TestSameSeedSameStory(t *testing.T) {
	t.Parallel()
	seeds := number("WAVE365_TWICE", replays)
	same := uint64(0)
	for seed := uint64(1); seed <= seeds; seed++ {
		first, second := tale(t, seed), tale(t, seed)
		if first == second {
			same++
			continue
		}
		a, b := strings.Split(first, "\n"), strings.Split(second, "\n")
		for i := range min(len(a), len(b)) {
			if a[i] != b[i] {
				t.Logf("seed %d differs from line %d on:\n%s\n%s", seed, i, a[i], b[i])
				break
			}
		}
	}
	t.Logf("%d of %d seeds told the same story twice", same, seeds)
	if same*10 < seeds*8 {
		t.Errorf("only %d of %d seeds told the same story twice: something that decides is not in the seed", same, seeds)
	}
}

// tale plays a seed and tells what happened.
func tale(t *testing.T, seed uint64) (text string) {
	synctest.Test(t, func(t *testing.T) {
		w, err := newWorld(t, draw(seed))
		if w != nil {
			defer func() { _ = w.close() }()
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := w.play(); err != nil {
			t.Error(err)
		}
		text = w.tale(t)
	})
	return text
}
