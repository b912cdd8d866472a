package playbook

import (
	"context"
	"strings"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

const (
	lostAnswer = "the answer to the import was lost"
	// lostPatience is how long the tenant's records are searched for an import whose answer was lost: they lag.
	lostPatience = 10 * time.Minute
	// clockSkew is how much our clock may be ahead of the service's.
	clockSkew = 5 * time.Minute
)

// lostImport handles an import of unknown outcome: it is looked for a while, then the row is held. It is never sent
// again.
func (b *Book) lostImport(r migration.Row, err error) migration.Result {
	f, now := r.Facts, b.clock.Now()
	if f.Suspect != lostAnswer {
		f.Suspect, f.SuspectAt = lostAnswer, now
	}
	if now.Sub(f.SuspectAt) < lostPatience {
		return migration.Wait(f, time.Minute, lostAnswer+": looking for it in the tenant")
	}
	p := migration.ProblemOf(err, "import.unknown", "import for "+r.Target.User)
	p.Hint = "find out whether the tenant has an import for this user: look in the Intune audit log, or ask Microsoft support with the client-request-id. " +
		"The row stays as it is; no second import is sent"
	return migration.Unknown(f, p)
}

// findImport looks for the import of a lost answer: in the audit log by the client-request-id that the call carried,
// then in the list of imports, where the service has one. Neither is documented to show imports, so not finding it
// proves nothing. What is found must belong to the row's user.
func (b *Book) findImport(ctx context.Context, t migration.Target, lost *migration.Intent) (id, seen string, ok bool, err error) {
	if lost == nil {
		return "", "", false, nil
	}
	since := lost.At.Add(-clockSkew).UTC()
	events, err := b.graph.AuditEvents(ctx, "activityDateTime ge "+since.Format(time.RFC3339))
	if err != nil && !absent(err) {
		return "", "", false, err
	}
	for _, e := range events {
		if !strings.EqualFold(e.CorrelationID, lost.ClientRequestID) {
			continue
		}
		for _, res := range e.Resources {
			im, err := b.graph.ImportResult(ctx, res.ID)
			if err == nil && assigned(im.AssignedUser, t) {
				return im.SnapshotID, "found in the audit log by its client-request-id", true, nil
			}
			if err != nil && !absent(err) {
				return "", "", false, err
			}
		}
	}
	imports, err := b.graph.ListImports(ctx)
	if err != nil && !absent(err) {
		return "", "", false, err
	}
	var mine []graph.Import
	for _, im := range imports {
		if assigned(im.AssignedUser, t) && !im.StartedAt.Before(since) {
			mine = append(mine, im)
		}
	}
	if len(mine) == 1 {
		return mine[0].SnapshotID, "found in the list of imports", true, nil
	}
	return "", "", false, nil
}

// absent reports whether a record, or the call itself, does not exist here, or may not be read.
func absent(err error) bool {
	return fault.Is(err, fault.NotFound) || fault.Is(err, fault.Invalid) || fault.Is(err, fault.Denied)
}
