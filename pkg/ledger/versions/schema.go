// Package versions migrates the database of a ledger to the schema of this program, and refuses a newer one.
package versions

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/pressly/goose/v3"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

// VersionTable is the table in which goose records what it has applied.
const VersionTable = "schema_versions"

// Schema is the migrations of one kind of database. A version means the same in every kind.
type Schema struct {
	Goose goose.Dialect
	Files fs.FS
	// Bind is the dialect's.
	Bind func(string) string
	// Again reports whether another process was in the way, so that migrating is retried.
	Again func(error) bool
}

// Latest returns the newest version that this program knows.
func (s Schema) Latest() int64 {
	names, _ := fs.Glob(s.Files, "*.sql")
	top := int64(0)
	for _, n := range names {
		if v, err := goose.NumericComponent(n); err == nil {
			top = max(top, v)
		}
	}
	return top
}

// Migrate applies the missing migrations. If two processes open a new ledger at once, the second one's attempt fails on
// what the first has done meanwhile, and its retry finds nothing left to do.
func (s Schema) Migrate(ctx context.Context, db *sql.DB) error {
	p, err := goose.NewProvider(s.Goose, db, s.Files,
		goose.WithTableName(VersionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return err
	}
	for try := 0; ; try++ {
		_, err = p.Up(ctx)
		if err == nil || try == 3 || ctx.Err() != nil || !s.Again(err) {
			return err
		}
	}
}

// Check returns the version of a ledger's schema, and refuses one that a newer program made (Invalid, "ledger.newer").
func (s Schema) Check(ctx context.Context, db *sql.DB) (int64, error) {
	var have sql.NullInt64
	if err := db.QueryRowContext(ctx, `SELECT max(version_id) FROM `+VersionTable).Scan(&have); err != nil {
		return 0, err
	}
	if have.Int64 > s.Latest() {
		return 0, fault.New(fault.Invalid, "ledger.newer",
			fmt.Sprintf("the ledger has schema %d, and this program knows schemas up to %d", have.Int64, s.Latest()),
			"a newer wave365 wrote it: upgrade this one, or use that one")
	}
	return have.Int64, nil
}

// SyncArrows makes the table of allowed changes equal to what package migration allows. It writes only when they
// differ, so that opening a ledger does not wait for the process that writes to it.
func (s Schema) SyncArrows(ctx context.Context, db *sql.DB) error {
	want := migration.Arrows()
	have, err := readArrows(ctx, db)
	if err != nil {
		return err
	}
	same := len(have) == len(want)
	for _, a := range want {
		same = same && slices.Contains(have, a)
	}
	if same {
		return nil
	}
	insert := `INSERT INTO arrows (from_state, to_state, reason) VALUES (?, ?, ?)`
	if s.Bind != nil {
		insert = s.Bind(insert)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	_, err = tx.ExecContext(ctx, `DELETE FROM arrows`)
	for _, a := range want {
		_, e := tx.ExecContext(ctx, insert, string(a.From), string(a.To), string(a.Reason))
		err = errors.Join(err, e)
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}

func readArrows(ctx context.Context, db *sql.DB) ([]migration.Arrow, error) {
	rows, err := db.QueryContext(ctx, `SELECT from_state, to_state, reason FROM arrows`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var have []migration.Arrow
	for rows.Next() {
		var a migration.Arrow
		if err := rows.Scan(&a.From, &a.To, &a.Reason); err != nil {
			return nil, err
		}
		have = append(have, a)
	}
	return have, rows.Err()
}
