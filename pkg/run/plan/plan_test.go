package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/preflight"
	"wave365/pkg/run/plan"
	"wave365/pkg/run/plan/moved"
)

var evening = time.Date(2026, 11, 27, 18, 0, 0, 0, time.UTC)

// friday returns a drafted run of three rows, one of them skipped, with what validation read about it.
func friday() (migration.Run, []migration.Row, preflight.Result) {
	r := migration.Run{ID: "r1", Wave: "friday", WavePath: "waves/friday.csv", WaveHash: "abc", Tenant: "t-1", TenantName: "Contoso", Slots: 20,
		CreatedAt: evening, Settings: migration.Settings{Canary: 2}}
	row := func(i int, user string, trigger migration.Trigger) migration.Row {
		t := migration.Target{Line: i + 2, User: user, UPN: user, UserID: "id-" + user, PolicyID: "p", PolicyName: "W365", GroupID: "G-1", GroupName: "grp", Trigger: trigger}
		t.Disk = migration.Source{URL: "https://x/vhds/" + user + ".vhd", ETag: "e1", Virtual: 128 << 30}
		if trigger == migration.TriggerLicense {
			t.SKUID, t.SKUName = "sku-1", "CPC_E_2C_8GB_128GB"
		}
		return migration.Row{Index: i, Target: t, State: migration.Pending, Step: migration.StepCheck}
	}
	rows := []migration.Row{row(0, "anna@contoso.example", migration.TriggerLicense), row(1, "bert@contoso.example", migration.TriggerMembership), row(2, "cleo@contoso.example", migration.TriggerLicense)}
	rows[2].State = migration.Skipped
	return r, rows, preflight.Result{PlanFacts: preflight.PlanFacts{
		Outsiders: map[string][]string{"g-1": {"zoe@contoso.example"}},
		Licenses:  map[string]graph.SKU{"sku-1": {ID: "sku-1", PartNumber: "CPC_E_2C_8GB_128GB", Status: "Enabled", Enabled: 10, Consumed: 4}},
		Takes:     []string{"sku-1", "", "sku-1"}, Member: []bool{false, false, false},
	}}
}

func make3(change func(*migration.Run, []migration.Row, *preflight.Result)) plan.Plan {
	r, rows, res := friday()
	if change != nil {
		change(&r, rows, &res)
	}
	return plan.Make(r, rows, res, "wave365 r1")
}

