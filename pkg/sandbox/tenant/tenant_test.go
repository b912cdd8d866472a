package tenant_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/tenant"
	"wave365/pkg/sandbox/tenant/source"
)

var start = time.Date(2026, 11, 20, 17, 0, 0, 0, time.UTC)

const (
	group  = "aaaaaaaa-0000-0000-0000-000000000001"
	sku    = "e2aebe6c-897d-480f-9d62-fff1381581f7"
	ada    = "ada@contoso.example"
	bob    = "bob@contoso.example"
	minute = time.Minute
)

type disks map[string]source.File

func (d disks) CheckSAS(raw string, _ time.Time) (source.File, error) {
	for name, f := range d {
		if strings.Contains(raw, "/"+name) {
			return f, nil
		}
	}
	return source.File{}, errors.New("no such blob: " + raw)
}

func (d disks) CheckBlob(_, container, name string) (source.File, error) {
	return d.CheckSAS(container+"/"+name, time.Time{})
}

func (d disks) Touch(string, time.Time) {}

func disk(gib int64) source.File {
	return source.File{Name: "os.vhd", PageBlob: true, Length: gib<<30 + 512, Virtual: gib << 30, Kind: "fixed"}
}

var allDisks = disks{
	"good": disk(64), "big": disk(512),
	"vhdx":    {Name: "x.vhdx", PageBlob: true, Kind: "vhdx", Length: 1 << 30},
	"spoiled": {Name: "y.vhd", PageBlob: true, Kind: "fixed", Length: 1 << 30},
	"block":   {Name: "b.vhd", Kind: "fixed", Length: 1 << 30, Virtual: 1 << 30},
	"copying": {Name: "c.vhd", PageBlob: true, Kind: "fixed", Virtual: 1 << 30, CopyPending: true},
	"state":   {Name: "s.vmgs", PageBlob: true, Kind: "guest-state", Length: 4 << 20},
}

// evening is a tenant ready to migrate: policy and snapshot setting reach the group, ada and bob are in it, unlicensed.
func evening(change func(*scenario.Scenario)) *scenario.Scenario {
	s := &scenario.Scenario{
		Tenant:   scenario.Tenant{ID: "11111111-2222-3333-4444-555555555555", Name: "Contoso", Domain: "contoso.example"},
		Users:    []scenario.User{{UPN: "ada"}, {UPN: "bob"}, {UPN: "eve", Location: "none"}},
		Licenses: []scenario.License{{SKU: "CPC_E_2C_8GB_128GB", Seats: 5}, {SKU: "CPC_B_2C_4RAM_64GB", Seats: 5}},
		Groups:   []scenario.Group{{Name: "Wave", ID: group, Members: []string{"ada", "bob"}}},
		Policies: []scenario.Policy{{Name: "Finance", Groups: []string{"Wave"}}},
		Settings: []scenario.Setting{{Name: "mig", Source: "snapshot", Groups: []string{"Wave"}}},
		Knobs:    scenario.Knobs{MembershipLag: "0s", LicenseLag: "0s"},
	}
	if change != nil {
		change(s)
	}
	return s
}

// story is a tenant and its clock.
type story struct {
	*testing.T
	tn  *tenant.Tenant
	now time.Time
}

func tell(t *testing.T, change func(*scenario.Scenario)) *story {
	t.Helper()
	tn, err := tenant.New(evening(change), 0, start, allDisks)
	if err != nil {
		t.Fatal(err)
	}
	return &story{t, tn, start}
}

func (s *story) id(user string) string {
	s.Helper()
	u, err := s.tn.User(s.now, user)
	if err != nil {
		s.Fatal(err)
	}
	return u.ID
}

func (s *story) imports(user, blob string) tenant.Import {
	s.Helper()
	im, err := s.tryImport(user, blob)
	if err != nil {
		s.Fatal(err)
	}
	return im
}

func (s *story) tryImport(user, blob string) (tenant.Import, error) {
	s.Helper()
	return s.tn.ImportSnapshot(s.now, s.id(user), []source.Ref{{URL: "https://x/c/" + blob + "?sig=topsecret"}})
}

