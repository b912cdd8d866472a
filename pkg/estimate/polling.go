package estimate

import (
	"math"
	"time"
)

const (
	half = 30 * time.Second
	tick = 15 * time.Second
	// step is how long after one poll the next one follows, for a window of a minute; it grows with the square root of
	// the window, which keeps slots idle least for a given number of polls.
	step = 25 * time.Second
	// ProvisionGrid aligns polls of Cloud PCs: one list answers for all.
	ProvisionGrid = 5 * time.Minute
)

// ImportLook returns how long to wait before polling an import, and the grid on which polls of many are aligned: first
// until the earliest of its size would be done, then in even steps until nearly all would be, then less and less often.
// With these steps the end of an import is noticed on average after about a fortieth of its time.
func (m *Model) ImportLook(elapsed time.Duration, bytes int64) (d, grid time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	expected := m.importMinutes(gibs(bytes))
	low, high := m.imports.Bounds()
	from, to := minutes(low*expected), minutes(high*expected)
	grid = min(max(time.Duration(float64(step)*math.Sqrt((to-from).Minutes())).Round(tick), half), 4*time.Minute)
	switch {
	case elapsed < from:
		return min(max(from-elapsed, half), 30*time.Minute), grid
	case elapsed < to:
		return grid, grid
	}
	return min(max(elapsed/15, grid), 10*time.Minute), grid
}

// ProvisionLook is the same for a Cloud PC: first until most of the expected time has passed, then every few minutes,
// then less and less often.
func (m *Model) ProvisionLook(elapsed time.Duration, policy string) (d, grid time.Duration) {
	expected := m.Provision(policy)
	switch most := expected / 2; {
	case elapsed < most:
		return min(max(most-elapsed, half), 10*time.Minute), ProvisionGrid
	case elapsed < expected*2:
		return ProvisionGrid, ProvisionGrid
	}
	return min(max(elapsed/15, ProvisionGrid), 10*time.Minute), ProvisionGrid
}

// JoinLook returns how long a row may wait for others so that they join a group in one call. A quarter to half as many
// rows as there are slots are prepared ahead, so a tenth of an import's time costs nothing. 0: no import has ended yet,
// so there is none to wait behind.
func (m *Model) JoinLook() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.imports.Seen() == 0 {
		return 0
	}
	return min(max((m.lately/10).Round(half), half), 5*time.Minute)
}
