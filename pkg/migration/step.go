package migration

import (
	"context"
	"slices"
)

// Step names one step of the journey. The names are data in ledgers that exist: renaming one is a migration.
type Step string

// The steps, in order. Join is walked by rows with the license trigger only: the user must be reached by the policy
// before the import, and the license comes last.
const (
	StepCheck         Step = "check"
	StepJoin          Step = "join"
	StepImport        Step = "import"
	StepImportWait    Step = "import-wait"
	StepCutover       Step = "cutover"
	StepProvisionWait Step = "provision-wait"
	StepProve         Step = "prove"
)

// Trigger says which link is closed last and so starts provisioning.
type Trigger string

// The triggers.
const (
	// TriggerLicense: the user joins the group before the import; assigning the license is the cut-over.
	TriggerLicense Trigger = "license"
	// TriggerMembership: the user holds a license already; joining the group is the cut-over.
	TriggerMembership Trigger = "membership"
)

// Journey lists the steps of a row with this trigger, in order. The result is the caller's own.
func Journey(t Trigger) []Step {
	steps := []Step{StepCheck, StepJoin, StepImport, StepImportWait, StepCutover, StepProvisionWait, StepProve}
	if t == TriggerMembership {
		return slices.Delete(steps, 1, 2)
	}
	return steps
}

// Next gives the step after s for this trigger; "" after the last one.
func Next(t Trigger, s Step) Step {
	steps := Journey(t)
	i := slices.Index(steps, s)
	if i < 0 || i+1 == len(steps) {
		return ""
	}
	return steps[i+1]
}

// InService reports whether a row at this step has an import in flight, which is what a slot stands for.
func (s Step) InService() bool { return s == StepImport || s == StepImportWait }

// Work is how a step is done. The playbook supplies it; the runner calls it.
type Work struct {
	Step Step
	// Batch is how many rows one call may take: 1 for effects, more for polling. 0: as many as are due.
	Batch int
	// Do does the step for rows that all stand at it and gives one result per row, in the same order. One row's
	// trouble is that row's Result; an error means that the run itself cannot go on (the ledger is broken), and the
	// results are then ignored. With a dead context it changes nothing more and answers Stopped for the rest. Safe
	// for concurrent use on disjoint rows.
	Do func(ctx context.Context, rows []Row) ([]Result, error)
}
