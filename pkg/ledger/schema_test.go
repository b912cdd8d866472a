package ledger_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
)

// raw opens the file directly, as somebody with an SQL shell would.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	if homeURL != "" {
		return rawPostgres(t, path)
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: "_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)"}
	db, err := sql.Open("sqlite", u.String())
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// put sets row idx to a state without the triggers, so that every arrow can be tried from its start.
func put(t *testing.T, db *sql.DB, idx int, state migration.State) {
	t.Helper()
	ctx := t.Context()
	c, err := db.Conn(ctx)
	must(t, err)
	defer c.Close()
	finished := "NULL"
	if state.Final() {
		finished = "'2026-05-08T18:00:00.000000000Z'"
	}
	_, err = c.ExecContext(ctx, fmt.Sprintf(`INSERT INTO arrows SELECT state, '%s', 'test' FROM wave_rows WHERE idx = %d ON CONFLICT DO NOTHING`, state, idx))
	must(t, err)
	_, err = c.ExecContext(ctx, fmt.Sprintf(`UPDATE wave_rows SET state = '%s', reason = 'test', version = version + 1, finished_at = %s WHERE idx = %d`,
		state, finished, idx))
	must(t, err)
	_, err = c.ExecContext(ctx, `DELETE FROM arrows WHERE reason = 'test'`)
	must(t, err)
}

// TestArrows tries every change of state in plain SQL: the database accepts the listed ones and no other.
func TestArrows(t *testing.T) {
	t.Parallel()
	l, _ := begin(t, 1)
	db := raw(t, l.Path())
	reasons := []migration.Reason{"", "no-such-reason"}
	for _, a := range migration.Arrows() {
		if !slices.Contains(reasons, a.Reason) {
			reasons = append(reasons, a.Reason)
		}
	}
	passed := 0
	for _, from := range migration.States() {
		put(t, db, 0, from)
		for _, to := range append(migration.States(), "lost") {
			for _, why := range reasons {
				finished := "NULL"
				if to.Final() {
					finished = "'2026-05-08T19:00:00.000000000Z'"
				}
				tx, err := db.Begin()
				must(t, err)
				_, err = tx.Exec(fmt.Sprintf(`UPDATE wave_rows SET state = '%s', reason = '%s', version = version + 1, finished_at = %s WHERE idx = 0`,
					to, why, finished))
				must(t, tx.Rollback())
				allowed := slices.Contains(migration.Arrows(), migration.Arrow{From: from, To: to, Reason: why})
				if (err == nil) != allowed {
					t.Errorf("%s → %s (%s): error %v, allowed %v", from, to, why, err, allowed)
				}
				if err == nil {
					passed++
				}
			}
		}
	}
	if passed != len(migration.Arrows()) {
		t.Errorf("%d changes passed, want the %d arrows", passed, len(migration.Arrows()))
	}
}

// TestDatabaseRefuses lists what the schema refuses from any client.
func TestDatabaseRefuses(t *testing.T) {
	t.Parallel()
	l, rows := begin(t, 2)
	ctx := t.Context()
	in, err := l.Intend(ctx, migration.Intent{Run: "r1", Row: 0, Attempt: 1, Effect: migration.EffectImport, ClientRequestID: "c1"})
	must(t, err)
	must(t, l.Conclude(ctx, in, migration.Outcome{Status: migration.OutcomeDone}))
	must(t, l.Apply(ctx, migration.Claim(rows[0], evening)))
	db := raw(t, l.Path())
	const claim = `UPDATE wave_rows SET state = 'running', reason = 'claimed', `
	for name, q := range map[string]string{
		"version stands":        claim + `note = '' WHERE idx = 1`,
		"version jumps":         claim + `version = version + 2 WHERE idx = 1`,
		"unknown state":         `INSERT INTO wave_rows SELECT 99, run, 99, 'x', 0, 'lost', step, reason, note, 1, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, facts, target, input FROM wave_rows WHERE idx = 0`,
		"born running":          `INSERT INTO wave_rows SELECT 99, run, 99, 'x', 0, 'running', step, reason, note, 1, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, facts, target, input FROM wave_rows WHERE idx = 0`,
		"born again":            `INSERT OR REPLACE INTO wave_rows SELECT 99, run, idx, 'x', 0, 'pending', step, reason, note, 1, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, facts, target, input FROM wave_rows WHERE idx = 0`,
		"finished while open":   claim + `version = version + 1, finished_at = 'x' WHERE idx = 1`,
		"skipped without end":   `UPDATE wave_rows SET state = 'skipped', reason = 'finding', version = version + 1 WHERE idx = 1`,
		"target changed":        `UPDATE wave_rows SET target = '{}' WHERE idx = 1`,
		"user changed":          `UPDATE wave_rows SET user_id = 'x' WHERE idx = 1`,
		"row deleted":           `DELETE FROM wave_rows WHERE idx = 1`,
		"run deleted":           `DELETE FROM runs`,
		"run rewritten":         `UPDATE runs SET body = '{}'`,
		"run finished too soon": `UPDATE runs SET state = 'finished', finished_at = 'x'`,
		"audit changed":         `UPDATE audit SET body = '{}' WHERE seq = 1`,
		"audit deleted":         `DELETE FROM audit WHERE seq = 1`,
		"audit replaced":        `INSERT OR REPLACE INTO audit SELECT 1, at, kind, run, idx, '{}', prev, hash FROM audit WHERE seq = 1`,
		"audit with a gap":      `INSERT INTO audit SELECT 1000, at, kind, run, idx, body, prev, hash FROM audit WHERE seq = 1`,
		"outcome changed":       `UPDATE intents SET status = 'refused'`,
		"outcome taken back":    `UPDATE intents SET status = NULL, concluded_at = NULL`,
		"intent rewritten":      `UPDATE intents SET subject = 'x'`,
		"intent deleted":        `DELETE FROM intents`,
		"intent born concluded": `INSERT INTO intents SELECT 99, run, 1, 1, 'group.join', '', '', at, 'done', '', '', '', at, 0 FROM intents`,
		"unknown outcome":       `INSERT INTO intents SELECT 99, run, 1, 1, 'group.join', '', '', at, 'maybe', '', '', '', at, 0 FROM intents`,
		"two open imports":      `INSERT INTO intents (id, run, idx, attempt, effect, client_request_id, subject, at) SELECT id + v, run, 1, 1, effect, '', '', at FROM intents, (SELECT 1 AS v UNION ALL SELECT 2) AS two`,
		"epoch lowered":         `UPDATE fence SET epoch = epoch`,
		"text in a number":      claim + `version = 'two' WHERE idx = 1`,
	} {
		if homeURL != "" {
			if strings.Contains(q, "OR REPLACE") {
				continue // SQLite's own way around a trigger
			}
			q = strings.Replace(q, "'', '', '', at, 0 FROM", "'', '', '', 0, at FROM", 1) // the column was added later there
		}
		_, err := db.ExecContext(ctx, q)
		switch {
		case err == nil:
			t.Errorf("%s: the database took it", name)
		case strings.Contains(err.Error(), "syntax error at"), strings.Contains(err.Error(), "no such"), strings.Contains(err.Error(), "columns"):
			t.Errorf("%s: the test is wrong: %v", name, err)
		}
	}
	must(t, ledger.VerifyChain(l.Audit(ctx, "")))
}

