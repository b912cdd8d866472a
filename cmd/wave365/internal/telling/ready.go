package telling

import (
	"context"
	"slices"
	"strings"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/notify"
)

// NotReady is why a user is not notified that their Cloud PC is ready.
const NotReady = "the Cloud PC is not there as this run proved it (ended, or provisioned again since)"

// StillReady removes the messages "ready" about a Cloud PC that is not there as the run proved it: it was ended since, or
// provisioned again. gone are their users. It reads the tenant, since a run may have ended weeks ago.
func StillReady(ctx context.Context, g *graph.Client, rows []migration.Row, messages []notify.Message) (left, gone []notify.Message, err error) {
	byIndex := make(map[int]*migration.Row, len(rows))
	for i := range rows {
		byIndex[rows[i].Index] = &rows[i]
	}
	var about []*migration.Row
	for _, m := range messages {
		if r := byIndex[m.Row]; m.Event == notify.Ready && r != nil {
			about = append(about, r)
		}
	}
	there, err := provenThere(ctx, g, about)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range messages {
		if m.Event == notify.Ready && byIndex[m.Row] != nil && !there[m.Row] {
			gone = append(gone, m)
			continue
		}
		left = append(left, m)
	}
	return left, gone, nil
}

// provenThere reports for which rows, by index, the Cloud PC is there as the run proved it. One that is not listed under the names
// that the run knew is looked up under its user's current name.
func provenThere(ctx context.Context, g *graph.Client, rows []*migration.Row) (there map[int]bool, err error) {
	there = map[int]bool{}
	look := func(names []string) error {
		if len(names) == 0 {
			return nil
		}
		pcs, err := g.CloudPCsOf(ctx, names)
		byID := make(map[string]graph.CloudPC, len(pcs))
		for _, pc := range pcs {
			byID[strings.ToLower(pc.ID)] = pc
		}
		for _, r := range rows {
			if pc, ok := byID[strings.ToLower(r.Facts.CloudPCID)]; ok && r.Facts.Proven(pc.ID, pc.ProvisionedAt) && !onItsWayOut(pc) {
				there[r.Index] = true
			}
		}
		return err
	}
	var names, ids []string
	for _, r := range rows {
		names = append(names, r.Names()...)
	}
	if err := look(names); err != nil {
		return nil, err
	}
	for _, r := range rows {
		if !there[r.Index] {
			ids = append(ids, r.Target.UserID)
		}
	}
	if len(ids) == 0 {
		return there, nil
	}
	users, err := g.UsersTogether(ctx, ids)
	if err != nil {
		return nil, err
	}
	names = nil
	for _, u := range users {
		if u.Err == nil { // a deleted user has no name
			names = append(names, u.User.UPN)
		}
	}
	return there, look(names)
}

// onItsWayOut reports whether a Cloud PC is being removed, or has no machine any more.
func onItsWayOut(pc graph.CloudPC) bool {
	return slices.ContainsFunc([]string{graph.StatusNotProvisioned, graph.StatusInGracePeriod, graph.StatusDeprovisioning}, func(s string) bool { return strings.EqualFold(pc.Status, s) })
}
