package preflight

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"wave365/pkg/cloud/contact"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/preflight/rules"
	"wave365/pkg/wave"
)

// existing finds what already blocks a row: a Cloud PC, or an import.
func (c *check) existing(ctx context.Context) error {
	byUser := map[string][]graph.CloudPC{}
	for _, pc := range c.facts.pcs {
		if pc.Unreadable != "" && pc.UserPrincipalName == "" {
			c.flagWave("cloud.unreadable", pc.ID, "a Cloud PC's record cannot be read, so its user is not known: "+pc.Unreadable)
		}
		byUser[fold(pc.UserPrincipalName)] = append(byUser[fold(pc.UserPrincipalName)], pc)
	}
	elsewhere := c.inOtherRuns()
	// The license and the membership that it has given are its business as well.
	c.found = slices.DeleteFunc(c.found, func(f wave.Finding) bool { return f.Code == "user.already-targeted" && elsewhere[f.Line] })
	c.eachRow(func(r *row) {
		if r.user == nil || elsewhere[r.Line] {
			return
		}
		for _, pc := range byUser[fold(r.user.UPN)] {
			if rules.InTheWay(pc, r.target.PolicyID, r.plan) {
				// The license and the membership are that Cloud PC's own: to take them away would end it.
				c.found = slices.DeleteFunc(c.found, func(f wave.Finding) bool { return f.Code == "user.already-targeted" && f.Line == r.Line })
				c.flag("user.has-cloud-pc", r, "user", r.User, r.User+" has a Cloud PC already: "+pc.DisplayName+" ("+pc.Status+")"+c.replaced(r, pc))
				return
			}
		}
	})
	return c.imports(ctx, elsewhere)
}

// inOtherRuns are the lines whose users another run of this ledger has: their Cloud PCs and imports are its business, and the
// command that helps is that run's.
func (c *check) inOtherRuns() map[int]bool {
	lines := map[int]bool{}
	for _, f := range c.found {
		lines[f.Line] = lines[f.Line] || f.Code == "user.in-other-run"
	}
	return lines
}

// imports finds records of imported snapshots: those of this ledger's runs, each looked up, and, where the service can
// list them, those of other tools too. Any record is in the way, also that of a failed import. elsewhere are the lines that are
// left out.
func (c *check) imports(ctx context.Context, elsewhere map[int]bool) error {
	found, err := c.listed(ctx)
	if err != nil {
		return err
	}
	if err := c.ownImports(ctx, found); err != nil {
		return err
	}
	c.eachRow(func(r *row) {
		if r.user == nil || elsewhere[r.Line] {
			return
		}
		im, ok := found[fold(r.user.ID)]
		if !ok {
			im, ok = found[fold(r.user.UPN)]
		}
		if ok && !r.done {
			c.flag("user.has-import", r, "user", r.User, r.User+" has an imported snapshot already: "+im.SnapshotID+" ("+importText(im)+")")
			c.importRemedy(r, im)
		}
	})
	return nil
}

// listed gives the imports of the tenant, by user (id or UPN, as [fold] has it), as far as the service lists them.
func (c *check) listed(ctx context.Context) (map[string]graph.Import, error) {
	found := map[string]graph.Import{}
	all, err := c.tenant.ListImports(ctx)
	switch {
	case err == nil:
		for _, im := range all {
			found[fold(im.AssignedUser)] = im
		}
	case fault.Is(err, fault.NotFound): // most services have no such call
	case denied(err):
		return found, c.refused(err, "imports", "CloudPC.Read.All")
	default:
		// The call is undocumented: its failure proves nothing about the others, and nothing depends on it.
		if f := fault.As(err); f == nil || wide(f) || f.Code == contact.CodeUnreachable {
			return nil, err
		}
	}
	return found, nil
}

// ownImports looks up the snapshots that the ledger knows for users of this wave.
func (c *check) ownImports(ctx context.Context, found map[string]graph.Import) error {
	var users, ids []string
	asked := map[string]bool{}
	c.eachRow(func(r *row) {
		if r.user == nil || asked[fold(r.user.ID)] {
			return
		}
		user := fold(r.user.ID)
		asked[user] = true
		if _, known := found[user]; !known {
			for _, id := range c.in.LiveImports[user] {
				users, ids = append(users, user), append(ids, id)
			}
		}
	})
	answers, err := c.tenant.ImportResults(ctx, ids)
	if err != nil {
		return c.refused(err, "imports", "CloudPC.Read.All")
	}
	t := &tally{code: "user.unreadable", things: "imports of this ledger", total: len(ids)}
	for i, a := range answers {
		if err := t.add(a.Err); err != nil {
			return c.refused(err, "imports", "CloudPC.Read.All")
		}
		switch {
		case a.Err == nil:
			found[users[i]] = a.Import
		case !fault.Is(a.Err, fault.NotFound): // used up, or purged
			for _, r := range c.byID[users[i]] {
				c.unreadable("user.unreadable", r, "user", r.User, a.Err)
			}
		}
	}
	return nil
}

// importRemedy describes what to do about an import, which was flagged last: who owns it, and whether purge removes it.
func (c *check) importRemedy(r *row, im graph.Import) {
	f := c.last
	own := slices.ContainsFunc(c.in.LiveImports[fold(r.user.ID)], func(id string) bool { return strings.EqualFold(id, im.SnapshotID) })
	switch {
	case strings.EqualFold(im.Usage, graph.UsageInUse):
		f.Hint = "a Cloud PC is built from it, or was: nothing is to be purged. Ask the user and whoever sent the import, and remove the row from the wave"
		f.Commands = []fault.Command{fault.NewCommand("cloudpc list", "--user", cmp.Or(r.target.UPN, r.User))}
	case im.Status != graph.ImportSucceeded && im.Status != graph.ImportFailed && own:
		f.Hint, f.Commands = "a run of this ledger sent it, and it is under way: leave the row to that run", []fault.Command{fault.NewCommand("status")}
	case im.Status != graph.ImportSucceeded && im.Status != graph.ImportFailed:
		f.Hint, f.Commands = "it is under way and cannot be purged: ask who sent it (another ledger, a colleague), and validate again once it has ended", nil
	case own:
		f.Hint = "a run of this ledger sent it: leave the row to that run (retry), or purge the import when the row now names another disk, group or license"
		f.Commands = []fault.Command{fault.NewCommand("purge", "--id", im.SnapshotID)}
	default:
		f.Hint = "ask who sent it (another ledger, a colleague); if it is not wanted, purge it while it is unused"
		f.Commands = []fault.Command{fault.NewCommand("purge", "--id", im.SnapshotID, "--foreign")}
	}
}

func importText(im graph.Import) string {
	if im.Status == graph.ImportSucceeded {
		return im.Status + ", " + cmp.Or(im.Usage, "usage unknown")
	}
	return cmp.Or(im.Status, "state unknown")
}
