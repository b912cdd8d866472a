package simtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/migration"
)

// otherDisk is an edit of the line of a row that failed: the new attempt is about another disk. otherEnd is the end of its name.
const (
	otherDisk = "resume --accept-changes, with another disk for a failed row"
	otherEnd  = "-other.vhd"
)

// replaceDisks draws such edits in every fifth story whose operator does not edit otherwise.
func (s *story) replaceDisks(r *rand.Rand) {
	if r.IntN(5) > 0 || s.late > 0 || s.forgets() || len(s.further) > 0 || len(s.cares) > 0 {
		return
	}
	for range 1 + r.IntN(2) {
		s.ends = append(s.ends, ending{before: []act{{otherDisk, r.IntN(1 << 30)}, {otherDisk, r.IntN(1 << 30)}, {settleAll, 0}, {retryAll, 0}}})
	}
}

// replaceDisk gives one of the rows that failed, and begin anew, a new attempt with another disk.
func (w *world) replaceDisk(rows []migration.Row, a act, b *blob.Client) error {
	for _, i := range chosen(rows, true, a.n, func(r migration.Row) bool { return r.BeginsAnew() && r.Target.DiskSince == 0 }) {
		target := rows[i].Target
		target.Disk.URL = strings.TrimSuffix(target.Disk.URL, ".vhd") + otherEnd
		target.Disk.Name = strings.TrimSuffix(target.Disk.Name, ".vhd") + otherEnd
		ref, err := bloburl.Parse(target.Disk.URL, b.Root())
		if err != nil {
			return err
		}
		p, err := b.Properties(context.Background(), ref)
		if err != nil {
			return nil //nolint:nilerr // the faults kept the storage account from answering: the operator leaves it
		}
		target.Disk.ETag, target.Disk.Length = p.ETag, p.Length
		if err := w.store.Apply(context.Background(), migration.RetryEdited(rows[i], target, rows[i].Input, true, "another disk", w.clock.Now())); err != nil {
			return err
		}
		w.deeds.replaced[i] = true
	}
	return nil
}

// checkDisk wants a row that has another disk since one of its attempts to have succeeded with an import of that disk.
func (w *world) checkDisk(r migration.Row, intents []migration.Intent) error {
	if !w.deeds.replaced[r.Index] || r.State != migration.Succeeded {
		return nil
	}
	own := slices.ContainsFunc(intents, func(in migration.Intent) bool {
		return in.Effect == migration.EffectImport && in.Attempt >= r.Target.DiskSince && in.Outcome != nil && strings.EqualFold(in.Outcome.RemoteID, r.Facts.SnapshotID)
	})
	if r.Target.DiskSince == 0 || !own || !strings.HasSuffix(r.Target.Disk.URL, otherEnd) {
		return fmt.Errorf("it succeeded with import %s, which is not of the disk that it has since attempt %d: %+v", r.Facts.SnapshotID, r.Target.DiskSince, intents)
	}
	return nil
}

// replacedEnds is how a row may end because its disk is a different one since it failed, besides how it ends without.
func (w *world) replacedEnds(p person, row int) []string {
	if !w.deeds.replaced[row] {
		return nil
	}
	return []string{"failed import.earlier-disk", "held import.earlier-disk", "succeeded", "succeeded with warnings", "failed " + p.code}
}
