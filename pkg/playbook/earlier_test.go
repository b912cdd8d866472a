package playbook_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/runner"
	"wave365/pkg/runner/steer"
	"wave365/pkg/sandbox/scenario"
)

// liar spoils what is said about imports.
type liar struct {
	*graph.Client
	mu     sync.Mutex      // guards failed and made while rows are worked on
	failed map[string]bool // these imports are said to have failed
	user   string          // imports for this user are spoiled:
	lose   bool            // the answer is lost after the effect
	never  bool            // the request is lost before it
	made   []string        // the imports that were made for that user
	others bool            // failed imports are said to be somebody else's
}

func (l *liar) ImportSnapshot(ctx context.Context, userID string, files []graph.SourceFile) (graph.Import, error) {
	unknown := fault.New(fault.OutcomeUnknown, "", "no answer", "")
	if userID == l.user && l.never {
		return graph.Import{}, unknown
	}
	im, err := l.Client.ImportSnapshot(ctx, userID, files)
	if userID == l.user && err == nil {
		l.mu.Lock()
		l.made = append(l.made, im.SnapshotID)
		l.mu.Unlock()
		if l.lose {
			return graph.Import{}, unknown
		}
	}
	return im, err
}

// fail has the imports that were made so far said to have failed.
func (l *liar) fail() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range l.made {
		l.failed[id] = true
	}
}

func (l *liar) spoil(im *graph.Import) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed[im.SnapshotID] && im.Status == graph.ImportSucceeded {
		im.Status, im.Detail = graph.ImportFailed, "the file format is incorrect"
		if l.others {
			im.AssignedUser = "somebody@contoso.example"
		}
	}
}

func (l *liar) ImportResult(ctx context.Context, id string) (graph.Import, error) {
	im, err := l.Client.ImportResult(ctx, id)
	l.spoil(&im)
	return im, err
}

func (l *liar) ImportResults(ctx context.Context, ids []string) ([]graph.ImportAnswer, error) {
	answers, err := l.Client.ImportResults(ctx, ids)
	for i := range answers {
		l.spoil(&answers[i].Import)
	}
	return answers, err
}

// move records a transition of a row, as a command does between two processes.
func (s *stage) move(tr migration.Transition) {
	s.t.Helper()
	if err := s.ledger.Apply(s.t.Context(), tr); err != nil {
		s.t.Fatal(err)
	}
	s.rows[tr.To().Index] = tr.To()
}

func (s *stage) retry(row int) {
	s.t.Helper()
	s.move(migration.Retry(s.rows[row], s.rows[row].Target, "by a test", time.Now()))
}

// story of one row's intents: attempt, effect and outcome of each.
func (s *stage) intents(row int) string {
	s.t.Helper()
	all, err := s.ledger.Intents(s.t.Context(), "one", row)
	if err != nil {
		s.t.Fatal(err)
	}
	var words []string
	for _, in := range all {
		status := "open"
		if in.Outcome != nil {
			status = string(in.Outcome.Status)
		}
		words = append(words, string(rune('0'+in.Attempt))+" "+string(in.Effect)+" "+status)
	}
	return strings.Join(words, ", ")
}

func count(list []string, what string) int {
	n := 0
	for _, s := range list {
		if strings.Contains(s, what) {
			n++
		}
	}
	return n
}

func steered(t *testing.T, sc *scenario.Scenario, do func(*testing.T, *stage, *liar)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sc)
		defer s.close()
		l := &liar{Client: s.graph, failed: map[string]bool{}, user: s.rows[0].Target.UserID}
		s.over = l
		do(t, s, l)
	})
}

const allSucceeded = "succeeded succeeded succeeded succeeded"

