package needed_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/graph"
	"wave365/pkg/migration"
	"wave365/pkg/tenantcare/closing/needed"
)

const (
	listed  = "11111111-0000-4000-8000-000000000001"
	logged  = "11111111-0000-4000-8000-00000000000A"
	ours    = "11111111-0000-4000-8000-00000000000B"
	usedUp  = "11111111-0000-4000-8000-00000000000C"
	noneYet = "11111111-0000-4000-8000-00000000000D"
)

// tenant answers from what it holds, and keeps what it was asked.
type tenant struct {
	licensed map[string]string // SKU part numbers by user id
	imports  []graph.Import
	events   []graph.AuditEvent
	results  map[string]graph.ImportAnswer
	denied   error

	asked, read []string
	filter      string
}

func (t *tenant) LicenseDetailsOf(_ context.Context, ids []string) (out []graph.LicenseAnswer, _ error) {
	t.asked = append(t.asked, ids...)
	for _, id := range ids {
		a := graph.LicenseAnswer{Err: fault.New(fault.NotFound, "", "deleted since", "")}
		if sku, ok := t.licensed[id]; ok {
			a = graph.LicenseAnswer{Licenses: []graph.License{{SKUPartNumber: sku}}}
		}
		out = append(out, a)
	}
	return out, nil
}

func (t *tenant) ListImports(context.Context) ([]graph.Import, error) { return t.imports, t.denied }

func (t *tenant) AuditEvents(_ context.Context, filter string) ([]graph.AuditEvent, error) {
	t.filter = filter
	return t.events, t.denied
}

func (t *tenant) ImportResults(_ context.Context, ids []string) (out []graph.ImportAnswer, _ error) {
	t.read = append(t.read, ids...)
	for _, id := range ids {
		a, ok := t.results[strings.ToUpper(id)]
		if !ok {
			a.Err = fault.New(fault.NotFound, "", "no import", "")
		}
		out = append(out, a)
	}
	return out, nil
}

// TestRead: people of the run, those who have a Cloud PC, and imports that were sent from here are not asked about; nobody and
// nothing is asked about twice.
func TestRead(t *testing.T) {
	t.Parallel()
	event := func(activity, result string, ids ...string) graph.AuditEvent {
		e := graph.AuditEvent{Activity: activity, Result: result}
		for _, id := range ids {
			e.Resources = append(e.Resources, graph.AuditResource{ID: id})
		}
		return e
	}
	x := &tenant{
		licensed: map[string]string{"zoe": "CPC_E_2C_8GB_128GB", "yan": "EMS"},
		imports: []graph.Import{
			{SnapshotID: listed, Status: graph.ImportSucceeded}, {SnapshotID: strings.ToLower(ours), Status: graph.ImportSucceeded}, {Status: graph.ImportSucceeded},
		},
		events: []graph.AuditEvent{
			event("Import snapshot", "success", logged, listed, "no id", ours), event("import snapshot", "success", strings.ToLower(logged), usedUp, noneYet),
			event("Purge import", "success", "11111111-0000-4000-8000-0000000000F1"), event("Import snapshot", "clientError", "11111111-0000-4000-8000-0000000000F2"),
			event("Restart", "success", "11111111-0000-4000-8000-0000000000F3"),
		},
		results: map[string]graph.ImportAnswer{
			logged: {Import: graph.Import{Status: graph.ImportInProgress}}, usedUp: {Import: graph.Import{Status: graph.ImportSucceeded, Usage: graph.UsageInUse}},
		},
	}
	r := needed.Of(migration.Run{CreatedAt: time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)}, []migration.Row{{Target: migration.Target{UserID: "ANNA"}}}, nil)
	members := []graph.Member{{ID: "anna", UPN: "anna@x"}, {ID: "zoe", UPN: "zoe@x"}, {ID: "yan", UPN: "yan@x"}, {ID: "zoe", UPN: "zoe@x"}, {ID: "left", UPN: "left@x"}, {ID: "device"}, {ID: "has", UPN: "has@x"}}
	o, err := needed.Read(t.Context(), x, r, map[string]bool{strings.ToLower(ours): true}, members, []graph.CloudPC{{UserPrincipalName: "HAS@x"}})
	if err != nil || !maps.Equal(o.Due, map[string]bool{"zoe": true, "yan": false}) || !slices.Equal(x.asked, []string{"zoe", "yan", "left"}) {
		t.Errorf("%v; due %v, asked about %v", err, o.Due, x.asked)
	}
	var ids []string
	for _, i := range o.Foreign {
		ids = append(ids, i.SnapshotID)
	}
	if !slices.Equal(ids, []string{listed, logged}) || !slices.Equal(x.read, []string{logged, usedUp, noneYet}) {
		t.Errorf("foreign %v, read %v", ids, x.read)
	}
	if x.filter != "activityDateTime ge 2026-11-13T20:00:00Z" {
		t.Errorf("asked for %s", x.filter)
	}
	o, err = needed.Read(t.Context(), &tenant{denied: fault.New(fault.Denied, "", "no", "")}, r, nil, nil, nil)
	if err != nil || o.Due != nil || o.Foreign != nil {
		t.Errorf("%v; %+v", err, o)
	}
	if _, err = needed.Read(t.Context(), &tenant{denied: fault.New(fault.Unavailable, "", "no", "")}, r, nil, nil, nil); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a list that could not be read is taken for an empty one: %v", err)
	}
}

func TestDisk(t *testing.T) {
	t.Parallel()
	row := func(run, user, name string, state migration.State) migration.Row {
		return migration.Row{Run: run, State: state, Target: migration.Target{UserID: user, Disk: migration.Source{Container: "disks", Name: name}}}
	}
	state := row("r", "eve", "e.vhd", migration.Waiting)
	state.Target.GuestState = &migration.Source{Container: "disks", Name: "e.state"}
	rows := []migration.Row{
		row("r", "anna", "a.vhd", migration.Succeeded), row("r", "ben", "b.vhd", migration.Failed), row("r", "cyd", "b.vhd", migration.Succeeded), row("r", "dan", "d.vhd", migration.Held), state,
	}
	r := needed.Of(migration.Run{ID: "r"}, rows, []migration.Row{row("r2", "ANNA", "a.vhd", migration.Deferred), row("r3", "dan", "d.vhd", migration.Running)})
	for _, tc := range []struct{ user, name, want string }{
		{"anna", "a.vhd", ""}, {"cyd", "b.vhd", "r"}, {"Ben", "b.vhd", ""}, {"anna", "d.vhd", "r3"}, {"anna", "e.state", "r"}, {"anna", "A.vhd", ""},
	} {
		if got := r.Disk(row("r", tc.user, "", migration.Succeeded), migration.Source{Container: "disks", Name: tc.name}); got != tc.want {
			t.Errorf("%s of %s is needed by %q, want %q", tc.name, tc.user, got, tc.want)
		}
	}
}
