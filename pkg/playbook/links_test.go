package playbook_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/sandbox/sandboxtest"
	"wave365/pkg/sandbox/scenario"
)

// happens lets something be done to a row's user by somebody else, so long after now.
func (s *stage) happens(after time.Duration, row int, do, what string) {
	user := s.rows[row].Target.UserID
	go func() {
		time.Sleep(after)
		s.event(user, do, what)
	}()
}

// event lets something be done to a user by somebody else.
func (s *stage) event(user, do, what string) {
	resp, err := s.HTTP.Post(sandboxtest.Root+"/sandbox/events", "application/json", strings.NewReader(fmt.Sprintf(`{"user":%q,"do":%q,"what":%q}`, user, do, what)))
	if err != nil {
		s.t.Error(err)
		return
	}
	if err := resp.Body.Close(); err != nil || resp.StatusCode >= 300 {
		s.t.Errorf("%s: %s, %v", do, resp.Status, err)
	}
}

// timed is the story with an import of 20 minutes and a provisioning of 40 for everybody.
func timed() *scenario.Scenario {
	sc := story()
	for _, u := range sc.Users {
		sc.Fates = append(sc.Fates, scenario.Fate{User: u.UPN, ImportTakes: "20m", ProvisionTakes: "40m"})
	}
	return sc
}

// What somebody takes away, or does to the account, between import and cut-over, or right after it, is found out and said
// within the hour, not after twelve; a retry then uses the import that is there. Ada's license comes last, Bob holds his.
func TestWhatIsLostMeanwhile(t *testing.T) {
	t.Parallel()
	const ada, bob = 0, 1
	const sku = "CPC_E_2C_8GB_128GB"
	for _, tc := range []struct {
		name     string
		row      int
		after    time.Duration
		do, what string
		code     string // ""; the row succeeds
		by       time.Duration
		repair   string // by whoever reads the remedy; "": the retry does it
		again    string // how the row ends after the retry
	}{
		{name: "MemberBeforeCutOver", row: ada, after: 10 * time.Minute, do: "leave", what: "grp-p", code: "group.left", by: 30 * time.Minute, again: "succeeded"},
		{name: "LicenseBeforeCutOver", row: bob, after: 10 * time.Minute, do: "take-license", what: sku, code: "license.missing", by: 30 * time.Minute, repair: "give-license", again: "succeeded"},
		{name: "DeletedBeforeCutOver", row: ada, after: 10 * time.Minute, do: "delete-user", code: "user.not-found", by: 30 * time.Minute, again: "failed:user.not-found"},
		{name: "DeletedBeforeJoiningLast", row: bob, after: 10 * time.Minute, do: "delete-user", code: "user.not-found", by: 30 * time.Minute, again: "failed:user.not-found"},
		{name: "DeletedWhileJoining", row: ada, after: time.Second, do: "delete-user", code: "user.not-found", by: 2 * time.Hour, again: "failed:user.not-found"},
		{name: "DisabledBeforeCutOver", row: bob, after: 10 * time.Minute, do: "disable", code: "user.disabled", by: 30 * time.Minute, again: "failed:user.disabled"},
		{name: "RenamedBeforeCutOver", row: ada, after: 10 * time.Minute, do: "rename", what: "augusta"},
		{name: "RenamedAfterCutOver", row: bob, after: 30 * time.Minute, do: "rename", what: "robert"},
		{name: "LicenseAfterCutOver", row: ada, after: 22 * time.Minute, do: "take-license", what: sku, code: "license.missing", by: 2 * time.Hour, again: "succeeded"},
		{name: "DeletedAfterCutOver", row: bob, after: 22 * time.Minute, do: "delete-user", code: "user.not-found", by: 2 * time.Hour, again: "failed:user.not-found"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, timed())
				defer s.close()
				began := time.Now()
				s.happens(tc.after, tc.row, tc.do, tc.what)
				s.play()
				r := s.rows[tc.row]
				if done := migration.Count(s.rows).Succeeded; tc.code != "" && done != 3 {
					t.Errorf("the other rows: %s", states(s.rows))
				}
				if tc.code == "" {
					if r.State != migration.Succeeded || !strings.HasPrefix(r.Facts.RenamedTo, tc.what+"@") {
						t.Errorf("%s %+v, renamed to %q", r.State, r.Problem, r.Facts.RenamedTo)
					}
					if took := time.Since(began); took > 2*time.Hour {
						t.Errorf("it took %s", took)
					}
					return
				}
				if r.State != migration.Failed || r.Problem.Code != tc.code {
					t.Fatalf("%s at %s: %+v", r.State, r.Step, r.Problem)
				}
				if took := r.FinishedAt.Sub(began); took > tc.by {
					t.Errorf("it was said after %s", took)
				}
				if len(r.Problem.Commands) != 1 || r.Problem.Commands[0].Name != "retry" || r.Problem.Hint == "" {
					t.Errorf("the remedy: %+v", r.Problem)
				}
				if before := s.effects(tc.row); tc.by < time.Hour && slices.ContainsFunc(before, func(e string) bool {
					return e == "license assigned" && tc.row == ada || e == "group member added" && tc.row == bob
				}) {
					t.Errorf("it was cut over all the same: %q", before)
				}
				sent := accepted(s)
				time.Sleep(time.Hour)
				if tc.repair != "" {
					s.event(r.Target.UserID, tc.repair, tc.what)
				}
				s.retryFailed()
				if got := strings.Fields(states(s.rows))[tc.row]; got != tc.again {
					t.Errorf("after the retry: %s: %+v", got, s.rows[tc.row].Problem)
				}
				if accepted(s) != sent {
					t.Error("the disk was imported again")
				}
			})
		})
	}
}

