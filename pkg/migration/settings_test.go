package migration_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/migration"
)

func allSettings() migration.Settings {
	return migration.Settings{
		SkipInvalid: true, Trigger: migration.TriggerLicense, ImportSource: "account", StorageAccountID: "/subscriptions/s",
		Canary: 3, Halt: migration.Halt{Share: 0.1, Floor: 3}, StopBy: time.Date(2026, 11, 20, 22, 0, 0, 0, time.UTC),
		Until: migration.StepImportWait, RepeatLost: true, Paused: true, Draining: true,
	}
}

func TestSettingsAsTextAndBack(t *testing.T) {
	t.Parallel()
	for _, s := range []migration.Settings{{}, allSettings(), {Canary: 1}} {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var again migration.Settings
		if err := json.Unmarshal(data, &again); err != nil || again != s {
			t.Errorf("%s reads as %+v, %v", data, again, err)
		}
	}
	var old migration.Settings
	// As earlier versions wrote it: with the number of slots, which is now only in Run.Slots.
	if err := json.Unmarshal([]byte(`{"slots":"20","skip-invalid":"false","until":"imported"}`), &old); err != nil || old != (migration.Settings{Until: migration.StepImportWait}) {
		t.Errorf("settings of an earlier version read as %+v, %v", old, err)
	}
	for _, bad := range []string{`{"canary":"x"}`, `{"halt-after":"x"}`, `{"stop-by":"x"}`, `{"until":"proven"}`, `{"paused":"perhaps"}`, `{"on-lost-reply":"x"}`, `{"colour":"red"}`, `[]`} {
		if err := json.Unmarshal([]byte(bad), &old); err == nil {
			t.Errorf("%s was taken as %+v", bad, old)
		}
	}
}

func TestSettingsPatch(t *testing.T) {
	t.Parallel()
	all, none := allSettings(), migration.Settings{}
	for _, tc := range []struct{ from, to migration.Settings }{{none, all}, {all, none}, {all, migration.Settings{Canary: 5}}} {
		s := tc.from
		if err := s.Apply(tc.from.PatchTo(tc.to)); err != nil || s != tc.to {
			t.Errorf("%+v, %v, want %+v", s, err, tc.to)
		}
	}
	if p := all.PatchTo(all); p != nil {
		t.Errorf("nothing changed, and the patch is %v", p)
	}
	less := all
	less.Canary, less.Paused = 0, false
	if d := cmp.Diff(migration.SettingsPatch{"canary": "", "paused": ""}, all.PatchTo(less)); d != "" {
		t.Error(d)
	}
}

// The number of slots is stored in one place: a report that lists the settings cannot show another number than the
// run's.
func TestSettingsListNoSlots(t *testing.T) {
	t.Parallel()
	want := []migration.Setting{
		{Name: "canary", Value: "3"}, {Name: "halt-after", Value: "10%,3"}, {Name: "import-source", Value: "account"},
		{Name: "on-lost-reply", Value: "repeat"}, {Name: "skip-invalid", Value: "true"}, {Name: "stop-by", Value: "2026-11-20T22:00:00Z"},
		{Name: "storage-account-id", Value: "/subscriptions/s"}, {Name: "trigger", Value: "license"}, {Name: "until", Value: "imported"},
	}
	if d := cmp.Diff(want, allSettings().List()); d != "" {
		t.Error(d)
	}
}