func (s *story) wait(d time.Duration) { s.now = s.now.Add(d) }

func (s *story) license(user string) {
	s.Helper()
	if _, err := s.tn.AssignLicense(s.now, user, []tenant.Grant{{SKUID: sku}}, nil); err != nil {
		s.Fatal(err)
	}
}

func (s *story) unlicense(user string) {
	s.Helper()
	if _, err := s.tn.AssignLicense(s.now, user, nil, []string{sku}); err != nil {
		s.Fatal(err)
	}
}

// pc is "status/source", or "none".
func (s *story) pc(user string) string {
	s.Helper()
	p, ok := s.tn.CloudPCOf(s.now, user)
	if !ok {
		return "none"
	}
	return p.Status + "/" + p.Source
}

// imp is "status/usage", or "gone".
func (s *story) imp(id string) string {
	s.Helper()
	im, err := s.tn.Import(s.now, id)
	if fault.Is(err, fault.NotFound) {
		return "gone"
	}
	if err != nil {
		s.Fatal(err)
	}
	return im.Status + "/" + im.Usage
}

func (s *story) expect(what, got, want string) {
	s.Helper()
	if got != want {
		s.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func fate(f scenario.Fate) func(*scenario.Scenario) {
	return func(s *scenario.Scenario) { f.User = "ada"; s.Fates = []scenario.Fate{f} }
}

func knobs(set func(*scenario.Knobs)) func(*scenario.Scenario) {
	return func(s *scenario.Scenario) { set(&s.Knobs) }
}

// TestEvening tells the right order under each fate and knob: import, wait, license, wait.
func TestEvening(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change                   func(*scenario.Scenario)
		blob                     string
		imported, building, done string
		left                     string
	}{
		"good":           {imported: "succeeded/notUsed", building: "provisioning/snapshot", done: "provisioned/snapshot", left: "gone"},
		"import fails":   {change: fate(scenario.Fate{Import: "failed", Detail: "no"}), imported: "failed/notUsed", building: "provisioning/image", done: "provisioned/image", left: "failed/notUsed"},
		"build fails":    {change: fate(scenario.Fate{Provision: "failed"}), imported: "succeeded/notUsed", building: "provisioning/snapshot", done: "failed/snapshot", left: "succeeded/inUse"},
		"warnings":       {change: fate(scenario.Fate{Provision: "warnings"}), imported: "succeeded/notUsed", building: "provisioning/snapshot", done: "provisionedWithWarnings/snapshot", left: "gone"},
		"image":          {change: fate(scenario.Fate{Provision: "image"}), imported: "succeeded/notUsed", building: "provisioning/image", done: "provisioned/image", left: "succeeded/notUsed"},
		"slow":           {change: fate(scenario.Fate{ImportTakes: "3h"}), imported: "inProgress/notUsed", building: "provisioning/image", done: "provisioned/image", left: "inProgress/notUsed"},
		"slow build":     {change: fate(scenario.Fate{ProvisionTakes: "4h"}), imported: "succeeded/notUsed", building: "provisioning/snapshot", done: "provisioning/snapshot", left: "succeeded/inUse"},
		"too large":      {blob: "big", imported: "succeeded/notUsed", building: "provisioning/snapshot", done: "failed/snapshot", left: "succeeded/inUse", change: knobs(func(k *scenario.Knobs) { k.ImportPer10GiB = "1s" })},
		"vhdx":           {blob: "vhdx", imported: "failed/notUsed", building: "provisioning/image", done: "provisioned/image", left: "failed/notUsed"},
		"spoiled footer": {blob: "spoiled", imported: "failed/notUsed", building: "provisioning/image", done: "provisioned/image", left: "failed/notUsed"},
		"block blob":     {blob: "block", imported: "failed/notUsed", building: "provisioning/image", done: "provisioned/image", left: "failed/notUsed"},
		"copy pending":   {blob: "copying", imported: "failed/notUsed", building: "provisioning/image", done: "provisioned/image", left: "failed/notUsed"},
		"guest as disk":  {blob: "state", imported: "failed/notUsed", building: "provisioning/image", done: "provisioned/image", left: "failed/notUsed"},
		"no snapshot waits": {blob: "vhdx", change: knobs(func(k *scenario.Knobs) { k.NoSnapshot = "wait" }),
			imported: "failed/notUsed", building: "none", done: "none", left: "failed/notUsed"},
		"no snapshot fails": {blob: "vhdx", change: knobs(func(k *scenario.Knobs) { k.NoSnapshot = "failed" }),
			imported: "failed/notUsed", building: "provisioning/image", done: "failed/image", left: "failed/notUsed"},
		"record kept": {change: knobs(func(k *scenario.Knobs) { k.KeepImportRecord = true }), imported: "succeeded/notUsed",
			building: "provisioning/snapshot", done: "provisioned/snapshot", left: "succeeded/inUse"},
		"expires": {change: knobs(func(k *scenario.Knobs) { k.ImportExpires = "10m" }), imported: "succeeded/expired",
			building: "provisioning/image", done: "provisioned/image", left: "succeeded/expired"},
		"connection down": {change: func(s *scenario.Scenario) {
			s.Connections = []scenario.Connection{{Name: "Bern", Health: "failed"}}
			s.Policies[0].Connection = "Bern"
		}, imported: "succeeded/notUsed", building: "provisioning/snapshot", done: "failed/snapshot", left: "succeeded/inUse"},
		"no addresses": {change: func(s *scenario.Scenario) {
			s.Connections = []scenario.Connection{{Name: "Bern", FreeAddresses: -1}}
			s.Policies[0].Connection = "Bern"
		}, imported: "succeeded/notUsed", building: "provisioning/snapshot", done: "failed/snapshot", left: "succeeded/inUse"},
		"setting says image": {change: func(s *scenario.Scenario) { s.Settings[0].Source = "" }, imported: "succeeded/notUsed",
			building: "provisioning/image", done: "provisioned/image", left: "succeeded/notUsed"},
		"shared policy": {change: func(s *scenario.Scenario) { s.Policies[0].Type = "shared" }, imported: "succeeded/notUsed",
			building: "none", done: "none", left: "succeeded/notUsed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tell(t, c.change)
			blob := c.blob
			if blob == "" {
				blob = "good"
			}
			im := s.imports(ada, blob)
			s.wait(time.Hour)
			s.expect("imported", s.imp(im.ID), c.imported)
			s.license(ada)
			s.wait(15 * minute)
			s.expect("building", s.pc(ada), c.building)
			s.wait(75 * minute)
			s.expect("done", s.pc(ada), c.done)
			s.expect("left", s.imp(im.ID), c.left)
			s.expect("bob", s.pc(bob), "none")
		})
	}
}

