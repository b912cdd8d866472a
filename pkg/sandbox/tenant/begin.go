package tenant

import (
	"cmp"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant/rules"
)

func (t *Tenant) who(field, name string) (*user, error) {
	if u := t.findUser(t.fullName(name)); u != nil {
		return u, nil
	}
	if u := t.findUser(name); u != nil {
		return u, nil
	}
	return nil, unknown(field, name, "user")
}

func (t *Tenant) buildFate(f scenario.Fate) error {
	u, err := t.who("fates", f.User)
	if err != nil {
		return err
	}
	f.Detail = cmp.Or(f.Detail, "The import failed: the file format is incorrect.")
	switch f.Provision {
	case "failed":
		f.Code = cmp.Or(f.Code, "internalServerError")
		f.Message = cmp.Or(f.Message, "An internal error occurred while the Cloud PC was being provisioned.")
	case "warnings":
		f.Code = cmp.Or(f.Code, "diskAllocationWarning")
		f.Message = cmp.Or(f.Message, "The system partition could not be extended to the size of the disk.")
	}
	x := &fate{Fate: f}
	if x.importTakes, err = rules.Duration("fates: "+f.User+": import_takes", f.ImportTakes, 0); err != nil {
		return err
	}
	if x.provisionTakes, err = rules.Duration("fates: "+f.User+": provision_takes", f.ProvisionTakes, 0); err != nil {
		return err
	}
	u.fate = x
	return nil
}

func (t *Tenant) buildImport(im scenario.Import) error {
	u, err := t.who("imports", im.User)
	if err != nil {
		return err
	}
	if u.imp != nil {
		return fault.New(fault.Invalid, "scenario.duplicate", "imports: "+im.User+" has two", "a user can have one import")
	}
	local, _, _ := strings.Cut(u.UPN, "@")
	// Attempt 0: what happened before the story does not use up a fate.
	s := &snapshot{user: u, Bytes: 128 << 30, Import: Import{ID: t.idFor("import", u.ID+"#0"), File: local + "-os.vhd",
		Started: t.start.Add(-2 * time.Hour), Status: cmp.Or(im.Status, ImportSucceeded), Usage: cmp.Or(im.Usage, NotUsed)}}
	u.imp, t.imports[s.ID] = s, s
	switch s.Status {
	case ImportPending, ImportInProgress:
		s.Started, s.Runs, s.Status = t.start.Add(-5*time.Minute), t.start, ImportPending
		s.Ends = t.start.Add(t.rules.ImportLeast)
		t.at(s.Ends, func() { t.importEnds(s) })
		return nil
	case ImportFailed:
		s.Detail = "The file format is incorrect."
	}
	s.Ended = t.start.Add(-time.Hour)
	s.Runs, s.Ends = s.Started, s.Ended
	t.expires(s)
	return nil
}

func (t *Tenant) buildCloudPC(c scenario.CloudPC) error {
	u, err := t.who("cloud_pcs", c.User)
	if err != nil {
		return err
	}
	prod := t.planFor(u)
	if c.SKU != "" {
		prod = t.product(c.SKU)
	}
	if prod == nil {
		return unknown("cloud_pcs: "+c.User, c.SKU, "license")
	}
	pol := t.policyFor(u)
	if c.Policy != "" {
		pol = t.policyNamed(c.Policy)
	}
	if pol == nil {
		return unknown("cloud_pcs: "+c.User, c.Policy, "policy")
	}
	if u.pcOf(prod) != nil {
		return fault.New(fault.Invalid, "scenario.duplicate", "cloud_pcs: "+c.User+" has two of "+prod.SKU, "a user has one Cloud PC of each license")
	}
	pc := t.placePC(u, prod, pol, t.start.Add(-47*time.Hour))
	switch c.Status {
	case "", statusProvisioned:
	case statusGrace:
		pc.Stage, pc.GraceEnd = stageGrace, t.start.Add(gracePeriod-24*time.Hour)
		t.at(pc.GraceEnd, func() { t.graceEnds(pc) })
		t.linger(pc)
	case statusProvisioning:
		pc.Stage, pc.Provisioned, pc.Started = stageBuilding, time.Time{}, t.start.Add(-10*time.Minute)
		pc.Ends = t.start.Add(t.between(t.rules.ProvisionLeast, t.rules.ProvisionMost, "provision", u.UPN, "0"))
		t.at(pc.Ends, func() { t.buildEnds(pc) })
	case statusDeprovisioning:
		t.leave(pc)
		pc.Lag = 0
	case statusFailed:
		pc.Provisioned = time.Time{}
		pc.fail("internalServerError", "An internal error occurred while the Cloud PC was being provisioned.")
	default:
		pc.Final = c.Status
	}
	return nil
}

func (t *Tenant) policyNamed(name string) *policy {
	return find(t.policies, name, func(p *policy) (id, name string) { return p.ID, p.name() })
}

// placePC gives a user a Cloud PC from the image that was not built by the rules here: it existed before the story, or
// somebody else caused it.
func (t *Tenant) placePC(u *user, prod *product, pol *policy, since time.Time) *cloudPC {
	pc := t.addPC(u, prod, -len(u.pcs), t.newID) // what nothing here has built does not count as a build
	pc.course = course{Source: "image", Final: statusProvisioned, Stage: stageSettled, Provisioned: since, Modified: since}
	pc.adopt(pol, since.Add(-time.Hour))
	return pc
}
