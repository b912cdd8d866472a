package playbook_test

import "testing"

// Every row has its four ids and the file's name, and every request that changed something has the service's id.
func TestEveryRowHasItsIDs(t *testing.T) {
	t.Parallel()
	play(t, story(), func(t *testing.T, s *stage) {
		settings, err := s.graph.UserSettings(t.Context())
		if err != nil || len(settings) != 1 {
			t.Fatal(settings, err)
		}
		for _, r := range s.rows {
			if r.Facts.SnapshotID == "" || r.Target.PolicyID == "" || r.Facts.UserSettingID != settings[0].ID || r.Target.GroupID == "" || r.Facts.ImportFile == "" {
				t.Errorf("%s: %+v", r.Target.User, r.Facts)
			}
		}
		intents, err := s.ledger.AllIntents(t.Context(), "one")
		if err != nil {
			t.Fatal(err)
		}
		for _, in := range intents {
			if in.Outcome == nil || in.Outcome.RequestID == "" {
				t.Errorf("%s of row %d: %+v", in.Effect, in.Row, in.Outcome)
			}
		}
	})
}
