package run

import (
	"slices"

	"wave365/pkg/migration"
	"wave365/pkg/runner"
)

// endReasons says by which event each end of a run is recorded.
func endReasons() map[runner.End]migration.Reason {
	return map[runner.End]migration.Reason{
		runner.Finished: migration.RunEnded, runner.Drained: migration.RunDrained, runner.Stopped: migration.RunStopped,
		runner.Halted: migration.RunHalted, runner.Reached: migration.RunReached,
	}
}

// LastEnd is how the run's latest process ended, as far as it could record that; Drained when it could not.
func LastEnd(events []migration.Event) runner.End {
	for _, e := range slices.Backward(events) {
		if e.Reason == migration.RunStarted || e.Reason == migration.RunResumed {
			break
		}
		for end, why := range endReasons() {
			if e.Row == migration.WaveRow && e.Reason == why {
				return end
			}
		}
	}
	return runner.Drained
}
