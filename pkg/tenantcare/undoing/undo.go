// Package undoing undoes what a run did for one row: license, membership, import, in reverse order, as far as this tool
// did it and it was not changed since.
package undoing

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/fault/clocks"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/imports"
	"wave365/pkg/tenantcare/leaving"
	"wave365/pkg/tenantcare/listing"
)

// Tenant are the calls it makes; *graph.Client makes them.
type Tenant interface {
	leaving.Tenant
	imports.Tenant
	AssignLicense(ctx context.Context, userID, skuID string) error
	SubscribedSKUs(ctx context.Context) ([]graph.SKU, error)
}

// Step is one thing that the run did for the row.
type Step struct {
	// Did is the run's own write.
	Did migration.Write
	// What describes for people what was done, Undone the same after the undo; Why is why it is not undone, empty: it is.
	What, Undone, Why string
	// Import is what was found out about an import.
	Import imports.Verdict
}

// Back reports whether the step is to be taken back.
func (s Step) Back() bool { return s.Why == "" }

// Will describes what happens to the step that is undone.
func (s Step) Will() string {
	if s.Did.Effect == migration.EffectRelease {
		return "is given back, ten minutes after the user left the group"
	}
	return "is taken back"
}

// Plan is what is to be taken back, in the order in which it is done: the latest first.
type Plan struct {
	Row   migration.Row
	Steps []Step
	// Lasting lists what cannot be undone.
	Lasting []fault.Remedy
	// Ends names the Cloud PC whose grace period begins by it; "" when there is none.
	Ends string
}

// Todo counts the steps to be taken back.
func (p Plan) Todo() int {
	n := 0
	for _, s := range p.Steps {
		if s.Back() {
			n++
		}
	}
	return n
}

// Back describes what was done to undo the steps, in one line, and what began by it.
func (p Plan) Back() string {
	var parts []string
	for _, s := range p.Steps {
		if s.Back() {
			parts = append(parts, s.Undone)
		}
	}
	text := strings.Join(parts, "; ")
	if p.Ends != "" {
		text += "; the grace period of Cloud PC " + p.Ends + " began"
	}
	return text
}

// Leaves reports whether the user is not in the row's group once the steps are done.
func (p Plan) Leaves() bool {
	return slices.ContainsFunc(p.Steps, func(s Step) bool {
		return s.Did.Effect == migration.EffectJoin && strings.EqualFold(s.Did.Target, p.Row.Target.GroupID) && s.Back()
	})
}

// Look finds out what can be undone. mine are the run's effects for the row, all are all writes about the user, of any run
// and any command; zone is that of times in messages.
//
// Errors: Conflict (undo.refused) when the row is not final, or held: it still needs what would be taken from it, and an
// import that no record names would stay; when a license is to be assigned again and no seat is free, see [Plan.seats];
// those of the reads.
func Look(ctx context.Context, clock tenantcare.Clock, zone *time.Location, t Tenant, row migration.Row, mine, all []migration.Write) (Plan, error) {
	p := Plan{Row: row}
	if err := stillNeeded(row); err != nil {
		return p, err
	}
	user, err := t.User(ctx, row.Target.UserID)
	if err != nil {
		return p, err
	}
	pcs, err := cloudPCs(ctx, t, user, row.Target.PolicyID)
	if err != nil {
		return p, err
	}
	foreign := foreignCloudPC(row, pcs)
	for _, w := range slices.Backward(mine) {
		if w.Run != row.Run || w.Row != row.Index || !w.Changed() {
			continue
		}
		if w.Effect == migration.EffectRelease {
			s, ok, err := p.release(ctx, t, user, w)
			if err != nil {
				return p, err
			}
			if ok {
				p.Steps = append(p.Steps, s)
			}
			continue
		}
		s, ok, err := look(ctx, clock, zone, t, row, user, w, all)
		if err != nil {
			return p, err
		}
		if s.Back() && w.Effect != migration.EffectImport {
			s.Why = foreign
		}
		if ok && !p.has(s) {
			p.Steps = append(p.Steps, s)
		}
	}
	p.cloudPC(pcs, foreign != "")
	return p, p.seats(ctx, t)
}