// A failed import is purged, once, after it was read back; then the disk is imported again.
func TestRetryAfterAFailedImport(t *testing.T) {
	t.Parallel()
	steered(t, story(), func(t *testing.T, s *stage, l *liar) {
		time.AfterFunc(time.Minute+time.Second, func() {
			l.fail()
		})
		s.play()
		if got := states(s.rows); !strings.HasPrefix(got, "failed:import.failed succeeded") {
			t.Fatal(got)
		}
		s.retry(0)
		if r := s.rows[0]; r.Step != migration.StepCheck || r.Attempt != 2 || r.Facts.SnapshotID != "" {
			t.Fatalf("the new attempt begins with %+v", r)
		}
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Fatal(got)
		}
		did := s.effects(0)
		if count(did, "importSnapshot accepted") != 2 || count(did, "purged") != 1 || count(did, "license assigned") != 1 {
			t.Errorf("done to the user: %q", did)
		}
		got := s.intents(0)
		for _, want := range []string{"1 snapshot.import done", "2 snapshot.purge done", "2 snapshot.import done", "2 license.assign done"} {
			if strings.Count(got, want) != 1 {
				t.Errorf("intents %s: %s is not there once", got, want)
			}
		}
		if slices.Index(strings.Split(got, ", "), "2 snapshot.purge done") > slices.Index(strings.Split(got, ", "), "2 snapshot.import done") {
			t.Errorf("imported before the purge: %s", got)
		}
	})
}

// What was believed to have failed turns out to be fine: it is taken over, not purged, and nothing is imported again.
func TestRetryTakesOverAnImportThatIsFine(t *testing.T) {
	t.Parallel()
	steered(t, story(), func(t *testing.T, s *stage, l *liar) {
		time.AfterFunc(time.Minute+time.Second, func() {
			l.fail()
		})
		s.play()
		l.failed = nil
		s.retry(0)
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Fatal(got)
		}
		if did := s.effects(0); count(did, "importSnapshot accepted") != 1 || count(did, "purged") != 0 {
			t.Errorf("done to the user: %q", did)
		}
	})
}

// Somebody purged the import: that is recorded, no purge is sent, and the disk is imported again.
func TestRetryAfterTheImportIsGone(t *testing.T) {
	t.Parallel()
	steered(t, story(), func(t *testing.T, s *stage, l *liar) {
		l.failed = nil
		ctx, stop := context.WithCancel(t.Context())
		s.playUntilImported(ctx)
		stop()
		if err := s.graph.PurgeImport(t.Context(), l.made[0]); err != nil {
			t.Fatal(err)
		}
		s.play()
		if got := states(s.rows); !strings.HasPrefix(got, "failed:import.gone succeeded") {
			t.Fatal(got)
		}
		s.retry(0)
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Fatal(got)
		}
		if did := s.effects(0); count(did, "importSnapshot accepted") != 2 || count(did, "purged") != 1 { // the one of this test
			t.Errorf("done to the user: %q", did)
		}
		if got := s.intents(0); strings.Count(got, "2 snapshot.purge adopted") != 1 {
			t.Errorf("intents %s", got)
		}
	})
}

// playUntilImported runs until every row waits for its cut-over.
func (s *stage) playUntilImported(ctx context.Context) {
	s.t.Helper()
	book := s.book()
	if err := book.Prepare(ctx, s.rows); err != nil {
		s.t.Fatal(err)
	}
	r, err := runner.New(s.ledger, runner.Config{State: steer.State{Slots: 10}, Steps: book.Steps(), Clock: cloud.Clock{}, Until: migration.StepImportWait, Imports: book})
	if err != nil {
		s.t.Fatal(err)
	}
	rows, end, err := r.Run(ctx, nil, s.rows)
	if err != nil || end != runner.Reached {
		s.t.Fatalf("end %s, %v", end, err)
	}
	s.rows = rows
}

// An import whose answer was lost is not repeated by whatever the operator does to the row short of settling it.
func TestALostImportIsNeverRepeatedByRetry(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Knobs.UnauditedImports = true
	steered(t, sc, func(t *testing.T, s *stage, l *liar) {
		l.lose = true
		s.play()
		if got := states(s.rows); !strings.HasPrefix(got, "held:import.unknown") {
			t.Fatal(got)
		}
		if p := s.rows[0].Problem; len(p.Commands) != 2 || p.Commands[1].String() != "wave365 reconcile --row ada@contoso.example --no-effect" {
			t.Errorf("commands %q", p.Commands)
		}
		for range 2 {
			if yes, err := s.book().Touched(t.Context(), s.rows[0]); err != nil || !yes {
				t.Errorf("Touched = %v, %v", yes, err)
			}
			s.move(migration.Cancel(s.rows[0], "cancelled", time.Now()))
			s.retry(0)
			l.lose = false
			s.play()
			if got := states(s.rows); !strings.HasPrefix(got, "held:import.unknown") {
				t.Fatal(got)
			}
		}
		if did := s.effects(0); count(did, "importSnapshot accepted") != 1 {
			t.Errorf("done to the user: %q", did)
		}
	})
}

