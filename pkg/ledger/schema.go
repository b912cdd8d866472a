package ledger

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"time"

	"github.com/pressly/goose/v3"

	"wave365/pkg/fault"
	"wave365/pkg/migration"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versionTable is where goose keeps what it has applied.
const versionTable = "schema_versions"

// prepare brings a file that is ours to the present schema: header, log mode, health, migrations, arrows.
func prepare(ctx context.Context, db *sql.DB, fresh, thorough bool) error {
	if fresh {
		// Before the log is switched on, so that the mark is in the file itself from its first page on.
		if _, err := db.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d", applicationID)); err != nil {
			return classify(err, "mark the ledger's file")
		}
	}
	mode, err := switchOnLog(ctx, db)
	if err != nil {
		return classify(err, "switch on the ledger's log")
	}
	if mode != "wal" {
		return fault.New(fault.Invalid, "ledger.place", "the ledger's folder does not allow a write-ahead log (the file stays in mode "+mode+")",
			"put the ledger on a local disk with --ledger")
	}
	most := int64(checkAll)
	if thorough {
		most = math.MaxInt64
	}
	if err := checkHealth(ctx, db, most); err != nil {
		return err
	}
	if err := migrate(ctx, db); err != nil {
		return err
	}
	return syncArrows(ctx, db)
}

// switchOnLog answers the mode that the file has then. Switching needs the file for itself for a moment, and SQLite does
// not wait for that, busy_timeout or not: a process that opens the new file too is waited out here.
func switchOnLog(ctx context.Context, db *sql.DB) (mode string, err error) {
	const pause, most = 20 * time.Millisecond, 250
	for try := 0; ; try++ {
		err = db.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
		if !isBusy(err) || try == most {
			return mode, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return mode, ctx.Err()
		}
	}
}

// checkAll is the size in bytes up to which every page of the file is checked at open.
const checkAll = 64 << 20

// checkHealth lets SQLite look at the structure of every page. In a file larger than most bytes it leaves out what a large
// run must not wait for: the rows, which are checked by reading them all, and the audit, which bears hashes of its own.
func checkHealth(ctx context.Context, db *sql.DB, most int64) error {
	var size int64
	err := db.QueryRowContext(ctx, `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`).Scan(&size)
	if err != nil {
		return classify(err, "check the ledger")
	}
	checks := []string{"PRAGMA quick_check(1)"}
	if size > most {
		checks = checks[:0]
		for _, table := range []string{"runs", "intents", "findings", "arrows", "holder"} {
			checks = append(checks, "PRAGMA quick_check("+table+")")
		}
	}
	for _, check := range checks {
		var found string
		if err := db.QueryRowContext(ctx, check).Scan(&found); err != nil {
			return classify(err, "check the ledger")
		}
		if found != "ok" {
			return fault.New(fault.Internal, codeDamaged, "the ledger's file is damaged: "+found, "")
		}
	}
	return nil
}

// migrate applies what is missing. Two processes may open a new file at once: the second one's attempt fails on what
// the first has done meanwhile, and finds nothing left to do when it looks again.
func migrate(ctx context.Context, db *sql.DB) error {
	if err := checkVersion(ctx, db); err != nil {
		return err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return classify(err, "read the ledger's schema")
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithTableName(versionTable), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return classify(err, "read the ledger's schema")
	}
	for try := 0; ; try++ {
		_, err = p.Up(ctx)
		if err == nil || try == 3 || ctx.Err() != nil {
			return classify(err, "bring the ledger to this version")
		}
		if undone(err) && !isBusy(err) {
			return classify(err, "bring the ledger to this version")
		}
	}
}

// latest is the newest schema this program knows.
func latest() int64 {
	names, _ := fs.Glob(migrations, "migrations/*.sql")
	top := int64(0)
	for _, n := range names {
		if v, err := goose.NumericComponent(n); err == nil {
			top = max(top, v)
		}
	}
	return top
}

// checkVersion refuses a file whose schema a newer program made. A file without schema passes.
func checkVersion(ctx context.Context, db *sql.DB) error {
	var tables int
	err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = ?`, versionTable).Scan(&tables)
	if err != nil {
		return classify(err, "read the ledger's version")
	}
	if tables == 0 {
		return nil
	}
	var have sql.NullInt64
	if err := db.QueryRowContext(ctx, `SELECT max(version_id) FROM `+versionTable).Scan(&have); err != nil {
		return classify(err, "read the ledger's version")
	}
	if have.Int64 > latest() {
		return fault.New(fault.Invalid, "ledger.newer",
			fmt.Sprintf("the ledger has schema %d, and this program knows schemas up to %d", have.Int64, latest()),
			"a newer wave365 wrote it: upgrade this one, or use that one")
	}
	return nil
}

// syncArrows makes the table of allowed changes equal to what package migration allows. It writes only when they
// differ, so that opening a ledger does not wait for the process that writes to it.
func syncArrows(ctx context.Context, db *sql.DB) error {
	want := migration.Arrows()
	have, err := readArrows(ctx, db)
	if err != nil {
		return classify(err, "read the ledger's rules")
	}
	same := len(have) == len(want)
	for _, a := range want {
		same = same && slices.Contains(have, a)
	}
	if same {
		return nil
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return classify(err, "write the ledger's rules")
	}
	defer tx.Rollback()
	_, err = tx.ExecContext(ctx, `DELETE FROM arrows`)
	for _, a := range want {
		_, e := tx.ExecContext(ctx, `INSERT INTO arrows (from_state, to_state, reason) VALUES (?, ?, ?)`,
			string(a.From), string(a.To), string(a.Reason))
		err = errors.Join(err, e)
	}
	if err == nil {
		err = tx.Commit()
	}
	return classify(err, "write the ledger's rules")
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