// cloudPCs are the person's under a policy.
func cloudPCs(ctx context.Context, t Tenant, user graph.User, policy string) ([]graph.CloudPC, error) {
	pcs, err := t.CloudPCsOf(ctx, []string{user.UPN})
	return slices.DeleteFunc(listing.Select(pcs, listing.Which{Users: []string{user.UPN}}), func(pc graph.CloudPC) bool {
		return !strings.EqualFold(pc.ProvisioningPolicyID, policy)
	}), err
}

// stillNeeded refuses a row that needs what would be taken from it.
func stillNeeded(row migration.Row) error {
	if !row.State.Final() {
		return fault.New(fault.Conflict, "undo.refused", "the row of "+row.Target.User+" is "+string(row.State)+" at "+string(row.Step)+": it is not done",
			"nothing was changed; cancel the row, or end the run", fault.NewCommand("cancel", "--row", row.Target.User).For(row.Run), fault.NewCommand("resume").For(row.Run))
	}
	if row.State == migration.Held {
		return fault.New(fault.Conflict, "undo.refused", "the row of "+row.Target.User+" is held: an import of it may exist",
			"nothing was changed; settle the row first", fault.NewCommand("reconcile", "--row", row.Target.User).For(row.Run))
	}
	return nil
}

// has reports whether a later write of the same effect is a step already.
func (p Plan) has(s Step) bool {
	return slices.ContainsFunc(p.Steps, func(o Step) bool {
		return o.Did.Effect == s.Did.Effect && strings.EqualFold(target(o.Did), target(s.Did))
	})
}

// foreignCloudPC reports that the user has a Cloud PC that the row did not make: it was made through another ledger, or by a
// colleague, and it depends on the license and the membership, whoever assigned them. "" when there is none.
func foreignCloudPC(row migration.Row, pcs []graph.CloudPC) string {
	for _, pc := range pcs {
		if !leaving.MadeBy(row, pc) && !leaving.Ending(pc) {
			return "Cloud PC " + pc.DisplayName + ", which this row did not make, would end"
		}
	}
	return ""
}

// target is what a write was done to; of an import it is the import.
func target(w migration.Write) string {
	if w.Effect == migration.EffectImport {
		return w.Outcome.RemoteID
	}
	return w.Target
}

// look judges one write of the run; false: it is nothing that is taken back.
func look(ctx context.Context, clock tenantcare.Clock, zone *time.Location, t Tenant, row migration.Row, user graph.User, w migration.Write, all []migration.Write) (Step, bool, error) {
	s := Step{Did: w}
	switch w.Effect {
	case migration.EffectLicense:
		name := cmp.Or(row.Target.SKUName, w.Target)
		s.What, s.Undone = "gave the license "+name, "took the license "+name+" back"
		s.Why = license(user, w, zone)
		if row.Target.Trigger == migration.TriggerRelicense {
			s.Why = "the license was the user's before: the run took it away for the import and gave it back"
		}
	case migration.EffectJoin:
		name := cmp.Or(row.Target.GroupName, w.Target)
		s.What, s.Undone = "put the user into group "+name, "took the user out of group "+name
		switch in, err := t.IsMember(ctx, w.Target, user.ID); {
		case fault.Is(err, fault.NotFound):
			s.Why = "the group was deleted, and the membership with it"
		case err != nil:
			return s, false, err
		case !in:
			s.Why = "the user is not a member any more"
		}
	case migration.EffectImport:
		s.What, s.Undone = "imported the disk as "+w.Outcome.RemoteID, "removed the import "+w.Outcome.RemoteID
		found, err := imports.Look(ctx, clock, t, []imports.Candidate{{ID: w.Outcome.RemoteID, Row: &row}})
		if err != nil {
			return s, false, err
		}
		if s.Import = found[0]; s.Import.Fate != imports.Purge {
			s.Why = s.Import.Why
		}
	default:
		return s, false, nil
	}
	s.Why = cmp.Or(s.Why, relied(w, all))
	return s, true, nil
}

