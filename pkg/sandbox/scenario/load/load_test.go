package load_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"wave365/pkg/fault"
	"wave365/pkg/sandbox/scenario"
	"wave365/pkg/sandbox/scenario/load"
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
	got, err := load.Text("small.yaml", []byte(small))
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

// What is JSON is YAML, too.
func TestParse_json(t *testing.T) {
	t.Parallel()
	want, err := load.Text("small.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"version": 1, "name": "small",
"tenant": {"id": "11111111-2222-4333-8444-555555555555", "name": "Contoso", "domain": "contoso.example"},
"users": [{"upn": "anna"}, {"upn": "ben@contoso.example", "location": "none"}],
"licenses": [{"sku": "CPC_E_2C_8GB_128GB", "seats": 5}], "groups": [{"name": "pilots", "members": ["Anna"]}],
'policies': [{"name": "Pilot", "groups": ["pilots"]}], "blobs": [{"path": "disks/anna.vhd", "gib": 128}]}`
	got, err := load.Text("small.json", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-yaml +json:\n%s", diff)
	}
	if _, err := load.Text("small.json", []byte(strings.Replace(text, `"upn": "anna"`, `"upm": "anna"`, 1))); err == nil || !strings.Contains(err.Error(), "expected upn?") {
		t.Errorf("a misspelt field: %v", err)
	}
}

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
			_, err := load.Text("small.yaml", []byte(c.text))
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
	_, err := load.Text("small.yaml", []byte(text))
	problems, ok := errors.AsType[*load.Error](err)
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
	_, err := load.File(filepath.Join(t.TempDir(), "none.yaml"))
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "none.yaml cannot be read: no such file") {
		t.Errorf("a missing file: got %v", err)
	}
	for _, name := range []string{"friday.tenant.yaml"} {
		if _, err := load.File(filepath.Join("..", "..", "..", "..", "waves", name)); err != nil {
			t.Error(err)
		}
	}
}

// A file of thousands of people still names the line of each mistake.
func TestParseLarge(t *testing.T) {
	t.Parallel()
	const n = 3000
	text := func(broken string) []byte {
		var b strings.Builder
		b.WriteString(small[:strings.Index(small, "  - upn: anna")])
		for i := range n {
			if i == n-2 {
				fmt.Fprintf(&b, "  # the last but one\n  - upn: user%d\n    %s\n", i, broken)
				continue
			}
			fmt.Fprintf(&b, "  - upn: user%d\n    department: Sales\n", i)
		}
		return []byte(b.String())
	}
	s, err := load.Text("large.yaml", text("name: Last But One"))
	if err != nil || len(s.Users) != n || s.Users[n-2].DisplayName != "Last But One" {
		t.Fatal(err)
	}
	line := 4 + 2*(n-2) + 3
	for broken, want := range map[string]string{
		"nam: x":        fmt.Sprintf("large.yaml:%d: users[%d].nam: unknown field", line, n-2),
		"location: Bad": fmt.Sprintf("large.yaml:%d: users[%d].location: expected a two-letter", line, n-2),
	} {
		if _, err := load.Text("large.yaml", text(broken)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want it to hold %s", broken, err, want)
		}
	}
}

// A file that would make the reader run out of memory or stack is refused before it is read.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"deep lists":  {"version: 1\nusers: " + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000), "hostile.yaml:2: expected a scenario of up to 20,000 people: values are nested more than 64 deep"},
		"aliases":     {"name: &a [x]\nusers: [*a, *a]\n", "hostile.yaml:2: expected a scenario of up to 20,000 people: aliases"},
		"long":        {strings.Repeat("#\n", 9<<20), "larger than 16 MiB"},
		"many values": {"users: [" + strings.Repeat("{},", 400_000), "more than 500000 values"},
	} {
		if _, err := load.Text("hostile.yaml", []byte(c.text)); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := os.Stat("/dev/zero"); err == nil {
		if _, err := load.File("/dev/zero"); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "larger than 16 MiB") {
			t.Errorf("a file without an end: %v", err)
		}
	}
}

// whole is a scenario in which every field of every section says something.
const whole = `
version: 1
name: whole
description: all of it
seed: 7
tenant: {id: 11111111-2222-4333-8444-555555555555, name: Contoso, domain: contoso.example}
users:
  - {upn: anna, id: aaaaaaaa-2222-4333-8444-555555555555, name: Anna, department: Sales, disabled: true, location: DE, licenses: [CPC_E_X]}
licenses:
  - {sku: CPC_E_X, id: bbbbbbbb-2222-4333-8444-555555555555, seats: 1, used: 2, warning: 3, suspended: 4, locked_out: 5, status: Warning,
     plan: X, plan_id: cccccccc-2222-4333-8444-555555555555, disk_gib: 64}
groups:
  - {name: g, id: dddddddd-2222-4333-8444-555555555555, members: [anna], dynamic: true, synced: true, role_assignable: true, restricted: true, mail_enabled: true, licenses: [CPC_E_X]}
  - {name: u, unified: true}
policies:
  - {name: p, id: eeeeeeee-2222-4333-8444-555555555555, groups: [g], type: shared, connection: n, region: westeurope, hybrid: true, image: i_i_i}
settings: [{name: s, id: ffffffff-2222-4333-8444-555555555555, source: snapshot, groups: [g]}]
connections: [{name: n, id: aaaaaaaa-3333-4333-8444-555555555555, health: warning, checked: 2h, free_addresses: 3, hybrid: true}]
images: [{id: i_i_i, name: I, status: supportedWithWarning}]
source_images: [{id: /subscriptions/1/x, error: sourceImageInvalid}]
accounts: [{name: more, unreachable: true}]
blobs:
  - {path: disks/a.vhd, account: more, kind: dynamic, gib: 1, fault: leased}
  - {path: disks/b.vhd, bytes: 1048576}
  - {path: disks/c.vhd, file: c.vhd}
cloud_pcs: [{user: anna, policy: p, sku: CPC_E_X, status: failed}]
imports: [{user: anna, status: succeeded, usage: expired}]
permissions: [User.Read.All]
fates: [{user: anna, import: failed, detail: d, provision: failed, code: c, message: m, import_takes: 1m, provision_takes: 2m}]
events: [{at: 1m, do: rename, user: anna, what: anne, status: failed}]
faults:
  - {match: x, service: graph, kind: retry-after, status: 503, code: c, headers: {A: b}, body: "{}", from: 1m, until: 2m, rate: 0.5, count: 2,
     retry_after: 3, date: true, after: 4, applied: true}
  - {kind: delay, delay: 1s}
  - {kind: next-link, link: "https://x.example"}
knobs:
`

// Every field of every section can be set, and is read into the place that it is named after.
func TestEveryFieldIsRead(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(whole)
	knobs := reflect.TypeFor[scenario.Knobs]()
	special := map[string]string{"retrieve_route": "both", "retrieve_shape": "collection", "snapshot_id": "id", "assigned_user": "upn", "storage_field": "strict",
		"second_import": "409", "no_policy_import": "refuse", "bad_disk": "refuse", "purge_busy": "409", "purge_unknown": "404", "partial_patch": "accept",
		"patch_status": "204", "assignment_id": "refuse", "delete_policy_in_use": "409", "no_snapshot": "wait", "oversize": "import", "flip_flop": "off"}
	for f := range knobs.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		value := special[name]
		switch {
		case value != "":
		case f.Type.Kind() == reflect.Bool:
			value = "true"
		case f.Type.Kind() == reflect.Int:
			value = "5"
		default:
			value = "5m"
		}
		fmt.Fprintf(&b, "  %s: %s\n", name, value)
	}
	s, err := load.Text("whole.yaml", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	// Each field is set in one entry at least.
	set := map[string]bool{}
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		set[path] = set[path] || !v.IsZero()
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				walk(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(path, v.Index(i))
			}
		}
	}
	walk("Scenario", reflect.ValueOf(*s))
	for path, ok := range set {
		if !ok {
			t.Errorf("%s is not read", path)
		}
	}
}

// What is said of the new sections, and of names that stand for more than one thing.
func TestParseRefusesMore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"ambiguous group":     {edit("- {name: pilots, members: [Anna]}", "- {name: pilots}\n  - {name: Pilots}") + "settings: [{name: s, groups: [PILOTS]}]\n", `settings[0].groups: expected the id of one of the 2 groups that are called "PILOTS"`},
		"ambiguous product":   {edit("seats: 5}", "seats: 5}\n  - {sku: CPC_E_2C_8GB_128GB, seats: 1}") + "cloud_pcs: [{user: anna, policy: Pilot, sku: CPC_E_2C_8GB_128GB}]\n", `expected the id of one of the 2 licenses`},
		"seats":               {edit("seats: 5", "seats: 5, suspended: -1"), `licenses[0].suspended: expected 0 or more`},
		"unified with mail":   {edit("name: pilots,", "name: pilots, unified: true, mail_enabled: true,"), `groups[0].unified: expected unified or mail_enabled`},
		"account name":        {small + "accounts: [{name: My-Account}]\n", `accounts[0].name: expected a storage account's name`},
		"account of its own":  {small + "accounts: [{name: devstoreaccount1}]\n", `accounts[0].name: expected`},
		"unknown account":     {edit("gib: 128", "gib: 128, account: mor") + "accounts: [{name: more}]\n", `blobs[0].account: expected a name under accounts, "mor" is not there; did you mean "more"?`},
		"file and size":       {edit("gib: 128", "gib: 128, file: a.vhd"), `blobs[0].file: expected a file alone`},
		"file and kind":       {edit("gib: 128", "kind: vhdx, file: a.vhd"), `blobs[0].file: expected a file alone`},
		"source image":        {small + "source_images: [{id: x, error: brokn}]\n", `source_images[0].error: expected one of internalServerError`},
		"event":               {small + "events: [{do: fire, user: anna}]\n", `events[0].do: expected one of rename`},
		"event of nobody":     {small + "events: [{do: disable}]\n", `events[0].user: expected the user`},
		"event of a stranger": {small + "events: [{do: disable, user: zoe}]\n", `events[0].user: expected a name under users`},
		"event about nothing": {small + "events: [{do: join, user: anna}]\n", `events[0].what: expected what join is about`},
		"event, no group":     {small + "events: [{do: join, user: anna, what: x}]\n", `events[0].what: expected a name under groups`},
		"event, no license":   {small + "events: [{do: give-license, user: anna, what: x}]\n", `events[0].what: expected a name under licenses`},
		"event, no policy":    {small + "events: [{do: give-cloud-pc, user: anna, what: x}]\n", `events[0].what: expected a name under policies`},
		"event, no time":      {small + "events: [{do: disable, user: anna, at: soon}]\n", `events[0].at: expected a duration`},
		"fault's service":     {small + "faults: [{kind: reset, service: mail}]\n", `faults[0].service: expected one of graph, blob`},
		"fault's time":        {small + "faults: [{kind: reset, from: now}]\n", `faults[0].from: expected a duration`},
		"fault's headers":     {small + "faults: [{kind: reset, headers: {a: b}}]\n", `faults[0].headers: expected headers and body with kind status`},
		"fault's link":        {small + "faults: [{kind: reset, link: x}]\n", `faults[0].link: expected a link with kind next-link`},
		"a good answer":       {small + "faults: [{kind: status, status: 200}]\n", `faults[0].status: expected a status from 400 to 599`},
		"knob, no limit":      {small + "knobs: {daily_imports: -2}\n", `knobs.daily_imports: expected -1 or more`},
		"knob, retry after":   {small + "knobs: {daily_retry_after: 1 day}\n", `knobs.daily_retry_after: expected a duration`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := load.Text("small.yaml", []byte(c.text)); fault.CodeOf(err) != "scenario.invalid" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got\n%v\nwant it to hold\n%s", err, c.want)
			}
		})
	}
	for name, text := range map[string]string{
		"two of one name": edit("- {name: pilots, members: [Anna]}", "- {name: pilots}\n  - {name: other}\n  - {name: other}") + "settings: [{name: s, groups: [pilots]}, {name: s}]\n",
		"by its id":       edit("- {name: pilots, members: [Anna]}", "- {name: pilots, id: dddddddd-2222-4333-8444-555555555555}\n  - {name: Pilots}") + "settings: [{name: s, groups: [dddddddd-2222-4333-8444-555555555555]}]\n",
		"as it is spelt":  edit("- {name: pilots, members: [Anna]}", "- {name: pilots}\n  - {name: Pilots}"),
		"an own answer":   small + "faults: [{kind: status, status: 200, body: \"{}\"}]\n",
		"a blob's event":  small + "events: [{do: write-blob, what: disks/anna.vhd}]\n",
	} {
		if _, err := load.Text("small.yaml", []byte(text)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file's path is that beside the scenario.
func TestLoadFindsFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "s.yaml")
	text := edit("gib: 128", "file: disks/anna.vhd") + "  - {path: disks/b.vhd, file: " + filepath.ToSlash(filepath.Join(dir, "b.vhd")) + "}\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := load.File(name)
	if err != nil {
		t.Fatal(err)
	}
	if s.Blobs[0].File != filepath.Join(dir, "disks", "anna.vhd") || filepath.FromSlash(s.Blobs[1].File) != filepath.Join(dir, "b.vhd") {
		t.Errorf("files %q and %q", s.Blobs[0].File, s.Blobs[1].File)
	}
}

func TestEveryKnobIsDescribed(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "waves", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for field := range reflect.TypeFor[scenario.Knobs]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("waves/README.md does not describe the knob %s", name)
		}
	}
}
