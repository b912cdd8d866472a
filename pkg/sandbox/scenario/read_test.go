package scenario_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario"
)

const small = `version: 1
name: small
tenant: {id: 11111111-2222-4333-8444-555555555555, name: Contoso, domain: contoso.example}
users:
  - upn: anna
  - {upn: ben@contoso.example, location: none}
licenses:
  - {sku: CPC_E_2C_8GB_128GB, seats: 5}
groups:
  - {name: pilots, members: [Anna]}
policies:
  - {name: Pilot, groups: [pilots]}
blobs:
  - {path: disks/anna.vhd, gib: 128}
`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := scenario.Parse("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	want := &scenario.Scenario{
		Version: 1, Name: "small",
		Tenant:   scenario.Tenant{ID: "11111111-2222-4333-8444-555555555555", Name: "Contoso", Domain: "contoso.example"},
		Users:    []scenario.User{{UPN: "anna"}, {UPN: "ben@contoso.example", Location: "none"}},
		Licenses: []scenario.License{{SKU: "CPC_E_2C_8GB_128GB", Seats: 5}},
		Groups:   []scenario.Group{{Name: "pilots", Members: []string{"Anna"}}},
		Policies: []scenario.Policy{{Name: "Pilot", Groups: []string{"pilots"}}},
		Blobs:    []scenario.Blob{{Path: "disks/anna.vhd", GiB: 128}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// edit is the small scenario with one line replaced.
func edit(old, new string) string { return strings.Replace(small, old, new, 1) }

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"unknown field":         {edit("name: small", "nam: small"), `2: nam: unknown field; expected name?`},
		"unknown nested field":  {edit("location: none", "locaton: none"), `6: users[1].locaton: unknown field; expected location?`},
		"unknown, nothing near": {small + "zzzzqqqqxxxx: 1\n", `15: zzzzqqqqxxxx: unknown field; expected one of version, name,`},
		"wrong type":            {edit("seats: 5", "seats: many"), `8: licenses[0].seats: expected a whole number, got the text "many"`},
		"text for a list":       {edit("[Anna]", "Anna"), `10: groups[0].members: expected a list, got the text "Anna"`},
		"list for text":         {edit("upn: anna", "upn: [anna]"), `5: users[0].upn: expected text, got a list`},
		"text for a flag":       {edit("name: pilots,", "name: pilots, dynamic: maybe,"), `10: groups[0].dynamic: expected true or false, got the text "maybe"`},
		"text for fields":       {edit("- upn: anna", "- anna"), `5: users[0]: expected fields (upn, id, name, department, …), got the text "anna"`},
		"same field twice":      {edit("location: none", "location: none, location: CH"), `6: users[1].location: expected each field once`},
		"same section twice":    {small + "users: []\n", `15: users: expected each field once`},
		"broken yaml":           {edit("[pilots]}", "[pilots}"), `expected valid YAML`},
		"two documents":         {small + "---\nversion: 1\n", `expected one YAML document`},
		"not fields at all":     {"- a\n", `1: expected fields (version,`},
		"empty":                 {"", `1: version: expected 1, got 0`},
		"other version":         {edit("version: 1", "version: 2"), `1: version: expected 1, got 2`},
		"tenant id":             {edit("id: 11111111", "id: 1"), `3: tenant.id: expected the tenant's id`},
		"duplicate user":        {edit("upn: ben@contoso.example", "upn: ANNA@Contoso.example"), `6: users[1].upn: expected each user once, "ANNA@Contoso.example" is there twice`},
		"unknown license":       {edit("location: none", "licenses: [CPC_E_2C_8GB_128G]"), `6: users[1].licenses: expected a name under licenses, "CPC_E_2C_8GB_128G" is not there; did you mean "cpc_e_2c_8gb_128gb"?`},
		"unknown member":        {edit("[Anna]", "[Carl]"), `10: groups[0].members: expected a name under users, "carl@contoso.example" is not there`},
		"unknown group":         {edit("groups: [pilots]", "groups: [pilot]"), `12: policies[0].groups: expected a name under groups, "pilot" is not there; did you mean "pilots"?`},
		"unknown policy":        {small + "cloud_pcs:\n  - user: anna\n    policy: Pilots\n", `17: cloud_pcs[0].policy: expected a name under policies, "Pilots" is not there; did you mean "pilot"?`},
		"unknown connection":    {edit("groups: [pilots]}", "connection: x}"), `12: policies[0].connection: expected a name under connections`},
		"usage location":        {edit("location: none", "location: Schweiz"), `6: users[1].location: expected a two-letter country code such as CH, or none, got "Schweiz"`},
		"bad enum":              {edit("groups: [pilots]", "type: personal"), `12: policies[0].type: expected one of dedicated, shared, sharedByUser`},
		"blob path":             {edit("disks/anna.vhd", "anna.vhd"), `14: blobs[0].path: expected container/name`},
		"blob twice":            {small + "  - {path: disks/anna.vhd, gib: 64}\n", `15: blobs[1].path: expected each blob once`},
		"blob size":             {edit(", gib: 128", ""), `14: blobs[0].gib: expected the disk's size: gib or bytes`},
		"blob kind":             {edit("gib: 128", "gib: 128, kind: vhd"), `14: blobs[0].kind: expected one of fixed, dynamic`},
		"blob fault":            {edit("gib: 128", "gib: 128, fault: bad"), `14: blobs[0].fault: expected one of no-gpt`},
		"fate of a stranger":    {small + "fates:\n- user: zoe\n  import: failed\n", `16: fates[0].user: expected a name under users, "zoe@contoso.example"`},
		"fate enum":             {small + "fates:\n- user: anna\n  provision: fail\n", `17: fates[0].provision: expected one of failed, warnings, image, got "fail"`},
		"fate duration":         {small + "fates:\n- user: anna\n  import_takes: 45\n", `17: fates[0].import_takes: expected a duration such as 90s, 20m or 1h30m, got "45"`},
		"knob enum":             {small + "knobs:\n  page_size: 5\n  retrieve_route: both-ways\n", `17: knobs.retrieve_route: expected one of singular, plural, both, got "both-ways"`},
		"knob status":           {small + "knobs: {second_import: 404}\n", `15: knobs.second_import: expected 400 or 409, got 404`},
		"knob duration":         {small + "knobs: {license_lag: soon}\n", `15: knobs.license_lag: expected a duration`},
		"fault kind":            {small + "faults:\n  - {kind: drop}\n", `16: faults[0].kind: expected one of drop-reply, reset`},
		"fault rate":            {small + "faults:\n  - {kind: reset, rate: 2}\n", `16: faults[0].rate: expected a share from 0 to 1, got 2`},
		"fault without delay":   {small + "faults:\n  - {kind: delay}\n", `16: faults[0].delay: expected a duration such as 90s`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := scenario.Parse("small.yaml", []byte(c.text))
			if !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "scenario.invalid" {
				t.Fatalf("got %v, want a fault Invalid, scenario.invalid", err)
			}
			want := c.want
			if !strings.HasPrefix(want, "expected") {
				want = "\nsmall.yaml:" + want
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got\n%v\nwant it to hold\n%s", err, want)
			}
		})
	}
}

func TestParseTellsAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	text := strings.NewReplacer("location: none", "location: Schweiz, licenses: [x]", "gib: 128", "gib: -1", "[Anna]", "[Carl]").Replace(small)
	_, err := scenario.Parse("small.yaml", []byte(text))
	problems, ok := errors.AsType[*scenario.Error](err)
	if !ok {
		t.Fatalf("got %v, want a *scenario.Error inside", err)
	}
	var lines []int
	for _, p := range problems.Problems {
		lines = append(lines, p.Line)
	}
	if diff := cmp.Diff([]int{6, 6, 10, 14}, lines); diff != "" {
		t.Errorf("lines of %v:\n%s", err, diff)
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	_, err := scenario.Load(filepath.Join(t.TempDir(), "none.yaml"))
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "none.yaml cannot be read: no such file") {
		t.Errorf("a missing file: got %v", err)
	}
	for _, name := range []string{"friday.tenant.yaml"} {
		if _, err := scenario.Load(filepath.Join("..", "..", "..", "waves", name)); err != nil {
			t.Error(err)
		}
	}
}

// large is a scenario above the size from which files are read in pieces, in two layouts of lists.
func large(n int, broken string) string {
	var b strings.Builder
	long := strings.Repeat("Sales ", 30)
	b.WriteString(small[:strings.Index(small, "users:")])
	b.WriteString("users:\n")
	for i := range n {
		if i == n-2 {
			b.WriteString("  # the last but one\n")
			fmt.Fprintf(&b, "  - upn: user%d\n    %s\n", i, broken)
			continue
		}
		fmt.Fprintf(&b, "  - upn: user%d\n    department: %s\n", i, long)
	}
	b.WriteString("\nlicenses: [{sku: CPC_E_2C_8GB_128GB, seats: 5}]\nblobs:\n")
	for i := range n {
		fmt.Fprintf(&b, "- {path: disks/user%d.vhd, gib: 128}\n", i)
	}
	return b.String()
}

func TestParseInPieces(t *testing.T) {
	t.Parallel()
	const n = 1500
	s, err := scenario.Parse("large.yaml", []byte(large(n, "name: Last But One")))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Users) != n || len(s.Blobs) != n || len(s.Licenses) != 1 || s.Users[n-2].DisplayName != "Last But One" || s.Users[n-1].UPN != "user1499" {
		t.Errorf("got %d users, %d blobs, %d licenses, %+v", len(s.Users), len(s.Blobs), len(s.Licenses), s.Users[n-2:])
	}
	line := 4 + 2*(n-2) + 3
	for broken, want := range map[string]string{
		"nam: x":        fmt.Sprintf("large.yaml:%d: users[1498].nam: unknown field", line),
		"location: Bad": fmt.Sprintf("large.yaml:%d: users[1498].location: expected a two-letter", line),
		"name: [":       fmt.Sprintf("large.yaml:%d: expected valid YAML", line),
	} {
		_, err := scenario.Parse("large.yaml", []byte(large(n, broken)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want it to hold %s", broken, err, want)
		}
	}
	_, err = scenario.Parse("large.yaml", []byte(large(n, "name: x")+"users: []\n"))
	if err == nil || !strings.Contains(err.Error(), "users: expected each field once") {
		t.Errorf("a section that comes back: got %v", err)
	}
}

func TestEveryKnobIsDescribed(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "waves", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scenario.KnobNames() {
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("waves/README.md does not describe the knob %s", name)
		}
	}
}