// A process that ended between the answer to an import and the row's next step leaves a row that knows no import: it is not to be
// cancelled, or another wave would send a second one.
func TestAnImportThatTheRowDoesNotKnowIsSent(t *testing.T) {
	t.Parallel()
	sent := migration.Intent{Effect: migration.EffectImport, Attempt: 2, Outcome: &migration.Outcome{Status: migration.OutcomeDone, RemoteID: "s"}}
	purged := migration.Intent{Effect: migration.EffectPurge, Subject: "s", Outcome: &migration.Outcome{Status: migration.OutcomeDone, RemoteID: "s"}}
	refused, open := sent, sent
	refused.Outcome, open.Outcome = &migration.Outcome{Status: migration.OutcomeRefused}, nil
	for name, c := range map[string]struct {
		past        []migration.Intent
		attempt     int
		sent, lives bool
	}{
		"nothing":                   {nil, 2, false, false},
		"accepted":                  {[]migration.Intent{sent}, 2, true, true},
		"of an earlier attempt":     {[]migration.Intent{sent}, 3, false, true},
		"purged":                    {[]migration.Intent{sent, purged}, 2, false, false},
		"refused":                   {[]migration.Intent{refused}, 2, false, false},
		"open, of whatever attempt": {[]migration.Intent{open}, 3, true, false},
	} {
		if got := playbook.ImportSent(migration.Row{Attempt: c.attempt}, c.past); got != c.sent {
			t.Errorf("%s: sent is %v", name, got)
		}
		if got := playbook.ImportKnown(c.past); got != c.lives {
			t.Errorf("%s: known is %v", name, got)
		}
	}
}

func TestReconcileAdopts(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Knobs.UnauditedImports = true
	steered(t, sc, func(t *testing.T, s *stage, l *liar) {
		l.lose = true
		s.play()
		book := s.book()
		for id, want := range map[string]string{
			s.rows[1].Facts.SnapshotID:             "reconcile.", // used up, or another's
			"00000000-0000-0000-0000-00000000beef": "reconcile.not-found",
		} {
			if _, err := book.Adopt(t.Context(), s.rows[0], id, "ada on host"); !strings.HasPrefix(fault.CodeOf(err), want) {
				t.Errorf("%s was taken: %v", id, err)
			}
		}
		if _, err := book.Adopt(t.Context(), s.rows[1], l.made[0], "ada"); fault.CodeOf(err) != "reconcile.not-held" {
			t.Errorf("a row that is not held was settled: %v", err)
		}
		if _, err := book.Adopt(t.Context(), s.rows[0], l.made[0], "ada on host"); err != nil {
			t.Fatal(err)
		}
		// Cut short before the transition was recorded, it may be called again.
		tr, err := book.Adopt(t.Context(), s.rows[0], l.made[0], "ada on host")
		if err != nil {
			t.Fatal(err)
		}
		s.move(tr)
		if r := s.rows[0]; r.State != migration.Waiting || r.Step != migration.StepImportWait || !strings.Contains(r.Note, "ada on host") {
			t.Fatalf("%+v", r)
		}
		l.lose = false
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Fatal(got)
		}
		if did := s.effects(0); count(did, "importSnapshot accepted") != 1 || strings.Count(s.intents(0), "1 snapshot.import adopted") != 1 {
			t.Errorf("done to the user: %q; %s", did, s.intents(0))
		}
	})
}

