package playbook_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"wave365/pkg/migration"
	"wave365/pkg/sandbox/reqlog"
	"wave365/pkg/sandbox/scenario"
)

// play runs a story to its end and hands the stage over.
func play(t *testing.T, sc *scenario.Scenario, then func(*testing.T, *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sc)
		defer s.close()
		s.play()
		then(t, s)
	})
}

func states(rows []migration.Row) string {
	var all []string
	for _, r := range rows {
		text := string(r.State)
		if r.Problem != nil {
			text += ":" + r.Problem.Code
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

func TestBothTriggersInTheirOrder(t *testing.T) {
	t.Parallel()
	play(t, story(), func(t *testing.T, s *stage) {
		if got := states(s.rows); got != "succeeded succeeded succeeded succeeded" {
			t.Fatal(got)
		}
		for i, want := range map[int]string{
			0: "group members added, importSnapshot accepted, license assigned",
			1: "importSnapshot accepted, group member added",
		} {
			if got := strings.Join(s.effects(i), ", "); got != want {
				t.Errorf("row %d: %s, want %s", i, got, want)
			}
		}
		for _, r := range s.rows {
			f := r.Facts
			if f.Proof == "" || !f.Provisioned.After(f.ImportEnded) || !f.CutOver.After(f.ImportEnded) || f.CloudPCID == "" {
				t.Errorf("row %d: no proof of its own: %+v", r.Index, f)
			}
		}
		settings, err := s.graph.UserSettings(t.Context())
		if err != nil || len(settings) != 1 || settings[0].DisplayName != "wave365 one" || settings[0].ProvisioningSourceType != "snapshot" || len(settings[0].GroupIDs) != 1 {
			t.Errorf("settings: %+v, %v", settings, err)
		}
	})
}

// Each way to end badly has its own code; the others are not touched by it.
func TestFates(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		fate  scenario.Fate
		state migration.State
		code  string
		text  string
	}{
		{"ImportFails", scenario.Fate{Import: "failed", Detail: "the file format is incorrect"}, migration.Failed, "import.failed", "the file format is incorrect"},
		{"ProvisioningFails", scenario.Fate{Provision: "failed", Code: "intuneEnrollFailed", Message: "no"}, migration.Failed, "provision.failed", "intuneEnrollFailed"},
		{"NotFromTheSnapshot", scenario.Fate{Provision: "image"}, migration.Failed, "proof.not-from-snapshot", "not from the snapshot"},
		{"Warnings", scenario.Fate{Provision: "warnings", Message: "time zone"}, migration.Succeeded, "", "time zone"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			sc := story()
			tc.fate.User = "ada"
			sc.Fates = []scenario.Fate{tc.fate}
			play(t, sc, func(t *testing.T, s *stage) {
				r := s.rows[0]
				text := r.Facts.Warning
				if r.Problem != nil {
					text = r.Problem.Message
				}
				if r.State != tc.state || !strings.Contains(text, tc.text) || r.Warned != (tc.state == migration.Succeeded) {
					t.Errorf("%s: %s", r.State, text)
				}
				if tc.code != "" && (r.Problem == nil || r.Problem.Code != tc.code || r.Problem.Hint == "") {
					t.Errorf("problem %+v, want %s with a remedy", r.Problem, tc.code)
				}
				if got := migration.Count(s.rows); got.Succeeded != 3 {
					t.Errorf("the other rows: %s", states(s.rows))
				}
			})
		})
	}
}

// What the public sources leave open must not matter to the end of the wave.
func TestVariantsOfTheService(t *testing.T) {
	t.Parallel()
	for name, knobs := range map[string]scenario.Knobs{
		"PluralRoute":       {RetrieveRoute: "plural"},
		"Collection":        {RetrieveShape: "collection"},
		"UserAsUPN":         {AssignedUser: "upn"},
		"IDUnderOtherName":  {SnapshotID: "id"},
		"RecordKept":        {KeepImportRecord: true},
		"PatchWithoutBody":  {PatchStatus: 204},
		"NoAssignmentIDs":   {AssignmentID: "refuse"},
		"StrictPermissions": {StrictPermissions: true},
		"LongLags":          {MembershipLag: "10m", LicenseLag: "20m"},
		"TightThrottling":   {WritesPer20s: 1, RequestsPer20s: 20},
		"NoRetryAfter":      {WritesPer20s: 1, RequestsPer20s: 20, NoRetryAfter: true},
		"SmallPages":        {PageSize: 1},
		"ImportsAreListed":  {ListImports: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := story()
			sc.Knobs = knobs
			play(t, sc, func(t *testing.T, s *stage) {
				if got := states(s.rows); got != "succeeded succeeded succeeded succeeded" {
					t.Error(got)
				}
				n := 0
				for _, r := range s.log() {
					if r.Effect == "importSnapshot accepted" {
						n++
					}
				}
				if n != 4 {
					t.Errorf("%d imports were accepted", n)
				}
			})
		})
	}
}

// An import that names nobody is not this row's: hands off until a person has looked.
func TestAnImportOfNobodyIsHeld(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Knobs.AssignedUser = "empty"
	play(t, sc, func(t *testing.T, s *stage) {
		want := strings.TrimSpace(strings.Repeat("held:import.wrong-user ", 4))
		if got := states(s.rows); got != want {
			t.Errorf("%s", got)
		}
		for _, r := range s.log() {
			if r.Effect == "license assigned" || strings.Contains(r.Effect, "purge") {
				t.Errorf("%s was done all the same", r.Effect)
			}
		}
	})
}

// A tenant that forgets the provisioning source silently would build every Cloud PC from the image: nothing starts.
func TestASettingThatIsNotKeptStopsTheWave(t *testing.T) {
	t.Parallel()
	sc := story()
	sc.Knobs.IgnoreSourceType = true
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, sc)
		defer s.close()
		err := s.prepare()
		if err == nil || !strings.Contains(err.Error(), "did not keep the provisioning source") {
			t.Errorf("Prepare: %v", err)
		}
		if slices.ContainsFunc(s.log(), func(r reqlog.Entry) bool { return strings.Contains(r.Effect, "import") }) {
			t.Error("something was imported")
		}
	})
}
