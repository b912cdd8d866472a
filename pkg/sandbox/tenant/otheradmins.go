package tenant

import (
	"slices"
	"strings"
	"time"

	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant/catalog"
	"wave365/pkg/sandbox/tenant/rules"
	"wave365/pkg/sandbox/tenant/source"
)

// Others makes other people do things, each at its time from now on. An unknown name is a fault of kind Invalid, and then
// none of it happens.
func (t *Tenant) Others(now time.Time, events []scenario.Event) error {
	defer t.enter(now)()
	err := t.schedule(events, t.now)
	for err == nil && t.due(t.now) {
		t.nextEvent().happen()
	}
	return err
}

// schedule records what others will do. The user is looked up now, because the name may change until then.
func (t *Tenant) schedule(events []scenario.Event, from time.Time) error {
	due := make([]time.Time, len(events))
	who := make([]*user, len(events))
	for i, e := range events {
		after, err := rules.Duration("events: "+e.User+": at", e.At, 0)
		if err != nil {
			return err
		}
		if e.Do != "write-blob" {
			if who[i], err = t.who("events", e.User); err != nil {
				return err
			}
		}
		if err := t.about(e); err != nil {
			return err
		}
		due[i] = from.Add(after)
	}
	for i, e := range events {
		t.at(due[i], func() { t.othersDo(e, who[i]) })
	}
	return nil
}

// about returns an error if the object of an event does not exist.
func (t *Tenant) about(e scenario.Event) error {
	switch e.Do {
	case "give-license", "take-license":
		if t.product(e.What) == nil {
			return unknown("events: "+e.User, e.What, "license")
		}
	case "join", "leave":
		if t.groupNamed(e.What) == nil {
			return unknown("events: "+e.User, e.What, "group")
		}
	case "give-cloud-pc":
		if e.What != "" && t.policyNamed(e.What) == nil {
			return unknown("events: "+e.User, e.What, "policy")
		}
	}
	return nil
}

// othersDo does what somebody else does now. What is impossible, because it is done already or something is missing, does
// not happen.
func (t *Tenant) othersDo(e scenario.Event, u *user) {
	if e.Do == "write-blob" {
		if t.disks != nil {
			t.disks.Touch(e.What, t.now)
		}
		return
	}
	if u.deleted {
		return
	}
	if do := deeds[e.Do]; do != nil {
		do(t, u, e)
	}
	t.touch(u)
}

// deeds are what others can do to a user, by their name in a scenario.
var deeds = map[string]func(*Tenant, *user, scenario.Event){
	"rename":      func(t *Tenant, u *user, e scenario.Event) { t.rename(u, t.fullName(e.What)) },
	"disable":     func(_ *Tenant, u *user, _ scenario.Event) { u.Enabled = false },
	"delete-user": func(t *Tenant, u *user, _ scenario.Event) { t.deleteUser(u) },
	"give-license": func(t *Tenant, u *user, e scenario.Event) {
		_ = t.assign(u, []Grant{{SKUID: t.product(e.What).SKUID}}, nil) // without a seat the portal refuses it for them, too
	},
	"take-license": func(t *Tenant, u *user, e scenario.Event) { _ = t.assign(u, nil, []string{t.product(e.What).SKUID}) },
	"join": func(t *Tenant, u *user, e scenario.Event) {
		if g := t.groupNamed(e.What); g != nil && u.in(g) == nil {
			t.admit(u, g)
		}
	},
	"leave": func(t *Tenant, u *user, e scenario.Event) {
		if g := t.groupNamed(e.What); g != nil && u.in(g) != nil {
			t.quit(u, g)
		}
	},
	"give-import":   func(t *Tenant, u *user, e scenario.Event) { t.giveImport(u, e.Status) },
	"purge-import":  func(t *Tenant, u *user, _ scenario.Event) { t.purgeImport(u) },
	"give-cloud-pc": func(t *Tenant, u *user, e scenario.Event) { t.givePC(u, e.What) },
	"end-cloud-pc":  func(t *Tenant, u *user, _ scenario.Event) { t.endPCs(u) },
	"reprovision":   func(t *Tenant, u *user, _ scenario.Event) { t.reprovision(u) },
}