func TestReconcileRefusesAnImportOfSomebodyElse(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Knobs.UnauditedImports, sc.Knobs.KeepImportRecord = true, true
	steered(t, sc, func(t *testing.T, s *stage, l *liar) {
		l.lose = true
		s.play()
		_, err := s.book().Adopt(t.Context(), s.rows[0], s.rows[1].Facts.SnapshotID, "ada")
		if fault.CodeOf(err) != "reconcile.wrong-user" || strings.Contains(s.intents(0), "adopted") {
			t.Errorf("%v; %s", err, s.intents(0))
		}
	})
}

func TestReconcileWithoutEffect(t *testing.T) {
	t.Parallel()
	steered(t, story(), func(t *testing.T, s *stage, l *liar) {
		l.never = true
		s.play()
		if got := states(s.rows); !strings.HasPrefix(got, "held:import.unknown") {
			t.Fatal(got)
		}
		l.never = false
		tr, err := s.book().NoEffect(t.Context(), s.rows[0], "ada on host")
		if err != nil {
			t.Fatal(err)
		}
		s.move(tr)
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Fatal(got)
		}
		if got := s.intents(0); !strings.Contains(got, "1 snapshot.import no-effect, 1 snapshot.import done") {
			t.Errorf("intents %s", got)
		}
	})
}

// A row that is held because its import names nobody has an import: it cannot be declared away.
func TestAKnownImportIsNotDeclaredAway(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Knobs.AssignedUser = "empty"
	play(t, sc, func(t *testing.T, s *stage) {
		if _, err := s.book().NoEffect(t.Context(), s.rows[0], "ada"); fault.CodeOf(err) != "reconcile.known" {
			t.Errorf("%v", err)
		}
	})
}

func TestRepeatLostImports(t *testing.T) {
	t.Parallel()
	steered(t, story(), func(t *testing.T, s *stage, l *liar) {
		l.never = true
		time.AfterFunc(5*time.Minute, func() { l.never = false })
		book := s.book()
		book.RepeatLostImports()
		if err := book.Prepare(t.Context(), s.rows); err != nil {
			t.Fatal(err)
		}
		r, err := runner.New(s.ledger, runner.Config{State: steer.State{Slots: 10}, Steps: book.Steps(), Clock: cloud.Clock{}})
		if err != nil {
			t.Fatal(err)
		}
		if s.rows, _, err = r.Run(t.Context(), nil, s.rows); err != nil {
			t.Fatal(err)
		}
		if got := states(s.rows); got != allSucceeded {
			t.Fatal(got)
		}
		all, err := s.ledger.Intents(t.Context(), "one", 0)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(all, func(in migration.Intent) bool { return in.Effect == migration.EffectImport })
		if out := all[i].Outcome; out.Status != migration.OutcomeNoEffect || !strings.Contains(out.Detail, "--on-lost-reply repeat") || out.At.Sub(all[i].At) < 10*time.Minute {
			t.Errorf("the lost import ended with %+v", out)
		}
	})
}

// A failed provisioning goes on where it failed, with patience of its own, and nothing before it is done again.
func TestRetryAfterAFailedProvisioning(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Fates = []scenario.Fate{{User: "ada", Provision: "failed", Message: "no"}}
	steered(t, sc, func(t *testing.T, s *stage, _ *liar) {
		s.play()
		before := s.effects(0)
		time.Sleep(20 * time.Hour) // longer than a Cloud PC may take
		s.retry(0)
		if r := s.rows[0]; r.Step != migration.StepProvisionWait || r.Facts.CutOver.IsZero() {
			t.Fatalf("%+v", r)
		}
		s.play()
		if got := states(s.rows); !strings.HasPrefix(got, "failed:provision.failed") {
			t.Error(got)
		}
		if after := s.effects(0); len(after) != len(before) {
			t.Errorf("done again: %q", after[len(before):])
		}
	})
}