func TestOversizeAtImport(t *testing.T) {
	t.Parallel()
	s := tell(t, func(s *scenario.Scenario) {
		s.Knobs.Oversize, s.Groups[0].Members = "import", nil
		s.Users[0].Licenses = []string{"CPC_E_2C_8GB_128GB"}
	})
	im := s.imports(ada, "big")
	s.wait(3 * time.Hour)
	s.expect("import", s.imp(im.ID), "failed/notUsed")
}

func TestWaitingForTheSnapshot(t *testing.T) {
	t.Parallel()
	s := tell(t, knobs(func(k *scenario.Knobs) { k.NoSnapshot = "wait" }))
	s.license(ada)
	s.imports(ada, "good")
	s.expect("no image", s.pc(ada), "none")
	s.wait(time.Hour)
	if got := s.pc(ada); !strings.HasSuffix(got, "/snapshot") {
		t.Errorf("the end of the import did not start provisioning: %s", got)
	}
}

func TestSourceIsChosenWhenItStarts(t *testing.T) {
	t.Parallel()
	s := tell(t, nil)
	s.license(ada)
	im := s.imports(ada, "good")
	s.wait(2 * time.Hour)
	s.expect("license first", s.pc(ada), "provisioned/image")
	s.expect("import", s.imp(im.ID), "succeeded/notUsed")
}