// slack is the largest difference between the times of directory and ledger for the same assignment.
const slack = 15 * time.Minute

// license returns why a license is not taken back; "" when it is.
func license(u graph.User, w migration.Write, zone *time.Location) string {
	for _, s := range u.LicenseStates {
		if !strings.EqualFold(s.SKUID, w.Target) || s.AssignedByGroup != "" {
			continue
		}
		if s.UpdatedAt.After(w.Outcome.At.Add(slack)) {
			return "it was changed since, at " + clocks.Moment(s.UpdatedAt.In(zone))
		}
		return ""
	}
	return "the user does not hold it directly any more"
}

// relied describes the later write, of another run, that relies on what this one did; "" when there is none.
func relied(w migration.Write, all []migration.Write) string {
	for _, o := range all {
		if o.Command == "run" && o.Run != w.Run && o.At.After(w.At) && o.Effect == w.Effect && strings.EqualFold(o.Target, w.Target) && w.Effect != migration.EffectImport {
			return "run " + o.Run + " did the same later and relies on it"
		}
	}
	return ""
}

// cloudPC describes what happens to the user's Cloud PCs under the row's policy.
func (p *Plan) cloudPC(pcs []graph.CloudPC, foreign bool) {
	cut := slices.ContainsFunc(p.Steps, func(s Step) bool {
		return s.Back() && (s.Did.Effect == migration.EffectLicense || s.Did.Effect == migration.EffectJoin)
	})
	for _, pc := range pcs {
		if foreign {
			break
		}
		if cut && !leaving.Ending(pc) {
			p.Ends = pc.DisplayName
		}
		p.Lasting = append(p.Lasting, fault.Remedy{Text: "Cloud PC " + pc.DisplayName + " is " + pc.Status + "; to take it away for good",
			Commands: []fault.Command{fault.NewCommand("deprovision", "--row", p.Row.Target.User, "--run", p.Row.Run)}})
	}
	used := func(s Step) bool { return s.Did.Effect == migration.EffectImport && s.Import.Fate == imports.Gone }
	if p.Row.State == migration.Succeeded && slices.ContainsFunc(p.Steps, used) { // once, however many attempts imported it
		p.Lasting = append(p.Lasting, fault.Remedy{Text: "the import was used: the disk would have to be imported again from " + p.Row.Target.Disk.Container + "/" + p.Row.Target.Disk.Name})
	}
}

// Do undoes the steps, the latest first. It may be stopped between two of them and run again. done is called with each. A
// license is assigned again only when the service has had the time to see that the user left the group, see
// [migration.LeaveLag].
func Do(ctx context.Context, w tenantcare.Writer, t Tenant, p Plan, done func(Step)) error {
	who := leaving.Person{UserID: p.Row.Target.UserID, User: p.Row.Target.User, Row: p.Row.Index}
	for _, s := range p.Steps {
		if !s.Back() {
			continue
		}
		var err error
		switch s.Did.Effect {
		case migration.EffectLicense:
			_, err = leaving.CutLicense(ctx, w, t, who, s.Did.Target)
		case migration.EffectJoin:
			_, err = leaving.CutMembership(ctx, w, t, who, s.Did.Target)
		case migration.EffectImport:
			err = imports.Remove(ctx, w, t, s.Import)
		case migration.EffectRelease:
			err = giveBack(ctx, w, t, p.Row, s.Did.Target)
		}
		if err != nil {
			return err
		}
		done(s)
	}
	return nil
}
