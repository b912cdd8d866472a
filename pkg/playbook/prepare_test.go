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
)

// without is a tenant in which somebody has deleted things.
type without struct {
	*graph.Client
	setting string // this user setting
	group   string // this group
	made    int    // user settings that were made
	groups  []string
}

func (w *without) UserSettings(ctx context.Context) ([]graph.UserSetting, error) {
	all, err := w.Client.UserSettings(ctx)
	return slices.DeleteFunc(all, func(s graph.UserSetting) bool { return s.ID == w.setting }), err
}

func (w *without) UserSetting(ctx context.Context, id string) (graph.UserSetting, error) {
	if id == w.setting {
		return graph.UserSetting{}, fault.New(fault.NotFound, "", "there is no such setting", "")
	}
	return w.Client.UserSetting(ctx, id)
}

func (w *without) CreateUserSetting(ctx context.Context, s graph.UserSetting) (graph.UserSetting, error) {
	w.made++
	return w.Client.CreateUserSetting(ctx, s)
}

func (w *without) AssignUserSetting(ctx context.Context, id string, groupIDs []string) error {
	if slices.ContainsFunc(groupIDs, func(g string) bool { return strings.EqualFold(g, w.group) }) {
		return fault.New(fault.NotFound, "", "groupNotFound", "")
	}
	w.groups = groupIDs
	return w.Client.AssignUserSetting(ctx, id, groupIDs)
}

func (w *without) Groups(ctx context.Context, ids []string) ([]graph.GroupAnswer, error) {
	all, err := w.Client.Groups(ctx, ids)
	for i, id := range ids {
		if err == nil && strings.EqualFold(id, w.group) {
			all[i] = graph.GroupAnswer{Err: fault.New(fault.NotFound, "", "there is no such group", "")}
		}
	}
	return all, err
}

// The wave's own user setting that somebody deleted is made again; one that has only just been made, and does not show
// yet, is not made twice.
func TestPrepareMakesADeletedSettingAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		tenant := &without{Client: s.graph}
		s.over = tenant
		if err := s.book().Prepare(t.Context(), s.rows); err != nil {
			t.Fatal(err)
		}
		all, err := s.graph.UserSettings(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("settings %+v, %v", all, err)
		}
		tenant.setting = all[0].ID
		time.Sleep(time.Minute)
		if err := s.book().Prepare(t.Context(), s.rows); !fault.Is(err, fault.NotFound) || tenant.made != 1 {
			t.Errorf("a minute later: %v, and %d settings were made", err, tenant.made)
		}
		time.Sleep(3 * time.Hour)
		for range 2 { // the second time there is nothing to do
			if err := s.book().Prepare(t.Context(), s.rows); err != nil {
				t.Fatal(err)
			}
		}
		if all, err = tenant.UserSettings(t.Context()); err != nil || tenant.made != 2 || len(all) != 1 || len(all[0].GroupIDs) != 1 {
			t.Errorf("%d settings were made; the tenant has %+v, %v", tenant.made, all, err)
		}
	})
}

// A group that was deleted costs its own rows only.
func TestPrepareGoesOnWithoutADeletedGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		own, gone := s.rows[0].Target.GroupID, "99999999-2222-3333-4444-555555555555"
		tenant := &without{Client: s.graph, group: gone}
		s.over = tenant
		rows := slices.Clone(s.rows)
		rows[1].Target.GroupID, rows[1].Target.GroupName = gone, "grp-q"
		book := s.book()
		if err := book.Prepare(t.Context(), rows); err != nil {
			t.Fatal(err)
		}
		if len(tenant.groups) != 1 || !strings.EqualFold(tenant.groups[0], own) {
			t.Errorf("the setting was assigned to %v, want %s alone", tenant.groups, own)
		}
		for _, w := range book.Steps() {
			if w.Step != migration.StepCheck {
				continue
			}
			results, err := w.Do(t.Context(), rows[:2])
			if err != nil || results[1].Kind != migration.ResultWait {
				t.Fatalf("one look is believed: %+v, %v", results, err)
			}
			time.Sleep(results[1].Delay)
			rows[1].Facts = results[1].Facts
			results, err = w.Do(t.Context(), rows[:2])
			if err != nil || results[1].Kind != migration.ResultFail || results[1].Problem.Code != "group.not-found" {
				t.Errorf("the row of the deleted group: %+v, %v", results, err)
			}
			if err == nil && results[0].Kind == migration.ResultFail {
				t.Errorf("the other row fails as well: %+v", results[0].Problem)
			}
		}
	})
}