func TestMake(t *testing.T) {
	t.Parallel()
	p := make3(nil)
	want := plan.Changes{
		Settings: []plan.Setting{{Name: "wave365 r1", Groups: []string{"grp"}, Create: true}},
		Groups: []plan.Group{{ID: "G-1", Name: "grp", Before: []string{"anna@contoso.example"}, AtEnd: []string{"bert@contoso.example"},
			Outsiders: []string{"zoe@contoso.example"}}},
		Licenses: []plan.License{{ID: "sku-1", Name: "CPC_E_2C_8GB_128GB", Give: 1, Free: 6}},
		Imports:  plan.Imports{Count: 2, Bytes: 256 << 30, DayLimit: 1000},
	}
	if diff := cmp.Diff(want, p.Changes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p.Skipped != 1 || len(p.Rows) != 2 || p.Expected.To <= p.Expected.From || p.Settings["canary"] != "2" {
		t.Errorf("%+v", p)
	}
	used := make3(func(_ *migration.Run, _ []migration.Row, res *preflight.Result) {
		res.PlanFacts.Settings = map[string][]graph.UserSetting{"g-1": {{ID: "s1", DisplayName: "Snapshots", ProvisioningSourceType: "snapshot"}}}
		res.PlanFacts.Member[1] = true
	})
	if diff := cmp.Diff([]plan.Setting{{ID: "s1", Name: "Snapshots", Groups: []string{"grp"}}}, used.Changes.Settings); diff != "" {
		t.Errorf("a setting that is there (-want +got):\n%s", diff)
	}
	if g := used.Changes.Groups[0]; len(g.AtEnd) != 0 {
		t.Errorf("a member joins: %+v", g)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, l := range make3(nil).Lines(time.FixedZone("CET", 3600)) {
		b.WriteString(strings.Repeat("  ", l.Depth) + l.Mark + " " + l.Text + "\n")
	}
	for _, want := range []string{
		`+ user setting "wave365 r1" is created with provisioning source snapshot and assigned to grp`,
		"~ group grp: anna@contoso.example joins before the import, 1 as the cut-over",
		"1 member outside the wave is reached by policy and snapshot setting too: zoe@contoso.example",
		"~ license CPC_E_2C_8GB_128GB: 1 of 6 free seats taken, 5 left",
		"> 2 snapshot imports (256 GiB), 20 at a time",
		"Rows: 2 rows to run (1 license last, 1 membership last), 1 skipped because of errors.",
		"Canary: 2 rows first", "Expected end, started now: 2", " CET, 19:", "Irreversible:",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("not said: %s\n%s", want, b.String())
		}
	}
}

// TestMoved: each change is named, and what only looks different is not.
func TestMoved(t *testing.T) {
	t.Parallel()
	was := make3(nil)
	if m := moved.Since(was, make3(func(r *migration.Run, _ []migration.Row, _ *preflight.Result) { r.CreatedAt = evening.Add(time.Hour) })); m != nil {
		t.Errorf("nothing moved: %q", m)
	}
	for _, c := range []struct {
		name   string
		change func(*migration.Run, []migration.Row, *preflight.Result)
		want   string
	}{
		{"tenant", func(r *migration.Run, _ []migration.Row, _ *preflight.Result) { r.Tenant = "t-2" }, "the plan is for tenant Contoso (t-1)"},
		{"file", func(r *migration.Run, _ []migration.Row, _ *preflight.Result) { r.WaveHash = "abd" }, "the wave file waves/friday.csv was edited"},
		{"slots", func(r *migration.Run, _ []migration.Row, _ *preflight.Result) { r.Slots = 5 }, "--slots was 20, is 5"},
		{"flag", func(r *migration.Run, _ []migration.Row, _ *preflight.Result) { r.Settings = migration.Settings{} }, "--canary was 2, is none"},
		{"disk", func(_ *migration.Run, rows []migration.Row, _ *preflight.Result) { rows[0].Target.Disk.ETag = "e2" }, "line 2, anna@contoso.example: the disk was written again"},
		{"policy", func(_ *migration.Run, rows []migration.Row, _ *preflight.Result) { rows[1].Target.PolicyID = "q" }, "line 3, bert@contoso.example: the policy is a different one"},
		{"row gone", func(_ *migration.Run, rows []migration.Row, _ *preflight.Result) { rows[1].State = migration.Skipped }, "line 3, bert@contoso.example: would not run any more"},
		{"row new", func(_ *migration.Run, rows []migration.Row, _ *preflight.Result) { rows[2].State = migration.Pending }, "line 4, cleo@contoso.example: is not in the plan"},
		{"seats", func(_ *migration.Run, _ []migration.Row, res *preflight.Result) {
			res.PlanFacts.Licenses["sku-1"] = graph.SKU{PartNumber: "CPC_E_2C_8GB_128GB", Status: "Enabled", Enabled: 4, Consumed: 4}
		}, "CPC_E_2C_8GB_128GB has 0 free seats, 1 are needed"},
		{"setting", func(_ *migration.Run, _ []migration.Row, res *preflight.Result) {
			res.PlanFacts.Settings = map[string][]graph.UserSetting{"g-1": {{ID: "s1", DisplayName: "Snapshots"}}}
		}, "group grp was reached by user setting none, now by Snapshots"},
		{"outsider", func(_ *migration.Run, _ []migration.Row, res *preflight.Result) {
			res.PlanFacts.Outsiders["g-1"] = []string{"yan@contoso.example", "zoe@contoso.example"}
		}, "yan@contoso.example joined group grp"},
		{"member", func(_ *migration.Run, _ []migration.Row, res *preflight.Result) { res.PlanFacts.Member[0] = true },
			"line 2, anna@contoso.example: is a member of group grp already"},
	} {
		m := moved.Since(was, make3(c.change))
		if len(m) != 1 || !strings.HasPrefix(m[0], c.want) {
			t.Errorf("%s: %q, want %q", c.name, m, c.want)
		}
	}
}

// TestMovedOut: a user who was a member when the plan was made, and no longer is, would be added to the group.
func TestMovedOut(t *testing.T) {
	t.Parallel()
	was := make3(func(_ *migration.Run, _ []migration.Row, res *preflight.Result) { res.PlanFacts.Member[0] = true })
	want := []string{"line 2, anna@contoso.example: is not a member of group grp any more, and would join it"}
	if diff := cmp.Diff(want, moved.Since(was, make3(nil))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSeal(t *testing.T) {
	t.Parallel()
	p := make3(nil)
	text, err := p.Seal()
	if err != nil {
		t.Fatal(err)
	}
	back, err := plan.Open("p.json", text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p, back); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, bad := range []string{strings.Replace(string(text), "anna", "otto", 1), "", "{}", `{"plan":{},"sha256":""}`, "PK\x03\x04"} {
		if _, err := plan.Open("p.json", []byte(bad)); fault.KindOf(err) != fault.Invalid || fault.HintOf(err) == "" {
			t.Errorf("%.20q: %v", bad, err)
		}
	}
}