func TestForecastLearns(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		book := s.book()
		r := s.rows[0]
		whole, imports := book.Forecast(r, ""), book.Forecast(r, migration.StepImportWait)
		later := r
		later.Step = migration.StepProvisionWait
		if rest := book.Forecast(later, ""); !(imports < whole && rest < whole && imports > 5*time.Minute) {
			t.Errorf("whole %v, imports %v, rest %v", whole, imports, rest)
		}
		var seen []migration.Row
		for range 30 {
			done := r
			done.Facts = migration.Facts{ImportStatus: "succeeded", ImportStarted: at, ImportEnded: at.Add(3 * time.Hour), CutOver: at.Add(3 * time.Hour), Provisioned: at.Add(5 * time.Hour)}
			seen = append(seen, done)
		}
		book.Learn(seen)
		if got := book.Forecast(r, ""); got < 4*time.Hour+30*time.Minute || got > 5*time.Hour+30*time.Minute {
			t.Errorf("after rows that took 5 h the forecast is %v", got)
		}
	})
}

// failOnce has the import of the first row fail and plays the evening.
func failOnce(t *testing.T, s *stage, l *liar) {
	t.Helper()
	time.AfterFunc(time.Minute+time.Second, func() {
		l.fail()
	})
	s.play()
	if got := states(s.rows); !strings.HasPrefix(got, "failed:import.failed succeeded") {
		t.Fatal(got)
	}
}

// What does not say that it is the row's own is not purged.
func TestAnImportOfSomebodyElseIsNotPurged(t *testing.T) {
	t.Parallel()
	steered(t, story(), func(t *testing.T, s *stage, l *liar) {
		failOnce(t, s, l)
		l.others = true
		s.retry(0)
		s.play()
		if got := states(s.rows); !strings.HasPrefix(got, "held:import.wrong-user") {
			t.Error(got)
		}
		if did := s.effects(0); count(did, "purged") != 0 || count(did, "importSnapshot accepted") != 1 {
			t.Errorf("done to the user: %q", did)
		}
	})
}

// marrying gives a user another name between the look at them and the look at their earlier import.
type marrying struct {
	*liar
	once func()
}

func (m marrying) ImportResult(ctx context.Context, id string) (graph.Import, error) {
	m.once()
	return m.liar.ImportResult(ctx, id)
}

// An earlier import that names the user as they are called since is the row's, and is purged; the row is not held for it.
func TestAnEarlierImportOfARenamedUser(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Knobs.AssignedUser = "upn"
	steered(t, sc, func(t *testing.T, s *stage, l *liar) {
		failOnce(t, s, l)
		s.over = marrying{l, sync.OnceFunc(func() { s.event(s.rows[0].Target.UserID, "rename", "ada-maria") })}
		s.retry(0)
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Errorf("%s: %+v", got, s.rows[0].Problem)
		}
	})
}

// After a cut-over there is nothing to begin anew: the Cloud PC that exists is taken over and proven.
func TestNothingIsImportedAgainAfterTheCutOver(t *testing.T) {
	t.Parallel()
	steered(t, story(), func(t *testing.T, s *stage, l *liar) {
		failOnce(t, s, l)
		in, err := s.ledger.Intend(t.Context(), migration.Intent{Run: "one", Row: 0, Attempt: 1, Effect: migration.EffectLicense, Subject: s.rows[0].Target.SKUID, ClientRequestID: "c"})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.ledger.Conclude(t.Context(), in, migration.Outcome{Status: migration.OutcomeDone}); err != nil {
			t.Fatal(err)
		}
		if err := s.graph.AssignLicense(t.Context(), s.rows[0].Target.UserID, s.rows[0].Target.SKUID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Hour)
		s.retry(0)
		s.play()
		if got := states(s.rows); got != allSucceeded { // the import became a Cloud PC meanwhile
			t.Error(got)
		}
		if did := s.effects(0); count(did, "purged") != 0 || count(did, "importSnapshot accepted") != 1 {
			t.Errorf("done to the user: %q", did)
		}
	})
}

// A new attempt has patience of its own: what took too long for the first may end in the second.
func TestARetryHasPatienceOfItsOwn(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Fates = []scenario.Fate{{User: "ada", ProvisionTakes: "20h"}}
	steered(t, sc, func(t *testing.T, s *stage, _ *liar) {
		s.play()
		if got := states(s.rows); !strings.HasPrefix(got, "failed:provision.stuck") {
			t.Fatal(got)
		}
		s.retry(0)
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Error(got)
		}
	})
}
