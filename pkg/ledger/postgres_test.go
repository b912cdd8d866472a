package ledger_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"wave365/pkg/fault"
	"wave365/pkg/ledger"
	"wave365/pkg/ledger/pgtest"
	"wave365/pkg/ledger/process"
	"wave365/pkg/migration"
)

// homeEnv is the database that this test binary runs its tests against.
const homeEnv = "LEDGER_TEST_POSTGRES"

// onFiles are the tests about files, which do not run against a database.
var onFiles = regexp.MustCompile(`^Test(Open.*|AFile.*|Close.*|Kill|FullDisk.*|ReadOnly.*|Copies.*|AnOutcome.*|Damage.*|TheFile.*|` +
	`ErrorsContain.*|SchemaKnows.*|InABubble|Postgres.*|Copy.*|SameIn.*|LockReplacesTheDead|Lock|LockOfAFrozenHolder)$`)

// TestPostgresSuite runs the tests of this package once more, with their ledgers in a database.
func TestPostgresSuite(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t)
	list, err := exec.Command(os.Args[0], "-test.list", "^Test").Output()
	must(t, err)
	var names []string
	for _, name := range strings.Fields(string(list)) {
		if !onFiles.MatchString(name) {
			names = append(names, name)
		}
	}
	if len(names) < 20 {
		t.Fatalf("only %d tests: %v", len(names), names)
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^("+strings.Join(names, "|")+")$", "-test.v")
	cmd.Env = append(os.Environ(), homeEnv+"="+s.URL("postgres"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("against PostgreSQL: %v\n%s", err, failures(string(out)))
	}
	if n := strings.Count(string(out), "--- PASS: Test"); n < len(names) {
		t.Errorf("%d tests passed of %d", n, len(names))
	}
}

// failures removes from a test's output the lines about successes.
func failures(out string) string {
	var b strings.Builder
	for line := range strings.Lines(out) {
		if !strings.HasPrefix(line, "=== ") && !strings.Contains(line, "--- PASS") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// rawPostgres is raw for a ledger in a database.
func rawPostgres(t testing.TB, path string) *sql.DB {
	t.Helper()
	u, err := url.Parse(path)
	must(t, err)
	name := u.Query().Get("ledger")
	u.RawQuery = ""
	config, err := pgx.ParseConfig(u.String())
	must(t, err)
	config.RuntimeParams["search_path"] = `"wave365_` + name + `"`
	db := stdlib.OpenDB(*config)
	t.Cleanup(func() { db.Close() })
	return db
}

// evenings records the same story in a ledger, with fixed times and ids.
func evenings(t *testing.T, path string) *ledger.Ledger {
	t.Helper()
	ctx := t.Context()
	at := evening
	l := openAt(t, path, ledger.Options{Now: func() time.Time { at = at.Add(time.Millisecond); return at }})
	rows := newRows("r1", 5)
	rows[2].Target.Notes = "Zoë \"x\" <&> \\u0000 \U0001F600"
	must(t, l.CreateRun(ctx, newRun("r1"), rows, nil))
	release, err := l.Lock(ctx, ledger.Holder{ID: "h", Host: "host", User: "eve", PID: 1, Command: "wave365 run", Run: "r1", Started: evening})
	must(t, err)
	for i := range rows[:4] {
		tr := migration.Claim(rows[i], evening.Add(time.Second))
		must(t, l.Apply(ctx, tr))
		in, err := l.Intend(ctx, migration.Intent{Run: "r1", Row: i, Attempt: 1, Effect: migration.EffectImport, Subject: rows[i].Target.UserID, At: evening})
		must(t, err)
		_, err = l.Intend(ctx, migration.Intent{Run: "r1", Row: i, Attempt: 1, Effect: migration.EffectImport, At: evening})
		wantFault(t, err, fault.Conflict, "ledger.intent-open")
		must(t, l.Conclude(ctx, in, migration.Outcome{Status: migration.OutcomeDone, RemoteID: "s", At: evening}))
		must(t, l.Apply(ctx, migration.Advance(tr.To(), migration.Facts{SnapshotID: "s"}, evening.Add(time.Hour), "soon", evening)))
	}
	must(t, l.ChangeRun(ctx, "r1", ledger.Change{Slots: 7, By: "eve"}))
	o, err := l.RecordRequest(ctx, ledger.Request{Run: "r1", By: "eve", Kind: ledger.RequestPause, At: evening})
	must(t, err)
	must(t, l.AnswerRequest(ctx, o, evening, "paused"))
	w, err := l.IntendWrite(ctx, migration.Write{Command: "close", Run: "r1", Row: 1, Effect: "setting.restore", Before: json.RawMessage(`{}`), Once: "x", At: evening})
	must(t, err)
	must(t, l.ConcludeWrite(ctx, w, migration.Outcome{Status: migration.OutcomeUnknown, At: evening}))
	must(t, release())
	return l
}

// everything returns what readers get, and each line of the audit.
func everything(t *testing.T, path string) (story, []string) {
	t.Helper()
	s, err := tell(t, path)
	must(t, err)
	var lines []string
	for _, e := range s.Entries {
		line, err := json.Marshal(e)
		must(t, err)
		lines = append(lines, string(line))
	}
	return s, lines
}

func TestSameInBothHomes(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t)
	file, database := evenings(t, newPlace(t)), evenings(t, s.Ledger("same"))
	wantStory, wantLines := everything(t, file.Path())
	gotStory, gotLines := everything(t, database.Path())
	wantSame(t, "what is told", gotStory, wantStory)
	wantSame(t, "the audit", gotLines, wantLines)
	must(t, ledger.VerifyChain(database.Audit(t.Context(), "")))
}

// TestCopyThereAndBack copies a ledger into a database and back into a file: the content stays the same, and each ledger
// that was left names the next one.
func TestCopyThereAndBack(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := pgtest.Start(t)
	first := evenings(t, newPlace(t))
	want, wantLines := everything(t, first.Path())
	second := openAt(t, s.Ledger("second"), ledger.Options{})
	third := openAt(t, newPlace(t), ledger.Options{})
	for _, step := range []struct{ from, to *ledger.Ledger }{{first, second}, {second, third}} {
		must(t, ledger.Copy(ctx, step.from, step.to, ledger.Holder{}))
		must(t, ledger.Copy(ctx, step.from, step.to, ledger.Holder{})) // a second copy changes nothing
		got, lines := everything(t, step.to.Path())
		wantSame(t, "what is told", got, want)
		wantSame(t, "the audit of the run", lines, wantLines)
		must(t, ledger.VerifyChain(step.to.Audit(ctx, "")))

		_, err := ledger.Open(ctx, step.from.Path(), ledger.Options{})
		wantFault(t, err, fault.Conflict, "ledger.sealed")
		if err != nil && !strings.Contains(err.Error(), step.to.Path()) {
			t.Errorf("error %q does not say where it went", err)
		}
		// A process that has had it open all the time can record nothing more either.
		err = step.from.Note(ctx, migration.Event{Run: "r1", Row: migration.WaveRow, Reason: migration.RunDrained})
		if err == nil || !strings.Contains(err.Error(), "ledger: sealed") {
			t.Errorf("the sealed ledger took an entry: %v", err)
		}
		wantFault(t, ledger.Copy(ctx, step.from, openAt(t, newPlace(t), ledger.Options{}), ledger.Holder{}), fault.Conflict, "ledger.sealed")
	}
	// The copy works like the original: triggers are on again, and ids continue.
	rows, err := third.Rows(ctx, "r1")
	must(t, err)
	must(t, third.Apply(ctx, migration.Claim(rows[4], evening)))
	in, err := third.Intend(ctx, migration.Intent{Run: "r1", Row: 4, Effect: migration.EffectImport})
	must(t, err)
	if in.ID != 5 {
		t.Errorf("the next intent is %d, want 5", in.ID)
	}
	if _, err := raw(t, third.Path()).Exec(`DELETE FROM intents`); err == nil {
		t.Error("the copy has no guards")
	}
}

// TestCopyHostileTexts copies what older versions wrote into files and a database refuses.
func TestCopyHostileTexts(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t)
	file := openAt(t, newPlace(t), ledger.Options{})
	must(t, file.CreateRun(t.Context(), newRun("r1"), newRows("r1", 1), nil))
	_, err := file.Intend(t.Context(), migration.Intent{Run: "r1", Row: 0, Effect: migration.EffectJoin})
	must(t, err)
	_, err = raw(t, file.Path()).Exec(`UPDATE intents SET status = 'refused', remote_id = '', request_id = '', detail = 'a' || char(0) || 'b', concluded_at = at`)
	must(t, err)
	database := openAt(t, s.Ledger("hostile"), ledger.Options{})
	must(t, ledger.Copy(t.Context(), file, database, ledger.Holder{}))
	got, err := database.AllIntents(t.Context(), "r1")
	must(t, err)
	if detail := got[0].Outcome.Detail; detail != "a\ufffdb" {
		t.Errorf("the detail is copied as %+q", detail)
	}
}

func TestCopyRefuses(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	src, _ := begin(t, 1)
	dst, _ := begin(t, 1)
	wantFault(t, ledger.Copy(ctx, src, dst, ledger.Holder{}), fault.Conflict, "ledger.not-empty")
	wantFault(t, ledger.Copy(ctx, src, src, ledger.Holder{}), fault.Conflict, "ledger.not-empty")
	release, err := openAt(t, src.Path(), ledger.Options{}).Lock(ctx, ledger.Holder{Run: "r1"})
	must(t, err)
	wantFault(t, ledger.Copy(ctx, src, open(t), ledger.Holder{}), fault.Conflict, "ledger.locked")
	must(t, release())
	must(t, src.Note(ctx, migration.Event{Run: "r1", Row: migration.WaveRow, Reason: migration.RunDrained}))
	db := raw(t, src.Path())
	sqlExec(t, db, `DROP TRIGGER audit_frozen`)
	sqlExec(t, db, `UPDATE audit SET idx = 7 WHERE seq = 2`)
	empty := open(t)
	wantFault(t, ledger.Copy(ctx, src, empty, ledger.Holder{}), fault.Invalid, "ledger.tampered")
	if _, err := empty.Run(ctx, ""); fault.CodeOf(err) != "ledger.no-run" {
		t.Errorf("a refused copy left something: %v", err)
	}
}

// TestPostgresShared: many ledgers share two connections, each finds its own tables, and the database never sees more
// connections than those.
func TestPostgresShared(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t)
	const ledgers, connections = 12, 2
	shared, err := ledger.Share(s.URL("postgres"), connections)
	must(t, err)
	t.Cleanup(shared.Close) // after the ledgers
	var open []*ledger.Ledger
	for i := range ledgers {
		l := openAt(t, s.Ledger(fmt.Sprintf("shared%d", i)), ledger.Options{Connections: shared})
		must(t, l.CreateRun(t.Context(), newRun(fmt.Sprintf("r%d", i)), newRows(fmt.Sprintf("r%d", i), 3), nil))
		_, err := l.Lock(t.Context(), ledger.Holder{})
		must(t, err)
		open = append(open, l)
	}
	beside, err := rawPostgres(t, s.Ledger("shared0")).Conn(t.Context())
	must(t, err)
	defer beside.Close()
	connected := func() (n int) {
		must(t, beside.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'wave365 %'`).Scan(&n))
		return n
	}
	for connected() > connections { // those that created the schemas are closed, but the server may not have ended them yet
		runtime.Gosched()
	}
	seen := make(chan int, ledgers)
	for i, l := range open {
		go func() {
			id, n := fmt.Sprintf("r%d", i), 0
			rows, err := l.Rows(t.Context(), id)
			for k := 0; err == nil && k < 30; k++ {
				tr := flip(rows[k%3])
				if err = l.Holds(t.Context()); err == nil {
					err = l.Apply(t.Context(), tr)
				}
				rows[k%3] = tr.To()
				n++
			}
			if err != nil || n != 30 {
				t.Errorf("%s: %d changes, %v", id, n, err)
			}
			seen <- n
		}()
	}
	for done := 0; done < ledgers; {
		if n := connected(); n > connections {
			t.Fatalf("%d connections, want %d", n, connections)
		}
		select {
		case <-seen:
			done++
		default:
		}
	}
	for i, l := range open {
		runs, err := l.Runs(t.Context())
		must(t, err)
		if len(runs) != 1 || runs[0].ID != fmt.Sprintf("r%d", i) {
			t.Errorf("ledger %d has the runs %+v", i, runs)
		}
		must(t, ledger.VerifyChain(l.Audit(t.Context(), "")))
	}
}

// TestPostgresFence: a process whose ledger was taken over is refused, except for outcomes of what happened before.
func TestPostgresFence(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := pgtest.Start(t)
	old := openAt(t, s.Ledger("fence"), ledger.Options{})
	rows := newRows("r1", 3)
	must(t, old.CreateRun(ctx, newRun("r1"), rows, nil))
	_, err := old.Lock(ctx, ledger.Holder{Host: "one", Command: "worker"})
	must(t, err)
	must(t, old.Apply(ctx, migration.Claim(rows[0], evening)))
	in, err := old.Intend(ctx, migration.Intent{Run: "r1", Row: 0, Effect: migration.EffectImport})
	must(t, err)

	second := openAt(t, s.Ledger("fence"), ledger.Options{})
	_, err = second.Lock(ctx, ledger.Holder{Host: "two"})
	wantFault(t, err, fault.Conflict, "ledger.locked")
	if h, ok, err := second.Holder(ctx); err != nil || !ok || h.Life != process.Alive {
		t.Errorf("the holder that is connected: %+v, %v, %v", h, ok, err)
	}
	_, err = second.TakeOver(ctx, ledger.Holder{Host: "two"}, func(h ledger.Holder) bool { return h.Command == "worker" })
	must(t, err)
	wantFault(t, old.Holds(ctx), fault.Conflict, "ledger.lock-lost")
	wantFault(t, old.Apply(ctx, migration.Claim(rows[1], evening)), fault.Conflict, "ledger.lock-lost")
	wantFault(t, old.ApplyAll(ctx, []migration.Transition{migration.Claim(rows[1], evening)}), fault.Conflict, "ledger.lock-lost")
	_, err = old.Intend(ctx, migration.Intent{Run: "r1", Row: 1, Effect: migration.EffectImport})
	wantFault(t, err, fault.Conflict, "ledger.lock-lost")
	must(t, old.Conclude(ctx, in, migration.Outcome{Status: migration.OutcomeDone}))
	must(t, second.Holds(ctx))
	must(t, second.Apply(ctx, migration.Claim(rows[1], evening)))

	// A holder elsewhere whose connection has ended counts as gone.
	must(t, old.Close())
	third := openAt(t, s.Ledger("fence"), ledger.Options{})
	kill(t, s, second)
	_, err = third.Lock(ctx, ledger.Holder{Host: "three"})
	must(t, err)
	must(t, ledger.VerifyChain(third.Audit(ctx, "")))
}

// kill ends a ledger's connections from the server's side, and keeps the ledger from reconnecting.
func kill(t *testing.T, s *pgtest.Server, l *ledger.Ledger) {
	t.Helper()
	h, _, err := l.Holder(t.Context())
	must(t, err)
	db := rawPostgres(t, s.Ledger("fence"))
	var token string
	must(t, db.QueryRow(`SELECT process FROM holder WHERE id = $1`, h.ID).Scan(&token))
	_, session, _ := strings.Cut(token, " session=")
	sqlExec(t, db, `UPDATE holder SET process = 'gone session=nobody'`)
	if session == "" {
		t.Fatal("the holder does not say how it is connected")
	}
}

// TestPostgresFrozenInATransaction: a process that was stopped in the middle of a transaction does not block others for
// long.
func TestPostgresFrozenInATransaction(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := pgtest.Start(t)
	l := openAt(t, s.Ledger("frozen"), ledger.Options{})
	rows := newRows("r1", 1)
	must(t, l.CreateRun(ctx, newRun("r1"), rows, nil))
	conn, err := rawPostgres(t, s.Ledger("frozen")).Conn(ctx)
	must(t, err)
	defer conn.Close()
	// With the settings of the ledger's own connections.
	for _, q := range []string{"SET idle_in_transaction_session_timeout = 3000", "BEGIN", "LOCK TABLE audit IN EXCLUSIVE MODE"} {
		_, err := conn.ExecContext(ctx, q)
		must(t, err)
	}
	start := time.Now()
	must(t, l.Apply(ctx, migration.Claim(rows[0], evening)))
	if took := time.Since(start); took > 8*time.Second {
		t.Errorf("the stopped process was in the way for %v", took)
	}
}

// TestPostgresKilled kills the server repeatedly while rows change: what was acknowledged is there, once.
func TestPostgresKilled(t *testing.T) {
	t.Parallel()
	s := pgtest.Start(t)
	l := openAt(t, s.Ledger("killed"), ledger.Options{})
	rows := newRows("r1", 4)
	must(t, l.CreateRun(t.Context(), newRun("r1"), rows, nil))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan []migration.Row)
	for _, r := range rows {
		go func() {
			var end []migration.Row
			for ctx.Err() == nil {
				tr := flip(r)
				in, err := l.Intend(t.Context(), migration.Intent{Run: "r1", Row: r.Index, Effect: migration.EffectImport})
				if err == nil {
					err = l.Conclude(t.Context(), in, migration.Outcome{Status: migration.OutcomeDone})
				}
				if err == nil {
					err = l.Apply(t.Context(), tr)
				}
				if err != nil {
					t.Errorf("row %d: %v (%v)", r.Index, err, errors.Unwrap(err))
					break
				}
				r = tr.To()
			}
			done <- append(end, r)
		}()
	}
	for range 3 {
		before := version(t, l)
		waitFor(t, func() bool { return version(t, l) > before+10 })
		s.Kill()
		s.StartAgain()
	}
	before := version(t, l)
	waitFor(t, func() bool { return version(t, l) > before+10 })
	cancel()
	total := int64(0)
	for range rows {
		for _, r := range <-done {
			rows[r.Index] = r
			total += r.Version
		}
	}
	got, err := l.Rows(t.Context(), "r1")
	must(t, err)
	wantSame(t, "rows", got, rows)
	events, err := l.Events(t.Context(), "r1")
	must(t, err)
	intents, err := l.AllIntents(t.Context(), "r1")
	must(t, err)
	if int64(len(events)) != total || len(intents) != int(total) {
		t.Errorf("%d events and %d intents for %d changes", len(events), len(intents), total)
	}
	must(t, ledger.VerifyChain(l.Audit(t.Context(), "")))
}

// version returns how many changes the rows have had; -1 while the database is down.
func version(t *testing.T, l *ledger.Ledger) (n int64) {
	rows, err := l.Rows(t.Context(), "r1")
	if err != nil {
		return -1
	}
	for _, r := range rows {
		n += r.Version
	}
	return n
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(40 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatal("it does not come")
		}
	}
}

func TestPostgresAddress(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://eve:secret@db.example/fleet?ledger=a":          "ledger.url",
		"postgres://eve@db.example/fleet?ledger=a&password=secret": "ledger.url",
		"postgres://eve@db.example/fleet":                          "ledger.url",
		"postgres://eve@db.example/fleet?ledger=A;DROP":            "ledger.url",
		"postgres://eve@db.example/?ledger=a":                      "ledger.url",
		"postgres://eve@db.example:port/fleet?ledger=a":            "ledger.url",
		"postgres://eve@127.0.0.1:1/fleet?ledger=a":                "ledger.unreachable",
	} {
		t.Setenv("PGPASSWORD", "hunter2secret")
		_, err := ledger.Open(t.Context(), address, ledger.Options{ReadOnly: true})
		if fault.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", address, err, want)
		}
		for e := err; e != nil; {
			if text := e.Error() + fault.HintOf(e); strings.Contains(text, "secret") {
				t.Errorf("%s: the refusal holds the password: %s", address, text)
			}
			f := fault.As(e)
			if f == nil {
				break
			}
			e = f.Err
		}
	}
}