// TestSchemaKnowsTheStates checks that the CHECKs of the schema match package migration.
func TestSchemaKnowsTheStates(t *testing.T) {
	t.Parallel()
	l := open(t)
	var text string
	must(t, raw(t, l.Path()).QueryRow(`SELECT sql FROM sqlite_schema WHERE name = 'wave_rows'`).Scan(&text))
	all, final, _ := strings.Cut(text[strings.Index(text, "CHECK (state IN"):], "CHECK ((state IN")
	for _, s := range migration.States() {
		quoted := fmt.Sprintf("'%s'", s)
		if !strings.Contains(all, quoted) {
			t.Errorf("the schema does not list the state %s", s)
		}
		if strings.Contains(final, quoted) != s.Final() {
			t.Errorf("%s: final in the schema %v, in package migration %v", s, !s.Final(), s.Final())
		}
	}
}

func TestOpenFillsTheArrowsAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := ledger.Open(t.Context(), path, ledger.Options{})
	must(t, err)
	must(t, l.Close())
	db := raw(t, path)
	_, err = db.Exec(`DELETE FROM arrows WHERE reason = 'claimed'`)
	must(t, err)
	_, err = db.Exec(`INSERT INTO arrows VALUES ('failed', 'succeeded', 'wished')`)
	must(t, err)
	must(t, db.Close())
	openAt(t, path, ledger.Options{})
	rows, err := raw(t, path).Query(`SELECT from_state, to_state, reason FROM arrows`)
	must(t, err)
	defer rows.Close()
	n := 0
	for rows.Next() {
		var a migration.Arrow
		must(t, rows.Scan(&a.From, &a.To, &a.Reason))
		if !slices.Contains(migration.Arrows(), a) {
			t.Errorf("the database allows %v", a)
		}
		n++
	}
	if n != len(migration.Arrows()) {
		t.Errorf("%d arrows, want %d", n, len(migration.Arrows()))
	}
}

func TestOpenRefusesANewerSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "ledger.db")
	l, err := ledger.Open(t.Context(), path, ledger.Options{})
	must(t, err)
	must(t, l.Close())
	db := raw(t, path)
	_, err = db.Exec(`INSERT INTO schema_versions (version_id, is_applied) VALUES (99, 1)`)
	must(t, err)
	must(t, db.Close())
	for _, opt := range []ledger.Options{{}, {ReadOnly: true}} {
		_, err = ledger.Open(context.Background(), path, opt)
		wantFault(t, err, fault.Invalid, "ledger.newer")
		if !strings.Contains(fault.HintOf(err), "upgrade") {
			t.Errorf("hint %q does not say upgrade", fault.HintOf(err))
		}
	}
}

func TestOpenSetsThePragmas(t *testing.T) {
	t.Parallel()
	l := open(t)
	db := raw(t, l.Path())
	var mode string
	var id int64
	must(t, db.QueryRow("PRAGMA journal_mode").Scan(&mode))
	must(t, db.QueryRow("PRAGMA application_id").Scan(&id))
	if mode != "wal" || id != 'W'<<24|'3'<<16|'6'<<8|'5' {
		t.Errorf("journal mode %s, application id %x", mode, id)
	}
}
