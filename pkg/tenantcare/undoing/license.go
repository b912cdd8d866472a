package undoing

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/leaving"
)

// release judges that the run took the license away for the import; false: there is nothing to say, because the run gave it
// back, or there is a later step about it. p has the steps that were done after it.
func (p *Plan) release(ctx context.Context, t Tenant, user graph.User, w migration.Write) (Step, bool, error) {
	if slices.ContainsFunc(p.Steps, func(o Step) bool {
		return (o.Did.Effect == migration.EffectLicense || o.Did.Effect == migration.EffectRelease) && strings.EqualFold(o.Did.Target, w.Target)
	}) {
		return Step{}, false, nil
	}
	name := cmp.Or(p.Row.Target.SKUName, w.Target)
	s := Step{Did: w, What: "took the license " + name + " away", Undone: "gave the license " + name + " back"}
	if leaving.Direct(user, w.Target) {
		s.Why = "the user holds it again"
		return s, true, nil
	}
	if p.Leaves() {
		return s, true, nil
	}
	in, err := t.IsMember(ctx, p.Row.Target.GroupID, user.ID)
	if fault.Is(err, fault.NotFound) {
		return s, true, nil // a deleted group has no members
	}
	if in {
		s.Why = "the user stays in group " + cmp.Or(p.Row.Target.GroupName, p.Row.Target.GroupID) + ": with the license a Cloud PC would be built"
	}
	return s, true, err
}

// seats refuses to undo anything when a license is to be assigned again at the end and no seat of it is free: the user
// would be left without import, membership and license. The seat is not reserved until then; one that is lost meanwhile
// fails giveBack.
func (p Plan) seats(ctx context.Context, t Tenant) error {
	for _, s := range p.Steps {
		if s.Did.Effect != migration.EffectRelease || !s.Back() {
			continue
		}
		free, err := seatFree(ctx, t, s.Did.Target)
		if err != nil {
			return err
		}
		if free {
			continue
		}
		name, who := cmp.Or(p.Row.Target.SKUName, s.Did.Target), p.Row.Target.User
		return fault.New(fault.Conflict, "undo.refused", "no seat of "+name+" is free: the license that the run took from "+who+" for the import cannot be given back",
			"nothing was changed; free a seat or buy one, then run the command again", fault.NewCommand("license", "list"), fault.NewCommand("undo", "--row", who).For(p.Row.Run))
	}
	return nil
}

func seatFree(ctx context.Context, t Tenant, sku string) (bool, error) {
	skus, err := t.SubscribedSKUs(ctx)
	return slices.ContainsFunc(skus, func(k graph.SKU) bool { return strings.EqualFold(k.ID, sku) && k.Free() > 0 }), err
}

// giveBack assigns the license again, once the service has seen that the user is no longer in the group: it waits for
// that.
func giveBack(ctx context.Context, w tenantcare.Writer, t Tenant, row migration.Row, sku string) error {
	left, err := lastLeft(ctx, w.Journal, row)
	if err != nil {
		return err
	}
	if wait := left.Add(migration.LeaveLag).Sub(w.Clock.Now()); wait > 0 {
		if err := tenantcare.Sleep(ctx, w.Clock, wait); err != nil {
			return err
		}
	}
	in, err := t.IsMember(ctx, row.Target.GroupID, row.Target.UserID)
	if err != nil && !fault.Is(err, fault.NotFound) { // a deleted group has no members
		return err
	}
	if in {
		return fault.New(fault.Conflict, "undo.refused", row.Target.User+" is in group "+cmp.Or(row.Target.GroupName, row.Target.GroupID)+
			" still, or again: with the license a Cloud PC would be built from the image", "run the command again once the user is out of the group")
	}
	_, err = w.Do(ctx, tenantcare.Effect{
		Write:   migration.Write{Effect: tenantcare.LicenseAssign, Target: sku, UserID: row.Target.UserID, User: row.Target.User, Row: row.Index},
		Present: leaving.LicenseHeld(t, row.Target.UserID, sku),
		Call:    func(ctx context.Context) (string, error) { return sku, t.AssignLicense(ctx, row.Target.UserID, sku) },
	})
	if fault.CodeOf(err) == graph.CodeRefused { // its last seat went while the membership was waited for
		if free, e := seatFree(ctx, t, sku); e == nil && !free {
			name, who := cmp.Or(row.Target.SKUName, sku), row.Target.User
			return fault.Wrap(fault.Conflict, "undo.refused", "somebody took the last seat of "+name+" meanwhile: "+who+" does not have the license back yet",
				"free a seat or buy one, then run the command again: it continues by giving the license back", err, fault.NewCommand("license", "list"), fault.NewCommand("undo", "--row", who).For(row.Run))
		}
	}
	return err
}

// lastLeft is when this ledger last took the user out of the row's group; zero: never.
func lastLeft(ctx context.Context, j tenantcare.Journal, row migration.Row) (time.Time, error) {
	past, err := j.Writes(context.WithoutCancel(ctx), migration.WriteFilter{UserID: row.Target.UserID, Target: row.Target.GroupID})
	var last time.Time
	for _, w := range past {
		if w.Effect == tenantcare.GroupLeave && w.Changed() && w.Outcome.At.After(last) {
			last = w.Outcome.At
		}
	}
	return last, err
}
