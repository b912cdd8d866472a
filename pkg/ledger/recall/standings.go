package recall

import (
	"context"
	"database/sql"
	"encoding/json"

	"wave365/pkg/ledger/store"
	"wave365/pkg/ledger/trail"
	"wave365/pkg/migration"
)

// Standings maps each user (object id, lower case) to their state in the runs of this ledger: that of the row that holds the
// user, else of the latest one that succeeded or failed. Rows that were skipped, deferred or cancelled do not hold their
// user, unless an import of them is in doubt.
func (l *Reader) Standings(ctx context.Context) (map[string]migration.Standing, error) {
	found := map[string]migration.Standing{}
	type of struct {
		user string
		migration.Standing
	}
	for o, err := range store.List(ctx, l.trail.DB, `SELECT r.user_id, r.run, r.state, r.target, r.facts, r.problem, r.updated_at, CASE WHEN EXISTS (
			SELECT 1 FROM intents i WHERE i.run = r.run AND i.idx = r.idx AND i.effect = ? AND (i.status IS NULL OR i.status = 'unknown')
		) THEN 1 ELSE 0 END FROM wave_rows r WHERE r.user_id <> ''`, []any{string(migration.EffectImport)}, func(scan store.Scan) (of, error) {
		var o of
		var target, facts string
		var problem sql.NullString
		var doubt int
		err := scan(&o.user, &o.Run, &o.State, &target, &facts, &problem, (*trail.Moment)(&o.At), &doubt)
		if err != nil {
			return o, err
		}
		var t migration.Target
		var f migration.Facts
		if err := json.Unmarshal([]byte(target), &t); err != nil {
			return o, err
		}
		if err := json.Unmarshal([]byte(facts), &f); err != nil {
			return o, err
		}
		if problem.Valid {
			var p migration.Problem
			if err := json.Unmarshal([]byte(problem.String), &p); err != nil {
				return o, err
			}
			o.Code = p.Code
		}
		o.User, o.UPN, o.Disk, o.Policy, o.License, o.Trigger, o.CloudPCID, o.Provisioned, o.InDoubt = t.User, t.UPN, t.Disk.URL, t.PolicyID, t.SKUID, t.Trigger, f.CloudPCID, f.Provisioned, doubt != 0
		o.Group, o.GroupName = t.GroupID, t.GroupName
		return o, nil
	}) {
		if err != nil {
			return nil, err
		}
		if !o.Holds() && o.State != migration.Succeeded && o.State != migration.Failed {
			continue
		}
		if old, ok := found[o.user]; !ok || o.Outweighs(old) {
			found[o.user] = o.Standing
		}
	}
	return found, nil
}