func TestSignatureEndsBeforeTheImport(t *testing.T) {
	t.Parallel()
	s := tell(t, nil)
	im, err := s.tn.ImportSnapshot(s.now, s.id(ada), []source.Ref{{URL: "https://x/c/good?se=2026-11-20T17:05:00Z&sig=x"}})
	if err != nil {
		t.Fatal(err)
	}
	s.wait(6 * minute)
	s.expect("import", s.imp(im.ID), "failed/notUsed")
}

func TestImportRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*scenario.Scenario)
		user   string
		files  []source.Ref
		before string // a blob imported for ada before
		kind   fault.Kind
		code   string
	}{
		"second":            {before: "good", kind: fault.Invalid, code: "importedSnapshotAlreadyExists"},
		"second as 409":     {before: "good", change: knobs(func(k *scenario.Knobs) { k.SecondImport = 409 }), kind: fault.Conflict, code: "importedSnapshotAlreadyExists"},
		"unknown blob":      {files: []source.Ref{{URL: "https://x/c/none?sig=topsecret"}}, kind: fault.Invalid, code: "invalidStorageInformation"},
		"no data file":      {files: []source.Ref{{GuestState: true, Storage: true, Container: "c", Name: "state"}}, kind: fault.Invalid, code: "invalidSourceFiles"},
		"unknown user":      {user: "99999999-0000-0000-0000-000000000000", kind: fault.NotFound, code: "userNotFound"},
		"user by name":      {user: ada, kind: fault.Invalid, code: "invalidAssignedUser"},
		"no policy, strict": {change: func(s *scenario.Scenario) { s.Knobs.NoPolicyImport = "refuse"; s.Policies[0].Groups = nil }, kind: fault.Invalid, code: "MissingProvisionPolicy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := tell(t, c.change)
			if c.before != "" {
				s.imports(ada, c.before)
			}
			if c.user == "" {
				c.user = s.id(ada)
			}
			if c.files == nil {
				c.files = []source.Ref{{URL: "https://x/c/good?sig=topsecret"}}
			}
			_, err := s.tn.ImportSnapshot(s.now, c.user, c.files)
			if fault.KindOf(err) != c.kind || fault.CodeOf(err) != c.code {
				t.Fatalf("got %v (%s), want %s %s", err, fault.KindOf(err), c.kind, c.code)
			}
			if strings.Contains(err.Error(), "topsecret") {
				t.Errorf("the signature is in the error: %v", err)
			}
		})
	}
}

