package playbook_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/sandbox/scenario"
)

// withEve is the timed story with somebody who is in the tenant and not in the wave: Eve, for whom a Cloud PC takes three hours.
func withEve(t *testing.T, knobs scenario.Knobs) (s *stage, eve string) {
	sc := timed()
	sc.Knobs = knobs
	last := sc.Users[3]
	last.UPN = "eve"
	sc.Users = append(sc.Users, last)
	blob := sc.Blobs[3]
	blob.Path = "disks/eve.vhd"
	sc.Blobs = append(sc.Blobs, blob)
	fate := sc.Fates[3]
	fate.User, fate.ProvisionTakes = "eve", "3h"
	sc.Fates = append(sc.Fates, fate)
	s = newStage(t, sc)
	eve = s.rows[4].Target.UserID
	s.rows = s.rows[:4]
	return s, eve
}

// succeeds gives Eve the name of a row's user, who is renamed, and lets something else be done to her.
func (s *stage) succeeds(after time.Duration, row int, eve, do, what string) {
	old, _, _ := strings.Cut(s.rows[row].Target.UPN, "@")
	user := s.rows[row].Target.UserID
	go func() {
		time.Sleep(after)
		s.event(user, "rename", "someone.else")
		s.event(eve, "rename", old)
		s.event(eve, do, what)
	}()
}

// Bob is renamed after the cut-over and a new hire gets his name, in the same group and under the same policy. Their Cloud
// PC, whether ready or being built before his, is not taken for his.
func TestOldNameIsSomebodyElses(t *testing.T) {
	t.Parallel()
	const bob = 1
	for _, tc := range []struct{ name, do, what string }{
		{"Ready", "give-cloud-pc", "P"},
		{"BeingBuilt", "join", "grp-p"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, eve := withEve(t, scenario.Knobs{})
				defer s.close()
				began := time.Now()
				s.succeeds(30*time.Minute, bob, eve, tc.do, tc.what)
				s.play()
				r := s.rows[bob]
				if got := states(s.rows); got != allSucceeded {
					t.Fatalf("%s: %+v", got, r.Problem)
				}
				if took := r.FinishedAt.Sub(began); took > 2*time.Hour {
					t.Errorf("it took %s", took)
				}
				pcs, err := s.graph.CloudPCsOf(t.Context(), []string{r.Facts.RenamedTo})
				if err != nil || len(pcs) != 1 || pcs[0].ID != r.Facts.CloudPCID {
					t.Errorf("the row has Cloud PC %s; under %q there is %+v, %v", r.Facts.CloudPCID, r.Facts.RenamedTo, pcs, err)
				}
				if others, err := s.graph.CloudPCsOf(t.Context(), []string{r.Target.UPN}); err != nil || len(others) == 0 {
					t.Errorf("the new hire has no Cloud PC: %v", err)
				}
			})
		})
	}
}

// forgetful is a tenant that knows no import of a user any more.
type forgetful struct {
	*graph.Client
	user string
	id   string
}

func (f *forgetful) ImportResults(ctx context.Context, ids []string) ([]graph.ImportAnswer, error) {
	answers, err := f.Client.ImportResults(ctx, ids)
	for i := range answers {
		if strings.EqualFold(answers[i].Import.AssignedUser, f.user) {
			f.id = ids[i]
		}
		if ids[i] == f.id {
			answers[i] = graph.ImportAnswer{Err: fault.New(fault.NotFound, "", "there is no such import", "")}
		}
	}
	return answers, err
}

// An import whose record is gone did not become the Cloud PC of a new hire who has its user's old name.
func TestImportGoneAndOldNameIsSomebodyElses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, eve := withEve(t, scenario.Knobs{})
		defer s.close()
		s.over = &forgetful{Client: s.graph, user: s.rows[0].Target.UserID}
		s.succeeds(5*time.Minute, 0, eve, "give-cloud-pc", "P")
		s.play()
		if got := states(s.rows); got != "failed:import.gone succeeded succeeded succeeded" {
			t.Errorf("%s: %+v", got, s.rows[0])
		}
	})
}

// The import of a new hire who has the old name of a row's user is not theirs: it is neither found in place of a lost one nor taken
// over by hand.
func TestImportUnderOldNameIsSomebodyElses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, eve := withEve(t, scenario.Knobs{AssignedUser: "upn", ListImports: true, UnauditedImports: true})
		defer s.close()
		s.over = &liar{Client: s.graph, user: s.rows[0].Target.UserID, never: true}
		s.succeeds(5*time.Minute, 0, eve, "give-import", "")
		s.play()
		if got := states(s.rows); got != "held:import.unknown succeeded succeeded succeeded" {
			t.Fatalf("%s: %+v", got, s.rows[0])
		}
		all, err := s.graph.ListImports(t.Context())
		i := slices.IndexFunc(all, func(im graph.Import) bool { return s.rows[0].Called(im.AssignedUser) })
		if err != nil || i < 0 {
			t.Fatalf("the new hire has no import: %+v, %v", all, err)
		}
		if _, err := s.book().Adopt(t.Context(), s.rows[0], all[i].SnapshotID, "ada"); fault.CodeOf(err) != "reconcile.wrong-user" {
			t.Errorf("it was taken over: %v", err)
		}
		// A name that the new hire has given up is the user's again, as far as anybody can tell.
		s.event(eve, "rename", "eve")
		named := &oldNamed{Client: s.graph, id: all[i].SnapshotID, name: s.rows[0].Target.UPN}
		s.over = named
		if _, err := s.book().Adopt(t.Context(), s.rows[0], named.id, "ada"); err != nil {
			t.Errorf("an import under a name that nobody else has was not taken over: %v", err)
		}
	})
}

