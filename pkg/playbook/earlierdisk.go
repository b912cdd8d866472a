package playbook

import (
	"strings"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
)

// codeEarlierDisk is the problem of a row that has another disk by an edit of its line, while the import of the disk that it
// had before is there, or may be.
const codeEarlierDisk = "import.earlier-disk"

// earlierDisk prevents a row that has another disk now from adopting an import of its earlier disk: the Cloud PC would be
// another machine than the ledger records. state describes that import. Nil: the row's latest import, if one exists or may
// exist, is of its present disk.
func (b *Playbook) earlierDisk(r migration.Row, past []migration.Intent, state string) stop {
	last := lastImport(past)
	if wouldSend(past) || !ofEarlierDisk(r, *last) {
		return nil
	}
	user := r.Target.User
	if undecided(*last) {
		res := migration.Unknown(r.Facts, migration.Problem{
			Code:    codeEarlierDisk,
			Message: "the answer to the import of the disk that the line of " + user + " named before was lost: it may be in the tenant",
			Hint: "find out whether the tenant has an import for this user (client-request-id " + last.ClientRequestID + "). When it has, purge it while it is unused; " +
				"when none is left, say so: then the other disk is imported",
			Commands: append([]fault.Command{fault.NewCommand("purge", "--id", "ID", "--foreign")}, reconcile(r, "--no-effect")...),
		})
		return &res
	}
	id := last.Outcome.RemoteID
	res := b.confirmTwice(r, r.Facts, "import "+id+" of the earlier disk "+state, func(f migration.Facts) migration.Result {
		return migration.Failure(f, migration.Problem{
			Code:    codeEarlierDisk,
			Message: "import " + id + " is of the disk that the line of " + user + " named before, and " + state,
			Hint: "the other disk is not imported while that one can become, or is, a Cloud PC: purge the import once it has ended, while it is unused, then retry; " +
				"when a Cloud PC is built from it, or was, that is for " + user + " and the Windows 365 administrator to decide",
			Commands: append([]fault.Command{fault.NewCommand("purge", "--id", id)}, retry()...),
		})
	})
	return &res
}

// ofEarlierDisk reports whether an import was sent before the row got the disk that it has.
func ofEarlierDisk(r migration.Row, in migration.Intent) bool { return in.Attempt < r.Target.DiskSince }

// importOfEarlierDisk reports whether an import that was found in the tenant, by this id, is, or may be, one that was sent
// before the row got the disk that it has.
func importOfEarlierDisk(r migration.Row, past []migration.Intent, im graph.Import, id string) bool {
	for _, in := range past {
		if in.Effect != migration.EffectImport {
			continue
		}
		if ofEarlierDisk(r, in) {
			if undecided(in) || strings.EqualFold(in.Outcome.RemoteID, id) {
				return true
			}
			continue
		}
		// The first one of this disk: what began before it is of another.
		return r.Target.DiskSince > 0 && !im.StartedAt.IsZero() && im.StartedAt.Before(in.At.Add(-clockSkew))
	}
	return false
}