func TestDailyCap(t *testing.T) {
	t.Parallel()
	s := tell(t, knobs(func(k *scenario.Knobs) { k.DailyImports, k.DailyRetryAfter = 2, "10h" }))
	for range 2 {
		if err := s.tn.CountImport(s.now); err != nil {
			t.Fatal(err)
		}
	}
	f := fault.As(s.tn.CountImport(s.now))
	if f == nil || f.Kind != fault.Throttled || f.Remote == nil || f.Remote.RetryAfter != 10*time.Hour {
		t.Fatalf("over the cap: %+v", f)
	}
	s.wait(7 * time.Hour)
	if err := s.tn.CountImport(s.now); err != nil {
		t.Errorf("the next day: %v", err)
	}
	s = tell(t, knobs(func(k *scenario.Knobs) { k.DailyImports = -1 }))
	for range 5000 {
		if err := s.tn.CountImport(s.now); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	s := tell(t, nil)
	im := s.imports(ada, "good")
	_, err := s.tn.Purge(s.now, []string{im.ID})
	s.expect("in progress", fault.CodeOf(err), "importedSnapshotInUse")
	s.wait(time.Hour)
	users, err := s.tn.Purge(s.now, []string{im.ID, "00000000-0000-0000-0000-000000000000"})
	if err != nil || len(users) != 1 || users[0] != s.id(ada) {
		t.Fatalf("purge: %v, %v", users, err)
	}
	s.expect("purged", s.imp(im.ID), "gone")
	again := s.imports(ada, "good")
	if again.ID == im.ID {
		t.Error("a new import has the id of the old one")
	}
	s.wait(time.Hour)
	s.license(ada)
	_, err = s.tn.Purge(s.now, []string{again.ID})
	s.expect("in use", string(fault.KindOf(err)), "invalid")

	strict := tell(t, knobs(func(k *scenario.Knobs) { k.PurgeBusy, k.PurgeUnknown = 409, 404 }))
	im = strict.imports(ada, "good")
	_, err = strict.tn.Purge(strict.now, []string{im.ID})
	s.expect("busy as 409", string(fault.KindOf(err)), "conflict")
	_, err = strict.tn.Purge(strict.now, []string{"00000000-0000-0000-0000-000000000000"})
	s.expect("unknown as 404", string(fault.KindOf(err)), "not_found")
}

// A fate strikes the first attempt only, so that a retry can be rehearsed.
func TestFateStrikesOnce(t *testing.T) {
	t.Parallel()
	s := tell(t, fate(scenario.Fate{Import: "failed", Detail: "the file format is incorrect"}))
	im := s.imports(ada, "good")
	s.wait(time.Hour)
	got, err := s.tn.Import(s.now, im.ID)
	if err != nil || got.Status != "failed" || got.Detail != "the file format is incorrect" || got.Ended.IsZero() {
		t.Fatalf("first: %+v, %v", got, err)
	}
	if _, err := s.tn.Purge(s.now, []string{im.ID}); err != nil {
		t.Fatal(err)
	}
	im = s.imports(ada, "good")
	s.wait(time.Hour)
	s.expect("second", s.imp(im.ID), "succeeded/notUsed")
}

func TestSameSeedSameStory(t *testing.T) {
	t.Parallel()
	run := func(first, second string) string {
		s := tell(t, nil)
		s.imports(first, "good")
		s.imports(second, "good")
		var out []string
		s.wait(time.Hour)
		for _, im := range s.tn.Imports(s.now) {
			out = append(out, fmt.Sprint(im.UPN, im.ID, im.Ended))
		}
		return strings.Join(out, "\n")
	}
	a, b := run(ada, bob), run(bob, ada)
	if len(a) != len(b) || !strings.Contains(b, strings.Split(a, "\n")[0]) || !strings.Contains(b, strings.Split(a, "\n")[1]) {
		t.Errorf("the order of calls changed the story:\n%s\n--\n%s", a, b)
	}
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*scenario.Scenario){
		"license of a user": func(s *scenario.Scenario) { s.Users[0].Licenses = []string{"NOPE"} },
		"member":            func(s *scenario.Scenario) { s.Groups[0].Members = []string{"nobody"} },
		"group of a policy": func(s *scenario.Scenario) { s.Policies[0].Groups = []string{"nope"} },
		"connection":        func(s *scenario.Scenario) { s.Policies[0].Connection = "nope" },
		"user of a fate":    func(s *scenario.Scenario) { s.Fates = []scenario.Fate{{User: "nobody"}} },
		"two of one user":   func(s *scenario.Scenario) { s.Users = append(s.Users, scenario.User{UPN: "ADA"}) },
		"duration":          func(s *scenario.Scenario) { s.Knobs.ImportBase = "soon" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tenant.New(evening(change), 1, start, nil)
			if !fault.Is(err, fault.Invalid) || fault.HintOf(err) == "" {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestScenarioState(t *testing.T) {
	t.Parallel()
	s := tell(t, func(s *scenario.Scenario) {
		s.Users[0].Licenses = []string{"CPC_E_2C_8GB_128GB"}
		s.CloudPCs = []scenario.CloudPC{{User: "ada", Status: "inGracePeriod"}}
		s.Imports = []scenario.Import{{User: "bob", Status: "inProgress"}}
	})
	s.expect("pc", s.pc(ada), "inGracePeriod/image")
	im := s.tn.Imports(s.now)[0]
	s.expect("import", im.Status, "inProgress")
	s.wait(time.Hour)
	s.expect("import ended", s.imp(im.ID), "succeeded/notUsed")
}
