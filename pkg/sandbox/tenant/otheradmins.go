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

// Others lets other people do things, each at its time from now on. Names that stand for nothing are a fault Invalid, and
// then none of it happens.
func (t *Tenant) Others(now time.Time, events []scenario.Event) error {
	defer t.enter(now)()
	err := t.schedule(events, t.now)
	for err == nil && t.due(t.now) {
		t.nextEvent().happen()
	}
	return err
}

// schedule notes what others will do. The user is looked up now: by then the name may have changed.
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

// about says whether what an event is about exists.
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

// othersDo does what somebody else does now. What cannot be done, because it is done already or nothing is there to do it
// with, does not happen.
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

// deeds are what others can do to a person, by the name that a scenario has for it.
var deeds = map[string]func(*Tenant, *user, scenario.Event){
	"rename":      func(t *Tenant, u *user, e scenario.Event) { t.rename(u, t.fullName(e.What)) },
	"disable":     func(_ *Tenant, u *user, _ scenario.Event) { u.Enabled = false },
	"delete-user": func(t *Tenant, u *user, _ scenario.Event) { t.deleteUser(u) },
	"give-license": func(t *Tenant, u *user, e scenario.Event) {
		_ = t.assign(u, []Grant{{SKUID: t.product(e.What).SKUID}}, nil) // without a seat the portal says no to the other one, too
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
}

// purgeImport lets somebody else have purged the user's import.
func (t *Tenant) purgeImport(u *user) {
	s := u.imp
	if s == nil || s.Ended.IsZero() || s.Usage == InUse {
		return
	}
	t.noteOther("purgeImportedSnapshot", "patch", s)
	t.forget(s)
}

// noteOther writes into the audit log what an admin did to an import.
func (t *Tenant) noteOther(activity, operation string, s *snapshot) {
	t.note(AuditEvent{Activity: activity, Operation: operation, Result: "success", ResourceType: "CloudPcSnapshot",
		Resources: []string{s.ID}, Admin: "admin@" + t.org.Domain, Correlation: t.newID("correlation", s.ID)})
}

// endPCs lets somebody else have ended the user's Cloud PCs.
func (t *Tenant) endPCs(u *user) {
	for _, pc := range slices.Clone(u.pcs) {
		if pc.Stage == stageSettled || pc.Stage == stageGrace {
			t.leave(pc)
		}
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

// giveImport lets somebody else have imported a disk for the user.
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

// givePC lets somebody else have given the user a Cloud PC from the image, with the license and the membership that go with it.
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
