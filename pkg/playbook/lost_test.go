package playbook_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/sandbox/reqlog"
	"wave365/pkg/sandbox/scenario"
)

func (s *stage) prepare() error {
	return s.book().Prepare(s.t.Context(), s.rows)
}

func accepted(s *stage) int {
	n := 0
	for _, r := range s.log() {
		if r.Effect == "importSnapshot accepted" {
			n++
		}
	}
	return n
}

// The reply to one import is lost after the effect. Where the audit log shows imports, it is found there.
func TestLostReplyIsFoundInTheAuditLog(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Faults = []scenario.Fault{{Match: "importSnapshot", Kind: "drop-reply", Count: 1}}
	play(t, sc, func(t *testing.T, s *stage) {
		if got := states(s.rows); got != "succeeded succeeded succeeded succeeded" {
			t.Error(got)
		}
		if n := accepted(s); n != 4 {
			t.Errorf("%d imports were accepted, want 4", n)
		}
		adopted := 0
		intents, err := s.ledger.AllIntents(t.Context(), "one")
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range intents {
			if in.Outcome != nil && in.Outcome.Status == migration.OutcomeAdopted {
				adopted++
			}
		}
		if adopted != 1 {
			t.Errorf("%d outcomes were adopted, want the lost one", adopted)
		}
	})
}

// Where nothing shows imports, the row is held, and no second import is sent.
func TestLostReplyThatNothingShowsIsHeld(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Knobs.UnauditedImports = true
	sc.Faults = []scenario.Fault{{Match: "importSnapshot", Kind: "drop-reply", Count: 1}}
	play(t, sc, func(t *testing.T, s *stage) {
		c := migration.Count(s.rows)
		if c.Held != 1 || c.Succeeded != 3 {
			t.Errorf("%s", states(s.rows))
		}
		if n := accepted(s); n != 4 {
			t.Errorf("%d imports were accepted, want 4", n)
		}
		for _, r := range s.rows {
			if r.State == migration.Held && (r.Problem.Code != "import.unknown" || !strings.Contains(r.Problem.Message, "client-request-id")) {
				t.Errorf("held with %+v", r.Problem)
			}
		}
	})
}

// slowList is a list of imports of which the first look takes longer than the whole patience, and misses what is there: an
// import vanished between two of its pages.
type slowList struct {
	*graph.Client
	armed func() bool
	looks int
}

func (l *slowList) ListImports(ctx context.Context) ([]graph.Import, error) {
	if !l.armed() {
		return l.Client.ListImports(ctx)
	}
	if l.looks++; l.looks == 1 {
		time.Sleep(15 * time.Minute)
		return nil, nil
	}
	return l.Client.ListImports(ctx)
}

// One look that found nothing does not hold a row, however long it took.
func TestLostReplyIsLookedForTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sc := story()
		sc.Knobs.ListImports, sc.Knobs.UnauditedImports, sc.Knobs.AssignedUser = true, true, "upn"
		sc.Faults = []scenario.Fault{{Match: "importSnapshot", Kind: "drop-reply", Count: 1}}
		s := newStage(t, sc)
		defer s.close()
		s.rows = s.rows[:1]
		l := &slowList{Client: s.graph, armed: func() bool { return accepted(s) > 0 }}
		s.over = l
		s.play()
		if got := states(s.rows); got != "succeeded" || accepted(s) != 1 || l.looks != 2 {
			t.Errorf("%s after %d imports and %d looks: %+v", got, accepted(s), l.looks, s.rows[0].Problem)
		}
	})
}

// Where the records cannot be read for a whole night, the row is held all the same: a failed one may be run again.
func TestLostReplyThatCannotBeLookedForIsHeld(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Faults = []scenario.Fault{{Match: "importSnapshot", Kind: "drop-reply", Count: 1}, {Match: "auditEvents", Kind: "status", Status: 500}}
	play(t, sc, func(t *testing.T, s *stage) {
		if c := migration.Count(s.rows); c.Held != 1 || accepted(s) != 4 {
			t.Errorf("%s after %d imports", states(s.rows), accepted(s))
		}
		for _, r := range s.rows {
			if r.State == migration.Held && (r.Problem.Code != "import.unknown" || len(r.Problem.Commands) != 2) {
				t.Errorf("held with %+v", r.Problem)
			}
		}
	})
}

// An answer without an id is no answer: the same as a lost one.
func TestAnswerWithoutAnIDIsHeldOrFound(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Knobs.SnapshotID = "omitted"
	sc.Knobs.UnauditedImports = true
	play(t, sc, func(t *testing.T, s *stage) {
		if c := migration.Count(s.rows); c.Held != 4 || accepted(s) != 4 {
			t.Errorf("%s after %d imports", states(s.rows), accepted(s))
		}
	})
}

// The lost reply of the wave's own setting: it is found by its name, and not made twice.
func TestLostReplyToTheSettingIsAdopted(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Faults = []scenario.Fault{{Match: "POST /beta/deviceManagement/virtualEndpoint/userSettings", Kind: "drop-reply", Count: 1}}
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sc)
		defer s.close()
		if err := s.prepare(); err == nil {
			t.Fatal("the lost reply was not noticed")
		}
		s.play()
		if got := states(s.rows); got != "succeeded succeeded succeeded succeeded" {
			t.Error(got)
		}
		settings, err := s.graph.UserSettings(t.Context())
		if err != nil || len(settings) != 1 {
			t.Errorf("settings: %+v, %v", settings, err)
		}
	})
}

