package wavegroup_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/cloud"
	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare"
	"wave365/pkg/tenantcare/wavegroup"
)

// slow is a directory that shows a new group by its name, or at all, only after a while.
type slow struct {
	named, known time.Duration
	groups       []graph.Group
	made         []time.Time
	policy       graph.ProvisioningPolicy
	members      []graph.Member
	drop         error // of the next create's answer
}

func (s *slow) GroupsNamed(_ context.Context, name string) (out []graph.Group, err error) {
	for i, g := range s.groups {
		if g.DisplayName == name && time.Since(s.made[i]) >= s.named {
			out = append(out, g)
		}
	}
	return out, nil
}

func (s *slow) Group(_ context.Context, id string) (graph.Group, error) {
	for i, g := range s.groups {
		if g.ID == id && time.Since(s.made[i]) >= s.known {
			return g, nil
		}
	}
	return graph.Group{}, fault.New(fault.NotFound, "x", "no such group", "")
}

func (s *slow) CreateGroup(_ context.Context, name, _, _ string) (graph.Group, error) {
	g := graph.Group{ID: "g" + string(rune('0'+len(s.groups))), DisplayName: name}
	s.groups, s.made = append(s.groups, g), append(s.made, time.Now())
	if err := s.drop; err != nil {
		s.drop = nil
		return graph.Group{}, err
	}
	return g, nil
}

func (s *slow) DeleteGroup(_ context.Context, id string) error {
	for i, g := range s.groups {
		if g.ID == id {
			s.groups, s.made = append(s.groups[:i:i], s.groups[i+1:]...), append(s.made[:i:i], s.made[i+1:]...)
			break
		}
	}
	return nil
}

func (s *slow) GroupMembers(context.Context, string) ([]graph.Member, error) {
	return slices.Clone(s.members), nil
}

func (s *slow) ProvisioningPolicies(context.Context) ([]graph.ProvisioningPolicy, error) {
	return []graph.ProvisioningPolicy{s.policy}, nil
}

func (s *slow) AssignProvisioningPolicy(_ context.Context, _ string, groups []string) error {
	s.policy.GroupIDs = groups
	return nil
}

func (s *slow) UserSettings(context.Context) ([]graph.UserSetting, error) { return nil, nil }

func (s *slow) AssignUserSetting(context.Context, string, []string) error { return nil }

// book is a journal in memory. dies is the write after whose outcome the process is no more.
type book struct {
	writes []migration.Write
	dies   migration.Effect
}

var errDead = errors.New("dead")

func (b *book) IntendWrite(_ context.Context, w migration.Write) (migration.Write, error) {
	w.ID = int64(len(b.writes))
	b.writes = append(b.writes, w)
	return w, nil
}

func (b *book) ConcludeWrite(_ context.Context, w migration.Write, out migration.Outcome) error {
	b.writes[w.ID].Outcome = &out
	if b.dies == w.Effect {
		b.dies = ""
		return errDead
	}
	return nil
}

func (b *book) Holds(context.Context) error { return nil }

func (b *book) Writes(_ context.Context, f migration.WriteFilter) (out []migration.Write, _ error) {
	for _, w := range b.writes {
		remote := w.Outcome != nil && strings.EqualFold(w.Outcome.RemoteID, f.Target)
		if (f.Target == "" || strings.EqualFold(w.Target, f.Target) || remote) && (!f.Undecided || w.Undecided()) && (f.Command == "" || w.Command == f.Command) {
			out = append(out, w)
		}
	}
	return out, nil
}

// TestEnsureOnce: whatever the directory shows, and when, and wherever the process dies, there is one group.
func TestEnsureOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		tenant slow
		dies   migration.Effect
		again  time.Duration
		want   int
	}{
		"AtOnce":                {tenant: slow{}, want: 1},
		"NamedLate":             {tenant: slow{named: 10 * time.Minute}, want: 1},
		"DiesAndIsNamedLate":    {tenant: slow{named: 10 * time.Minute, known: time.Minute}, dies: tenantcare.GroupCreate, want: 1},
		"AnswerLost":            {tenant: slow{named: 10 * time.Minute, drop: fault.New(fault.OutcomeUnknown, "x", "lost", "")}, want: 1},
		"SomebodyDeletedIt":     {tenant: slow{named: time.Hour * 1000, known: time.Hour * 1000}, dies: tenantcare.GroupCreate, again: time.Hour, want: 2},
		"DiesBeforeItIsAtWork":  {tenant: slow{known: 5 * time.Minute}, dies: tenantcare.PolicyAssign, want: 1},
		"DiesAndComesMuchLater": {tenant: slow{named: 10 * time.Minute}, dies: tenantcare.GroupCreate, again: time.Hour, want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, b := tc.tenant, &book{dies: tc.dies}
				s.policy.ID = "p"
				w := tenantcare.Writer{Journal: b, Clock: cloud.Clock{}, Command: "run --create-group"}
				id, err := wavegroup.Ensure(t.Context(), w, &s, "grp", "p")
				if tc.dies != "" {
					if !errors.Is(err, errDead) {
						t.Fatalf("it did not die: %v", err)
					}
					time.Sleep(tc.again)
					id, err = wavegroup.Ensure(t.Context(), w, &s, "grp", "p")
				}
				if err != nil || len(s.groups) != tc.want || !tenantcare.Has(s.policy.GroupIDs, id) {
					t.Errorf("%v; %d groups, want %d; the policy has %v, the group is %s", err, len(s.groups), tc.want, s.policy.GroupIDs, id)
				}
			})
		})
	}
}

// TestRemove: a group with somebody in it stays, and one that was taken back is made anew when it is wanted again.
func TestRemove(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, b := &slow{}, &book{}
		s.policy.ID = "p"
		w := tenantcare.Writer{Journal: b, Clock: cloud.Clock{}, Command: "run --create-group"}
		id, err := wavegroup.Ensure(t.Context(), w, s, "grp", "p")
		if err != nil {
			t.Fatal(err)
		}
		s.members = []graph.Member{{ID: "ada"}}
		if r, err := wavegroup.Look(t.Context(), w.Clock, s, id, "grp", ""); err != nil || r.Back() {
			t.Errorf("%+v, %v", r, err)
		}
		r, err := wavegroup.Look(t.Context(), w.Clock, s, id, "grp", "ADA")
		if err != nil || !r.Back() {
			t.Fatalf("%+v, %v", r, err)
		}
		if err := wavegroup.Remove(t.Context(), w, s, r); fault.CodeOf(err) != "undo.refused" || len(s.groups) != 1 || len(s.policy.GroupIDs) != 1 {
			t.Errorf("with a member in it: %v", err)
		}
		s.members = nil
		if err := wavegroup.Remove(t.Context(), w, s, r); err != nil || len(s.groups) != 0 || len(s.policy.GroupIDs) != 0 {
			t.Errorf("%v; %d groups, the policy has %v", err, len(s.groups), s.policy.GroupIDs)
		}
		if r, err := wavegroup.Look(t.Context(), w.Clock, s, id, "grp", ""); err != nil || !r.Gone {
			t.Errorf("%+v, %v", r, err)
		}
		if _, err := wavegroup.Ensure(t.Context(), w, s, "grp", "p"); err != nil || len(s.groups) != 1 {
			t.Errorf("again: %v, %d groups", err, len(s.groups))
		}
	})
}
