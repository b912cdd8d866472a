package playbook

import (
	"time"

	"wave365/pkg/migration"
)

// half is the shortest grid on which looks fall together.
const half = 30 * time.Second

// Forecast is how long the row will need from now until its step until is done, from what this run has seen; "": until
// its end. It does not count time spent waiting for a slot.
func (b *Playbook) Forecast(r migration.Row, until migration.Step) time.Duration {
	return b.pace.Row(r, until == migration.StepImportWait)
}

// Learn takes over what rows that are done, or further on, have seen before this process.
func (b *Playbook) Learn(rows []migration.Row) {
	for _, r := range rows {
		b.pace.Learn(r)
		if r.Target.Trigger == migration.TriggerMembership && r.Facts.SnapshotID != "" {
			b.policyFirst.known()
		}
	}
}

// aligned moves the end of a wait to the nearest whole multiple of grid, but not nearer than half of it, so that rows
// that wait for the same thing are read together.
func (b *Playbook) aligned(d, grid time.Duration) time.Duration {
	now := b.clock.Now()
	due := now.Add(d).Round(grid)
	if due.Sub(now) < grid/2 {
		due = due.Add(grid)
	}
	return due.Sub(now)
}

func (b *Playbook) importLook(r migration.Row, started time.Time) time.Duration {
	return b.aligned(b.pace.ImportLook(b.clock.Now().Sub(started), r.Target.Disk.Virtual))
}

func (b *Playbook) provisionLook(r migration.Row, since time.Time) time.Duration {
	return b.aligned(b.pace.ProvisionLook(b.clock.Now().Sub(since), r.Target.PolicyID))
}

// joinLook is how long a row waits for others to join the group together with it.
func (b *Playbook) joinLook() time.Duration {
	grid := b.pace.JoinLook()
	if grid == 0 {
		return time.Second
	}
	return b.aligned(grid/2, grid)
}
