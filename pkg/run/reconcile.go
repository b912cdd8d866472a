package run

import (
	"context"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
)

// HeldRow returns the held row of a user, which may be settled. snapshotID, when not empty, must not be another row's:
// Conflict ("reconcile.taken"). A row that is not held is a Conflict too.
func (s *Session) HeldRow(user, snapshotID string) (migration.Row, error) {
	i, err := RowOf(s.Rows, user)
	if err != nil {
		return migration.Row{}, err
	}
	row := s.Rows[i]
	for _, other := range s.Rows {
		if snapshotID != "" && other.Index != row.Index && other.Facts.SnapshotID == snapshotID {
			return row, fault.New(fault.Conflict, "reconcile.taken", "import "+snapshotID+" is that of "+other.Target.User+" in this run", "nothing was changed: look up the right id")
		}
	}
	if p := row.Problem; snapshotID != "" && row.State == migration.Failed && p != nil && p.Code == "import.exists" {
		return row, fault.New(fault.Conflict, "reconcile.not-held", "the row of "+row.Target.User+" is failed, not held: it cannot continue with an import any more",
			"if import "+snapshotID+" is the one that the service means, purge it, and retry to import again",
			fault.NewCommand("purge", "--id", snapshotID, "--foreign"), fault.NewCommand("retry", "--row", row.Target.User).For(row.Run))
	}
	return row, playbook.Settleable(row)
}

// Reconcile settles a held row: by the import with this id, which is read back, or, when the id is empty, by the
// driver's statement that there is none. It returns the updated row.
func (s *Session) Reconcile(ctx context.Context, row migration.Row, snapshotID string) (migration.Row, error) {
	book, who := s.playbook(), s.opt.Driver.String()
	settle := func() (migration.Transition, error) { return book.Adopt(ctx, row, snapshotID, who) }
	if snapshotID == "" {
		settle = func() (migration.Transition, error) { return book.NoEffect(ctx, row, who) }
	}
	tr, err := settle()
	if err != nil {
		return row, err
	}
	if err := s.Ledger.ReopenRun(ctx, s.Run.ID); err != nil {
		return row, err
	}
	return tr.To(), s.Ledger.Apply(ctx, tr)
}