// A save in the portal sets the user setting back to image while imports run: no cut-over follows.
func TestDriftStopsBeforeTheCutOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		time.AfterFunc(5*time.Minute, func() {
			settings, err := s.graph.UserSettings(context.Background())
			if err != nil || len(settings) != 1 {
				t.Errorf("settings: %v, %v", settings, err)
				return
			}
			settings[0].ProvisioningSourceType = "image"
			if _, err := s.graph.UpdateUserSetting(context.Background(), settings[0]); err != nil {
				t.Error(err)
			}
		})
		s.play()
		want := strings.TrimSpace(strings.Repeat("failed:setting.not-snapshot ", 4))
		if got := states(s.rows); got != want {
			t.Error(got)
		}
		for _, r := range s.log() {
			if r.Effect == "license assigned" {
				t.Error("a license was assigned after the drift")
			}
		}
	})
}

// A disk that was written to after validation is not imported.
func TestMovedDiskIsNotImported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		s.rows[2].Target.Disk.ETag = `"0x0OLD"`
		s.play()
		if got := states(s.rows); got != "succeeded succeeded failed:check.moved succeeded" {
			t.Error(got)
		}
		if n := accepted(s); n != 3 {
			t.Errorf("%d imports were accepted, want 3", n)
		}
	})
}

// A surprising answer seen once is not believed: the status flips and comes back.
func TestOneSurprisingAnswerIsNotBelieved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		f := &flaky{Client: s.graph, once: map[string]bool{}}
		s.over = f
		s.play()
		if got := states(s.rows); got != "succeeded succeeded succeeded succeeded" {
			t.Error(got)
		}
		if len(f.once) == 0 {
			t.Error("no answer was spoiled")
		}
	})
}

// flaky says of each import once that it failed, and of each Cloud PC once that it did.
type flaky struct {
	*graph.Client
	once map[string]bool
}

func (f *flaky) ImportResults(ctx context.Context, ids []string) ([]graph.ImportAnswer, error) {
	answers, err := f.Client.ImportResults(ctx, ids)
	for i, id := range ids {
		if err == nil && !f.once[id] {
			f.once[id] = true
			answers[i].Import.Status = graph.ImportFailed
		}
	}
	return answers, err
}

func (f *flaky) CloudPCs(ctx context.Context, filter string) ([]graph.CloudPC, error) {
	pcs, err := f.Client.CloudPCs(ctx, filter)
	for i := range pcs {
		if id := pcs[i].ID; !f.once[id] {
			f.once[id] = true
			pcs[i].Status = "failed"
		}
	}
	return pcs, err
}

// lateRecords is a tenant whose list of imports cannot be read from the first import on until a moment, and whose audit log shows
// nothing when it is blank.
type lateRecords struct {
	*graph.Client
	sent  func() bool
	until time.Time
	blank bool
}

func (l lateRecords) ListImports(ctx context.Context) ([]graph.Import, error) {
	if l.sent() && time.Now().Before(l.until) {
		return nil, fault.New(fault.Unavailable, "", "the list of imports is not there now", "")
	}
	return l.Client.ListImports(ctx)
}

func (l lateRecords) AuditEvents(ctx context.Context, filter string) ([]graph.AuditEvent, error) {
	if l.blank {
		return nil, nil
	}
	return l.Client.AuditEvents(ctx, filter)
}

// An import that somebody else made for the user since is not taken for the one whose answer was lost: it began when the lost call
// cannot have been sent any more, or the audit log says that another call made it.
func TestSomebodyElsesImportIsNotTheLostOne(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after time.Duration // what somebody else gives has begun an hour before
		blank bool
	}{
		"began later":     {100 * time.Minute, true},
		"by another call": {time.Hour + 5*time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sc := story()
				sc.Knobs.ListImports, sc.Knobs.UnauditedImports, sc.Knobs.AssignedUser = true, true, "upn"
				sc.Faults = []scenario.Fault{{Match: "importSnapshot", Kind: "status", Status: 500, Count: 1}}
				s := newStage(t, sc)
				defer s.close()
				s.rows = s.rows[:1]
				sent := func() bool {
					return slices.ContainsFunc(s.Requests(), func(r reqlog.Entry) bool { return strings.HasSuffix(r.Path, "/importSnapshot") })
				}
				s.over = lateRecords{s.graph, sent, time.Now().Add(2 * time.Hour), c.blank}
				s.happens(c.after, 0, "give-import", "")
				s.play()
				if got := states(s.rows); got != "held:import.unknown" {
					t.Errorf("%s: import %s, %+v", got, s.rows[0].Facts.SnapshotID, s.rows[0].Problem)
				}
				if slices.Contains(s.effects(0), "license assigned") {
					t.Error("the user was cut over with somebody else's disk")
				}
			})
		})
	}
}
