package tenant

import (
	"slices"
	"time"

	"wave365/pkg/sandbox/scenario"
)

// Stages of a Cloud PC inside; what the service shows follows from stage and time.
const (
	stagePending  = "pending"
	stageBuilding = "building"
	stageSettled  = "settled"
	stageGrace    = "grace"
	stageLeaving  = "leaving"
)

const gracePeriod = 7 * 24 * time.Hour

// fate is what goes wrong for a user, with its texts filled in.
type fate struct {
	scenario.Fate
	importTakes, provisionTakes time.Duration
}

// evaluate applies the rules: it examines one user after any change that concerns them, and starts, ends or repairs Cloud
// PCs. A user has one Cloud PC of each Enterprise product.
func (t *Tenant) evaluate(u *user) {
	for _, pc := range slices.Clone(u.pcs) {
		if slices.Contains(u.pcs, pc) { // the end of another may have ended this one
			t.follow(pc)
		}
	}
	pol := t.policyFor(u)
	if u.deleted || pol == nil {
		return
	}
	for _, prod := range t.plansFor(u) {
		if u.pcOf(prod) == nil {
			t.provision(u, pol, prod)
		}
	}
}

// follow applies the state of its license and its policy to a Cloud PC.
func (t *Tenant) follow(pc *cloudPC) {
	u := pc.user
	linked := !u.deleted && t.works(u, pc.prod) && t.reaches(pc.PolicyID, u)
	t.linger(pc)
	switch {
	case pc.Stage == stageSettled && !linked && pc.Final == statusFailed:
		t.leave(pc)
	case pc.Stage == stagePending && !linked:
		t.remove(pc)
	case pc.Stage == stageSettled && !linked:
		pc.Stage, pc.GraceEnd = stageGrace, t.now.Add(gracePeriod)
		t.changed(pc)
		t.at(pc.GraceEnd, func() { t.graceEnds(pc) })
	case pc.Stage == stageGrace && linked:
		pc.Stage, pc.GraceEnd = stageSettled, time.Time{}
		t.changed(pc)
	}
}

// linger counts the Cloud PCs that keep a seat that their user no longer has.
func (t *Tenant) linger(pc *cloudPC) {
	on := pc.user.holdsAny(pc.prod) == nil && pc.Stage != stagePending
	if on == pc.Lingers {
		return
	}
	pc.Lingers = on
	if on {
		pc.prod.lingering++
	} else {
		pc.prod.lingering--
	}
}

func (t *Tenant) provision(u *user, pol *policy, prod *product) {
	snap := t.wantsSnapshot(u)
	if snap && !u.usable() && t.rules.NoSnapshot == "wait" {
		return
	}
	u.builds++
	pc := t.addPC(u, prod, u.builds, t.idFor)
	if prod.lingering > 0 && prod.free() < prod.lingering {
		pc.Stage = stagePending
		pc.adopt(pol, t.now)
		prod.waiting = append(prod.waiting, u)
		t.changed(pc)
		return
	}
	t.buildPC(pc, pol, snap)
}

// addPC adds the user's Cloud PC number n, with an id derived from its name.
func (t *Tenant) addPC(u *user, prod *product, n int, id func(kind, name string) string) *cloudPC {
	name := u.ID + "/" + prod.SKUID
	if !t.rules.ReuseCloudPCID {
		name += "#" + itoa(n)
	}
	pc := &cloudPC{Entry: Entry{t.next(), id("cloudPC", name)}, user: u, prod: prod, N: n}
	u.pcs = append(u.pcs, pc)
	t.pcs = append(t.pcs, pc)
	t.pcID[pc.ID] = pc
	return pc
}

// buildPC starts building a Cloud PC and decides how it will end.
func (t *Tenant) buildPC(pc *cloudPC, pol *policy, snap bool) {
	u := pc.user
	t.choose(pc, pol, snap)
	if code, message := t.obstacle(pc, pol); code != "" {
		pc.fail(code, message)
	} else if pc.firstFate() == "warnings" {
		pc.Final, pc.Code, pc.Message = statusWarnings, u.fate.Code, u.fate.Message
	}
	takes := t.between(t.rules.ProvisionLeast, t.rules.ProvisionMost, "provision", u.UPN, itoa(pc.N))
	if pol.hybrid {
		takes += takes / 2
	}
	if u.fate != nil && u.fate.provisionTakes > 0 {
		takes = u.fate.provisionTakes
	}
	pc.Started, pc.Ends = t.now, t.now.Add(takes)
	t.changed(pc)
	t.at(pc.Ends, func() { t.buildEnds(pc) })
}

// firstFate returns the scenario's fate for the provisioning of the user's first Cloud PC; empty for later ones.
func (pc *cloudPC) firstFate() string {
	if pc.user.builds == 1 && pc.user.fate != nil {
		return pc.user.fate.Provision
	}
	return ""
}

