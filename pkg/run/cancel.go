package run

import (
	"context"

	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
)

// Cancelled is the result of cancelling rows.
type Cancelled struct {
	// Rows is how many were cancelled.
	Rows int
	// GoOn are those that cannot be cancelled: the service is working on them, or may be.
	GoOn []migration.Row
	// Lives are the cancelled rows of which an earlier attempt has sent an import that is not known to be purged: the service may
	// still hold it.
	Lives []migration.Row
	// Away are the cancelled rows whose license was taken away for the import and has not been given back.
	Away []migration.Row
	// Named is the row of the user that was named, as it was before; nil for every row.
	Named *migration.Row
}

// Cancellable counts the rows that cancelling a whole run would cancel, and those that continue all the same, by the
// ledger. A live run may be further when it carries the request out.
func Cancellable(ctx context.Context, l *ledger.Ledger, rows []migration.Row) (giveUp, goOn int, err error) {
	for _, r := range rows {
		sent := false
		if r.Begun() && r.Cancellable() { // for the others no import was sent, or the row knows which one
			past, err := l.Intents(ctx, r.Run, r.Index)
			if err != nil {
				return 0, 0, err
			}
			sent = playbook.ImportSent(r, past)
		}
		switch r.CancelVerdict(false, sent) {
		case migration.CancelGiveUp:
			giveUp++
		case migration.CancelGoesOn:
			goOn++
		}
	}
	return giveUp, goOn, nil
}

// Cancel cancels every row, or that of one user, that has no import yet, and marks a run finished that has no open rows
// left. The session's run and rows are read again. A live run applies the same rule when asked to:
// [migration.Row.CancelVerdict].
func (s *Session) Cancel(ctx context.Context, user string) (Cancelled, error) {
	var c Cancelled
	rows := s.Rows
	if user != "" {
		i, err := RowOf(s.Rows, user)
		if err != nil {
			return c, err
		}
		rows, c.Named = s.Rows[i:i+1], &s.Rows[i]
	}
	by := s.opt.Driver.String()
	for _, r := range rows {
		if err := s.cancelRow(ctx, r, by, &c); err != nil {
			return c, err
		}
	}
	if c.Rows > 0 {
		if err := s.Note(ctx, migration.RunCancelled, rowsText(c.Rows)+", by "+by); err != nil {
			return c, err
		}
	}
	if c.Rows == 0 && len(c.GoOn) == 0 {
		return c, nil
	}
	if err := s.reload(ctx); err != nil {
		return c, err
	}
	if migration.Count(s.Rows).Open() == 0 {
		return c, s.Ledger.FinishRun(ctx, s.Run.ID, s.Now())
	}
	return c, nil
}

// cancelRow cancels one row, as far as that is possible, and counts it in c.
func (s *Session) cancelRow(ctx context.Context, r migration.Row, by string, c *Cancelled) error {
	past, err := s.Ledger.Intents(ctx, s.Run.ID, r.Index)
	if err != nil {
		return err
	}
	switch r.CancelVerdict(c.Named != nil, playbook.ImportSent(r, past)) {
	case migration.CancelEnded:
		return nil
	case migration.CancelGoesOn:
		c.GoOn = append(c.GoOn, r)
		return nil
	}
	for _, tr := range migration.GiveUp(r, "the process that worked on it ended", "cancelled by "+by, s.Now()) {
		if err := s.Ledger.Apply(ctx, tr); err != nil {
			return err
		}
	}
	c.Rows++
	if playbook.ImportKnown(past) {
		c.Lives = append(c.Lives, r)
	}
	if playbook.Released(past) {
		c.Away = append(c.Away, r)
	}
	return nil
}