// oldNamed is a tenant that shows an import under the name that its user had when it was sent.
type oldNamed struct {
	*graph.Client
	id, name string
}

func (o *oldNamed) ImportResult(ctx context.Context, id string) (graph.Import, error) {
	im, err := o.Client.ImportResult(ctx, id)
	if id == o.id {
		im.AssignedUser = o.name
	}
	return im, err
}

// A group that is deleted while its wave runs costs a read or two for all its rows together, and they say so within a few hours.
func TestGroupDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	const gone = "failed:group.not-found"
	for after, want := range map[time.Duration]string{
		10 * time.Minute: strings.Join([]string{gone, gone, gone, gone}, " "),
		// Bob's and Dan's Cloud PCs are being built by then; Ada's and Cyd's will not be.
		22 * time.Minute: strings.Join([]string{gone, "failed:provision.leaving", gone, "failed:provision.leaving"}, " "),
	} {
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStage(t, timed())
				defer s.close()
				began := time.Now()
				go func() {
					time.Sleep(after)
					if err := s.graph.DeleteGroup(t.Context(), s.targets[0].GroupID); err != nil {
						t.Error(err)
					}
				}()
				s.play()
				if got := states(s.rows); got != want {
					t.Errorf("%s, want %s", got, want)
				}
				if took := time.Since(began); took > 3*time.Hour {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}

// The rows of a group that is not there do not make the looks for all others go one by one.
func TestGroupDeletedLooksStayTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		tenant := &altered{Client: s.graph}
		s.over = tenant
		for _, i := range []int{1, 3} {
			s.rows[i].Target.GroupID, s.rows[i].Target.GroupName = "99999999-2222-3333-4444-555555555555", "grp-q"
		}
		s.play()
		if got := states(s.rows); got != "succeeded failed:group.not-found succeeded failed:group.not-found" {
			t.Error(got)
		}
		if n := tenant.calls.Load(); n > 4 { // users and licenses: of all four, and once more of the two
			t.Errorf("%d calls read four users", n)
		}
	})
}

// young is a tenant that does not show a group before some time.
type young struct {
	*graph.Client
	shows time.Time
}

func (y young) hidden() error {
	if time.Now().Before(y.shows) {
		return fault.New(fault.NotFound, "", "there is no such group", "")
	}
	return nil
}

func (y young) MembersAmong(ctx context.Context, group string, users []string) ([]bool, error) {
	if err := y.hidden(); err != nil {
		return nil, err
	}
	return y.Client.MembersAmong(ctx, group, users)
}

func (y young) Groups(ctx context.Context, ids []string) ([]graph.GroupAnswer, error) {
	all, err := y.Client.Groups(ctx, ids)
	for i := range all {
		if hidden := y.hidden(); hidden != nil {
			all[i] = graph.GroupAnswer{Err: hidden}
		}
	}
	return slices.Clone(all), err
}

// A group that was only just made, and does not show for a minute, ends no row.
func TestGroupThatShowsLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, story())
		defer s.close()
		if err := s.book().Prepare(t.Context(), s.rows); err != nil { // the user setting is there
			t.Fatal(err)
		}
		s.over = young{s.graph, time.Now().Add(time.Minute)}
		s.play()
		if got := states(s.rows); got != allSucceeded {
			t.Errorf("%s: %+v", got, s.rows[0].Problem)
		}
	})
}

// vanishing is a tenant in which a group is deleted right before somebody is added to it, or right after.
type vanishing struct {
	*graph.Client
	group        string
	after, tried bool
}

func (v *vanishing) AddMembers(ctx context.Context, group string, users []string) error {
	return v.around(ctx, group, func() error { return v.Client.AddMembers(ctx, group, users) })
}

func (v *vanishing) AddMember(ctx context.Context, group, user string) error {
	return v.around(ctx, group, func() error { return v.Client.AddMember(ctx, group, user) })
}

func (v *vanishing) around(ctx context.Context, group string, add func() error) error {
	if group != v.group || v.tried {
		return add()
	}
	v.tried = true
	if !v.after {
		return errors.Join(v.DeleteGroup(ctx, group), add())
	}
	return errors.Join(add(), v.DeleteGroup(ctx, group))
}

// A group that is deleted between the check of a row and its joining, or while the membership is waited for, is named as deleted.
func TestGroupDeletedWhileJoining(t *testing.T) {
	t.Parallel()
	const gone = "failed:group.not-found"
	for _, after := range []bool{false, true} {
		for _, many := range []bool{false, true} {
			t.Run(fmt.Sprintf("after=%t,many=%t", after, many), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := newStage(t, story())
					defer s.close()
					if !many {
						s.rows = s.rows[:1]
					}
					s.over = &vanishing{Client: s.graph, group: s.rows[0].Target.GroupID, after: after}
					s.play()
					for _, r := range s.rows {
						if got := states([]migration.Row{r}); got != gone {
							t.Errorf("%s: %s %+v", r.Target.User, got, r.Problem)
						}
					}
					if n := accepted(s); n > 2 { // those who join last were imported by then
						t.Errorf("%d imports were accepted", n)
					}
				})
			})
		}
	}
}
