package playbook_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
)

// late is a tenant whose list of user settings shows what others made only after so many reads, and that loses so many answers.
type late struct {
	*graph.Client
	own   string
	blind int
	lose  int // answers to giving way, which leaves the setting no group
}

func (l *late) UserSettings(ctx context.Context) ([]graph.UserSetting, error) {
	all, err := l.Client.UserSettings(ctx)
	if l.blind > 0 {
		l.blind--
		all = slices.DeleteFunc(all, func(s graph.UserSetting) bool { return s.DisplayName != l.own })
	}
	return all, err
}

func (l *late) AssignUserSetting(ctx context.Context, id string, groupIDs []string) error {
	err := l.Client.AssignUserSetting(ctx, id, groupIDs)
	if err == nil && len(groupIDs) == 0 && l.lose > 0 {
		l.lose--
		return fault.New(fault.Unavailable, "graph.unreachable", "no answer", "")
	}
	return err
}

// other makes the playbook of a run of another ledger for the same rows.
func (s *stage) other(over playbook.Graph) *playbook.Playbook {
	s.t.Helper()
	run := s.run
	run.ID = "two"
	rows := slices.Clone(s.rows)
	for i := range rows {
		rows[i].Run = "two"
	}
	l, err := ledger.Open(s.t.Context(), s.path+"-two", ledger.Options{})
	if err == nil {
		err = l.CreateRun(s.t.Context(), run, rows, nil)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = l.Close() })
	return playbook.New(run, over, s.blobs, l, cloud.Clock{}, func(_ int, _ bool, src migration.Source) (bloburl.Ref, error) {
		return bloburl.Parse(src.URL, s.blobs.Root())
	})
}

// reaching are the names of the settings that reach the stage's group.
func (s *stage) reaching() (names []string) {
	s.t.Helper()
	all, err := s.graph.UserSettings(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, x := range all {
		if len(x.GroupIDs) > 0 {
			names = append(names, x.DisplayName)
		}
	}
	return names
}

// checkWith does the first step of the stage's rows until none waits, and gives the worst result.
func checkWith(t *testing.T, book *playbook.Playbook, rows []migration.Row) migration.Result {
	t.Helper()
	rows = slices.Clone(rows[:2])
	for range 60 {
		for _, w := range book.Steps() {
			if w.Step != migration.StepCheck {
				continue
			}
			results, err := w.Do(t.Context(), rows)
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(results, func(r migration.Result) bool { return r.Kind != migration.ResultDone })
			if i < 0 {
				return results[0]
			}
			if results[i].Kind != migration.ResultWait {
				return results[i]
			}
			for k := range rows {
				rows[k].Facts = results[k].Facts
			}
			time.Sleep(results[i].Delay)
		}
	}
	t.Fatal("the rows wait for ever")
	return migration.Result{}
}

// Two runs of two ledgers begin at once on one group, and each makes a user setting. Whoever sees it when, and though answers are
// lost: the one that was made first stays, the other is taken away by its own run, and no row fails for it.
func TestTwoRunsOfOneGroupGiveWay(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ blindOne, blindTwo, lose int }{
		"the second sees it after it assigned":      {0, 2, 0},
		"the answer to giving way is lost":          {0, 2, 1},
		"the second sees it when its rows are done": {0, 3, 0},
		"both see it when their rows are done":      {4, 3, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, story())
				defer s.close()
				one := &late{Client: s.graph, own: "wave365 one", blind: tc.blindOne}
				s.over = one
				first := s.book()
				if err := first.Prepare(t.Context(), s.rows); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Second)
				two := &late{Client: s.graph, own: "wave365 two", blind: tc.blindTwo}
				second := s.other(two)
				two.lose = tc.lose
				if err := second.Prepare(t.Context(), s.rows); err != nil {
					t.Fatal(err)
				}
				rows := slices.Clone(s.rows)
				for i := range rows {
					rows[i].Run = "two"
				}
				// The second run's rows see it and have it settled; those of the first would wait for that.
				if res := checkWith(t, second, rows); res.Kind == migration.ResultFail {
					t.Errorf("a row of the second fails: %+v", res.Problem)
				}
				if res := checkWith(t, first, s.rows); res.Kind == migration.ResultFail {
					t.Errorf("a row of the first fails: %+v", res.Problem)
				}
				if got := s.reaching(); len(got) != 1 || got[0] != "wave365 one" {
					t.Errorf("the group is reached by %v, want the first alone", got)
				}
			})
		})
	}
}

// The other run has died before it gave way: this one stops before its first row, and goes on once the other has.
func TestARunStopsWhenTheOtherDoesNotGiveWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		first := s.book()
		if err := first.Prepare(t.Context(), s.rows); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		two := &late{Client: s.graph, own: "wave365 two", blind: 3}
		second := s.other(two)
		if err := second.Prepare(t.Context(), s.rows); err != nil {
			t.Fatal(err)
		}
		if got := s.reaching(); len(got) != 2 {
			t.Fatalf("the group is reached by %v, want both", got)
		}
		err := first.Prepare(t.Context(), s.rows)
		if f := fault.As(err); f == nil || f.Kind != fault.Conflict || f.Code != "setting.conflict" || len(f.Commands) != 1 || f.Commands[0].Name != "resume" {
			t.Fatalf("the first run goes on: %v", err)
		}
		if err := second.Prepare(t.Context(), s.rows); err != nil {
			t.Fatal(err)
		}
		if err := first.Prepare(t.Context(), s.rows); err != nil {
			t.Fatal(err)
		}
		if got := s.reaching(); len(got) != 1 || got[0] != "wave365 one" {
			t.Errorf("the group is reached by %v, want the first alone", got)
		}
	})
}
