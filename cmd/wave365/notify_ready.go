package main

import (
	"context"
	"slices"
	"strings"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/notify"
)

// stillReady leaves out the messages "ready" about a Cloud PC that is not there as the run proved it: it was ended since, or
// provisioned again. gone are their users. It asks the tenant, since a run may have ended weeks ago.
func (t *afterwards) stillReady(ctx context.Context, messages []notify.Message) (left []notify.Message, gone []string, err error) {
	rows := map[int]migration.Row{}
	var names []string
	for _, m := range messages {
		i := slices.IndexFunc(t.Rows, func(r migration.Row) bool { return r.Index == m.Row })
		if m.Event == notify.Ready && i >= 0 {
			rows[m.Row] = t.Rows[i]
			names = append(names, t.Rows[i].Names()...)
		}
	}
	if len(names) == 0 {
		return messages, nil, nil
	}
	pcs, err := t.conn.graph.CloudPCsOf(ctx, names)
	if err != nil {
		return nil, nil, err
	}
	for _, m := range messages {
		r, about := rows[m.Row]
		if about && !slices.ContainsFunc(pcs, func(pc graph.CloudPC) bool { return r.Facts.Proven(pc.ID, pc.ProvisionedAt) && !onItsWayOut(pc) }) {
			gone = append(gone, m.User)
			continue
		}
		left = append(left, m)
	}
	return left, gone, nil
}

// onItsWayOut reports whether a Cloud PC is on its way out, or has no machine any more.
func onItsWayOut(pc graph.CloudPC) bool {
	return slices.ContainsFunc([]string{graph.StatusNotProvisioned, graph.StatusInGracePeriod, graph.StatusDeprovisioning}, func(s string) bool { return strings.EqualFold(pc.Status, s) })
}
