// Package closing is what is done after a wave: its user settings go back to building from images, what was left over is
// found, and what may be cleared away is cleared away on demand.
package closing

import (
	"context"
	"slices"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/closing/facts"
)

// apart is the time between the two readings that must agree, in service time.
const apart = 90 * time.Second

// Final refuses a run whose rows are not final, or held. The fault is a Conflict (close.not-final).
func Final(r facts.Record) error {
	c := migration.Count(r.Rows)
	switch {
	case c.Open() > 0:
		return fault.New(fault.Conflict, "close.not-final", "run "+r.Run.ID+" is not finished", "nothing was changed; end it, or cancel the rest", fault.NewCommand("resume").For(r.Run.ID), fault.NewCommand("cancel").For(r.Run.ID))
	case c.Held > 0:
		i := slices.IndexFunc(r.Rows, func(x migration.Row) bool { return x.State == migration.Held })
		return fault.New(fault.Conflict, "close.not-final", "the row of "+r.Rows[i].Target.User+" is held: its import may exist",
			"nothing was changed; settle it first: take the import over by its id, or say that there is none", settle(r.Rows[i], "--snapshot-id", "ID"), settle(r.Rows[i], "--no-effect"))
	}
	return nil
}

func settle(r migration.Row, args ...string) fault.Command {
	return fault.NewCommand("reconcile", append([]string{"--row", r.Target.User}, args...)...).For(r.Run)
}

// Look looks twice, apart in time, and decides. The fault is a Conflict (close.unsettled) when the two looks disagree.
func Look(ctx context.Context, clock tenantcare.Clock, t facts.Tenant, s facts.Storage, r facts.Record, o Options) (Plan, error) {
	if err := Final(r); err != nil {
		return Plan{}, err
	}
	first, err := facts.Read(ctx, t, s, r)
	if err != nil {
		return Plan{}, err
	}
	before := Decide(r, first, o)
	if before.Nothing() {
		return before, nil
	}
	if err := tenantcare.Sleep(ctx, clock, apart); err != nil {
		return Plan{}, err
	}
	second, err := facts.Read(ctx, t, s, r)
	if err != nil {
		return Plan{}, err
	}
	after := Decide(r, second, o)
	if what := disagree(before, after); what != "" {
		return after, unsettled(what)
	}
	return after, nil
}

func unsettled(what string) error {
	return fault.New(fault.Conflict, "close.unsettled", "two checks of the tenant disagree about "+what, "somebody, or the service, is changing it: run the command again; nothing was changed")
}

// disagree describes what two plans would do differently; "" when they do the same.
func disagree(a, b Plan) string {
	ids := func(p Plan) (settings, purges, blobs []string) {
		for _, s := range p.Switch {
			settings = append(settings, s.ID)
		}
		for _, v := range p.Purge {
			purges = append(purges, v.ID)
		}
		for _, x := range p.Staging {
			if x.Why == "" {
				blobs = append(blobs, x.Path+x.ETag)
			}
		}
		return settings, purges, blobs
	}
	as, ap, ab := ids(a)
	bs, bp, bb := ids(b)
	switch {
	case !slices.Equal(as, bs):
		return "the user settings"
	case !slices.Equal(ap, bp):
		return "the imports"
	case !slices.Equal(ab, bb):
		return "the staging blobs"
	}
	return ""
}
