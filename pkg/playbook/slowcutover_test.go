package playbook_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/graph"
)

// slowReads is a service that makes the look for members wait for eight minutes when an import has ended, so that the cut-over
// looks once more, and one of the cut-over's own reads as well, during which somebody sets the user setting back to image; or,
// when read is empty, every look for members, and nobody does.
type slowReads struct {
	*graph.Client
	from          time.Time // when the import has ended
	read          string    // members, import, or empty
	members, asks int
	toImage       func()
}

func (s *slowReads) wait() {
	time.Sleep(time.Minute)
	s.toImage()
	time.Sleep(7 * time.Minute)
}

func (s *slowReads) MembersAmong(ctx context.Context, group string, users []string) ([]bool, error) {
	if time.Now().After(s.from) {
		switch s.members++; {
		case s.members == 1 || s.read == "":
			time.Sleep(8 * time.Minute)
		case s.members == 2 && s.read == "members":
			s.wait()
		}
	}
	return s.Client.MembersAmong(ctx, group, users)
}

func (s *slowReads) ImportResult(ctx context.Context, id string) (graph.Import, error) {
	im, err := s.Client.ImportResult(ctx, id)
	if s.asks++; s.asks == 1 && s.read == "import" {
		s.wait()
	}
	return im, err
}

// The settings that a cut-over relies on are read again when the service has made its other reads wait, and slow reads alone do
// not keep it from being made.
func TestCutOverAfterSlowReads(t *testing.T) {
	t.Parallel()
	for _, read := range []string{"members", "import", ""} {
		t.Run(read, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, timed())
				defer s.close()
				s.rows = s.rows[:1]
				slow := &slowReads{Client: s.graph, from: time.Now().Add(20 * time.Minute), read: read}
				slow.toImage = func() {
					settings, err := s.graph.UserSettings(t.Context())
					if err != nil || len(settings) != 1 {
						t.Errorf("settings: %v, %v", settings, err)
						return
					}
					settings[0].ProvisioningSourceType = "image"
					if _, err := s.graph.UpdateUserSetting(t.Context(), settings[0]); err != nil {
						t.Error(err)
					}
				}
				s.over = slow
				ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
				defer cancel()
				s.playFor(ctx)
				want, cutOvers := "failed:setting.not-snapshot", 0
				if read == "" {
					want, cutOvers = "succeeded", 1
				}
				for _, what := range s.effects(0) {
					if what == "license assigned" {
						cutOvers--
					}
				}
				if got := states(s.rows); got != want || cutOvers != 0 || slow.members < 2 || slow.asks < 1 && read != "members" {
					t.Errorf("%s (%s) after %v, %d looks for members and %d reads of the import", got, s.rows[0].Note, s.effects(0), slow.members, slow.asks)
				}
			})
		})
	}
}
