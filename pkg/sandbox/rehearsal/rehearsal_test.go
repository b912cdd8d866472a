package rehearsal_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"wave365/pkg/sandbox"
	"wave365/pkg/sandbox/rehearsal"
	"wave365/pkg/sandbox/scenario"
)

func people(n int) []rehearsal.Person {
	list := make([]rehearsal.Person, n)
	for i := range list {
		list[i] = rehearsal.Person{User: fmt.Sprintf("u%03d@contoso.example", i), Disk: fmt.Sprintf("vhds/u%03d.vhd", i), Policy: "W365 Sales", License: "CPC_E_2C_8GB_128GB", GiB: 127}
	}
	list[0].User, list[0].Policy, list[0].License = "0b5d7a60-1111-2222-3333-444455556666", "3c5d7a60-1111-2222-3333-444455556666", ""
	list[1].License, list[1].GiB, list[1].GuestState = "SOMETHING_NEW", 0, "vhds/u001.vmgs"
	list[2].Group = "grp of her own"
	return list
}

// TestTenant: every weather is a scenario that a sandbox takes, the same each time, with everybody and everything of the
// wave in it.
func TestTenant(t *testing.T) {
	t.Parallel()
	for _, w := range rehearsal.Weathers() {
		o := rehearsal.Options{Name: "friday", Seed: 7, Weather: w}
		s := rehearsal.Tenant(people(60), o)
		if diff := cmp.Diff(s, rehearsal.Tenant(people(60), o)); diff != "" {
			t.Errorf("%s: the same seed, another story:\n%s", w, diff)
		}
		if len(s.Users) != 60 || len(s.Blobs) != 61 || len(s.Policies) != 2 || len(s.Groups) != 3 {
			t.Errorf("%s: %d users, %d blobs, %d policies, %d groups", w, len(s.Users), len(s.Blobs), len(s.Policies), len(s.Groups))
		}
		seats := 0
		for _, l := range s.Licenses {
			seats += l.Seats
		}
		if seats != 60 || len(s.Users[0].Licenses) != 1 || s.Users[0].ID != people(3)[0].User {
			t.Errorf("%s: %d seats for 60 people; the first is %+v", w, seats, s.Users[0])
		}
		if calm := len(s.Fates)+len(s.Faults)+len(s.Events) == 0; calm != (w == rehearsal.Calm) {
			t.Errorf("%s: %d fates, %d faults, %d events", w, len(s.Fates), len(s.Faults), len(s.Events))
		}
		text, err := yaml.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back scenario.Scenario
		if err := yaml.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		box, err := sandbox.New(sandbox.Config{Scenario: &back})
		if err != nil {
			t.Errorf("%s: no sandbox takes it: %v", w, err)
			continue
		}
		if err := box.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestDiskPath(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"vhds/anna.vhd": "vhds/anna.vhd",
		"https://contosovhds.blob.core.windows.net/vhds/anna.vhd?sv=1&sig=S3cr3t": "vhds/anna.vhd",
		"anna.vhd":              "vhds/anna.vhd",
		"/vhds//deep/anna.vhd":  "vhds/deep/anna.vhd",
		`vhds\anna.vhd`:         "vhds/anna.vhd",
		"../../etc/passwd":      "etc/passwd",
		"vhds/a.vhd?sig=S3cr3t": "vhds/a.vhd",
	} {
		if got := rehearsal.DiskPath(in); got != want || strings.Contains(got, "S3cr3t") {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	m, err := rehearsal.Measure(strings.NewReader(`
{"time":"2026-11-27T18:00:00Z","method":"POST","path":"/beta/deviceManagement/virtualEndpoint/snapshots/importSnapshot","status":429}
{"time":"2026-11-27T18:01:00Z","method":"POST","path":"/beta/deviceManagement/virtualEndpoint/snapshots/importSnapshot","status":200,"fault":"drop-reply"}
{"time":"2026-11-28T18:00:30Z","method":"POST","path":"/beta/deviceManagement/virtualEndpoint/snapshots/importSnapshot","status":200}
{"time":"2026-11-28T19:00:00Z","method":"POST","path":"/v1.0/$batch","status":200}
{"time":"2026-11-28T19:00:00Z","method":"GET","path":"/v1.0/users/1","status":200,"batch":true}
{"time":"2026-11-28T19:00:00Z","method":"HEAD","path":"/devstoreaccount1/vhds/a.vhd","status":200}
{"time":"2026-11-28T19:00:00Z","method":"GET","path":"/sandbox/clock","status":200}
{"time":"2026-11-28T19:00:00Z","method":"POST","path":"/v1.0/users/1/assignLicense","status":200,"effect":"license assigned"}
`))
	want := rehearsal.Measures{Graph: 5, Storage: 1, Calls: 6, Throttled: 1, Spoiled: 1, Imports: 3, BusiestDay: 2, Licenses: 1}
	if err != nil || m != want {
		t.Errorf("%+v, %v, want %+v", m, err, want)
	}
}