// A Cloud PC from the image is to be ended only when it was begun by this row's cut-over. Of one that somebody started before,
// by giving the license while the import ran, that is not known: its user is asked.
func TestWhoseCloudPCFromTheImage(t *testing.T) {
	t.Parallel()
	for _, given := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			sc := timed()
			sc.Fates[0].Provision = "image"
			s := newStage(t, sc)
			defer s.close()
			if given {
				s.happens(10*time.Minute, 0, "give-license", "CPC_E_2C_8GB_128GB")
			}
			s.play()
			r := s.rows[0]
			if r.State != migration.Failed || r.Problem.Code != "proof.not-from-snapshot" {
				t.Fatalf("given %t: %s %+v", given, r.State, r.Problem)
			}
			if ends := strings.Contains(r.Problem.Hint, "have it deprovisioned"); ends == given || given && !strings.Contains(r.Problem.Hint, "ask "+r.Target.User) {
				t.Errorf("given %t: %s", given, r.Problem.Hint)
			}
			// What is written down as this row's doing is what undo takes away.
			intents, err := s.ledger.Intents(t.Context(), "one", 0)
			if err != nil {
				t.Fatal(err)
			}
			if ours := slices.ContainsFunc(intents, func(in migration.Intent) bool { return in.Effect == migration.EffectLicense }); ours == given {
				t.Errorf("given %t: %t that this row gave the license", given, ours)
			}
		})
	}
}

// A user is renamed while the import runs, and the service names imports by their user's name: the import is still theirs.
func TestRenamedWhileImporting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sc := timed()
		sc.Knobs.AssignedUser = "upn"
		s := newStage(t, sc)
		defer s.close()
		s.happens(5*time.Minute, 0, "rename", "augusta")
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Errorf("%s: %+v", got, s.rows[0].Problem)
		}
	})
}

// A user is renamed while the answer to the import is lost, and the service names imports by their user's present name: the audit
// log has it by its client-request-id, and it is still theirs. One that names somebody else is not.
func TestRenamedWhileTheAnswerIsLost(t *testing.T) {
	t.Parallel()
	for says, want := range map[string]string{"": "succeeded", "bob@contoso.example": "held:import.unknown"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sc := timed()
				sc.Knobs.AssignedUser = "upn"
				sc.Faults = []scenario.Fault{{Match: "importSnapshot", Kind: "drop-reply", Count: 1}}
				s := newStage(t, sc)
				defer s.close()
				s.rows = s.rows[:1]
				s.over = &renaming{Client: s.graph, rename: func() { s.event(s.rows[0].Target.UserID, "rename", "augusta") }, says: says}
				s.play()
				if got := states(s.rows); got != want || accepted(s) != 1 {
					t.Errorf("%s after %d imports: %+v", got, accepted(s), s.rows[0].Problem)
				}
			})
		})
	}
}

// renaming renames the user right after an import; an import names says, when that is not empty.
type renaming struct {
	*graph.Client
	rename func()
	says   string
}

func (r *renaming) ImportSnapshot(ctx context.Context, user string, files []graph.SourceFile) (graph.Import, error) {
	im, err := r.Client.ImportSnapshot(ctx, user, files)
	r.rename()
	return im, err
}

func (r *renaming) ImportResult(ctx context.Context, id string) (graph.Import, error) {
	im, err := r.Client.ImportResult(ctx, id)
	if r.says != "" {
		im.AssignedUser = r.says
	}
	return im, err
}

// While no process is there a user is renamed and deleted, or others close the link and the user is deleted after the Cloud PC was built, with
// it. The row says that the user is gone, not that the import is somebody else's or was purged, and nothing is sent for them again.
func TestDeletedWhileNobodyLooked(t *testing.T) {
	t.Parallel()
	const ada, sku = 0, "CPC_E_2C_8GB_128GB"
	for _, tc := range []struct{ name, do, what string }{
		{"Renamed", "rename", "augusta"},
		{"CutOverByOthers", "give-license", sku},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				sc := timed()
				sc.Knobs.AssignedUser = "upn"
				s := newStage(t, sc)
				defer s.close()
				s.rows = s.rows[:1]
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
				defer cancel()
				s.playFor(ctx)
				if r := s.rows[ada]; r.Step != migration.StepImportWait || r.Facts.SnapshotID == "" {
					t.Fatalf("%s at %s", r.State, r.Step)
				}
				user := s.rows[ada].Target.UserID
				time.Sleep(15 * time.Minute)
				s.event(user, tc.do, tc.what)
				time.Sleep(time.Hour)
				s.event(user, "delete-user", "")
				time.Sleep(8 * 24 * time.Hour) // the grace period of the Cloud PC, too
				before := len(s.effects(ada))
				for range 2 {
					s.play()
					if r := s.rows[ada]; r.State != migration.Failed || r.Problem.Code != "user.not-found" || r.Step != migration.StepImportWait {
						t.Fatalf("%s at %s: %+v", r.State, r.Step, r.Problem)
					}
					s.retry(ada)
				}
				if did := s.effects(ada); len(did) != before {
					t.Errorf("done to the user: %q", did[before:])
				}
			})
		})
	}
}