// choose decides what a Cloud PC is built from: the user's import, when a setting builds from snapshots and there is one, or
// the image.
func (t *Tenant) choose(pc *cloudPC, pol *policy, snap bool) {
	u := pc.user
	pc.adopt(pol, t.now)
	pc.Stage, pc.Source, pc.Final = stageBuilding, "image", statusProvisioned
	switch {
	case !snap || pc.firstFate() == "image":
		// From the image although everything was right, if the fate says so: the import stays unused, which is how this
		// can be detected.
	case u.usable():
		pc.Source, u.imp.Usage = "snapshot", InUse
	case t.rules.NoSnapshot == "failed":
		pc.fail("importedSnapshotNotFound", "No imported snapshot is ready for the user.")
	}
}

// obstacle returns the first reason for which a build will fail; an empty code: there is none. It takes the Cloud PC's
// address.
func (t *Tenant) obstacle(pc *cloudPC, pol *policy) (code, message string) {
	imp := pc.user.imp
	switch {
	case pc.Source == "snapshot" && tooLarge(imp.Bytes, pc.prod):
		return "snapshotDiskTooLarge", "The imported disk is larger than the disk of the service plan."
	case pc.Source == "snapshot" && imp.Unbootable != "":
		return "snapshotDiskNotBootable", "The virtual machine did not start from the imported disk: " + imp.Unbootable + "."
	case pol.lost:
		return "onPremisesConnectionNotFound", "The Azure network connection of the provisioning policy was not found."
	case pol.conn != nil && pol.conn.Health == "failed":
		return "onPremisesConnectionUnhealthy", "The Azure network connection is not healthy."
	case pol.conn != nil && !pol.conn.takeAddress():
		return "resourceAvailabilityCheckNoSubnetIP", "There are not enough IP addresses in the subnet."
	case pc.firstFate() == "failed":
		return pc.user.fate.Code, pc.user.fate.Message
	}
	return "", ""
}

func (pc *cloudPC) fail(code, message string) {
	if pc.Final != statusFailed {
		pc.Final, pc.Code, pc.Message = statusFailed, code, message
	}
}

func (pc *cloudPC) adopt(pol *policy, now time.Time) {
	pc.PolicyID, pc.PolicyName, pc.Created = pol.ID, pol.name(), now
	pc.Image = pol.props.Text("imageDisplayName")
	if pol.conn != nil {
		pc.Connection = pol.conn.Name
	}
	if joins, _ := pol.props["domainJoinConfigurations"].([]any); len(joins) > 0 {
		m, _ := joins[0].(map[string]any)
		pc.Region, _ = m["regionName"].(string)
	}
}

func (t *Tenant) graceEnds(pc *cloudPC) {
	if pc.Stage == stageGrace && !pc.GraceEnd.After(t.now) {
		t.leave(pc)
	}
}

func (t *Tenant) buildEnds(pc *cloudPC) {
	u := pc.user
	if u.deleted || !t.works(u, pc.prod) {
		pc.fail("licenseNotFound", "The license was removed during provisioning.")
	} else if !t.reaches(pc.PolicyID, u) {
		pc.fail("provisioningPolicyNotFound", "The provisioning policy no longer reaches the user.")
	}
	pc.Stage = stageSettled
	if pc.Final != statusFailed {
		pc.Provisioned = pc.Ends
		if pc.Source == "snapshot" && u.imp != nil && !t.rules.KeepImportRecord {
			t.forget(u.imp)
		}
	}
	t.changed(pc)
	t.evaluate(u)
}

// leave starts the removal of a Cloud PC. For some minutes it still shows, or shows again, that it is in grace.
func (t *Tenant) leave(pc *cloudPC) {
	u := pc.user
	pc.Stage, pc.Asked = stageLeaving, t.now
	pc.Lag = t.between(5*time.Minute, 10*time.Minute, "leave", u.UPN, itoa(pc.N))
	pc.Gone = t.now.Add(pc.Lag + t.between(8*time.Minute, 15*time.Minute, "deprovision", u.UPN, itoa(pc.N)))
	t.changed(pc)
	t.at(pc.Gone, func() { t.remove(pc) })
}

func (t *Tenant) remove(pc *cloudPC) {
	u := pc.user
	if pc.Lingers {
		pc.prod.lingering--
	}
	delete(t.pcID, pc.ID)
	t.pcs, u.pcs = without(t.pcs, pc), without(u.pcs, pc)
	pc.prod.waiting = without(pc.prod.waiting, u)
	if pc.Source == "snapshot" && u.imp != nil && u.imp.Usage == InUse && !t.rules.KeepImportRecord {
		t.forget(u.imp)
	}
	t.touch(u)
	t.evaluate(u)
	t.wake(pc.prod)
}

// wake builds what waited for a seat.
func (t *Tenant) wake(p *product) {
	for len(p.waiting) > 0 && (p.lingering == 0 || p.free() >= p.lingering) {
		u := p.waiting[0]
		p.waiting = p.waiting[1:]
		pol := t.policyFor(u)
		pc := u.pcOf(p)
		if pc == nil || pc.Stage != stagePending || pol == nil {
			continue
		}
		t.buildPC(pc, pol, t.wantsSnapshot(u))
	}
}

func (t *Tenant) changed(pc *cloudPC) {
	pc.Modified = t.now
	t.touch(pc.user)
}
