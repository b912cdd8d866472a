package playbook_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"wave365/pkg/blob"
	"wave365/pkg/blob/bloburl"
	"wave365/pkg/cloud"
	"wave365/pkg/graph"
	"wave365/pkg/ledger"
	"wave365/pkg/migration"
	"wave365/pkg/playbook"
	"wave365/pkg/preflight"
	"wave365/pkg/runner"
	"wave365/pkg/runner/steer"
	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/reqlog"
	"wave365/pkg/sandbox/sandboxtest"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/wave"
	"wave365/pkg/wave/reading"
)

// stage is a whole evening in virtual time: a sandbox tenant behind an in-memory transport, the real clients, a real
// ledger on disk, the playbook and the runner. It lives inside a synctest bubble.
type stage struct {
	*sandboxtest.Stage
	t       *testing.T
	sandbox *sandbox.Sandbox
	http    *http.Client
	graph   *graph.Client
	over    playbook.Graph // in place of graph for the playbook, when not nil
	blobs   *blob.Client
	ledger  *ledger.Ledger
	path    string // of the ledger
	file    *wave.File
	run     migration.Run
	rows    []migration.Row
	targets []migration.Target // of the rows: these nobody changes while the wave runs
}

// people are the stage's users: those with a license join the group last, the others get the license last.
func story() *scenario.Scenario {
	sc := &scenario.Scenario{
		Version: 1, Name: "stage", Seed: 1,
		Tenant:   scenario.Tenant{ID: "11111111-2222-3333-4444-555555555555", Name: "Contoso", Domain: "contoso.example"},
		Licenses: []scenario.License{{SKU: "CPC_E_2C_8GB_128GB", Seats: 100}},
		Groups:   []scenario.Group{{Name: "grp-p"}},
		Policies: []scenario.Policy{{Name: "P", Groups: []string{"grp-p"}}},
	}
	for i, name := range []string{"ada", "bob", "cyd", "dan"} {
		u := scenario.User{UPN: name}
		if i%2 == 1 {
			u.Licenses = []string{"CPC_E_2C_8GB_128GB"}
		}
		sc.Users = append(sc.Users, u)
		sc.Blobs = append(sc.Blobs, scenario.Blob{Path: "disks/" + name + ".vhd", GiB: 64})
	}
	return sc
}

// newStage opens the stage. The caller is inside a synctest bubble and closes it before the bubble ends.
func newStage(t *testing.T, sc *scenario.Scenario) *stage {
	t.Helper()
	return newStageBehind(t, sc, nil)
}

// newStageBehind puts something between the clients and the tenant, when not nil.
func newStageBehind(t *testing.T, sc *scenario.Scenario, between func(http.RoundTripper) http.RoundTripper) *stage {
	t.Helper()
	return newStageWith(t, sc, between, "")
}

// newStageWith has the wave's rows cut over by this trigger; "": as they say.
func newStageWith(t *testing.T, sc *scenario.Scenario, between func(http.RoundTripper) http.RoundTripper, trigger migration.Trigger) *stage {
	t.Helper()
	on := sandboxtest.New(t, sandboxtest.Checked(t, sc), between)
	s := &stage{t: t, Stage: on, sandbox: on.Sandbox, http: on.HTTP, graph: on.Graph, blobs: on.Blobs}
	s.ledger, s.path = on.Ledger()
	s.validate(sc, trigger)
	return s
}

func (s *stage) close() {
	if err := s.ledger.Close(); err != nil {
		s.t.Error(err)
	}
}

// validate turns the scenario's users into a wave, checks it, and records the run.
func (s *stage) validate(sc *scenario.Scenario, trigger migration.Trigger) {
	s.t.Helper()
	csv := "user,blob,policy,license\n"
	for _, u := range sc.Users {
		sku := "CPC_E_2C_8GB_128GB"
		if len(u.Licenses) > 0 {
			sku = ""
		}
		csv += fmt.Sprintf("%s@contoso.example,disks/%s.vhd,P,%s\n", u.UPN, u.UPN, sku)
	}
	var findings []wave.Finding
	s.file, findings = reading.Read("stage", []byte(csv), wave.Options{})
	res, err := preflight.Check(s.t.Context(), s.graph, s.blobs, preflight.Input{
		File: s.file, Findings: findings, BlobRoot: s.blobs.Root(), Slots: 10, Now: time.Now(), Trigger: trigger,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if n := res.Count(wave.Error); n > 0 {
		s.t.Fatalf("the stage's wave has errors: %+v", res.Findings)
	}
	s.run = migration.Run{ID: "one", Wave: "stage", Tenant: res.Organization.ID, State: migration.RunActive, CreatedAt: time.Now(), Columns: s.file.Columns}
	for i, r := range s.file.Rows {
		s.rows = append(s.rows, migration.Row{Run: "one", Index: i, Target: res.Targets[i], Input: r.Cells, State: migration.Pending,
			Step: migration.StepCheck, Reason: migration.ReasonCreated, Attempt: 1, UpdatedAt: time.Now()})
		s.targets = append(s.targets, res.Targets[i])
	}
	if err := s.ledger.CreateRun(s.t.Context(), s.run, s.rows, res.Findings); err != nil {
		s.t.Fatal(err)
	}
}

// book is a fresh playbook, as a new process would make it.
func (s *stage) book() *playbook.Playbook {
	var g playbook.Graph = s.graph
	if s.over != nil {
		g = s.over
	}
	return playbook.New(s.run, g, s.blobs, s.ledger, cloud.Clock{}, func(_ int, _ bool, src migration.Source) (bloburl.Ref, error) {
		return bloburl.Parse(src.URL, s.blobs.Root())
	})
}

// play prepares the wave and runs it to its end.
func (s *stage) play() []migration.Row {
	s.t.Helper()
	return s.playFor(s.t.Context())
}

func (s *stage) playFor(ctx context.Context) []migration.Row {
	s.t.Helper()
	book := s.book()
	if err := book.Prepare(ctx, s.rows); err != nil {
		s.t.Fatal(err)
	}
	r, err := runner.New(s.ledger, runner.Config{State: steer.State{Slots: 10}, Steps: book.Steps(), Clock: cloud.Clock{}})
	if err != nil {
		s.t.Fatal(err)
	}
	rows, _, err := r.Run(ctx, nil, s.rows)
	if err != nil {
		s.t.Fatal(err)
	}
	s.rows = rows
	return rows
}

// log gives the tenant's requests that changed something.
func (s *stage) log() []reqlog.Entry {
	s.t.Helper()
	return slices.DeleteFunc(s.Requests(), func(r reqlog.Entry) bool { return r.Effect == "" })
}

// effects gives in order what was done to a user.
func (s *stage) effects(row int) []string {
	var all []string
	for _, r := range s.log() {
		if strings.EqualFold(r.User, s.rows[row].Target.UserID) {
			all = append(all, r.Effect)
		}
	}
	return all
}
