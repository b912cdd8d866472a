package preflight_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/graph"
	"wave365/pkg/preflight"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// What reaches a user besides what comes with the row's group.
func TestCheck_elsewhere(t *testing.T) {
	t.Parallel()
	other := scenario.Group{Name: "grp-other", Members: []string{"ada"}}
	policy := func(change func(*scenario.Policy)) func(*scenario.Scenario) {
		return func(sc *scenario.Scenario) {
			p := scenario.Policy{Name: "Other", Groups: []string{"grp-other"}}
			change(&p)
			sc.Groups, sc.Policies = append(sc.Groups, other), append(sc.Policies, p)
		}
	}
	setting := func(source string, groups ...string) func(*scenario.Scenario) {
		return func(sc *scenario.Scenario) {
			sc.Groups = append(sc.Groups, other)
			sc.Settings = append(sc.Settings, scenario.Setting{Name: "everyday", Source: source, Groups: groups})
		}
	}
	for name, tc := range map[string]struct {
		change func(*scenario.Scenario)
		row    string
		want   []string
	}{
		"another policy":                {policy(func(*scenario.Policy) {}), adaRow, []string{"2 policy.ambiguous"}},
		"one named by its id":           {policy(func(*scenario.Policy) {}), strings.Replace(adaRow, ada, adaID, 1), []string{"2 policy.ambiguous"}},
		"a shared policy":               {policy(func(p *scenario.Policy) { p.Type = "shared" }), adaRow, nil},
		"two policies on the row's own": {policy(func(p *scenario.Policy) { p.Groups = []string{"grp-p"} }), adaRow, []string{"2 policy.ambiguous"}},
		"another policy, of others": {func(sc *scenario.Scenario) {
			policy(func(*scenario.Policy) {})(sc)
			sc.Groups[len(sc.Groups)-1].Members = []string{"bob"}
		}, adaRow, nil},
		"the row's policy": {func(sc *scenario.Scenario) {
			sc.Groups, sc.Policies[0].Groups = append(sc.Groups, other), []string{"grp-p", "grp-other"}
		}, ada + ",disks/ada.vhd,P," + sku + ",grp-p\n", nil},
		"the row's policy, and licensed": {func(sc *scenario.Scenario) {
			sc.Groups, sc.Policies[0].Groups = append(sc.Groups, other), []string{"grp-p", "grp-other"}
			sc.Users[0].Licenses = []string{sku}
		}, ada + ",disks/ada.vhd,P,,grp-p\n", []string{"2 user.already-targeted"}},
		"an image setting":   {setting("image", "grp-other"), adaRow, []string{"2 setting.conflict"}},
		"a setting unsaid":   {setting("", "grp-other"), adaRow, []string{"2 setting.conflict"}},
		"a snapshot setting": {setting("snapshot", "grp-other"), adaRow, []string{"2 setting.conflict w"}},
		"one through both":   {setting("snapshot", "grp-p", "grp-other"), adaRow, []string{"0 setting.shared-with-others w"}},
		"besides the group's": {func(sc *scenario.Scenario) {
			setting("image", "grp-other")(sc)
			sc.Settings = append(sc.Settings, scenario.Setting{Name: "wave", Source: "snapshot", Groups: []string{"grp-p"}})
		}, adaRow, []string{"2 setting.conflict"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sc := newScenario()
			person(sc, "ada", func(u *scenario.User, _ *scenario.Blob) { u.ID = adaID })
			person(sc, "bob")
			tc.change(sc)
			res := newStage(t, sc).check("user,blob,policy,license,group\n" + strings.Replace(tc.row, sku+"\n", sku+",\n", 1))
			if diff := cmp.Diff(tc.want, brief(res.Findings)); diff != "" {
				t.Errorf("(-want +got):\n%s\n%+v", diff, res.Findings)
			}
		})
	}
}

// Policies of other services make no Cloud PCs of Windows 365.
func TestCheck_elsewhereOfOtherServices(t *testing.T) {
	t.Parallel()
	sc := newScenario()
	person(sc, "ada", func(u *scenario.User, _ *scenario.Blob) { u.ID = adaID })
	sc.Groups = append(sc.Groups, scenario.Group{Name: "grp-dev", Members: []string{"ada"}})
	sc.Policies = append(sc.Policies, scenario.Policy{Name: "Dev", Groups: []string{"grp-dev"}})
	s := newStage(t, sc)
	for by, want := range map[string][]string{"devBox": nil, "rpaBox,windows365": {"2 policy.ambiguous"}} {
		tenant := rigged{Client: s.graph, policies: func(all []graph.ProvisioningPolicy) ([]graph.ProvisioningPolicy, error) {
			for i := range all {
				if all[i].DisplayName == "Dev" {
					all[i].ManagedBy = by
				}
			}
			return all, nil
		}}
		file, findings := reading.Read("w", []byte(head+adaRow), wave.Options{})
		res, err := checkRows(t.Context(), tenant, s.blobs, preflight.Input{File: file, Findings: findings, BlobRoot: blobRoot, Slots: 20, Now: s.now})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, brief(res.Findings)); diff != "" {
			t.Errorf("managed by %s (-want +got):\n%s", by, diff)
		}
	}
}

// The members of a group are listed once, whatever is assigned to it and however many rows join it.
func TestCheck_membersOnce(t *testing.T) {
	t.Parallel()
	sc := newScenario()
	csv := head
	for _, name := range []string{"ada", "bob", "cyd"} {
		person(sc, name)
		csv += name + "@" + domain + ",disks/" + name + ".vhd,P," + sku + "\n"
	}
	sc.Groups = append(sc.Groups, scenario.Group{Name: "grp-a"}, scenario.Group{Name: "grp-b"}, scenario.Group{Name: "grp-unused"})
	sc.Policies = append(sc.Policies, scenario.Policy{Name: "A", Groups: []string{"grp-a", "grp-b"}}, scenario.Policy{Name: "B", Groups: []string{"grp-b"}})
	sc.Settings = []scenario.Setting{{Name: "s", Source: "snapshot", Groups: []string{"grp-p", "grp-b"}}}
	s := newStage(t, sc)
	if diff := cmp.Diff([]string{"0 setting.shared-with-others w"}, brief(s.check(csv).Findings)); diff != "" {
		t.Error(diff)
	}
	listed := map[string]int{}
	for _, r := range s.requests() {
		if strings.HasSuffix(r.Path, "/members") {
			listed[r.Path]++
		}
	}
	if len(listed) != 3 {
		t.Errorf("the members of %d groups were listed, want 3: %v", len(listed), listed)
	}
	for path, n := range listed {
		if n != 1 {
			t.Errorf("%s was asked %d times", path, n)
		}
	}
}