// purgeImport purges the user's import on behalf of somebody else.
func (t *Tenant) purgeImport(u *user) {
	s := u.imp
	if s == nil || s.Ended.IsZero() || s.Usage == InUse {
		return
	}
	t.noteOther("purgeImportedSnapshot", "patch", s)
	t.forget(s)
}

// noteOther records in the audit log what an admin did to an import.
func (t *Tenant) noteOther(activity, operation string, s *snapshot) {
	t.note(AuditEvent{Activity: activity, Operation: operation, Result: "success", ResourceType: "CloudPcSnapshot",
		Resources: []string{s.ID}, Admin: "admin@" + t.org.Domain, Correlation: t.newID("correlation", s.ID)})
}

// endPCs ends the user's Cloud PCs on behalf of somebody else.
func (t *Tenant) endPCs(u *user) {
	for _, pc := range slices.Clone(u.pcs) {
		if pc.Stage == stageSettled || pc.Stage == stageGrace {
			t.leave(pc)
		}
	}
}

// reprovision lets somebody else have built the user's Cloud PCs again, each under its id: from the image, or, when the build from
// an import has failed, from that import.
func (t *Tenant) reprovision(u *user) {
	for _, pc := range u.pcs {
		pol := t.policyFor(u)
		if pc.Stage != stageSettled || pol == nil {
			continue
		}
		if pc.Source == "snapshot" && pc.Final == statusFailed && u.imp != nil {
			u.imp.Usage = NotUsed
		}
		u.builds++ // a fate strikes the first one
		pc.N, pc.course = u.builds, course{Reprovisioned: t.now}
		t.buildPC(pc, pol, t.wantsSnapshot(u))
	}
}

func (t *Tenant) rename(u *user, upn string) {
	if t.byUPN[lower(upn)] != nil {
		return
	}
	delete(t.byUPN, lower(u.UPN))
	u.UPN = upn
	t.byUPN[lower(upn)] = u
}

// giveImport imports a disk for the user on behalf of somebody else.
func (t *Tenant) giveImport(u *user, status string) {
	if u.imp != nil {
		return
	}
	local, _, _ := strings.Cut(u.UPN, "@")
	s := t.startImport(u, source.Verdict{File: source.File{Name: local + "-others.vhd", Virtual: 64 << 30}})
	t.noteOther("importSnapshot", "create", s)
	if status == ImportInProgress {
		return
	}
	s.Started, s.Runs, s.Ends, s.Fails = t.now.Add(-time.Hour), t.now.Add(-time.Hour), t.now, ""
	if status == ImportFailed {
		s.Fails = "The file format is incorrect."
	}
	t.importEnds(s)
}

// givePC gives the user a Cloud PC from the image, with its license and membership, on behalf of somebody else.
func (t *Tenant) givePC(u *user, policyName string) {
	pol := t.policyFor(u)
	if policyName != "" {
		pol = t.policyNamed(policyName)
	}
	prod := t.planFor(u)
	if prod == nil {
		if i := slices.IndexFunc(t.products, func(p *product) bool { return p.Edition == catalog.Enterprise && p.free() > 0 }); i >= 0 {
			prod = t.products[i]
		}
	}
	if pol == nil && len(t.policies) > 0 {
		pol = t.policies[0]
	}
	if pol == nil || prod == nil || u.pcOf(prod) != nil {
		return
	}
	t.placePC(u, prod, pol, t.now)
	if u.holdsAny(prod) == nil {
		prod.holders++
		u.held = append(u.held, &held{prod: prod, since: t.now, ready: t.now})
	}
	if len(pol.to) > 0 && !t.reaches(pol.ID, u) {
		t.join(u, pol.to[0].group, t.now)
	}
}
