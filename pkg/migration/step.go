package migration

import (
	"context"
	"slices"
)

// Step names one step of the journey. The names are stored in existing ledgers: renaming one is a migration.
type Step string

// The steps. Their properties are in [Steps]; the playbook has a file for how each is done.
const (
	StepCheck         Step = "check"
	StepRelease       Step = "release"
	StepJoin          Step = "join"
	StepImport        Step = "import"
	StepImportWait    Step = "import-wait"
	StepCutover       Step = "cutover"
	StepProvisionWait Step = "provision-wait"
	StepProve         Step = "prove"
)

// Trigger is the link that is closed last and so starts provisioning.
type Trigger string

// The triggers.
const (
	// TriggerLicense: the user joins the group before the import; assigning the license is the cut-over.
	TriggerLicense Trigger = "license"
	// TriggerMembership: the user holds a license already; joining the group is the cut-over.
	TriggerMembership Trigger = "membership"
	// TriggerRelicense: the user holds the license directly and has no Cloud PC; it is removed before the user joins the
	// group, and assigning it again is the cut-over.
	TriggerRelicense Trigger = "relicense"
)

// Triggers lists every trigger. The result is the caller's own.
func Triggers() []Trigger { return []Trigger{TriggerLicense, TriggerMembership, TriggerRelicense} }

// Licenses reports whether the cut-over of this trigger is assigning a license; otherwise it is joining the group.
func (t Trigger) Licenses() bool { return t == TriggerLicense || t == TriggerRelicense }

// Phase is the name of a step for people.
type Phase string

// The phases of a row's journey, in order.
const (
	PhasePrepare   Phase = "prepare"
	PhaseImport    Phase = "import"
	PhaseProvision Phase = "provision"
)

// StepInfo holds the properties of a step.
type StepInfo struct {
	Step  Step
	Phase Phase
	// Triggers are those whose rows take this step; empty: all.
	Triggers []Trigger
	// Slot: a row at this step has an import in flight and so takes a slot.
	Slot bool
	// Imported: a row at this step has its import behind it, or in the service's hands.
	Imported bool
	// Rank orders due work of different steps, lowest first: what frees slots and ends rows comes before new rows.
	Rank int
	// Fate describes what the service does with a row at this step when no process watches it.
	Fate string
}

// Steps returns the one table of steps, in the order in which rows pass them. The result is the caller's own.
func Steps() []StepInfo {
	return []StepInfo{
		{Step: StepCheck, Phase: PhasePrepare, Rank: 8, Fate: "nothing was done for it yet"},
		{Step: StepRelease, Phase: PhasePrepare, Rank: 7, Triggers: []Trigger{TriggerRelicense}, Fate: "its license may be taken away already"},
		{Step: StepJoin, Phase: PhasePrepare, Rank: 6, Triggers: []Trigger{TriggerLicense, TriggerRelicense}, Fate: "the user may be in the group already"},
		{Step: StepImport, Phase: PhaseImport, Rank: 5, Slot: true, Fate: "an import was sent, and its answer is not known"},
		{Step: StepImportWait, Phase: PhaseImport, Rank: 3, Slot: true, Imported: true, Fate: "the service is importing the disk"},
		{Step: StepCutover, Phase: PhaseProvision, Rank: 2, Imported: true, Fate: "the disk is imported, and the cut-over not made: without resume it stays imported and unused"},
		{Step: StepProvisionWait, Phase: PhaseProvision, Rank: 4, Imported: true, Fate: "the Cloud PC is being provisioned"},
		{Step: StepProve, Phase: PhaseProvision, Rank: 1, Imported: true, Fate: "the Cloud PC is provisioned, and not yet proven to come from the snapshot"},
	}
}

// table is Steps by name.
var table = func() map[Step]StepInfo {
	m := map[Step]StepInfo{}
	for _, s := range Steps() {
		m[s.Step] = s
	}
	return m
}()

// Info returns the properties of the step. For a name that is not in [Steps] only the name is set.
func (s Step) Info() StepInfo {
	info, ok := table[s]
	if !ok {
		info.Step = s
	}
	return info
}

// Imported reports whether a row at this step has its import behind it, or in the service's hands.
func (s Step) Imported() bool { return table[s].Imported }

// InService reports whether a row at this step has an import in flight and so takes a slot.
func (s Step) InService() bool { return table[s].Slot }

// Journey lists the steps of a row with this trigger, in order. The result is the caller's own.
func Journey(t Trigger) []Step {
	var steps []Step
	for _, s := range Steps() {
		if len(s.Triggers) == 0 || slices.Contains(s.Triggers, t) {
			steps = append(steps, s.Step)
		}
	}
	return steps
}

// journeys is Journey for every trigger, computed once because it is needed at each transition.
var journeys = func() map[Trigger][]Step {
	m := map[Trigger][]Step{}
	for _, t := range Triggers() {
		m[t] = Journey(t)
	}
	return m
}()

// Next returns the step after s for this trigger; "" after the last one.
func Next(t Trigger, s Step) Step {
	steps, ok := journeys[t]
	if !ok {
		steps = Journey(t)
	}
	i := slices.Index(steps, s)
	if i < 0 || i+1 == len(steps) {
		return ""
	}
	return steps[i+1]
}

// Work is how a step is done. The playbook supplies it; the runner calls it.
type Work struct {
	Step Step
	// Batch is how many rows one call may take: 1 for effects, more for polling. 0: all that are due.
	Batch int
	// Do does the step for rows that are all at it and returns one result per row, in the same order. One row's failure
	// is that row's Result; an error means that the run itself cannot continue (the ledger is broken), and the results
	// are then ignored. With an ended context it changes nothing more and returns Stopped for the rest. Safe for
	// concurrent use on disjoint rows.
	Do func(ctx context.Context, rows []Row) ([]Result, error)
}
